"""Numbers of the browser beside Python's: how far they are apart, and of how many."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

TOLERANCE = 1e-5


class Differences:
    """The largest difference of everything that was compared, and how many numbers that was."""

    def __init__(self) -> None:
        self.largest: dict[str, float] = {}
        self.counts: Counter[str] = Counter()

    def see(self, name: str, got: np.ndarray, wanted: Any) -> None:
        wanted = np.asarray(wanted, dtype=np.float64).ravel()
        assert got.shape == wanted.shape, f"{name}: shape {got.shape}, wanted {wanted.shape}"
        finite = np.isfinite(wanted)
        assert (got[~finite] == wanted[~finite]).all(), name
        got, wanted = got[finite], wanted[finite]
        if wanted.size:
            size = max(1.0, float(np.abs(wanted).max()))
            self.largest[name] = max(self.largest.get(name, 0.0), float(np.abs(got - wanted).max()) / size)
        self.counts[name] += wanted.size

    def told(self, cases: int) -> str:
        worst = max(self.largest, key=lambda name: self.largest[name])
        lines = [f"  {name:20s} {self.largest[name]:.1e} of {self.counts[name]:,}" for name in self.largest]
        head = f"{cases:,} cases, {sum(self.counts.values()):,} numbers, largest difference {self.largest[worst]:.1e}"
        return "\n".join([f"{head} ({worst})", *lines])


def same(name: str, got: np.ndarray, wanted: Any) -> None:
    """Whole numbers and corners: equal to the last bit."""
    np.testing.assert_array_equal(got, np.asarray(wanted).ravel(), err_msg=name)


def best_by(scores: np.ndarray, place: int, name: str) -> None:
    """The place has the largest score, or one that cannot be told from it."""
    size = max(1.0, float(np.abs(scores).max()))
    assert scores[place] >= scores.max() - TOLERANCE * size, f"{name}: {place} instead of {scores.argmax()}"
