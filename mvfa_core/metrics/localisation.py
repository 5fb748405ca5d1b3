"""One map against where the object is. No figure here changes when a map is multiplied by a positive number; only
`energy` changes when a constant is added.

    H W grid in cells · N boxes · T thresholds
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mvfa_core.checks import expect
from mvfa_core.draw import enlarge
from mvfa_core.metrics.truth import POINTS, Truth

THRESHOLDS = tuple(round(0.025 * i, 3) for i in range(1, 40))
"""Of a map scaled to 0-1: 0.025 to 0.975."""


@dataclass(frozen=True, eq=False)
class Located:
    """How one map, or one box, fits the object of one picture.

    Attributes:
        iou_T: overlap with the object's box of the box at every threshold; one number for a box that needs none.
        boxes_T4: those boxes in cells, half open.
        pointing, energy: None for a box. energy_mask, pixel_ap: None for a box or without a mask.
    """

    iou_T: np.ndarray
    boxes_T4: np.ndarray
    pointing: float | None = None
    energy: float | None = None
    energy_mask: float | None = None
    pixel_ap: float | None = None


def locate(map_HW: np.ndarray, truth: Truth, thresholds: tuple[float, ...] = THRESHOLDS) -> Located:
    """All figures of a map.

    Raises:
        ValueError: not two-dimensional, or NaN or infinity in it.
    """
    expect(map_HW.ndim == 2 and map_HW.size > 0, "map_HW", "(H, W)", map_HW.shape)
    # they are enlarged in single precision, where numbers above 3e38 are infinite
    finite = bool((np.abs(map_HW) <= np.finfo(np.float32).max).all())
    expect(finite, "map_HW", "finite numbers", "NaN or infinity")
    grid = (map_HW.shape[0], map_HW.shape[1])
    boxes_T4 = threshold_boxes(map_HW, thresholds)
    on_mask, points = truth.mask_coverage(grid), truth.mask_points(grid)
    return Located(
        iou_T=best_iou(boxes_T4, truth.in_cells(grid)),
        boxes_T4=boxes_T4,
        pointing=pointing(map_HW, truth),
        energy=energy(map_HW, truth.coverage(grid)),
        energy_mask=None if on_mask is None else energy(map_HW, on_mask),
        pixel_ap=None if points is None else pixel_precision(map_HW, points),
    )


def locate_box(box_4: np.ndarray, truth: Truth, grid: tuple[int, int]) -> Located:
    """The overlap of one box of inclusive cells."""
    half_open_14 = np.asarray(box_4, dtype=np.float64)[None] + (0, 0, 1, 1)
    return Located(best_iou(half_open_14, truth.in_cells(grid)), half_open_14)


def pointing(map_HW: np.ndarray, truth: Truth) -> float:
    """1 if the centre of the largest cell lies in any box, else 0; if several cells are largest, the share that does.

    The pointing game (Zhang et al. 2016) without their margin of 15 px.
    """
    y, x = np.nonzero(map_HW == map_HW.max())
    x0, y0, x1, y1 = truth.in_cells((map_HW.shape[0], map_HW.shape[1])).T[:, :, None]
    hits_NP = (x + 0.5 >= x0) & (x + 0.5 < x1) & (y + 0.5 >= y0) & (y + 0.5 < y1)
    return float(hits_NP.any(axis=0).mean())


def energy(map_HW: np.ndarray, coverage_HW: np.ndarray) -> float:
    """The share of the map's positive part that lies on the object (Wang et al. 2020); 0 if nothing is positive."""
    positive = np.maximum(map_HW.astype(np.float64), 0)
    total = positive.sum()
    return float((positive * coverage_HW).sum() / total) if total > 0 else 0.0


def threshold_boxes(map_HW: np.ndarray, thresholds: tuple[float, ...] = THRESHOLDS) -> np.ndarray:
    """For every threshold the box around the largest connected part of the map above it, (T, 4) cells, half open.

    The map is enlarged, then scaled to 0-1; without differences it is 1 everywhere. Parts touch by sides and corners.
    """
    points = enlarge(map_HW, (map_HW.shape[1] * POINTS, map_HW.shape[0] * POINTS)).astype(np.float64)
    low, high = float(points.min()), float(points.max())
    scaled = (points - low) / (high - low) if high > low else np.ones_like(points)
    return np.array([_largest(scaled >= t) for t in thresholds]) / POINTS


def _largest(above: np.ndarray) -> tuple[int, int, int, int]:
    # OpenCV's labels: the same parts as scikit-image's, which a test compares, in a twentieth of the time
    _, _, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    # the first row is what lies below; a map scaled to 0-1 is nowhere without a part above
    x, y, width, height, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())].tolist()
    return x, y, x + width, y + height


def best_iou(boxes_T4: np.ndarray, truth_N4: np.ndarray) -> np.ndarray:
    """Intersection over union with whichever box of the object fits best, (T,)."""
    a, b = boxes_T4[:, None, :], truth_N4[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = sides.clip(min=0).prod(axis=-1)
    area_a, area_b = ((box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b))
    return (shared / (area_a + area_b - shared)).max(axis=1)


def pixel_precision(map_HW: np.ndarray, points: np.ndarray) -> float:
    """Average precision of the enlarged map as a ranking of the mask's points (PxAP, Choe et al. 2020, per picture).

    Points of equal value are taken together, so that a map without differences gets the mask's share of the picture.
    """
    values = enlarge(map_HW, (points.shape[1], points.shape[0])).ravel()
    order = np.argsort(-values, kind="stable")
    last = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    found = np.cumsum(points.ravel()[order])[last]
    return float((np.diff(found, prepend=0) * found / (last + 1)).sum() / found[-1])
