"""Accuracy by the size of the object.

N pictures
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

SCALE_EDGES = (0.14, 0.3175, 0.495, 0.6725, 0.85)
"""Four equal bands of the object's longer side as a fraction of the picture's side."""


def accuracy_by_scale(right_N: np.ndarray, scales_N: np.ndarray) -> list[dict]:
    """The share of right answers in each band of object scale; bands without a picture are left out.

    The paper's motivation (Figure 1) is that pooling over everything fails where the object is small.
    """
    place_N = np.digitize(scales_N, SCALE_EDGES[1:-1])
    return [
        {"from": low, "to": high, "accuracy": float(right_N[place_N == i].mean()), "n": int((place_N == i).sum())}
        for i, (low, high) in enumerate(pairwise(SCALE_EDGES))
        if (place_N == i).any()
    ]
