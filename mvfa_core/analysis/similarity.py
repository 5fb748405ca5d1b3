"""How alike two maps of one picture are: the paper's claim that A is very close to the map of the predicted class,
as two numbers (Section 2.1).

    H W grid in cells
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from mvfa_core.checks import expect


@dataclass(frozen=True)
class Similarity:
    """Two maps compared.

    Attributes:
        rank: Spearman's rank correlation over all cells, -1 to 1; NaN if a map is constant.
        shared: intersection over union of the K highest cells of each, 0 to 1.
    """

    rank: float
    shared: float


def map_similarity(a_HW: np.ndarray, b_HW: np.ndarray, k: int) -> Similarity:
    """Compare two maps of the same grid.

    Args:
        k: how many of the highest cells are compared; ties in row-major order, as for anchors.

    Raises:
        ValueError: grids that differ, values that are not finite, or k not in 1..H*W.
    """
    expect(a_HW.shape == b_HW.shape, "b_HW", f"the grid of the other, {a_HW.shape}", b_HW.shape)
    expect(bool(np.isfinite(a_HW).all() and np.isfinite(b_HW).all()), "maps", "finite values", "NaN or infinity")
    expect(1 <= k <= a_HW.size, "k", f"a whole number from 1 to H*W = {a_HW.size}", k)
    return Similarity(_rank_correlation(a_HW.ravel(), b_HW.ravel()), _shared(_highest(a_HW, k), _highest(b_HW, k)))


def _rank_correlation(a_N: np.ndarray, b_N: np.ndarray) -> float:
    ranks = [rankdata(values_N) - (values_N.size + 1) / 2 for values_N in (a_N, b_N)]
    spread = np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1])
    return float(ranks[0] @ ranks[1] / spread) if spread else float("nan")


def _highest(map_HW: np.ndarray, k: int) -> set[int]:
    return set(np.argsort(-map_HW.ravel(), kind="stable")[:k].tolist())


def _shared(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b)
