"""Adopted classifiers against loops written from the equations, and against the untouched network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from torch import nn

from mvfa_core import adopt, build_model, explain, load_model, save_model
from mvfa_core.adoption import NotAdoptableError, at_side
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.export import export_onnx
from mvfa_core.images import MEAN, STD
from mvfa_core.model import Classifier
from tests.mvfa_core.adoption.networks import CLASSES, EXACT, POOLED, SIDE, Flattened, Token, TwoHeads, randomised


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8))


def image(batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))


def spec(model: Classifier) -> dict:
    return model.config["adopted"]


def relative(got: torch.Tensor, expected: torch.Tensor) -> float:
    return float((got - expected).detach().abs().max() / expected.detach().abs().max())


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT)
def test_a_mean_and_a_linear_layer_are_exact(make: Callable[[], nn.Module]) -> None:
    network = randomised(make())
    model = adopt(network, size=SIDE)
    assert spec(model)["anatomy"]["kind"] == "exact" and spec(model)["grid"] == [8, 8]
    expected = network(image(3))
    stages = model(image(3))
    assert relative(stages.auxiliary_BC, expected) < 1e-4
    assert relative(stages.f_BC.log(), expected.log_softmax(dim=1)) < 1e-3
    whole = model.pooling(model.backbone(image(3)), k=1, sizes=(17,))
    assert relative(whole.ensemble_BC, expected) < 1e-4


def test_every_stage_against_a_loop() -> None:
    """AdaCAM, anchors and votes of a network with a module for its mean, written from Eq. 1 to 8."""
    network = randomised(EXACT["module"]())
    model = adopt(network, size=SIDE, k=5, sizes=(1, 3, 5))
    stages = model(image())
    with torch.no_grad():
        F_DHW = network.body(image())[0].double()
        weight, bias = network.head.weight.double(), network.head.bias.double()
        G = torch.zeros(CLASSES, 8, 8, dtype=torch.float64)
        for y in range(8):
            for x in range(8):
                G[:, y, x] = weight @ F_DHW[:, y, x] + bias
        f = torch.stack([G[c].mean() for c in range(CLASSES)]).softmax(0)
        A = sum(f[c] * G[c] for c in range(CLASSES))
        cells = sorted(((x, y) for y in range(8) for x in range(8)), key=lambda cell: -A[cell[1], cell[0]])[:5]
        votes = []
        for x, y in cells:
            for r in (0, 1, 2):
                part = F_DHW[:, max(y - r, 0) : y + r + 1, max(x - r, 0) : x + r + 1]
                votes.append(weight @ part.flatten(1).mean(1) + bias)
    assert torch.allclose(stages.G_BCHW[0].double(), G, atol=1e-4)
    assert torch.allclose(stages.f_BC[0].double(), f, atol=1e-5)
    assert torch.allclose(stages.A_BHW[0].double(), A, atol=1e-4)
    assert stages.anchors_BK2[0].tolist() == [list(cell) for cell in cells]
    assert torch.allclose(stages.logits_BMC[0].double(), torch.stack(votes), atol=1e-4)
    assert torch.allclose(stages.ensemble_BC[0].double(), sum(votes), atol=1e-3)


@pytest.mark.parametrize("make", POOLED.values(), ids=POOLED)
def test_something_nonlinear_behind_the_mean_is_pooled(make: Callable[[], nn.Module], picture: Image.Image) -> None:
    network = randomised(make())
    model = adopt(network, size=SIDE, k=4, sizes=(3,))
    told = spec(model)
    assert told["anatomy"]["kind"] == "pooled" and told["self_test"]["mean_of_maps"] > 1e-3
    as_maps = isinstance(network.head[0], nn.Conv2d)

    def head(vector_D: torch.Tensor) -> torch.Tensor:
        return network.head(vector_D[None, :, None, None] if as_maps else vector_D[None])[0]

    with torch.no_grad():
        stages, F_DHW = model(image()), network.body(image())[0]
        assert relative(stages.f_BC, network(image()).softmax(1)) < 1e-4
        for (x, y), vote in zip(stages.anchors_BK2[0].tolist(), stages.logits_BMC[0], strict=True):
            part = F_DHW[:, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].mean((1, 2))
            assert relative(vote, head(part)) < 1e-4
        assert relative(stages.G_BCHW[0, :, 2, 5], head(F_DHW[:, 2, 5])) < 1e-4
    found = explain(model, picture)
    assert found.cam_HW is not None and found.cam_HW.shape == (8, 8) and found.contribution_HW is None


def test_a_class_token_is_said_to_be_one() -> None:
    network = randomised(Token())
    model = adopt(network, size=SIDE)
    told = spec(model)
    assert told["anatomy"]["kind"] == "tokens" and told["anatomy"]["prefix"] == 1 and told["grid"] == [8, 8]
    assert told["self_test"]["whole_view"] is None and 0 <= told["self_test"]["agreement"] <= 1
    with torch.no_grad():
        x = network.patch(image()).flatten(2).transpose(1, 2)
        x = network.norm(network.mix(torch.cat((network.token, x), dim=1)))
        G_BNC = network.head(x[:, 1:])
    assert relative(model(image()).G_BCHW.flatten(2), G_BNC.transpose(1, 2)) < 1e-4


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (Flattened(), "24 x 8 x 8 is flattened into 1,536 numbers"),
        (TwoHeads(), "more than a chain of layers stands between"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveMaxPool2d(1), nn.Flatten()), "never averages a map"),
        (nn.Conv2d(3, 4, 3), "not with logits"),
    ],
)
def test_what_cannot_be_adopted_is_refused_with_the_reason(network: nn.Module, sentence: str) -> None:
    with pytest.raises(NotAdoptableError, match=sentence):
        adopt(randomised(network), size=SIDE)


def test_the_network_stays_as_it_was() -> None:
    network = randomised(EXACT["module"]()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    adopt(network, size=SIDE)
    assert network.training and all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not any("forward" in vars(module) for module in network.modules())


def test_its_own_preprocessing_is_part_of_the_model(picture: Image.Image) -> None:
    """A picture normalised as the network wants it, by hand, gives the same answer."""
    network = randomised(EXACT["module"]())
    model = adopt(network, size=SIDE, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.6))
    pixels = torch.from_numpy(np.array(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))).double() / 255
    own = ((pixels - torch.tensor((0.5, 0.4, 0.3))) / torch.tensor((0.2, 0.3, 0.6))).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        expected = network(own).softmax(1)[0]
    assert np.allclose(explain(model, picture).auxiliary_C, expected.numpy(), atol=1e-5)
    assert torch.equal(adopt(network, size=SIDE, mean=MEAN, std=STD).backbone.adapter(image()), image())


def test_k_is_a_share_of_the_grid_and_sizes_fit() -> None:
    network = randomised(EXACT["mean of two dimensions"]())
    found = {side: adopt(network, size=side).config for side in (32, 64, 112)}
    assert {side: config["k"] for side, config in found.items()} == {32: 4, 64: 16, 112: 49}
    assert [found[side]["sizes"] for side in (32, 64, 112)] == [[3], [3, 5, 7], [3, 5, 7, 9]]


def test_a_class_that_no_library_builds_explains_and_is_not_saved(tmp_path: Path, picture: Image.Image) -> None:
    model = adopt(randomised(EXACT["module"]()), size=SIDE, classes=[f"class {c}" for c in range(CLASSES)])
    assert explain(model, picture).classes[6] == "class 6"
    with pytest.raises(CheckpointError, match="a class that no library builds cannot be saved"):
        save_model(model, tmp_path / "x.safetensors", {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["timm:resnet10t", "timm:convnext_atto", "torchvision:shufflenet_v2_x0_5"])
def test_a_library_s_network_comes_back_from_its_file_alone(
    name: str, tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, _, own = name.partition(":")
    make = timm.create_model if library == "timm" else torchvision.models.get_model
    network = randomised(make(own, num_classes=12))
    model = adopt(network, size=96, classes=[f"kind {c}" for c in range(12)])
    save_model(model, tmp_path / "x.safetensors", {"note": "mine"})
    monkeypatch.setattr(socket, "socket", None)  # nothing may be fetched
    again = load_model(tmp_path / "x.safetensors")
    assert again.config == model.config and again.classes == model.classes and again.side == 96
    there, here = explain(again, picture), explain(model, picture)
    assert np.allclose(there.logits_C, here.logits_C, rtol=1e-5)
    assert np.allclose(there.adacam_HW, here.adacam_HW, rtol=1e-5)
    assert there.contribution_HW is None if "convnext" in name else there.contribution_HW is not None


def test_grey_networks_get_the_mean_of_the_channels(tmp_path: Path, picture: Image.Image) -> None:
    network = randomised(timm.create_model("resnet10t", num_classes=3, in_chans=1))
    torch.save(network.state_dict(), tmp_path / "grey.pth")
    model = adopt(tmp_path / "grey.pth", architecture="timm:resnet10t", size=64, mean=[0.5], std=[0.25])
    pixels = torch.from_numpy(np.array(picture.resize((64, 64), Image.Resampling.BILINEAR))).float() / 255
    with torch.no_grad():
        expected = network(((pixels.mean(dim=2) - 0.5) / 0.25)[None, None]).softmax(1)[0]
    assert np.allclose(explain(model, picture).auxiliary_C, expected, atol=1e-4)
    assert model.config["adopted"]["network"]["arguments"] == {"num_classes": 3, "in_chans": 1}


def test_another_side_shares_the_weights_and_follows_the_grid() -> None:
    network = randomised(EXACT["mean of two dimensions"]())
    model = adopt(network, size=64)
    other = at_side(model, 112)
    assert (model.side, model.pooling.k, model.config["k"]) == (64, 16, 16)
    assert (other.side, other.pooling.k, other.config["sizes"]) == (112, 49, [3, 5, 7, 9])
    assert other.pooling.head is model.pooling.head and other.backbone is model.backbone
    image_13SS = torch.randn(1, 3, 112, 112)
    assert relative(other(image_13SS).auxiliary_BC, network(image_13SS)) < 1e-4
    with pytest.raises(ValueError, match="one that was adopted"):
        at_side(build_model("compact"), 64)


def test_a_sigmoid_for_every_class(tmp_path: Path, picture: Image.Image) -> None:
    network = randomised(timm.create_model("resnet10t", num_classes=5))
    model = adopt(network, size=64, labels="multi")
    save_model(model, tmp_path / "x.safetensors", {})
    found = explain(load_model(tmp_path / "x.safetensors"), picture)
    z = found.logits_C / len(found.logits_MC)
    assert found.labels == "multi" and np.allclose(found.ensemble_C, 1 / (1 + np.exp(-z)), atol=1e-5)
    assert np.allclose(found.confidence_MC, 1 / (1 + np.exp(-found.logits_MC)), atol=1e-5)
    pixels = torch.from_numpy(np.array(picture.resize((64, 64), Image.Resampling.BILINEAR))).float() / 255
    preprocessing = model.config["adopted"]["preprocessing"]
    own = ((pixels - torch.tensor(preprocessing["mean"])) / torch.tensor(preprocessing["std"])).permute(2, 0, 1)[None]
    with torch.no_grad():
        share = network(own).sigmoid()[0]
    assert np.allclose(found.auxiliary_C, share / share.sum(), atol=1e-4)
    best = found.top(1, target=2)[0]
    assert best.confidence == pytest.approx(float(found.confidence_MC[:, 2].max()), abs=1e-6)
    with pytest.raises(ValueError, match="labels: expected one of single, multi"):
        adopt(network, size=64, labels="several")


@pytest.mark.slow
@pytest.mark.parametrize("make", [EXACT["module"], EXACT["mean of two dimensions"], POOLED["layer norm"]])
def test_it_leaves_as_onnx(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    """With a module for the mean, with a function, and with a tail: the exporter goes through the pass to its end."""
    model = adopt(randomised(make()), size=SIDE)
    assert max(export_onnx(model, tmp_path / "x.onnx").values()) < 1e-4
    assert (tmp_path / "x.onnx").stat().st_size > 1000


def test_a_network_that_computes_while_it_is_built_loads_too(tmp_path: Path) -> None:
    model = adopt(randomised(torchvision.models.regnet_y_400mf(num_classes=3)), size=64)
    save_model(model, tmp_path / "x.safetensors", {})
    with torch.no_grad():
        assert (
            relative(load_model(tmp_path / "x.safetensors")(image()).auxiliary_BC, model(image()).auxiliary_BC) < 1e-4
        )
