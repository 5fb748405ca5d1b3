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

from mvfa_core.attention import attended
from mvfa_core.checks import expect, expect_choice
from mvfa_core.i18n import N_
from mvfa_core.pretrained import timm_features, timm_net, torchvision_net

FINEST = 14
"""Cells on a side that a feature map needs at least, to have room for views (Section 3.2)."""
TIMM = "timm:"


@dataclass(frozen=True)
class Backbone:
    """What the rest of the house needs to know of a backbone.

    Attributes:
        build: makes the network, picture (B, 3, S, S) -> F_BDHW; `weights=` is None for fresh ones, "imagenet", or a
            local file.
        channels: D.
        stride: picture pixels per cell.
        side: S in px that the recipes resize pictures to.
        note: one line for people.
    """

    build: Callable[..., nn.Module]
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


def compact(*, weights: str | None = None) -> nn.Module:
    """Our own small residual net for two CPU cores: 112 px -> 14 x 14 cells, 32-64-128 channels; a cell sees 71 px."""
    expect(weights is None, "weights", "none for compact, which nobody has pretrained", repr(weights))
    stem = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)]
    return nn.Sequential(*stem, Residual(32, 64, 2), Residual(64, 128, 2), Context(128))


def vgg16(attention: str | None = None, *, weights: str | None = None) -> nn.Module:
    """The convolutions of VGG16 without the last pooling: 224 px -> 14 x 14 x 512; optionally with attention blocks."""
    features = torchvision_net("vgg16", weights, lambda net: net.features[:-1])
    return features if attention is None else attended(features, attention)


def resnet(name: str, stages: int, *, weights: str | None = None) -> nn.Module:
    """A torchvision ResNet or ResNeXt up to and with its stage 2..5 (counting the stem as the first)."""

    def cut(net: Any) -> nn.Module:
        blocks = [net.layer1, net.layer2, net.layer3, net.layer4][: stages - 1]
        return nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool, *blocks)

    return torchvision_net(name, weights, cut)


def mobilenet(stages: int, *, weights: str | None = None) -> nn.Module:
    """MobileNet v1 (timm) up to and with its stage 1..5."""
    return timm_net("mobilenetv1_100", weights, lambda net: nn.Sequential(net.conv_stem, net.bn1, *net.blocks[:stages]))


class LastMap(nn.Module):
    """A timm network that hands over one feature map, channels first."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        F = self.net(image_B3SS)[-1]
        return F.permute(0, 3, 1, 2) if getattr(self.net, "output_fmt", None) == "NHWC" else F


def _probe(name: str) -> Any:
    """A timm network of which only the shape is asked for: without memory where that can be, and no random numbers are
    used up."""
    try:
        with torch.device("meta"):
            return timm_features(name, None)
    except NotImplementedError:  # older versions of PyTorch cannot build RegNet without values
        with torch.random.fork_rng(devices=[]):
            return timm_features(name, None)


def timm_backbone(name: str) -> Backbone:
    """Any timm model that can hand over feature maps, up to its last map of at least 14 x 14 cells.

    Raises:
        ValueError: timm does not know the name, or the model has no such map.
    """
    try:
        probe = _probe(name)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ValueError(f"timm:{name}: this model hands over no feature maps; choose another ({error})") from error
    side = (getattr(probe, "default_cfg", None) or {}).get("input_size", (3, 224, 224))[-1]
    strides = probe.feature_info.reduction()
    fine = [stage for stage, stride in enumerate(strides) if side // stride >= FINEST]
    expect(len(fine) > 0, f"timm:{name}", f"a feature map of at least {FINEST} x {FINEST}", f"strides {strides}")
    stage = fine[-1]

    def build(*, weights: str | None = None) -> nn.Module:
        return LastMap(timm_features(name, weights, out_indices=(stage,)))

    return Backbone(build, probe.feature_info.channels()[stage], strides[stage], side, f"timm, stage {stage}")


BACKBONES: dict[str, Backbone] = {
    "compact": Backbone(compact, 128, 8, 112, N_("small residual net of this project, for CPUs")),
    "vgg16": Backbone(vgg16, 512, 16, 224, N_("VGG16 without its last pooling")),
    "vgg16_se": Backbone(partial(vgg16, "se"), 512, 16, 224, N_("VGG16 with squeeze-and-excitation")),
    "vgg16_cbam": Backbone(partial(vgg16, "cbam"), 512, 16, 224, N_("VGG16 with CBAM")),
    "vgg16_sk": Backbone(partial(vgg16, "sk"), 512, 16, 224, N_("VGG16 with selective kernels")),
    "vgg16_gc": Backbone(partial(vgg16, "gc"), 512, 16, 224, N_("VGG16 with global context")),
    "resnet50": Backbone(partial(resnet, "resnet50", 5), 2048, 32, 224, N_("ResNet50; 7 x 7 cells")),
    "resnet41": Backbone(partial(resnet, "resnet50", 4), 1024, 16, 224, N_("ResNet50 without its last stage")),
    "resnext50": Backbone(partial(resnet, "resnext50_32x4d", 5), 2048, 32, 224, N_("ResNeXt50 32x4d; 7 x 7 cells")),
    "resnext41": Backbone(partial(resnet, "resnext50_32x4d", 4), 1024, 16, 224, N_("ResNeXt50 without its last stage")),
    "mobilenet": Backbone(partial(mobilenet, 5), 1024, 32, 224, N_("MobileNet v1; 7 x 7 cells")),
    "mobilenet24": Backbone(partial(mobilenet, 4), 512, 16, 224, N_("MobileNet v1 without its last stage")),
}


def find_backbone(name: str) -> Backbone:
    """The entry of that name, or any timm model as `timm:<name>`; an unknown one is a `ValueError` with the known."""
    if isinstance(name, str) and name.startswith(TIMM):
        return timm_backbone(name.removeprefix(TIMM))
    expect_choice(name, [*BACKBONES, f"{TIMM}<name>"], "backbone")
    return BACKBONES[name]


def expect_pictures(image_B3SS: torch.Tensor, stride: int) -> None:
    """Raise `ValueError` unless the batch is (B, 3, S, S') with sides that are multiples of the stride."""
    fits = image_B3SS.ndim == 4 and image_B3SS.shape[1] == 3 and image_B3SS.shape[0] > 0
    expect(fits, "image_B3SS", "(B, 3, height, width)", tuple(image_B3SS.shape))
    height, width = image_B3SS.shape[-2:]
    whole = height >= stride and width >= stride and height % stride == 0 and width % stride == 0
    expect(whole, "image_B3SS", f"sides that are multiples of {stride} px", f"{height} x {width} px")
