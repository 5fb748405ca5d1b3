"""Thresholds fixed on other pictures (Choe et al. 2020): whoever sets the threshold on the pictures that are judged
measures the best that could have been, not what a user gets.

The pictures are halved by a seeded permutation. The threshold that is best on one half is used on the other and the
other way round, so every picture is judged, and none by a threshold that it helped to choose.

    N pictures · T thresholds
"""

from __future__ import annotations

import numpy as np

from mvfa_core.checks import expect


def halves(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint index arrays that hold every picture once.

    Raises:
        ValueError: fewer than two pictures.
    """
    expect(count >= 2, "pictures", "two or more, to fix a threshold on one half for the other", count)
    order = np.random.default_rng(seed).permutation(count)
    return np.sort(order[: count // 2]), np.sort(order[count // 2 :])


def crosswise(iou_NT: np.ndarray, wanted: float | None = None, seed: int = 0) -> tuple[np.ndarray, tuple[int, int]]:
    """The score of every picture at the threshold that was best on the other half.

    Args:
        iou_NT: overlaps at every threshold; with T = 1 there is nothing to choose.
        wanted: score is 1 where the overlap reaches it, else 0; without it the score is the overlap itself.

    Returns:
        score_N, and the places of the two thresholds used, on the first half and on the second.
    """
    score_NT = iou_NT if wanted is None else (iou_NT >= wanted).astype(np.float64)
    if iou_NT.shape[1] == 1:
        return score_NT[:, 0], (0, 0)
    first, second = halves(len(iou_NT), seed)
    places = _best(score_NT[second], iou_NT[second]), _best(score_NT[first], iou_NT[first])
    score_N = np.empty(len(iou_NT))
    score_N[first], score_N[second] = score_NT[first, places[0]], score_NT[second, places[1]]
    return score_N, places


def _best(score_NT: np.ndarray, iou_NT: np.ndarray) -> int:
    """The place of the largest mean score; among equals the one of largest mean overlap, then the lowest."""
    score_T, iou_T = score_NT.mean(axis=0), iou_NT.mean(axis=0)
    return int(np.where(score_T >= score_T.max() - 1e-12, iou_T, -1).argmax())
