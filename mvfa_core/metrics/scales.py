"""Accuracy by the size of the object.

N pictures
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

SCALE_EDGES = (0.14, 0.3175, 0.495, 0.6725, 0.85)
"""Four equal bands of the object's longer side as a fraction of the picture's side."""


def accuracy_by_scale(
    right_N: np.ndarray, scales_N: np.ndarray, total: Callable[[int], int] = lambda count: count
) -> list[dict]:
    """The share of right answers in each band of object scale; bands without a picture are left out.

    The paper's motivation (Figure 1) is that pooling over everything fails where the object is small.

    Args:
        total: sums a count over the processes that each hold a part of the pictures.
    """
    place_N = np.digitize(scales_N, SCALE_EDGES[1:-1])
    found = []
    for i, (low, high) in enumerate(pairwise(SCALE_EDGES)):
        count, right = total(int((place_N == i).sum())), total(int(right_N[place_N == i].sum()))
        if count:
            found.append({"from": low, "to": high, "accuracy": right / count, "n": count})
    return found
