"""The film of a run: what its frames say, that it forgets what a checkpoint forgets, and that training does not feel
it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mvfa_core import explain, load_model
from mvfa_core.data.sources import load_data
from mvfa_core.training.attention_history import choose, history_picture, read_history
from mvfa_core.training.engine import Ticked
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.work import resume, train
from tests.mvfa_core.training.samples import CLASSES, TINY, assert_same_training
from tests.pictures import split_folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=2)
    return replace(TINY, data=str(folder), steps=6, val_every=2, batch=4, film=3)


@pytest.fixture(scope="module")
def filmed(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run = Run(tmp_path_factory.mktemp("runs") / "filmed")
    train(recipe, run)
    yield run
    torch.set_num_threads(threads)


def steps(run: Run) -> list[int]:
    return [line["step"] for line in read_history(run)]


def test_one_line_a_validation_and_one_before_the_first_step(filmed: Run) -> None:
    assert steps(filmed) == [0, 2, 4, 6]
    frames = [line["frames"] for line in read_history(filmed)]
    assert len({tuple((f["id"], f["label"]) for f in of_step) for of_step in frames}) == 1, "the pictures are fixed"
    assert [frame["label"] for frame in frames[0]] == list(CLASSES)
    assert {f"{frame['id']}.webp" for frame in frames[0]} == {file.name for file in (filmed.path / "film").iterdir()}
    assert [history_picture(filmed, name) for name in ("../model", "999")] == [None, None]


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_the_last_frame_is_what_the_saved_model_says(pooling: str, filmed: Run, recipe: Recipe, tmp_path: Path) -> None:
    run = filmed
    if pooling == "gap":
        run = Run(tmp_path / "gap")
        train(replace(recipe, pooling="gap", steps=2), run)
    model, val = load_model(run.path), load_data(recipe.data, 112).val
    for frame in read_history(run)[-1]["frames"]:
        pixels = np.array(val.images[int(frame["id"])])
        found = explain(model, pixels)
        wanted = found.adacam_HW if pooling == "mfa" else found.cam_HW
        assert np.asarray(frame["adacam"]) == pytest.approx(wanted, rel=2e-3, abs=2e-4)
        assert frame["anchors"] == (None if pooling == "gap" else found.anchors_K2.tolist())
        assert frame["predicted"] == model.classes[found.predicted]
        assert frame["confidence"] == pytest.approx(float(found.ensemble_C.max()), abs=1e-3)
        with Image.open(run.path / "film" / f"{frame['id']}.webp") as kept:
            assert np.abs(np.asarray(kept.convert("RGB")).mean((0, 1)) - pixels.mean((0, 1))).max() < 4


@pytest.mark.parametrize("anchors", ["adacam", "random"])
def test_training_does_not_feel_it(anchors: str, recipe: Recipe, tmp_path: Path) -> None:
    recipe = replace(recipe, anchors=anchors, steps=4)
    with_film, without = Run(tmp_path / "with"), Run(tmp_path / "without")
    train(recipe, with_film)
    train(replace(recipe, film=0), without)
    assert_same_training(with_film, without)
    assert len(steps(with_film)) == 3 and not (without.path / "film").exists()


def test_a_run_that_goes_on_has_the_film_of_one_that_nobody_disturbed(
    recipe: Recipe, filmed: Run, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    train(recipe, run, listen=lambda event: run.request_stop() if event == Ticked(3) else None)
    assert steps(run) == [0, 2]
    # as a killed process may leave it: frames that the checkpoint at step 3 knows nothing of, the last one torn
    with (run.path / "film.jsonl").open("a") as file:
        file.write(json.dumps({"event": "film", "step": 4, "frames": []}) + '\n{"event": "film", "st')
    resume(run)
    assert (run.path / "film.jsonl").read_bytes() == (filmed.path / "film.jsonl").read_bytes()


def test_lines_that_cannot_be_shown_are_left_out(tmp_path: Path) -> None:
    frame = {"id": "0", "adacam": [[1.0, 2.0]], "anchors": [[1, 0]], "predicted": "a", "confidence": 0.5, "label": "b"}
    spoilt = [{"adacam": [[1.0], [2.0, 3.0]]}, {"adacam": [["x", 1]]}, {"anchors": [[2, 0]]}, {"label": None},
              {"confidence": float("nan")}, {"adacam": 3}]  # fmt: skip
    lines = [{"event": "film", "step": step, "frames": [frame | change]} for step, change in enumerate([{}, *spoilt])]
    (tmp_path / "film.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "no line at all\n")
    assert steps(Run(tmp_path)) == [0]


@pytest.mark.parametrize(
    ("labels", "classes", "count", "chosen"),
    [
        ([0, 0, 1, 1, 2, 2], 3, 3, [0, 2, 4]),
        ([0, 0, 1, 1, 2, 2], 3, 5, [0, 2, 4, 1, 3]),
        ([3, 2, 1, 0], 4, 2, [3, 1]),
        ([1, 1, 1], 4, 2, [0, 1]),
        ([0, 1], 2, 6, [0, 1]),
    ],
)
def test_pictures_are_spread_over_the_classes(labels: list[int], classes: int, count: int, chosen: list[int]) -> None:
    assert choose(np.array(labels), classes, count) == chosen
