"""Where the views are taken: attention -> anchors -> square regions, in cells and in pixels (Eq. 3-5).

    B images · H W grid in cells · K anchors · R region sizes

A cell is a pair (x, y), x to the right and y down. A box is (x_tl, y_tl, x_br, y_br); in cells all four are
inclusive, in pixels the lower right corner is exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mvfa_core.checks import being_traced, expect, expect_dims, expect_finite, expect_k, expect_sizes


def top_anchors(A_BHW: torch.Tensor, k: int) -> torch.Tensor:
    """The K cells of largest attention, by falling A (Eq. 3-4); equal values keep row-major order.

    Anchors are indices, so no gradient flows through the choice.

    Returns:
        anchors_BK2, int64 (x, y) in cells.

    Raises:
        ValueError: A is not (B, H, W), not finite, or K is not in 1..H*W.
    """
    expect_dims(A_BHW, "BHW", "A_BHW")
    expect_finite(A_BHW, "A_BHW")
    height, width = A_BHW.shape[-2:]
    k = expect_k(k, height * width)
    flat_BN = A_BHW.detach().flatten(1)
    if torch.compiler.is_exporting():  # ONNX has no stable sort, but its TopK gives equal values by rising index
        order_BK = flat_BN.topk(k, dim=1).indices
    else:  # torch's topk leaves the order of equal values open; a stable sort does not, and 196 cells cost nothing
        order_BK = flat_BN.argsort(dim=1, descending=True, stable=True)[:, :k]
    return torch.stack((order_BK % width, order_BK // width), dim=-1)


def repeated_anchors(A_BHW: torch.Tensor, k: int, different_B: torch.Tensor) -> torch.Tensor:
    """K anchors of which min(K, n) differ: the n cells of largest attention, in turn until there are K. Every picture
    can have its own n so, and sums over the views keep their size.

    Args:
        different_B: n, whole numbers >= 1.

    Returns:
        anchors_BK2, int64 (x, y) in cells.

    Raises:
        ValueError: as `top_anchors`.
    """
    anchors_BK2 = top_anchors(A_BHW, k)
    k = anchors_BK2.shape[1]
    turn_BK = torch.arange(k, device=A_BHW.device) % different_B.clamp(1, k)[:, None]
    return anchors_BK2.gather(1, turn_BK[..., None].expand(-1, -1, 2))


def all_cells(height: int, width: int, device: torch.device | str | None = None) -> torch.Tensor:
    """Every cell of the grid in row-major order, (H*W, 2) as (x, y)."""
    index = torch.arange(height * width, device=device)
    return torch.stack((index % width, index // width), dim=-1)


def region_boxes(anchors_BK2: torch.Tensor, sizes: Sequence[int], grid: tuple[int, int]) -> torch.Tensor:
    """The R square regions around every anchor, clamped to the grid (Eq. 5).

    Args:
        anchors_BK2: (x, y) in cells, inside the grid.
        sizes: L_R, odd side lengths in cells.
        grid: (H, W).

    Returns:
        boxes_BKR4, int64 (x_tl, y_tl, x_br, y_br) in cells, all four inclusive.

    Raises:
        ValueError: a size is even or < 1, L_R is empty, or an anchor lies outside the grid.
    """
    expect_dims(anchors_BK2, "BK2", "anchors_BK2")
    expect(anchors_BK2.shape[-1] == 2, "anchors_BK2", "(x, y) in the last dimension", tuple(anchors_BK2.shape))
    whole = not anchors_BK2.is_floating_point() and not anchors_BK2.is_complex()
    expect(whole, "anchors_BK2", "whole numbers", anchors_BK2.dtype)
    sizes = expect_sizes(sizes)
    # non_blocking: made on the device, these few numbers would hold up a training step until the device is idle
    limit = torch.tensor((grid[1] - 1, grid[0] - 1)).to(anchors_BK2.device, non_blocking=True)
    _expect_inside(anchors_BK2, limit, grid)
    half_R = torch.tensor([(r - 1) // 2 for r in sizes]).to(anchors_BK2.device, non_blocking=True)[None, None, :, None]
    centre_BK12 = anchors_BK2[:, :, None, :]
    top_left = (centre_BK12 - half_R).clamp(min=0)
    bottom_right = torch.minimum(centre_BK12 + half_R, limit)
    return torch.cat((top_left, bottom_right), dim=-1)


def _expect_inside(anchors_BK2: torch.Tensor, limit: torch.Tensor, grid: tuple[int, int]) -> None:
    # like the look for NaN: only where reading values back does not stall an accelerator in training
    if anchors_BK2.device.type == "cpu" and not being_traced():
        inside = bool(((anchors_BK2 >= 0) & (anchors_BK2 <= limit)).all())
        expect(inside, "anchors_BK2", f"cells inside the grid of {grid[0]} rows x {grid[1]} columns", "one outside")


def cells_to_pixels(boxes: torch.Tensor, grid: tuple[int, int], size_px: tuple[int, int]) -> torch.Tensor:
    """Map boxes from feature scale to image scale, also for grids and pictures that are not square.

    Cell x covers the pixels [x*s, (x+1)*s) with s = width / W, and likewise downwards.

    Args:
        boxes: (..., 4) inclusive cells.
        grid: (H, W) in cells.
        size_px: (height, width) of the picture in pixels.

    Returns:
        (..., 4) float boxes in pixels, the lower right corner exclusive.
    """
    expect(boxes.shape[-1] == 4, "boxes", "four corners in the last dimension", tuple(boxes.shape))
    step_x, step_y = size_px[1] / grid[1], size_px[0] / grid[0]
    scale = torch.tensor((step_x, step_y, step_x, step_y), device=boxes.device)
    past_the_end = torch.tensor((0, 0, 1, 1), device=boxes.device)
    return (boxes + past_the_end) * scale
