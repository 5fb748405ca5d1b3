"""The command `adopt`, and what the other commands do with its file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from mvfa_core.__main__ import main
from tests.mvfa_core.adoption.networks import Flattened, randomised


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of weights, names, and a folder of pictures in two classes."""
    home = tmp_path_factory.mktemp("adopt")
    torch.save(randomised(torchvision.models.shufflenet_v2_x0_5(num_classes=2)).state_dict(), home / "w.pth")
    (home / "names.json").write_text('{"0": "dark", "1": "bright"}')
    random = np.random.default_rng(0)
    for label, low in (("dark", 0), ("bright", 128)):
        (home / "pictures" / label).mkdir(parents=True)
        for i in range(8):
            pixels = random.integers(low, low + 127, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(home / "pictures" / label / f"{i}.png")
    return home


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def test_from_a_file_of_weights_to_explanations(place: Path, call: Callable[..., tuple[int, str, str]]) -> None:
    out = place / "model.safetensors"
    options = ("--classes", place / "names.json", "--size", 96, "--out", out)
    status, text, error = call("adopt", place / "w.pth", *options, "--json")
    assert status == 0, error
    told = json.loads(text)
    assert told["kind"] == "exact" and told["architecture"] == "torchvision:shufflenet_v2_x0_5"
    assert told["classes"] == ["dark", "bright"] and told["preprocessing"]["side"] == 96
    assert told["self_test"]["whole_view"] < 1e-4 and told["grid"] == [3, 3] and told["trained_here"] is False
    status, text, _ = call("adopt", place / "w.pth", *options)
    assert status == 0 and "exact: a mean of the last map" in text and "not trained here" in text
    status, text, error = call("explain", out, place / "pictures" / "dark" / "0.png", "--out", place / "x", "--json")
    assert status == 0 and json.loads(text)["pictures"][0]["classes"] == ["dark", "bright"], error
    status, text, error = call("eval", out, "--data", place / "pictures", "--split", "all", "--json")
    assert status == 0 and json.loads(text)["n"] == 16, error


def test_refusals_are_one_line(place: Path, tmp_path: Path, call: Callable[..., tuple[int, str, str]]) -> None:
    status, _, error = call("adopt", place / "nothing.pth")
    assert status == 2 and "no such weights file" in error and error.count("\n") == 1
    torch.save(randomised(Flattened()).state_dict(), tmp_path / "f.pth")
    status, _, error = call("adopt", tmp_path / "f.pth")
    assert status == 2 and "of no network of torchvision or timm" in error
    status, _, error = call("adopt", "timm:no_such_network")
    assert status == 2 and "timm has no network of that name" in error
    status, _, error = call("adopt", place / "w.pth", "--classes", place / "w.pth")
    assert status == 2 and "cannot be read as a list of class names" in error
    vgg = tmp_path / "vgg.pth"
    torch.save(torchvision.models.alexnet(num_classes=3).state_dict(), vgg)
    status, _, error = call("adopt", vgg)
    assert status == 2 and "is flattened into 9,216 numbers" in error and "train --weights" in error
