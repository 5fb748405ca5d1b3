"""The image-level augmentations that Table 2 compares with: mixup, CutMix and cutout, by torchvision.

B images · S side in px · C classes
"""

from __future__ import annotations

import torch

from mvfa_core.checks import expect_choice

ALPHA = 0.2
"""Of the Beta distribution for mixup, as the paper says; used for CutMix too, for which it gives none."""
CUTOUT_SIDE = 1 / 4
"""56 of 224 px."""
MIXINGS = ("none", "mixup", "cutmix", "cutout")


def mix(image_B3SS: torch.Tensor, labels_B: torch.Tensor, classes: int, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and labels after the named augmentation; it draws from torch's global generator.

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
        return _cut_out(image_B3SS), labels_B
    kind = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[name]
    return kind(alpha=ALPHA, num_classes=classes)(image_B3SS, labels_B)


def _cut_out(image_B3SS: torch.Tensor) -> torch.Tensor:
    """A square of a quarter of the side, zero (the mean colour), somewhere in each picture."""
    from torchvision.transforms import v2

    area = CUTOUT_SIDE**2
    erase = v2.RandomErasing(p=1.0, scale=(area, area), ratio=(1.0, 1.0), value=0)
    # one mask travels: erasing each picture on a GPU would wait for it once a picture
    whole_1SS = torch.ones(1, *image_B3SS.shape[-2:], dtype=torch.bool)
    kept_B1SS = torch.stack([erase(whole_1SS) for _ in image_B3SS]).to(image_B3SS.device, non_blocking=True)
    return image_B3SS.where(kept_B1SS, 0.0)
