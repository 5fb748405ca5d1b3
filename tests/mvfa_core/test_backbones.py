"""Picture to features: shapes, strides, sizes, and what is refused."""

from __future__ import annotations

import pytest
import torch

from mvfa_core import build_model
from mvfa_core.attention import ATTENTION
from mvfa_core.backbones import BACKBONES, expect_pictures, find_backbone
from tests.mvfa_core.samples import refusal

# name: side in px, D, cells a side at the full size, stride in px
TABLE = {
    "compact": (112, 128, 14, 8),
    "vgg16": (224, 512, 14, 16),
    "resnet50": (224, 2048, 7, 32),
    "resnet41": (224, 1024, 14, 16),
    "resnext50": (224, 2048, 7, 32),
    "resnext41": (224, 1024, 14, 16),
    "mobilenet": (224, 1024, 7, 32),
    "mobilenet24": (224, 512, 14, 16),
    **{f"vgg16_{attention}": (224, 512, 14, 16) for attention in ATTENTION},
}
EVERY_NAME = pytest.mark.parametrize("name", TABLE)


@EVERY_NAME
def test_the_full_size_and_a_picture_that_is_not_square(name: str) -> None:
    """And every parameter is used: nothing of a cut-off stage is carried along."""
    side, channels, cells, stride = TABLE[name]
    backbone = find_backbone(name).build().eval()
    with torch.no_grad():
        F_BDHW = backbone(torch.randn(1, 3, side, side))
    assert F_BDHW.shape == (1, channels, cells, cells)
    assert torch.isfinite(F_BDHW).all()
    F_BDHW = backbone(torch.randn(2, 3, 2 * stride, 4 * stride))
    assert F_BDHW.shape == (2, channels, 2, 4)
    F_BDHW.square().mean().backward()
    assert all(p.grad is not None for p in backbone.parameters())


@EVERY_NAME
def test_the_entry_says_what_the_network_does(name: str) -> None:
    entry, (side, channels, cells, stride) = find_backbone(name), TABLE[name]
    assert (entry.side, entry.channels, entry.stride) == (side, channels, stride)
    assert side == cells * stride
    assert entry.note


def test_vgg16_has_the_parameters_of_table_2() -> None:
    """14,714,688, which is 14.03 M where M is 2^20."""
    with torch.device("meta"):
        parameters = sum(p.numel() for p in find_backbone("vgg16").build().parameters())
    assert parameters == 14_714_688
    assert f"{parameters / 2**20:.2f}" == "14.03"


@pytest.mark.parametrize(("name", "layers"), [("resnet50", 49), ("resnet41", 40), ("mobilenet24", 23), ("vgg16", 13)])
def test_the_number_in_a_name_counts_weighted_layers(name: str, layers: int) -> None:
    """All but the classifier's own layer, and for VGG16 its three; shortcuts' projections are not counted."""
    with torch.device("meta"):
        modules = dict(find_backbone(name).build().named_modules())
    counted = [n for n, m in modules.items() if isinstance(m, torch.nn.Conv2d) and "downsample" not in n]
    assert len(counted) == layers


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
@pytest.mark.parametrize("size", [(60, 64), (64, 60), (63, 64), (4, 64), (64, 0)])
def test_sides_that_are_no_multiples_of_the_stride(pooling: str, size: tuple[int, int]) -> None:
    model = build_model("compact", pooling=pooling, k=3)
    with refusal("image_B3SS", "multiples of 8 px", f"{size[0]} x {size[1]} px"):
        model(torch.zeros(2, 3, *size))


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 4, 64, 64), (0, 3, 64, 64), (1, 64, 64, 3)])
def test_pictures_of_the_wrong_dimensions(shape: tuple[int, ...]) -> None:
    with refusal("image_B3SS", str(shape)):
        build_model("compact", k=3)(torch.zeros(shape))


def test_a_picture_that_is_not_finite() -> None:
    image_B3SS = torch.zeros(1, 3, 64, 64)
    image_B3SS[0, 1, 30, 30] = float("nan")
    with refusal("F_BDHW", "NaN"):
        build_model("compact", k=3).eval()(image_B3SS)


def test_multiples_of_the_stride_pass() -> None:
    expect_pictures(torch.zeros(1, 3, 16, 160), 16)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with refusal("'resnet18'", *TABLE):
        find_backbone("resnet18")
    assert set(TABLE) <= set(BACKBONES)
