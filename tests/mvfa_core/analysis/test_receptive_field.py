"""The reach of a cell by the rule against the gradient: which pixels can change it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core import build_model, load_model
from mvfa_core.analysis.receptive_field import (
    Reach,
    UnknownStepError,
    measured_receptive_field,
    reach_of,
    receptive_field,
)
from mvfa_core.backbones import find_backbone
from mvfa_core.checkpoints import bundled

EXACT = {"compact": 71, "vgg16": 196, "resnet41": 267, "resnext41": 267, "resnet50": 427, "mobilenet24": 219,
         "mobilenet": 315, "timm:resnet18": 211, "timm:repvgg_a0": 503}  # fmt: skip


def bones(layer: nn.Module) -> nn.Module:
    """The network's own course of things with one channel: every window sums what it sees, nothing closes a way."""
    if isinstance(layer, nn.Conv2d):
        one = nn.Conv2d(1, 1, layer.kernel_size, layer.stride, layer.padding, layer.dilation, bias=False)
        nn.init.ones_(one.weight)
        return one.double()
    if isinstance(layer, nn.MaxPool2d):
        return nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding)
    if isinstance(layer, nn.BatchNorm2d):
        return nn.Identity()
    for name, child in layer.named_children():
        setattr(layer, name, bones(child))
    return layer


def support(values: torch.Tensor, image: torch.Tensor, along: int) -> tuple[int, int]:
    """The first row or column that has a gradient, and the last."""
    (gradient,) = torch.autograd.grad(values.sum(), image, retain_graph=True)
    seen = gradient.abs().amax(dim=(0, 1, along)).nonzero().flatten().tolist()
    return seen[0], seen[-1]


@pytest.mark.parametrize(("name", "size"), EXACT.items())
def test_the_rule_is_the_support_of_the_gradient(name: str, size: int) -> None:
    with torch.device("meta"):
        network = find_backbone(name).build()
    reach = reach_of(network)
    assert (reach.size, reach.jump, reach.everywhere) == (size, find_backbone(name).stride, False)
    side = 32 * (size // 32 + 3)
    image = torch.ones(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    F_BDHW = bones(network.eval())(image)
    F_BDHW = F_BDHW[-1] if isinstance(F_BDHW, list) else F_BDHW
    cell = (size // 2) // reach.jump + 1
    expected = (cell * reach.jump + reach.low, cell * reach.jump + reach.high)
    assert expected[0] >= 0 and expected[1] < side
    assert support(F_BDHW[0, 0, cell, cell], image, 3) == expected
    assert support(F_BDHW[0, 0, cell, cell], image, 2) == expected


def test_the_bundled_model_sees_what_the_rule_says_and_no_more() -> None:
    """With its real weights, at every row and column, clipped at the edges of the picture."""
    model = load_model(bundled()["compact_mfa"])
    ruled, measured = receptive_field(model), measured_receptive_field(model)
    assert not ruled.measured and measured.measured and ruled.cell == 71
    assert ruled.rows_H2.tolist() == measured.rows_H2.tolist()
    assert ruled.columns_W2.tolist() == measured.columns_W2.tolist()
    assert ruled.rows_H2[0].tolist() == [0, 36] and ruled.rows_H2[-1].tolist() == [112 - 8 - 35, 112]


@pytest.mark.parametrize("kind", ["se", "cbam", "gc", "sk"])
def test_attention_blocks_pool_globally_and_see_everything(kind: str) -> None:
    with torch.device("meta"):
        network = find_backbone(f"vgg16_{kind}").build()
    reach = reach_of(network)
    assert reach.everywhere and reach.size >= 196


def test_a_region_sees_the_union_of_its_cells_at_the_pictures_scale() -> None:
    found = receptive_field(build_model("compact", num_classes=2))
    assert found.of((5, 5, 5, 5), (112, 112)) == (5, 5, 76, 76)
    assert found.of((5, 6, 7, 6), (224, 56)) == (10, 6.5, 184, 42)  # squashed: twice as wide, half as high
    assert found.of((0, 0, 13, 13), (300, 200)) == (0, 0, 300, 200)


def test_a_network_that_no_rule_knows_is_measured() -> None:
    class Twisted(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x if x.sum() else -x)  # a choice that cannot be written down beforehand

    model = load_model(bundled()["compact_mfa"])
    exact = receptive_field(model)
    twisted = copy.copy(model)
    twisted._modules = {**model._modules, "backbone": Twisted(model.backbone)}
    found = receptive_field(twisted)
    assert found.measured and found.cell is None and not found.everywhere
    assert np.array_equal(found.rows_H2, exact.rows_H2)


def test_branches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UnknownStepError, match="strides 2 and 4"):
        Reach(2, 0, 1).joined(Reach(4, 0, 1))
    gate = Reach(32, -9, 9, everywhere=True)
    assert Reach(2, 0, 1).joined(gate) == Reach(2, 0, 1, everywhere=True)
    with pytest.raises(UnknownStepError, match="not square"):
        reach_of(nn.Sequential(nn.Conv2d(3, 3, (1, 3))))
