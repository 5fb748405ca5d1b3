"""A bare file of weights names its network by its tensors."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import nn

from mvfa_core import adopt
from mvfa_core.adoption.architectures import architecture_of, candidates
from mvfa_core.weights.files import WeightsError
from mvfa_core.weights.state_dicts import contents_of
from tests.mvfa_core.adoption.networks import Body, randomised


def saved(network: nn.Module, file: Path, **around: object) -> Path:
    state = network.state_dict()
    torch.save({"state_dict": {f"module.{name}": t for name, t in state.items()}, **around} if around else state, file)
    return file


def test_torchvision_s_resnet18_is_found_and_explains(tmp_path: Path) -> None:
    network = randomised(torchvision.models.resnet18(num_classes=12))
    file = saved(network, tmp_path / "mine.pth")
    (tmp_path / "names.txt").write_text("\n".join(f"kind {c}" for c in range(12)))
    model = adopt(file, classes=tmp_path / "names.txt", size=96)
    spec = model.config["adopted"]
    assert spec["name"] == "torchvision:resnet18" and model.classes[11] == "kind 11"
    assert "timm:resnetblur18 would have the same tensors" in spec["notes"][0]
    image = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        assert torch.allclose(model(image).auxiliary_BC, network(image), rtol=1e-4, atol=1e-4)


def test_wrappers_and_prefixes_do_not_hide_it(tmp_path: Path) -> None:
    file = saved(randomised(timm.create_model("resnet10t", num_classes=5)), tmp_path / "x.pth", epoch=3)
    contents = contents_of(torch.load(file, weights_only=True))
    assert str(architecture_of(contents, "x")[0]) == "timm:resnet10t"


def test_it_takes_less_than_three_seconds() -> None:
    state = {name: tuple(t.shape) for name, t in torchvision.models.resnet50(num_classes=3).state_dict().items()}
    candidates(state)
    start = time.perf_counter()
    assert candidates(state)[0] == "torchvision:resnet50"
    assert time.perf_counter() - start < 3


def test_two_that_compute_different_things_are_named(tmp_path: Path) -> None:
    network = randomised(timm.create_model("tf_efficientnet_b0", num_classes=4))
    file = saved(network, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=r"fits timm:efficientnet_b0, .*timm:tf_efficientnet_b0.*--architecture"):
        adopt(file)
    model = adopt(file, architecture="timm:tf_efficientnet_b0", size=64)
    assert model.config["adopted"]["name"] == "timm:tf_efficientnet_b0" and len(model.classes) == 4


def test_what_is_of_no_network_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="of no network of torchvision or timm that is known here"):
        adopt(saved(Body(), tmp_path / "x.pth"))
    with pytest.raises(WeightsError, match=r"does not fit torchvision:resnet18: .*--architecture"):
        adopt(saved(Body(), tmp_path / "x.pth"), architecture="torchvision:resnet18")
    with pytest.raises(WeightsError, match=r"torchvision has no network of that name \(near: resnet50"):
        adopt(saved(Body(), tmp_path / "x.pth"), architecture="torchvision:resnet5")
