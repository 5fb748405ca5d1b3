"""The localisation figures of one explained picture.

H W grid in cells · T thresholds
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mvfa_core.checks import expect
from mvfa_core.explanation import Explanation
from mvfa_core.metrics.localisation import THRESHOLDS, Located, locate, locate_box
from mvfa_core.metrics.methods import BEST_BOX, maps_of
from mvfa_core.metrics.truth import Truth

THRESHOLD = 0.5
"""Of a map's range, where no other pictures say which is best."""


def located(
    explanation: Explanation,
    truth: Truth,
    best_box_4: np.ndarray | None = None,
    thresholds: tuple[float, ...] = THRESHOLDS,
) -> dict[str, Located]:
    """Every map of an explanation, and the best box if given (inclusive cells), against the truth."""
    each = {name: locate(values, truth, thresholds) for name, values in maps_of(explanation).items()}
    if best_box_4 is not None:
        each[BEST_BOX] = locate_box(best_box_4, truth, explanation.grid)
    return each


def measure_picture(
    explanation: Explanation, truth: Truth, *, best_box_4: np.ndarray | None = None, threshold: float = THRESHOLD
) -> dict[str, dict[str, Any]]:
    """Method -> its figures for one picture, as JSON types; `MEANINGS` says what each of them is.

    Args:
        truth: boxes in px of any copy of the picture; its `size_px` says which.
        best_box_4: of `boxes.best_box`, inclusive cells.
        threshold: where maps are cut for their box, 0 to 1 of their range. Fixed beforehand; nothing is fitted here.

    Returns:
        pointing, energy, energy_mask, pixel_ap, iou (None where a method has no such figure), and box_px
        (x0, y0, x1, y1) in px of the explained picture.
    """
    expect(0 < threshold <= 1, "threshold", "more than 0, at most 1", threshold)
    return {
        name: _record(explanation, one)
        for name, one in located(explanation, truth, best_box_4, thresholds=(threshold,)).items()
    }


def _record(explanation: Explanation, one: Located) -> dict[str, Any]:
    steps = np.array((explanation.size_px[0] / explanation.grid[1], explanation.size_px[1] / explanation.grid[0]) * 2)
    return {
        "pointing": one.pointing,
        "energy": one.energy,
        "energy_mask": one.energy_mask,
        "pixel_ap": one.pixel_ap,
        "iou": float(one.iou_T[0]),
        "box_px": (one.boxes_T4[0] * steps).tolist(),
    }
