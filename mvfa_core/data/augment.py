"""The paper's augmentation, per sample, in batches on the training device (Section 3.1).

B images · S side in px
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf

ENLARGED = 256 / 224
"""Pictures are enlarged by this factor, then cropped back: 224 -> 256 -> 224 px, 112 -> 128 -> 112 px."""


def flip_and_crop(image_B3SS: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Flip with probability 0.5, enlarge to 256/224 of the side, crop a window of the old size at a random place.

    All of it is one bilinear resampling: pixel j of a window at offset o is pixel j + o of the enlarged picture, and
    that is the position (j + o + 0.5) / 256 along the old one.

    Args:
        image_B3SS: normalised pictures, any height and width.
        generator: on the CPU, so that a seed means the same on every device.

    Returns:
        the augmented pictures, same shape.
    """
    batch, _, height, width = image_B3SS.shape
    flip_B = torch.rand(batch, generator=generator) < 0.5
    rows_BH = _window(batch, height, generator)
    columns_BW = _window(batch, width, generator)
    columns_BW = torch.where(flip_B[:, None], -columns_BW, columns_BW)
    grid_BHW2 = torch.stack(
        (columns_BW[:, None, :].expand(-1, height, -1), rows_BH[:, :, None].expand(-1, -1, width)), dim=-1
    )
    grid_BHW2 = grid_BHW2.to(device=image_B3SS.device, dtype=image_B3SS.dtype, non_blocking=True)
    return nnf.grid_sample(image_B3SS, grid_BHW2, mode="bilinear", padding_mode="border", align_corners=False)


def _window(batch: int, side: int, generator: torch.Generator) -> torch.Tensor:
    """Where the pixels of a random window lie along one axis, in grid_sample's -1..1, shape (B, side)."""
    enlarged = round(side * ENLARGED)
    offset_B = torch.randint(0, enlarged - side + 1, (batch,), generator=generator)
    pixel = torch.arange(side) + 0.5
    return (offset_B[:, None] + pixel) / enlarged * 2 - 1
