"""One cell's story: the terms that sum to its attention, and its regions and their votes, anchor or not (Eq. 1-2, 5).

    C classes · H W grid in cells · R sizes

Any cell may be asked about: the class maps and the head's maps are there for all of them, so no backbone is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mvfa_core.checks import expect, expect_sizes
from mvfa_core.explain import Encoding, expect_room
from mvfa_core.inference import inspects
from mvfa_core.model import MFA, Classifier
from mvfa_core.regions import cells_to_pixels, region_boxes
from mvfa_core.views import pool_views, region_weights

Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class CellRegion:
    """The region of one size around a cell, and what the main head says about it.

    Attributes:
        size: r in cells.
        unclamped: (x - h, y - h, x + h, y + h) with h = (r - 1) / 2, which may lie outside the grid.
        box: inclusive corners in cells, clamped (Eq. 5).
        box_px: corners in px of the original picture, lower right exclusive.
        confidence_C: s_c of its view; they sum to 1 unless every class has a sigmoid of its own.
    """

    size: int
    unclamped: Corners
    box: Corners
    box_px: tuple[float, float, float, float]
    confidence_C: np.ndarray

    @property
    def cut(self) -> Corners:
        """Columns cut off on the left, rows at the top, columns on the right, rows at the bottom."""
        left, top, right, bottom = (abs(a - b) for a, b in zip(self.box, self.unclamped, strict=True))
        return left, top, right, bottom

    @property
    def cells(self) -> int:
        """How many cells are averaged: r * r unless some were cut off."""
        x0, y0, x1, y1 = self.box
        return (x1 - x0 + 1) * (y1 - y0 + 1)


@dataclass(frozen=True)
class CellStory:
    """What one cell did and what would be seen from it.

    Attributes:
        cell: (x, y). grid: (H, W) in cells. classes: C names.
        f_C: auxiliary probabilities (Eq. 1). G_C: the class maps at this cell, in logits.
        terms_C: f_i G_i at this cell; they sum to A (Eq. 2).
        attention: A at this cell. rank: its place among all cells by falling A, from 1; anchor where rank <= K.
        regions: one for every size, in the order of L_R.
    """

    cell: tuple[int, int]
    grid: tuple[int, int]
    classes: tuple[str, ...]
    f_C: np.ndarray
    G_C: np.ndarray
    terms_C: np.ndarray
    attention: float
    rank: int
    regions: tuple[CellRegion, ...]


@inspects
def cell_story(
    model: Classifier, encoding: Encoding, cell: tuple[int, int], *, sizes: Sequence[int] | None = None
) -> CellStory:
    """The story of cell (x, y) of an encoded picture.

    Args:
        cell: (x, y) in cells, x to the right and y down.
        sizes: L_R in cells; the model's own if not given.

    Raises:
        ValueError: a GAP model, a cell outside the grid, or a size that is even or < 1.
    """
    pooling = model.pooling
    expect(isinstance(pooling, MFA), "model", "one that ends in MFA", "one that ends in GAP")
    assert isinstance(pooling, MFA)
    sizes = pooling.sizes if sizes is None else expect_sizes(sizes)
    F_BDHW = encoding.F_BDHW
    height, width = F_BDHW.shape[-2:]
    x, y = cell
    expect(0 <= x < width and 0 <= y < height, "cell", f"(x, y) inside {width} x {height} cells", (x, y))
    expect_room(model, encoding, k=1, sizes=sizes)
    with torch.no_grad():
        G_BCHW = pooling.class_maps(F_BDHW)
        A_BHW, f_BC = pooling.attend(F_BDHW, G_BCHW)
        G_C, f_C = G_BCHW[0, :, y, x], f_BC[0]
        regions = _regions(pooling, encoding, (x, y), sizes)
    A_N = A_BHW[0].flatten()
    order_N = A_N.argsort(descending=True, stable=True)  # as `top_anchors`: equal values in row-major order
    return CellStory(
        cell=(x, y),
        grid=(height, width),
        classes=model.classes,
        f_C=f_C.float().cpu().numpy(),
        G_C=G_C.float().cpu().numpy(),
        terms_C=(f_C * G_C).float().cpu().numpy(),
        attention=float(A_N[y * width + x]),
        rank=int((order_N == y * width + x).nonzero()) + 1,
        regions=regions,
    )


def _regions(pooling: MFA, encoding: Encoding, cell: tuple[int, int], sizes: tuple[int, ...]) -> tuple[CellRegion, ...]:
    F_BDHW = encoding.F_BDHW
    grid = (F_BDHW.shape[-2], F_BDHW.shape[-1])
    anchors_BK2 = torch.tensor([[cell]], device=F_BDHW.device)
    boxes_BKR4 = region_boxes(anchors_BK2, sizes, grid)
    views_BMC = pool_views(region_weights(boxes_BKR4, grid, F_BDHW.dtype), pooling.head.maps(F_BDHW))
    confidence_RC = pooling.confidence(pooling.head.finish(views_BMC)[0]).float().cpu().numpy()
    boxes_px_R4 = cells_to_pixels(boxes_BKR4[0, 0], grid, (encoding.size_px[1], encoding.size_px[0])).tolist()
    found = []
    for i, r in enumerate(sizes):
        half = (r - 1) // 2
        unclamped = (cell[0] - half, cell[1] - half, cell[0] + half, cell[1] + half)
        box = tuple(boxes_BKR4[0, 0, i].tolist())
        found.append(CellRegion(r, unclamped, box, tuple(boxes_px_R4[i]), confidence_RC[i]))
    return tuple(found)
