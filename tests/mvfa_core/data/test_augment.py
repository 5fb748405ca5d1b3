"""Flip, enlarge, crop: the one resampling against the three operations done one after the other."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from mvfa_core.data.augment import flip_and_crop

# enlarged by 256/224 these are 32, 48 and 64 px: whole numbers, as 224 -> 256 is
SIZES = [pytest.param(28, 42, id="wide"), pytest.param(56, 28, id="tall"), pytest.param(28, 28, id="square")]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_hand(image_3HW: torch.Tensor) -> dict[tuple[bool, int, int], torch.Tensor]:
    """(flipped, x, y) -> flip, then bilinear enlargement, then the window at (x, y): everything that can come out."""
    height, width = image_3HW.shape[-2:]
    large = height * 256 // 224, width * 256 // 224
    found = {}
    for flipped in (False, True):
        turned = torch.from_numpy(np.ascontiguousarray(image_3HW.numpy()[:, :, :: -1 if flipped else 1]))
        enlarged = nnf.interpolate(turned[None], size=large, mode="bilinear", align_corners=False)[0]
        for x, y in product(range(large[1] - width + 1), range(large[0] - height + 1)):
            found[flipped, x, y] = enlarged[:, y : y + height, x : x + width]
    return found


def chosen(image_3HW: torch.Tensor, augmented_3HW: torch.Tensor) -> tuple[bool, int, int]:
    """The one choice by hand that gives the augmented picture."""
    candidates = by_hand(image_3HW)
    fitting = [key for key, wanted in candidates.items() if torch.allclose(augmented_3HW, wanted, rtol=0, atol=1e-4)]
    assert len(fitting) == 1, f"{len(fitting)} of {len(candidates)} choices give this picture"
    return fitting[0]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_equals_flip_enlarge_crop(height: int, width: int) -> None:
    images = torch.randn(6, 3, height, width, generator=seeded(1))
    augmented = flip_and_crop(images, seeded(2))
    assert augmented.shape == images.shape
    choices = [chosen(image, result) for image, result in zip(images, augmented, strict=True)]
    assert len(set(choices)) > 1, "every sample has a choice of its own"


def test_the_paper_s_own_size() -> None:
    image = torch.randn(1, 3, 112, 112, generator=seeded(3))
    flipped, x, y = chosen(image[0], flip_and_crop(image, seeded(4))[0])
    assert flipped in (True, False)
    assert 0 <= x <= 16
    assert 0 <= y <= 16


def test_flips_and_places_are_spread_evenly() -> None:
    """A ramp from left to right tells the flip, one from top to bottom the window."""
    n, side = 600, 28
    ramp = torch.linspace(-1, 1, side)
    images = torch.stack((ramp.expand(side, side), ramp[:, None].expand(side, side), torch.zeros(side, side)))
    augmented = flip_and_crop(images.expand(n, -1, -1, -1), seeded(5))
    flipped = (augmented[:, 0, 0, -1] < augmented[:, 0, 0, 0]).float().mean()
    assert 0.43 < flipped < 0.57
    rows = augmented[:, 1, side // 2, 0]
    values, counts = rows.round(decimals=3).unique(return_counts=True)
    assert len(values) == 5  # 28 -> 32 px: windows at 0 to 4
    assert counts.min() > n / 5 * 0.6


def test_the_generator_decides_everything() -> None:
    images = torch.randn(8, 3, 28, 42, generator=seeded(6))
    first = flip_and_crop(images, seeded(7))
    torch.manual_seed(99)
    assert torch.equal(first, flip_and_crop(images, seeded(7)))
    assert not torch.equal(first, flip_and_crop(images, seeded(8)))
    before = torch.get_rng_state()
    flip_and_crop(images, seeded(7))
    assert torch.equal(before, torch.get_rng_state())


def test_input_is_left_alone_and_a_constant_stays_constant() -> None:
    images = torch.full((3, 3, 28, 42), 0.7)
    kept = images.clone()
    torch.testing.assert_close(flip_and_crop(images, seeded(9)), kept)
    assert torch.equal(images, kept)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype: torch.dtype) -> None:
    images = torch.randn(2, 3, 28, 28, generator=seeded(10))
    augmented = flip_and_crop(images.to(dtype), seeded(11))
    assert augmented.dtype == dtype
    torch.testing.assert_close(augmented.float(), flip_and_crop(images, seeded(11)), rtol=0, atol=1e-4)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_seed_means_the_same_on_every_device(device: str) -> None:
    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    if not there:
        pytest.skip(f"needs {device}")
    images = torch.randn(4, 3, 28, 42, generator=seeded(12))
    augmented = flip_and_crop(images.to(device), seeded(13))
    assert augmented.device.type == device
    torch.testing.assert_close(augmented.cpu(), flip_and_crop(images, seeded(13)), rtol=0, atol=1e-3)
