"""Weights from elsewhere: local files of the libraries' own networks, and a clear word when there is no network."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from mvfa_core import build_model
from mvfa_core.pretrained import WeightsError, timm_net


def test_a_torchvision_state_dict_reaches_the_backbone(tmp_path: Path) -> None:
    torch.manual_seed(7)
    whole = torchvision.models.resnet50(num_classes=5)
    torch.save(whole.state_dict(), tmp_path / "resnet50.pth")
    model = build_model("resnet41", num_classes=3, weights=str(tmp_path / "resnet50.pth"))
    image = torch.randn(1, 3, 64, 64)
    whole.eval(), model.eval()
    with torch.no_grad():
        expected = whole.layer3(whole.layer2(whole.layer1(whole.maxpool(whole.relu(whole.bn1(whole.conv1(image)))))))
        assert torch.equal(model.backbone(image), expected)


def test_a_timm_state_dict_as_safetensors_with_a_module_prefix(tmp_path: Path) -> None:
    torch.manual_seed(7)
    whole = timm.create_model("mobilenetv1_100")
    save_file({f"module.{key}": value for key, value in whole.state_dict().items()}, tmp_path / "m.safetensors")
    model = build_model("mobilenet24", num_classes=3, weights=str(tmp_path / "m.safetensors"))
    assert torch.equal(model.backbone[0].weight, whole.conv_stem.weight)


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "odd.pth")
    with pytest.raises(WeightsError, match=r"odd\.pth: does not fit resnet50: \d+ of \d+ tensors"):
        build_model("resnet41", weights=str(tmp_path / "odd.pth"))
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(WeightsError, match="not a safetensors file nor a plain PyTorch state dict"):
        build_model("vgg16", weights=str(tmp_path / "text.pth"))
    with pytest.raises(WeightsError, match="no such weights file"):
        build_model("vgg16", weights=str(tmp_path / "nothing.pth"))


def test_a_pickle_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(WeightsError):
        build_model("vgg16", weights=str(tmp_path / "trap.pth"))
    assert not (tmp_path / "sprung").exists()


def test_compact_has_no_pretrained_weights() -> None:
    with pytest.raises(ValueError, match=r"weights: expected none for compact.*'imagenet'"):
        build_model("compact", weights="imagenet")


def test_offline_says_what_to_do() -> None:
    """The tests run with the model hub switched off, which is what a machine without a network looks like."""
    with pytest.raises(WeightsError, match=r"could not be downloaded.*go online once, or give a local file"):
        timm_net("mobilenetv1_100", "imagenet")


def test_an_unknown_timm_name_offers_near_ones() -> None:
    with pytest.raises(ValueError, match=r"timm has no model of that name \(near: .*resnet"):
        build_model("timm:resnet1234")
