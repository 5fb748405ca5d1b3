"""MFA and GAP start from the same numbers, and building a model touches nobody else's."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core import build_model

BACKBONES = ["compact", "mobilenet24"]
HEADS = ["linear", "mlp", "prototype"]


def equal(first: nn.Module, second: nn.Module) -> bool:
    a, b = first.state_dict(), second.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_twins_share_backbone_and_head(backbone: str, head: str) -> None:
    mfa = build_model(backbone, pooling="mfa", head=head, seed=3)
    gap = build_model(backbone, pooling="gap", head=head, seed=3)
    assert equal(mfa.backbone, gap.backbone)
    assert equal(mfa.pooling.head, gap.pooling.head)


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_the_same_seed_gives_the_same_model_whatever_was_drawn_before(pooling: str) -> None:
    first = build_model("compact", pooling=pooling, seed=3)
    torch.rand(11)
    assert equal(first, build_model("compact", pooling=pooling, seed=3))


@pytest.mark.parametrize("head", HEADS)
def test_another_seed_gives_other_weights(head: str) -> None:
    first, second = (build_model("compact", head=head, seed=seed) for seed in (0, 1))
    matrices = [name for name, value in first.state_dict().items() if value.ndim > 1]
    assert len(matrices) >= 5
    for name in matrices:
        assert not torch.equal(first.state_dict()[name], second.state_dict()[name]), name


def test_k_and_sizes_draw_no_numbers() -> None:
    assert equal(build_model("compact", k=50), build_model("compact", k=3, sizes=(1,)))


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
@pytest.mark.parametrize("backbone", [*BACKBONES, "timm:resnet10t"])
def test_building_leaves_every_random_state_alone(backbone: str, pooling: str) -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    build_model(backbone, pooling=pooling, seed=123)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert np.array_equal(before[2], np.random.get_state()[1])


def test_a_build_that_fails_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="hidden"):
        build_model("compact", head="mlp", head_options={"hidden": []})
    assert torch.equal(before, torch.get_rng_state())


def test_building_leaves_the_accelerators_random_state_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where none has been started: a seed queued for later would be the same intrusion."""
    if torch.cuda.is_available():
        before = torch.cuda.get_rng_state()
        build_model("compact", seed=123)
        assert torch.equal(before, torch.cuda.get_rng_state())
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    monkeypatch.setattr(torch.mps, "manual_seed", seeded.append)
    build_model("compact", seed=123)
    assert not seeded
