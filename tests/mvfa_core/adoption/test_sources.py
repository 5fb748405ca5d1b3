"""Networks of torchvision whose first layer takes other channels than red, green and blue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from mvfa_core import adopt, explain, load_model, save_model
from mvfa_core.adoption.report import sentences
from mvfa_core.adoption.sources import Blueprint, build, first_layer, with_channels
from mvfa_core.images import to_tensor
from mvfa_core.weights.files import WeightsError
from tests.mvfa_core.adoption.networks import randomised

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def of_channels(name: str, place: str, channels: int) -> nn.Module:
    network = torchvision.models.get_model(name, weights=None, num_classes=3)
    old = network.get_submodule(place)
    own = nn.Conv2d(channels, old.out_channels, old.kernel_size, old.stride, old.padding, bias=old.bias is not None)
    network.set_submodule(place, own)
    return randomised(network).eval()


@pytest.mark.parametrize(("name", "place", "channels"), [("resnet18", "conv1", 1), ("mobilenet_v2", "features.0.0", 5)])
def test_a_file_of_other_channels_is_adopted(name: str, place: str, channels: int, tmp_path: Path) -> None:
    """Grey is the mean of red, green and blue; more bands are red, green, blue, red and so on; as the card says."""
    network = of_channels(name, place, channels)
    torch.save(network.state_dict(), tmp_path / "w.pth")
    model = adopt(tmp_path / "w.pth", classes=["a", "b", "c"], size=96)
    assert model.config["adopted"]["network"]["arguments"] == {"num_classes": 3, "in_chans": channels}
    given = "the mean of red, green and blue" if channels == 1 else "red, green, blue, red and so on"
    assert f"the network takes {channels} channel{'s' * (channels > 1)}: it is given {given}" in sentences(model)
    values_3SS = to_tensor(PICTURE, 96)[0] * STD[:, None, None] + MEAN[:, None, None]
    index = torch.arange(channels) % 3
    bands_CSS = values_3SS.mean(dim=0, keepdim=True) if channels == 1 else values_3SS[index]
    # the mean of ImageNet's three numbers for every channel, where nothing else is told
    wanted_CSS = (bands_CSS - MEAN.mean()) / STD.mean()
    with torch.no_grad():
        expected_C = network(wanted_CSS[None]).softmax(dim=1)[0]
    assert np.allclose(explain(model, PICTURE).auxiliary_C, expected_C, atol=1e-4)
    save_model(model, tmp_path / "m.safetensors", {})
    again = explain(load_model(tmp_path / "m.safetensors"), PICTURE)
    assert np.allclose(again.logits_C, explain(model, PICTURE).logits_C, rtol=1e-4, atol=1e-4)


def test_a_module_of_other_channels_can_be_saved(tmp_path: Path) -> None:
    model = adopt(of_channels("resnet18", "conv1", 1), size=96, mean=[0.5], std=[0.25])
    assert model.config["adopted"]["preprocessing"]["mean"] == [0.5]
    save_model(model, tmp_path / "m.safetensors", {})
    assert load_model(tmp_path / "m.safetensors").config["adopted"]["network"]["arguments"]["in_chans"] == 1


def test_channels_that_cannot_be_are_a_sentence() -> None:
    for channels in (0, 65, -1, 2.5, True):
        with pytest.raises(ValueError, match="in_chans: expected a whole number from 1 to 64"):
            build(Blueprint("torchvision", "resnet18", {"in_chans": channels}))
    with pytest.raises(ValueError, match="expected one whose first convolution takes all channels"):
        with_channels(nn.Sequential(nn.Conv2d(4, 4, 3, groups=4)), 2)
    with pytest.raises(ValueError, match="expected one whose first convolution takes all channels"):
        with_channels(nn.Sequential(nn.Linear(4, 4)), 2)
    assert first_layer(nn.Sequential(nn.Linear(4, 4))) is None


def test_a_first_layer_of_another_name_has_to_be_named(tmp_path: Path) -> None:
    network = of_channels("resnet18", "conv1", 1)
    state = {f"stem.{key}" if key == "conv1.weight" else key: tensor for key, tensor in network.state_dict().items()}
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="of no network of torchvision or timm that is known here"):
        adopt(tmp_path / "w.pth")
