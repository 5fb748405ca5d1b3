"""Deletion, insertion and ROAD with a model that looks at one place, where the right order is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core import build_model
from mvfa_core.images import denormalise, normalise
from mvfa_core.metrics import faithfulness as module
from mvfa_core.metrics.faithfulness import STEPS, area, confidences, exchanged, faithfulness, order_of
from mvfa_core.model import Classifier

GRID, SIDE = (4, 4), 32


class Brightness(nn.Module):
    """A backbone without weights: the mean colour of every 8 x 8 px."""

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool2d(image_B3SS, SIDE // GRID[0])


@pytest.fixture
def model() -> Classifier:
    """Class 1 is how red the picture is."""
    model = build_model("compact", pooling="gap", num_classes=2).eval()
    model.backbone, model.side = Brightness(), SIDE
    model.pooling.channels, model.pooling.head.fc = 3, nn.Linear(3, 2)
    with torch.no_grad():
        model.pooling.head.fc.weight.copy_(torch.tensor([[0.0, 0.0, 0.0], [12.0, 0.0, 0.0]]))
        model.pooling.head.fc.bias.copy_(torch.tensor([0.0, 17.0]))
    return model


@pytest.fixture
def picture() -> np.ndarray:
    """Four red cells on black."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[8:24, 8:24, 0] = 255
    return image


def object_map() -> np.ndarray:
    map_HW = np.zeros(GRID)
    map_HW[1:3, 1:3] = 1
    return map_HW


def test_versions_against_a_loop() -> None:
    rng = np.random.default_rng(0)
    image, other = rng.integers(0, 255, (2, 21, 28, 3), dtype=np.uint8)
    map_HW = rng.random((3, 4))
    order = order_of(map_HW)
    assert map_HW.ravel()[order].tolist() == sorted(map_HW.ravel().tolist(), reverse=True)
    got = exchanged(image, other, order, (3, 4))
    assert len(got) == STEPS + 1
    for step, version in enumerate(got):
        wanted = image.copy()
        for cell in order[: round(step / STEPS * 12)]:
            y, x = divmod(int(cell), 4)
            place = slice(7 * y, 7 * y + 7), slice(7 * x, 7 * x + 7)
            wanted[place] = other[place]
        np.testing.assert_array_equal(version, wanted)


def test_the_right_order_wins_and_the_wrong_one_loses(model: Classifier, picture: np.ndarray) -> None:
    maps = {"right": object_map(), "wrong": -object_map(), "even": np.zeros(GRID)}
    found = faithfulness(model, picture, maps, 1)
    assert found["right"]["deletion"] < found["even"]["deletion"] < found["wrong"]["deletion"]
    assert found["right"]["insertion"] > found["even"]["insertion"] > found["wrong"]["insertion"]


def test_the_area_against_single_passes(model: Classifier, picture: np.ndarray) -> None:
    """Every version alone through the model, the trapezoids by hand."""
    order = order_of(object_map())
    grey = np.broadcast_to(np.rint(picture.mean(axis=(0, 1))).astype(np.uint8), picture.shape)
    shares = []
    for version in exchanged(picture, grey, order, GRID):
        logits = model(normalise(torch.from_numpy(version.copy())[None])).ensemble_BC[0].detach().double()
        shares.append(float(logits.softmax(0)[1]))
    wanted = sum((a + b) / 2 for a, b in pairwise(shares)) / STEPS
    assert faithfulness(model, picture, {"map": object_map()}, 1)["map"]["deletion"] == pytest.approx(wanted, abs=1e-6)
    assert area(np.array([1.0, 1.0, 0.0])) == 0.75


def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model("compact", num_classes=3, k=3, sizes=(1, 3)).eval()
    images = np.random.default_rng(0).integers(0, 255, (5, 32, 48, 3), dtype=np.uint8)
    together = confidences(model, images, 2)
    monkeypatch.setattr(module, "AT_ONCE", 2)
    np.testing.assert_allclose(confidences(model, images, 2), together, atol=1e-6)
    mean_logits = model(normalise(torch.from_numpy(images[:1]))).logits_BMC.mean(dim=1)
    assert float(together[0]) == pytest.approx(float(mean_logits.softmax(1)[0, 2].detach()), abs=1e-6)


def test_maps_of_one_order_are_asked_about_once(model: Classifier, picture: np.ndarray) -> None:
    calls = []
    inner = model.pooling.forward
    model.pooling.forward = lambda F, **options: (calls.append(len(F)), inner(F, **options))[1]
    faithfulness(model, picture, {"a": object_map(), "b": 3 * object_map(), "c": -object_map()}, 1)
    assert sum(calls) == 2 * 2 * (STEPS + 1)


@pytest.mark.slow
def test_road_rewards_the_right_order_and_is_the_package_s(model: Classifier, picture: np.ndarray) -> None:
    """With distinct values the package's own percentiles remove the same pixels; only its noise differs."""
    package = pytest.importorskip("pytorch_grad_cam.metrics.road")
    from mvfa_core.metrics.road import REMOVED, road

    rng = np.random.default_rng(0)
    picture = (picture + rng.integers(0, 20, picture.shape)).clip(0, 255).astype(np.uint8)
    tilt = object_map() + 0.01 * rng.random(GRID)
    state = torch.get_rng_state()
    found = road(model, picture, {"right": tilt, "wrong": -tilt}, 1)
    assert torch.equal(torch.get_rng_state(), state)
    assert found["right"]["road"] > 0.05
    assert found["wrong"]["road"] == pytest.approx(-found["right"]["road"], abs=0.02)
    assert road(model, picture, {"right": tilt}, 1)["right"] == found["right"]

    image = normalise(torch.from_numpy(picture)[None])
    from mvfa_core.draw import enlarge

    map_SS = enlarge(tilt, (SIDE, SIDE))
    kept = {True: [], False: []}
    for most in kept:
        for share in REMOVED:
            ranked = map_SS if most else -map_SS
            mask = torch.from_numpy(np.float32(ranked < np.percentile(ranked, 100 * (1 - share))))
            filled = package.NoisyLinearImputer()(image[0], mask)
            kept[most].append(confidences(model, denormalise(filled[None]).numpy(), 1)[0])
    wanted = (np.mean(kept[False]) - np.mean(kept[True])) / 2
    assert found["right"]["road"] == pytest.approx(wanted, abs=0.01)
