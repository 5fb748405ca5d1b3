"""train and eval: from a command to a run folder, and back to a number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mvfa_core import load_model
from mvfa_core.data.layouts import find
from mvfa_core.data.synthetic import CLASSES
from mvfa_core.images import to_tensor
from mvfa_core.percent import of_count
from mvfa_core.training.runs import Run
from tests.mvfa_core.cli.conftest import TINY, sole_run
from tests.pictures import fill


def by_hand(model_path: Path, files: list[Path]) -> list[str]:
    """The predicted class of every file, one after the other."""
    model = load_model(model_path)
    with torch.no_grad():
        logits = [model(to_tensor(Image.open(file).convert("RGB"), model.side)).ensemble_BC[0] for file in files]
    return [model.classes[int(one.argmax())] for one in logits]


def test_train_on_a_folder(either: Path) -> None:
    run = Run(either)
    status, recipe = run.status(), run.recipe()
    assert (status.state, status.step) == ("finished", 6)
    assert (recipe.k, recipe.sizes, recipe.seed, recipe.lr, recipe.preset) == (4, (3, 5), 3, 0.004, "quick")
    assert recipe.pooling == either.name.removeprefix("tiny-")
    assert load_model(either).classes == ("brick", "leaf", "sea")


def test_train_on_the_synthetic_set(call: Callable, few_drawn: None, here: Path) -> None:
    """Without --out the run gets a name; the progress goes to standard error, the result to standard output."""
    done = call("train", "--train-n", 64, *TINY)
    assert done.status == 0
    run = sole_run(here / "runs")
    assert (run.status().state, run.status().step) == ("finished", 6)
    assert load_model(run.path).classes == CLASSES
    said = re.search(r"finished after 6 steps, validation accuracy ([\d.]+)%: (.*)", done.out)
    assert said
    assert float(said[1]) == round(100 * run.status().accuracy, 2)
    assert said[2] == str(run.path)
    for words in ("drawing train pictures", "6/6", "step/s", "loss", "validation accuracy"):
        assert words in done.err + done.out


def test_quiet_is_quiet(call: Callable, colours: Path, here: Path) -> None:
    assert call("train", "--data", colours, "--quiet", *TINY) == (0, "", "")


def test_a_taken_name_is_refused_and_kept(call: Callable, model: Path, colours: Path) -> None:
    before = {path: path.read_bytes() for path in model.rglob("*") if path.is_file()}
    done = call("train", "--data", colours, "--out", model, *TINY)
    assert done.status == 2
    assert "a run of that name already" in done.err
    assert {path: path.read_bytes() for path in model.rglob("*") if path.is_file()} == before


def test_resume(call: Callable, colours: Path, model: Path, here: Path) -> None:
    """A finished run is left as it is, which is no failure; one that has no end and steps to do goes on."""
    run = Run(here / "runs" / "mine")
    first = call("train", "--data", colours, "--out", run.path, *TINY, "--steps", 3, "--quiet")
    assert first.status == 0
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    again = call("train", "--resume", run.path)
    assert (again.status, again.err) == (0, "")
    assert again.out.startswith("finished already, after 3 steps, validation accuracy ")
    assert call("train", "--resume", run.path, "--quiet") == (0, "", "")
    assert call("train", "--resume", run.path, "--devices", 2).status == 0
    refused = call("train", "--resume", run.path, "--steps", 5)
    assert (refused.status, "leave out --steps" in refused.err) == (2, True)
    assert call("runs", "resume", run.path, "--json").status == 0
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
    recipe = json.loads((run.path / "recipe.json").read_text()) | {"steps": 5, "schedule": "constant"}
    (run.path / "recipe.json").write_text(json.dumps(recipe))
    (run.path / "metrics.jsonl").write_text(
        "".join(line + "\n" for line in (run.path / "metrics.jsonl").read_text().splitlines() if '"end"' not in line)
    )
    done = call("train", "--resume", run.path)
    assert done.status == 0, done.err
    assert "finished after 5 steps" in done.out
    assert [event["step"] for event in run.events()[0] if event["event"] == "start"] == [0, 3]


def test_divergence_is_a_failure_with_advice(call: Callable, colours: Path, here: Path) -> None:
    words = ["train", "--data", colours, "--quiet", "--schedule", "constant", "--optimizer", "adam"]
    done = call(*words, *TINY, "--steps", 40, "--lr", 1e30)
    assert (done.status, done.out) == (1, "")
    assert len(done.err.strip().splitlines()) == 1
    assert "diverged at step" in done.err
    assert "learning rate" in done.err
    assert sole_run(here / "runs").status().state == "diverged"


def test_eval_is_a_hand_count(call: Callable, either: Path, colours: Path) -> None:
    """By default on what the model was trained on; `val/` holds nine pictures."""
    done = call("eval", either, "--json")
    assert (done.status, done.err) == (0, "")
    found = json.loads(done.out)
    files = sorted((colours / "val").rglob("*.png"))
    right = [name == file.parent.name for name, file in zip(by_hand(either, files), files, strict=True)]
    assert (found["n"], found["data"]) == (9, "colours")
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["accuracy"] == Run(either).status().accuracy
    plain = call("eval", either)
    assert f"{of_count(found['accuracy'], 2)}% of 9 pictures of colours, its val side" in plain.out


def test_eval_of_other_data_and_of_a_file(call: Callable, model: Path, tmp_path: Path) -> None:
    """A flat folder is split with the seed of the model's recipe, so that nothing it was trained on is held out."""
    folder = fill(tmp_path / "flat", 10, first=40)
    found = json.loads(call("eval", model / "model.safetensors", "--data", folder, "--json").out)
    files = [folder / name for name in find(folder, seed=3).val.files]
    right = [name == file.parent.name for name, file in zip(by_hand(model, files), files, strict=True)]
    assert (found["n"], found["accuracy"]) == (6, pytest.approx(np.mean(right)))


def test_eval_by_scale(call: Callable, few_drawn: None, here: Path) -> None:
    call("train", "--train-n", 64, "--quiet", *TINY)
    done = call("eval", sole_run(here / "runs").path, "--json")
    found = json.loads(done.out)
    assert (found["n"], found["data"]) == (24, "synthetic")
    assert sum(band["n"] for band in found["by_scale"]) == 24
    weighted = sum(band["n"] * band["accuracy"] for band in found["by_scale"]) / 24
    assert weighted == pytest.approx(found["accuracy"])
    plain = call("eval", sole_run(here / "runs").path)
    assert "object scale" in plain.out


def test_eval_refuses_other_classes(call: Callable, model: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "trees", 5, colours={"oak": (1, 2, 3), "pine": (200, 200, 9)})
    done = call("eval", model, "--data", folder)
    assert done.status == 2
    assert all(word in done.err for word in ("3 classes", "brick", "trees has 2", "oak"))
