"""The paper's augmentation, per sample, in batches on the training device (Section 3.1).

B images · S side in px
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as nnf

ENLARGED = 256 / 224
"""Pictures are enlarged by this factor, then cropped back: 224 -> 256 -> 224 px, 112 -> 128 -> 112 px."""


def flip_and_crop(
    image_B3SS: torch.Tensor, generator: torch.Generator, rows: Sequence[int] | None = None, of: int | None = None
) -> torch.Tensor:
    """Flip with probability 0.5, enlarge to 256/224 of the side, crop a window of the old size at a random place.

    All of it is one bilinear resampling: pixel j of a window at offset o is pixel j + o of the enlarged picture, and
    that is the position (j + o + 0.5) / 256 along the old one.

    Args:
        image_B3SS: normalised pictures, any height and width.
        generator: on the CPU, so that a seed means the same on every device.
        rows, of: which rows of a batch of how many they are, if they are not the whole. Numbers are drawn for all rows,
            so that a picture is flipped and cropped alike in the whole and in a part.

    Returns:
        the augmented pictures, same shape.
    """
    batch, _, height, width = image_B3SS.shape
    flip_B = torch.rand(of or batch, generator=generator) < 0.5
    down_B, across_B = (_offset(of or batch, side, generator) for side in (height, width))
    if rows is not None:
        flip_B, down_B, across_B = (drawn[torch.as_tensor(rows)] for drawn in (flip_B, down_B, across_B))
    # a few numbers travel; the grid, larger than the pictures were on disk, is laid out where it is read
    flip_B, down_B, across_B = (drawn.to(image_B3SS.device, non_blocking=True) for drawn in (flip_B, down_B, across_B))
    rows_BH, columns_BW = _window(down_B, height), _window(across_B, width)
    columns_BW = torch.where(flip_B[:, None], -columns_BW, columns_BW)
    grid_BHW2 = torch.stack(
        (columns_BW[:, None, :].expand(-1, height, -1), rows_BH[:, :, None].expand(-1, -1, width)), dim=-1
    )
    grid_BHW2 = grid_BHW2.to(image_B3SS.dtype)
    return nnf.grid_sample(image_B3SS, grid_BHW2, mode="bilinear", padding_mode="border", align_corners=False)


def _offset(batch: int, side: int, generator: torch.Generator) -> torch.Tensor:
    """Where random windows begin along one axis of the enlarged picture, in px, shape (B,)."""
    return torch.randint(0, round(side * ENLARGED) - side + 1, (batch,), generator=generator)


def _window(offset_B: torch.Tensor, side: int) -> torch.Tensor:
    """Where the pixels of a window lie along one axis, in grid_sample's -1..1, shape (B, side)."""
    pixel = torch.arange(side, device=offset_B.device) + 0.5
    return (offset_B[:, None] + pixel) / round(side * ENLARGED) * 2 - 1
