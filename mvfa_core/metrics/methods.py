"""The maps that are compared, by name. A best box is no map and stands beside them.

H W grid in cells
"""

from __future__ import annotations

import numpy as np

from mvfa_core.explanation import Explanation

BEST_BOX = "best box"
METHODS = {
    "CAM": "the auxiliary head's class map (MFA) or the head's (GAP), without its bias",
    "Grad-CAM": "the gradient-weighted sum of the features, sign kept",
    "AdaCAM": "the paper's attention map, Eq. 2; it belongs to no class",
    "contribution": "what every cell adds to the ensemble logit, sign kept; linear heads only",
    "centre": "no model: a bump in the middle of the picture, the reference that a map must beat",
    BEST_BOX: "ours: the rectangle whose log-odds lead the whole picture's most, summed over its cells",
}
"""The contribution map is taken raw: what order its cells have and where its peak is need no cut at zero, and only the
raw map adds up to the logit. `energy` needs shares and takes the positive part of every map alike."""
_SPREAD = 0.25


def maps_of(explanation: Explanation) -> dict[str, np.ndarray]:
    """The maps that an explanation has, name -> (H, W)."""
    maps = {
        "CAM": explanation.cam_HW,
        "Grad-CAM": explanation.grad_cam_HW,
        "AdaCAM": explanation.adacam_HW,
        "contribution": explanation.contribution_HW,
        "centre": centre(explanation.grid),
    }
    return {name: values for name, values in maps.items() if values is not None}


def centre(grid: tuple[int, int]) -> np.ndarray:
    """A Gaussian around the middle, a quarter of each side wide (the reference of Choe et al. 2020)."""
    rows_H, columns_W = (((np.arange(n) + 0.5) / n - 0.5) / _SPREAD for n in grid)
    return np.exp(-(rows_H[:, None] ** 2 + columns_W**2) / 2)
