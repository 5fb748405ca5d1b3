"""Bootstrap intervals: what a figure might have been on other pictures of the same kind.

N pictures
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LEVEL = 0.95
RESAMPLES = 1000


def mean_interval(values_N: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """(mean, low, high) of one value a picture."""
    return interval(lambda values: float(values.mean()), values_N, seed=seed)


def interval(figure: Callable[..., float], *samples_N: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """(value, low, high): a figure of one or more arrays, and the percentile interval of `RESAMPLES` draws of as many
    pictures with replacement, the same pictures from every array.

    Draws for which the figure is not defined (NaN) are left out; where all are, both ends are the value.
    """
    count, rng = len(samples_N[0]), np.random.default_rng(seed)
    value = float(figure(*samples_N))
    draws = (rng.integers(0, count, count) for _ in range(RESAMPLES))
    found = np.array([figure(*(sample[index] for sample in samples_N)) for index in draws])
    found = found[~np.isnan(found)]
    if not len(found):
        return value, value, value
    low, high = np.quantile(found, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return value, float(low), float(high)
