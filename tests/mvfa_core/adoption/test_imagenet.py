"""The ImageNet classifier that comes along: its weights are the package's; and what it says of photographs."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open

from mvfa_core import explain, load_model
from mvfa_core.adoption import imagenet
from mvfa_core.checkpoints import bundled, read_card
from mvfa_core.model import Classifier
from mvfa_core.weights.files import WeightsError, read_weights

SAID = {
    "rocket.jpg": ("missile", "missile"),
    "chelsea.png": ("Egyptian cat", "Egyptian cat"),
    "coffee.png": ("espresso", "espresso"),
    "camera.png": ("tripod", "tripod"),
    "motorcycle_left.png": ("moped", "moped"),
    "astronaut.png": ("bobsled", "football helmet"),
    "china.jpg": ("bell cote", "bell cote"),
    "flower.jpg": ("daisy", "daisy"),
}
"""Of every photograph that scikit-image and scikit-learn bring: by the average of the whole map, and by the views."""


@pytest.fixture(scope="module")
def model() -> Classifier:
    return load_model(bundled()[imagenet.NAME])


@pytest.fixture(scope="module")
def package() -> Path:
    try:
        return imagenet.package_file()
    except WeightsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def test_the_file_holds_the_package_s_weights_as_float16(package: Path) -> None:
    """In order: tensors of more than one dimension rounded to float16, all others as they are."""
    theirs = list(read_weights(package).items())
    network = imagenet.build(imagenet.NETWORK).state_dict()
    with safe_open(bundled()[imagenet.NAME], framework="pt") as opened:
        names = set(opened.keys())
        for (their_name, tensor), (name, shape) in zip(theirs, network.items(), strict=True):
            own = f"pooling.head.fc.{name.removeprefix('classifier.')}" if name.startswith("classifier") else ""
            own = own or f"backbone.network.network.{name}"
            stored = opened.get_tensor(own)
            expected = tensor.half() if tensor.ndim > 1 else tensor
            assert stored.dtype == expected.dtype and torch.equal(stored, expected), their_name
            assert stored.shape == shape.shape
            names.discard(own)
        assert names == {"backbone.adapter.mix", "backbone.adapter.shift"}


def test_rounding_changes_no_more_than_a_hundredth(package: Path, model: Classifier) -> None:
    network = imagenet.package_network()
    image_B3SS = torch.randn(2, 3, 320, 320, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, got = network(model.backbone.adapter(image_B3SS)), model(image_B3SS).auxiliary_BC
    assert (got - expected).abs().max() < 0.01 * expected.abs().max()


@pytest.mark.parametrize("name", SAID)
def test_what_it_says_of_photographs(model: Classifier, name: str) -> None:
    place = files("skimage") / "data" if (files("skimage") / "data" / name).is_file() else None
    file = place / name if place else files("sklearn") / "datasets" / "images" / name
    found = explain(model, Image.open(str(file)).convert("RGB"))
    assert found.auxiliary_C is not None
    assert (found.classes[int(found.auxiliary_C.argmax())], found.classes[found.predicted]) == SAID[name]
    assert found.ensemble_C.max() > found.auxiliary_C.max()  # the views are surer, each time


def test_the_card_and_the_notice_name_the_source() -> None:
    file = bundled()[imagenet.NAME]
    card = read_card(file)
    notice = (file.parent / "NOTICE").read_text()
    assert imagenet.PACKAGE in card["attribution"] and imagenet.PACKAGE in notice
    assert "Copyright (c) 2020, ML Illustrated" in notice and "Apache License" in notice
    assert (file.parent / "LICENSE-Apache-2.0.txt").read_text().count("Grant of Copyright License") == 1
    assert len(card["classes"]) == len(set(card["classes"])) == 1000 and card["classes"][657] == "missile"
    assert card["model"]["k"] == 25 and card["model"]["sizes"] == [3, 5, 7, 9]
    assert card["model"]["adopted"]["self_test"]["whole_view"] < 1e-4 and "recipe" not in card
