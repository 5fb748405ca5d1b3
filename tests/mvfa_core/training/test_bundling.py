"""Models that are shipped: what stands on their cards is what the shipped file does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mvfa_core.checkpoints import load_model, read_card
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.data.sources import load_data
from mvfa_core.images import normalise
from mvfa_core.training.bundling import bundle
from mvfa_core.training.runs import Run
from mvfa_core.training.work import train
from tests.mvfa_core.training.samples import TINY
from tests.pictures import COLOURS, fill


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run on what passes for UC Merced, and the folder it was shipped to."""
    place = tmp_path_factory.mktemp("bundling")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_DATA", str(place))
        fill(place / "ucmerced" / "train", 5)
        fill(place / "ucmerced" / "test", 3, first=100)
        run = Run(place / "runs" / "land")
        train(replace(TINY, data="ucmerced", validate_on="test", steps=6, val_every=3, film=0), run)
        bundle(run, place / "out")
        data = load_data("ucmerced", 112, validate_on="test")
    np.save(place / "images.npy", data.val.images)
    np.save(place / "labels.npy", data.val.labels)
    return run, place


def test_the_card_says_what_the_shipped_file_does(shipped: tuple[Run, Path]) -> None:
    run, place = shipped
    card, model = read_card(place / "out" / "land.safetensors"), load_model(place / "out" / "land.safetensors")
    images, labels = torch.from_numpy(np.load(place / "images.npy")), np.load(place / "labels.npy")
    with torch.no_grad():
        said = model(normalise(images)).ensemble_BC.argmax(dim=1).numpy()
    assert card["accuracy"] == pytest.approx((said == labels).mean()) and card["n"] == len(labels) == 3 * len(COLOURS)
    assert card["curve"] == [[step, accuracy] for step, accuracy in run.validations()] and len(card["curve"]) == 2
    assert (card["side"], card["recipe"]["validate_on"]) == ("test", "test")
    assert card["name"] == "land" and card["command"].startswith("python -m mvfa_core train --data ucmerced ")
    assert card["data_terms"] == CATALOGUE["ucmerced"].terms and card["data_citation"]
    assert json.loads((place / "out" / "land.json").read_text()) == card


def test_weights_are_halved_and_statistics_are_not(shipped: tuple[Run, Path]) -> None:
    _, place = shipped
    tensors = load_file(place / "out" / "land.safetensors")
    assert {t.dtype for t in tensors.values() if t.ndim > 1} == {torch.float16}
    assert {t.dtype for n, t in tensors.items() if "running" in n} == {torch.float32}
