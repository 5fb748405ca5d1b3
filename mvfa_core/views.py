"""What each view is: the mean over its region, for all regions at once as one matrix product (Section 2.2).

B images · D channels · H W grid in cells · K anchors · R sizes · M = K*R views, anchor-major: m = k*R + r
"""

from __future__ import annotations

import torch

from mvfa_core.checks import being_traced, expect, expect_dims, expect_finite


def region_weights(boxes_BKR4: torch.Tensor, grid: tuple[int, int], dtype: torch.dtype | None = None) -> torch.Tensor:
    """Averaging over a region as a row of weights: 1/|region| inside, 0 outside, so that every row sums to 1.

    Args:
        boxes_BKR4: inclusive boxes in cells.
        grid: (H, W) in cells.
        dtype: of the result; the default float type if not given.

    Returns:
        weights_BMHW, non-negative.

    Raises:
        ValueError: the boxes are not (B, K, R, 4), or (looked at on the CPU) one leaves the grid or is inside out.
    """
    expect_dims(boxes_BKR4, "BKR4", "boxes_BKR4")
    expect(boxes_BKR4.shape[-1] == 4, "boxes_BKR4", "four corners in the last dimension", tuple(boxes_BKR4.shape))
    if boxes_BKR4.device.type == "cpu" and not being_traced():
        corners = boxes_BKR4.unbind(-1)
        inside = (corners[0] >= 0) & (corners[1] >= 0) & (corners[2] < grid[1]) & (corners[3] < grid[0])
        upright = (corners[0] <= corners[2]) & (corners[1] <= corners[3])
        sound = bool((inside & upright).all())
        expect(sound, "boxes_BKR4", f"boxes inside the grid of {grid[0]} rows x {grid[1]} columns", "one that is not")
    dtype = dtype or torch.get_default_dtype()
    x_tl, y_tl, x_br, y_br = boxes_BKR4.flatten(1, 2).unsqueeze(-2).unbind(-1)  # each (B, M, 1)
    columns_BMW = _share(x_tl, x_br, grid[1], dtype)
    rows_BMH = _share(y_tl, y_br, grid[0], dtype)
    return rows_BMH.unsqueeze(-1) * columns_BMW.unsqueeze(-2)


def _share(first_BM1: torch.Tensor, last_BM1: torch.Tensor, cells: int, dtype: torch.dtype) -> torch.Tensor:
    """1/length for the positions from first to last, 0 elsewhere: a region is the product of two such rows."""
    index = torch.arange(cells, device=first_BM1.device)
    inside = (index >= first_BM1) & (index <= last_BM1)
    return inside.to(dtype) / (last_BM1 - first_BM1 + 1)


def pool_views(weights_BMHW: torch.Tensor, F_BDHW: torch.Tensor) -> torch.Tensor:
    """The mean of F over every region, views_BMD = einsum("bmhw,bdhw->bmd").

    F may be any stack of maps: pooling commutes with a linear layer, so pooling the head's maps of C channels gives
    the same logits as the head on pooled features of D channels, at C/D of the cost.

    Raises:
        ValueError: wrong dimensions, batch or grid that differ, or F not finite.
    """
    expect_dims(weights_BMHW, "BMHW", "weights_BMHW")
    expect_dims(F_BDHW, "BDHW", "F_BDHW")
    same = (weights_BMHW.shape[0], *weights_BMHW.shape[2:]) == (F_BDHW.shape[0], *F_BDHW.shape[2:])
    expect(same, "F_BDHW", f"the batch and grid of the weights {tuple(weights_BMHW.shape)}", tuple(F_BDHW.shape))
    expect_finite(F_BDHW, "F_BDHW")
    return torch.bmm(weights_BMHW.flatten(2).to(F_BDHW.dtype), F_BDHW.flatten(2).mT)
