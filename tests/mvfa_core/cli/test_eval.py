"""eval, evaluation and measure by side: which pictures are counted, and what is said of them."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mvfa_core import load_model
from mvfa_core.images import to_tensor
from tests.mvfa_core.cli.conftest import TINY
from tests.pictures import COLOURS, fill

SIDES = {"train": 5, "val": 3, "test": 2}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three sides, other pictures on each."""
    root = tmp_path_factory.mktemp("three") / "three"
    for place, (side, each) in enumerate(SIDES.items()):
        fill(root / side, each, first=100 * place)
    return root


def share_of(model: Path, files: list[Path]) -> float:
    """By hand: the share of pictures whose folder is the model's answer."""
    loaded = load_model(model)
    with torch.no_grad():
        found = [loaded(to_tensor(Image.open(f).convert("RGB"), loaded.side)).ensemble_BC[0].argmax() for f in files]
    return float(np.mean([loaded.classes[int(i)] == f.parent.name for i, f in zip(found, files, strict=True)]))


def found_by(call: Callable, *words: object) -> dict:
    done = call(*words, "--json")
    assert done.status == 0, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("side", [None, "train", "val", "test", "all"])
def test_eval_of_a_side_is_a_hand_count(call: Callable, model: Path, three: Path, side: str | None) -> None:
    words = ["--split", side] if side else []
    found = found_by(call, "eval", model, "--data", three, *words)
    wanted = "test" if side is None else side
    files = sorted((three if wanted == "all" else three / wanted).rglob("*.png"))
    assert (found["split"], found["n"], found["data"]) == (wanted, len(files), "three")
    assert found["accuracy"] == pytest.approx(share_of(model, files))
    assert "trained_on" not in found and ("by_split" in found) == (side == "all")
    plain = call("eval", model, "--data", three, *words).out
    assert f"of {len(files)} pictures of three, {'all of it' if side == 'all' else f'its {wanted} side'}" in plain


def test_survey_takes_the_same_sides(call: Callable, model: Path, three: Path, tmp_path: Path) -> None:
    """--side is the word of before."""
    for number, words in enumerate(([], ["--split", "all"], ["--side", "train"], ["--split", "val"])):
        side = words[-1] if words else "test"
        found = found_by(call, "evaluate", model, "--data", three, *words, "--out", tmp_path / str(number))
        assert (found["side"], found["n"]) == (side, 3 * (sum(SIDES.values()) if side == "all" else SIDES[side]))
        assert found["accuracy"] == found_by(call, "eval", model, "--data", three, "--split", side)["accuracy"]


def test_measure_takes_a_side(call: Callable, model: Path, three: Path) -> None:
    for words, side in (([], "test"), (["--split", "train"], "train")):
        found = found_by(call, "metrics", model, "--data", three, *words, "--uncertainty", "--n", 2)
        assert (found["split"], found["data"], found["trained_on"]) == (side, "three", False)


def test_a_plain_folder_as_a_whole(call: Callable, model: Path, tmp_path: Path) -> None:
    """A fifth of it is no answer to how good a model is on it."""
    folder = fill(tmp_path / "flat", 10, first=40)
    assert found_by(call, "eval", model, "--data", folder)["n"] == 6
    found = found_by(call, "eval", model, "--data", folder, "--split", "all")
    assert found["n"] == 30 and {name: one["n"] for name, one in found["by_split"].items()} == {"train": 24, "val": 6}
    assert found["accuracy"] == pytest.approx(share_of(model, sorted(folder.rglob("*.png"))))


def test_pictures_that_were_trained_on_are_called_so(call: Callable, model: Path, colours: Path) -> None:
    found = found_by(call, "eval", model, "--split", "train")
    assert (found["trained_on"], found["n"]) == (12, 12)
    assert "the model was trained on 12 of these pictures" in call("eval", model, "--split", "all").out
    assert "trained on" not in call("eval", model).out
    assert found_by(call, "metrics", model, "--split", "train", "--uncertainty", "--n", 2)["trained_on"] is True


def test_a_side_that_is_not_there_is_named(call: Callable, model: Path, colours: Path, tmp_path: Path) -> None:
    for command in ("eval", "metrics"):
        done = call(command, model, "--split", "test")
        assert (done.status, len(done.err.splitlines())) == (2, 1)
        assert "colours: has no test side; it has train, val" in done.err
    done = call("evaluate", model, "--split", "test", "--out", tmp_path / "out")
    assert done.status == 2 and "has no test side" in done.err


def test_classes_that_only_one_of_them_has(call: Callable, model: Path, tmp_path: Path) -> None:
    """Counted on what both have; the rest is named."""
    folder = fill(
        tmp_path / "some", 4, first=50, colours={n: COLOURS[n] for n in ("brick", "sea")} | {"zebra": (9, 9, 9)}
    )
    files = [file for name in ("brick", "sea") for file in sorted((folder / name).glob("*.png"))]
    found = found_by(call, "eval", model, "--data", folder, "--split", "all")
    assert (found["n"], found["left_out"]) == (8, 4)
    assert (found["unknown_classes"], found["absent_classes"]) == (["zebra"], ["leaf"])
    assert found["accuracy"] == pytest.approx(share_of(model, files))
    plain = call("eval", model, "--data", folder, "--split", "all").out
    assert "pictures of 1 class (zebra) that the model does not know are left out" in plain
    assert "some has no pictures of 1 class (leaf) of the model's" in plain
    looked = found_by(call, "evaluate", model, "--data", folder, "--split", "all", "--out", tmp_path / "out")
    assert (looked["n"], looked["accuracy"]) == (8, found["accuracy"]) and "zebra" in looked["note"]
    assert "classes: " in call("metrics", model, "--data", folder, "--uncertainty").out


def test_a_side_without_a_class_that_is_known(call: Callable, model: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "trees", 5, colours={"oak": (1, 2, 3), "pine": (200, 200, 9)})
    for command in ("eval", "evaluate", "metrics"):
        done = call(command, model, "--data", folder)
        assert (done.status, len(done.err.splitlines())) == (2, 1), command
        assert "the model knows 3 classes (brick, leaf, sea), trees has 2 classes (oak, pine)" in done.err


def test_one_name_in_two_spellings_is_one_class(call: Callable, tmp_path: Path) -> None:
    """é composed and é of two signs."""
    composed, apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    hues = {"cafe": (200, 60, 40), "tea": (40, 80, 210)}
    for name, data in ((composed, tmp_path / "one"), (apart, tmp_path / "two")):
        fill(data, 6, colours={name: hues["cafe"], "tea": hues["tea"]})
    assert call("train", "--data", tmp_path / "one", "--out", tmp_path / "run", "--quiet", *TINY).status == 0
    found = found_by(call, "eval", tmp_path / "run", "--data", tmp_path / "two", "--split", "all")
    assert found["n"] == 12 and "left_out" not in found


def test_names_that_differ_in_capitals_and_spaces(call: Callable, model: Path, tmp_path: Path) -> None:
    hues = {"Brick": COLOURS["brick"], "LEAF": COLOURS["leaf"], "s ea": COLOURS["sea"]}
    folder = fill(tmp_path / "near", 5, first=60, colours=hues)
    refused = call("eval", model, "--data", folder)
    assert refused.status == 2 and "3 differ only in capitals and spaces, which --join-names joins" in refused.err
    found = found_by(call, "eval", model, "--data", folder, "--split", "all", "--join-names")
    exact = tmp_path / "exact"
    for name, near in zip(("brick", "leaf", "sea"), hues, strict=True):
        shutil.copytree(folder / near, exact / name)
    assert (found["n"], found["accuracy"]) == (15, share_of(model, sorted(exact.rglob("*.png"))))
    looked = found_by(
        call, "evaluate", model, "--data", folder, "--split", "all", "--join-names", "--out", tmp_path / "o"
    )
    assert (looked["n"], looked["accuracy"]) == (15, found["accuracy"])


def test_train_says_what_it_trains_on(call: Callable, three: Path, tmp_path: Path) -> None:
    done = call("train", "--data", three, "--out", tmp_path / "run", "--validate-on", "test", *TINY, "--steps", 2)
    assert "three: 3 classes; train 15 (trained on), val 9 (left alone), test 6 (watched)" in done.out
    assert "the last weights are the result" in done.out
    refused = call("train", "--data", three, "--validate-on", "test", "--stop-at", 0.9, *TINY)
    assert refused.status == 2 and "stop_at: expected none with validate_on test" in refused.err
    assert found_by(call, "eval", tmp_path / "run")["n"] == 6
    assert found_by(call, "eval", tmp_path / "run", "--split", "val")["n"] == 9
