"""Where the object of a picture is, in the picture's own px and on the grid of a map.

N boxes · H W grid in cells
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mvfa_core.checks import expect

POINTS = 8
"""Points a side in which a cell is cut where boxes and maps are compared; 14 x 14 cells make 112 x 112 points."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The object of one picture: all its boxes, and its pixels where they are known.

    Attributes:
        boxes_N4: (x0, y0, x1, y1) px, half open. A point is on the object if any box holds it.
        size_px: (width, height) of the picture that the boxes are meant for.
        mask: bool (height, width) of any size; the pixels of the object.

    Raises:
        ValueError: no box, a box without area, a picture without size, or a mask without a pixel.
    """

    boxes_N4: np.ndarray
    size_px: tuple[float, float]
    mask: np.ndarray | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes_N4, dtype=np.float64)
        expect(boxes.ndim == 2 and boxes.shape[1] == 4 and len(boxes) > 0, "boxes_N4", "(N, 4), N > 0", boxes.shape)
        whole = np.isfinite(boxes).all() and (boxes[:, :2] < boxes[:, 2:]).all()
        expect(bool(whole), "boxes_N4", "x0 < x1 and y0 < y1", boxes.tolist())
        expect(min(self.size_px) > 0, "size_px", "(width, height) > 0", self.size_px)
        expect(self.mask is None or bool(self.mask.any()), "mask", "at least one pixel", "none")
        object.__setattr__(self, "boxes_N4", boxes)

    def in_cells(self, grid: tuple[int, int]) -> np.ndarray:
        """The boxes in cells of a grid (H, W), half open, (N, 4)."""
        step = np.array((grid[1] / self.size_px[0], grid[0] / self.size_px[1]))
        return self.boxes_N4 * np.tile(step, 2)

    def coverage(self, grid: tuple[int, int]) -> np.ndarray:
        """The share of every cell that any box holds, (H, W), counted in `POINTS` x `POINTS` points a cell."""
        height, width = grid
        y, x = (((np.arange(n * POINTS) + 0.5) / POINTS) for n in (height, width))
        boxes = self.in_cells(grid)[:, :, None]
        rows_NY = (y >= boxes[:, 1]) & (y < boxes[:, 3])
        columns_NX = (x >= boxes[:, 0]) & (x < boxes[:, 2])
        return _by_cell(np.any(rows_NY[:, :, None] & columns_NX[:, None, :], axis=0))

    def mask_coverage(self, grid: tuple[int, int]) -> np.ndarray | None:
        """The share of every cell that the mask holds, (H, W); None without a mask."""
        points = self.mask_points(grid)
        return None if points is None else _by_cell(points)

    def mask_points(self, grid: tuple[int, int]) -> np.ndarray | None:
        """Whether each point lies on the mask, bool (H * POINTS, W * POINTS); None without a mask. An object that
        covers no point by half has the one that it covers most."""
        if self.mask is None:
            return None
        size = (grid[1] * POINTS, grid[0] * POINTS)
        covered = cv2.resize(self.mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(covered >= min(0.5, float(covered.max())))


def _by_cell(points: np.ndarray) -> np.ndarray:
    height, width = (n // POINTS for n in points.shape)
    return points.reshape(height, POINTS, width, POINTS).mean(axis=(1, 3))
