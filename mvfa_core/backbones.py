"""The backbones: picture -> F, the last feature map. One readable dict of names.

    B images · S side in px · D channels · H W grid in cells

A number after a ResNet-like name counts its weighted layers: ResNet41 is ResNet50 without its last stage, so that a
224 px picture gives 14 x 14 cells (Section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from mvfa_core.checks import expect, expect_choice


@dataclass(frozen=True)
class Backbone:
    """What the rest of the house needs to know of a backbone.

    Attributes:
        build: makes the network with fresh weights; picture (B, 3, S, S) -> F_BDHW.
        channels: D.
        stride: picture pixels per cell.
        side: S in px that the recipes resize pictures to.
        note: one line for people.
    """

    build: Callable[[], nn.Module]
    channels: int
    stride: int
    side: int
    note: str


class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut, which is a 1x1 convolution where the shape changes."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        same = stride == 1 and channels_in == channels_out
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class Context(nn.Module):
    """A bottleneck whose middle convolution is dilated: each cell sees 32 px more at stride 8, for a tenth of the
    multiplications that two full convolutions would take."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.body = nn.Sequential(
            nn.Conv2d(channels, half, 1, bias=False),
            nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
            nn.Conv2d(half, half, 3, padding=2, dilation=2, bias=False),
            nn.BatchNorm2d(half),
            nn.ReLU(inplace=True),
            nn.Conv2d(half, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + x)


def compact() -> nn.Module:
    """Our own small residual net for two CPU cores: 112 px -> 14 x 14 cells, 32-64-128 channels; a cell sees 71 px."""
    stem = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)]
    return nn.Sequential(*stem, Residual(32, 64, 2), Residual(64, 128, 2), Context(128))


def vgg16() -> nn.Module:
    """The convolutions of VGG16 without the last pooling: 224 px -> 14 x 14 x 512."""
    import torchvision  # here and below: half of the start-up time, for those who need it

    return torchvision.models.vgg16(weights=None).features[:-1]


def resnet(name: str, stages: int) -> nn.Module:
    """A torchvision ResNet or ResNeXt up to and with its stage 2..5 (counting the stem as the first)."""
    import torchvision

    net = getattr(torchvision.models, name)(weights=None)
    blocks = [net.layer1, net.layer2, net.layer3, net.layer4][: stages - 1]
    return nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool, *blocks)


def mobilenet(stages: int) -> nn.Module:
    """MobileNet v1 (timm) up to and with its stage 1..5."""
    import timm

    net: Any = timm.create_model("mobilenetv1_100", pretrained=False)
    return nn.Sequential(net.conv_stem, net.bn1, *net.blocks[:stages])


BACKBONES: dict[str, Backbone] = {
    "compact": Backbone(compact, 128, 8, 112, "small residual net of this project, for CPUs"),
    "vgg16": Backbone(vgg16, 512, 16, 224, "VGG16 without its last pooling"),
    "resnet50": Backbone(partial(resnet, "resnet50", 5), 2048, 32, 224, "ResNet50; 7 x 7 cells"),
    "resnet41": Backbone(partial(resnet, "resnet50", 4), 1024, 16, 224, "ResNet50 without its last stage"),
    "mobilenet24": Backbone(partial(mobilenet, 4), 512, 16, 224, "MobileNet v1 without its last stage"),
}


def find_backbone(name: str) -> Backbone:
    """The entry of that name; an unknown one is a `ValueError` that lists the known ones."""
    expect_choice(name, BACKBONES, "backbone")
    return BACKBONES[name]


def expect_pictures(image_B3SS: torch.Tensor, stride: int) -> None:
    """Raise `ValueError` unless the batch is (B, 3, S, S') with sides that are multiples of the stride."""
    fits = image_B3SS.ndim == 4 and image_B3SS.shape[1] == 3 and image_B3SS.shape[0] > 0
    expect(fits, "image_B3SS", "(B, 3, height, width)", tuple(image_B3SS.shape))
    height, width = image_B3SS.shape[-2:]
    whole = height >= stride and width >= stride and height % stride == 0 and width % stride == 0
    expect(whole, "image_B3SS", f"sides that are multiples of {stride} px", f"{height} x {width} px")
