"""The image-level augmentations that Table 2 compares with: mixup, CutMix and cutout, by torchvision.

B images · S side in px · C classes
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from mvfa_core.checks import expect_choice

if TYPE_CHECKING:
    from torchvision.transforms.v2 import RandomErasing

ALPHA = 0.2
"""Of the Beta distribution for mixup, as the paper says; used for CutMix too, for which it gives none."""
CUTOUT_SIDE = 1 / 4
"""56 of 224 px."""
MIXINGS = ("none", "mixup", "cutmix", "cutout")


def mix(
    image_B3SS: torch.Tensor,
    labels_B: torch.Tensor,
    classes: int,
    name: str,
    rows: Sequence[int] | None = None,
    of: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and labels after the named augmentation; it draws from torch's global generator.

    Args:
        rows, of: which rows of a batch of how many they are, if they are not the whole; numbers are drawn for all. In
            mixup and CutMix each row takes from the one before it, so the first of a part is that of no use.

    Returns:
        the pictures, and labels: (B, C) probabilities after mixup and CutMix, else the class indices as they were.

    Raises:
        ValueError: another name.
    """
    expect_choice(name, MIXINGS, "mix")
    if name == "none":
        return image_B3SS, labels_B
    from torchvision.transforms import v2

    if name == "cutout":
        return _cut_out(image_B3SS, rows, of or len(image_B3SS)), labels_B
    kind = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[name]
    return kind(alpha=ALPHA, num_classes=classes)(image_B3SS, labels_B)


def _cut_out(image_B3SS: torch.Tensor, rows: Sequence[int] | None, of: int) -> torch.Tensor:
    """A square of a quarter of the side, zero (the mean colour), somewhere in each picture."""
    from torchvision.transforms import v2

    area = CUTOUT_SIDE**2
    erase = v2.RandomErasing(p=1.0, scale=(area, area), ratio=(1.0, 1.0), value=0)
    high, wide = image_B3SS.shape[-2:]
    # four numbers a picture travel; the mask, as large as the picture on disk, is laid out where it is read
    boxes_B4 = torch.tensor([_box(erase, high, wide) for _ in range(of)])
    boxes_B4 = boxes_B4 if rows is None else boxes_B4[torch.as_tensor(rows)]
    top_B, left_B, bottom_B, right_B = boxes_B4.to(image_B3SS.device, non_blocking=True).unbind(1)
    row_H, column_W = (torch.arange(side, device=image_B3SS.device) for side in (high, wide))
    inside_BH = (row_H >= top_B[:, None]) & (row_H < bottom_B[:, None])
    inside_BW = (column_W >= left_B[:, None]) & (column_W < right_B[:, None])
    return image_B3SS.where(~(inside_BH[:, None, :, None] & inside_BW[:, None, None, :]), 0.0)


def _box(erase: RandomErasing, high: int, wide: int) -> tuple[int, int, int, int]:
    """Upper, left, lower and right edge of what torchvision would erase next."""
    torch.rand(1)  # whether to erase at all, which torchvision asks first
    drawn = erase.make_params([torch.empty(1, high, wide)])
    return drawn["i"], drawn["j"], drawn["i"] + drawn["h"], drawn["j"] + drawn["w"]
