"""Three sides: which is trained on, which is watched, which is left alone, and what runs of before were trained on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvfa_core.checkpoints import BEST, bundled, load_model, read_card
from mvfa_core.data.sets import DataError, PassedOver, Unreadable
from mvfa_core.data.sources import load_data
from mvfa_core.training.engine import Started
from mvfa_core.training.estimate import picture_counts
from mvfa_core.training.recipes import RECIPES, Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.split import (
    MOST_REASONS,
    OTHER,
    Split,
    copies,
    divided,
    is_trained_on,
    listed,
    load_one,
    reasons,
    split_of,
    watched,
)
from mvfa_core.training.work import resume, train
from tests.mvfa_core.training.samples import TINY, told
from tests.pictures import COLOURS, fill

SIDES = {"train": 10, "val": 4, "test": 3}


def folder_of(root: Path, *sides: str) -> Path:
    """The sides that are named, with other pictures on each; plain class folders where none is."""
    for place, side in enumerate(sides):
        fill(root / side, SIDES[side], first=100 * place)
    return root if sides else fill(root, SIDES["train"])


@pytest.mark.parametrize(
    ("sides", "validate_on", "counts", "side"),
    [
        ((), "val", {"train": 24, "val": 6}, "val"),
        ((), "test", {"train": 24, "val": 6}, "val"),
        ((), "held-out", {"train": 24, "val": 6}, "val"),
        (("train", "val"), "val", {"train": 30, "val": 12}, "val"),
        (("train", "val"), "test", {"train": 30, "val": 12}, "val"),
        (("train", "test"), "val", {"train": 27, "val": 3, "test": 9}, "val"),
        (("train", "test"), "test", {"train": 30, "test": 9}, "test"),
        (("train", "test"), "held-out", {"train": 30, "test": 9}, "test"),
        (("train", "val", "test"), "val", {"train": 30, "val": 12, "test": 9}, "val"),
        (("train", "val", "test"), "test", {"train": 30, "val": 12, "test": 9}, "test"),
        (("train", "val", "test"), "held-out", {"train": 30, "val": 12, "test": 9}, "val"),
    ],
)
def test_what_is_trained_on_and_what_is_watched(
    tmp_path: Path, sides: tuple[str, ...], validate_on: str, counts: dict[str, int], side: str
) -> None:
    recipe = replace(TINY, data=str(folder_of(tmp_path / "d", *sides)), validate_on=validate_on)
    known = listed(split_of(recipe))
    assert (dict(known.counts), watched(recipe, known)) == (counts, side)
    assert known.unseen() == ("test" if "test" in sides else "val")
    made = divided(recipe, 32)
    assert (len(made.data.train), len(made.data.val), made.watched) == (counts["train"], counts[side], side)
    assert set(made.data.val.names) == set(load_one(split_of(recipe), 32, side).names)
    assert not set(made.data.train.names) & set(made.data.val.names)
    assert picture_counts(recipe) == (3, counts["train"], counts[side])
    for name in SIDES.keys() - counts.keys():
        with pytest.raises(DataError, match=f"d: has no {name} side; it has {', '.join(counts)}"):
            known.side(name)
    assert known.side("all") == tuple(counts)


def test_the_test_side_chooses_nothing(tmp_path: Path) -> None:
    """The last weights are the result: there are no best ones, and nothing else may end the run."""
    heard: list[Started] = []
    run = Run(tmp_path / "run")
    recipe = replace(
        TINY, data=str(folder_of(tmp_path / "d", "train", "test")), validate_on="test", steps=4, val_every=1
    )
    train(recipe, run, listen=lambda event: heard.append(event) if isinstance(event, Started) else None)
    assert not (run.path / BEST).exists() and read_card(run.path)["step"] == 4
    assert (read_card(run.path)["side"], read_card(run.path)["n"]) == ("test", 9)
    assert (heard[0].watched, heard[0].counts) == ("test", {"train": 30, "test": 9})
    (begun,) = [event for event in run.events()[0] if event["event"] == "start"]
    assert (begun["watched"], begun["counts"], begun["passed_over"]) == ("test", {"train": 30, "test": 9}, {})
    for name, value in (("stop_at", 0.5), ("patience", 2)):
        with pytest.raises(ValueError, match=f"{name}: expected none with validate_on test"):
            replace(recipe, **{name: value})
    watching_val = Run(tmp_path / "val")
    train(replace(recipe, validate_on="val"), watching_val)
    assert (watching_val.path / BEST).is_file() and read_card(watching_val.path)["side"] == "val"


@pytest.mark.parametrize("sides", [(), ("train", "val"), ("train", "test"), ("train", "val", "test")])
def test_a_run_of_before_goes_on_bit_for_bit(tmp_path: Path, sides: tuple[str, ...]) -> None:
    """It says nothing of sides: all of train/ was trained on, and val/ was watched where it was there, else test/."""
    data = folder_of(tmp_path / "d", *sides)
    recipe = replace(TINY, data=str(data), validate_on="held-out", steps=6, val_every=2)
    whole, run = Run(tmp_path / "whole"), Run(tmp_path / "run")
    train(recipe, whole)
    train(recipe, run, listen=lambda event: run.request_pause() if event.step == 3 else None)
    _as_before(run)
    assert run.recipe().validate_on == "held-out"
    resume(run)
    assert told(run) == told(whole)
    assert all(np.array_equal(*(load_model(one.path).state_dict()[name] for one in (run, whole)))
               for name in load_model(run.path).state_dict())  # fmt: skip
    (validation, *_) = [event for event in run.events()[0] if event["event"] == "validation"]
    held_out = {(): 6, ("train", "test"): 9}.get(sides, 12)
    assert validation["n"] == held_out


def _as_before(run: Run) -> None:
    file = run.path / "recipe.json"
    values = json.loads(file.read_text())
    del values["validate_on"]
    file.write_text(json.dumps({**values, "format": 1}))


def test_recipes_of_ours_leave_the_test_side_alone_and_the_paper_s_watch_it() -> None:
    assert {name: make().validate_on for name, make in RECIPES.items()} == {
        "quick": "val", "paper": "test", "photos": "val", "bundled": "test",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name, file in bundled().items() if "recipe" in read_card(file)])
def test_bundled_models_say_how_they_were_trained(name: str) -> None:
    card = read_card(bundled()[name])
    assert card["recipe"]["validate_on"] == "test"
    assert card["side"] == ("test" if "ucmerced" in name else "val")
    assert json.loads(bundled()[name].with_suffix(".json").read_text()) == card
    assert not split_of(card["recipe"]).set_apart


def test_what_a_card_of_before_says(tmp_path: Path) -> None:
    """Without the field: all of train/, as every run did. What makes no sense counts as not there."""
    data = str(folder_of(tmp_path / "d", "train", "test"))
    assert split_of({"data": data, "seed": 3}) == Split(data, 3)
    assert split_of({"data": data, "seed": "x", "validate_on": ["val"]}) == Split(data)
    assert split_of({"data": data, "validate_on": "val"}).set_apart
    assert split_of({"data": 5, "seed": -1, "train_n": 7}) == Split("synthetic", train_n=7)
    assert split_of({}, data) == Split(data)


@pytest.mark.parametrize("validate_on", ["test", "held-out"])
def test_a_validation_side_that_is_not_watched_is_passed_over(tmp_path: Path, validate_on: str) -> None:
    """The protocol of the paper watches test; only a side called val is one of its own."""
    data = folder_of(tmp_path / "d", "train", "val", "test")
    (data / "val").rename(data / "validation")
    made = divided(replace(TINY, data=str(data), validate_on=validate_on), 32)
    assert made.watched == "test" and made.counts == {"train": 30, "test": 9}
    assert made.passed_over == {"in validation/, and test/ is watched": 12}
    files = {one.file for one in made.data.passed_over}
    assert files == {path.relative_to(data).as_posix() for path in (data / "validation").rglob("*.png")}


def test_whether_a_model_was_trained_on_it(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "d")
    (tmp_path / "link").symlink_to(data)
    assert is_trained_on({"data": str(data)}, str(tmp_path / "link"))
    assert not is_trained_on({"data": str(data)}, str(tmp_path))
    assert is_trained_on({"data": "ucmerced"}, "ucmerced") and not is_trained_on({}, "ucmerced")


def test_files_that_are_passed_over_are_counted_by_their_reason() -> None:
    many = [PassedOver(f"{i}", f"reason {i}") for i in range(MOST_REASONS + 5)]
    assert reasons([]) == {}
    assert reasons([PassedOver("a", "x"), Unreadable("b", "odd 1"), Unreadable("c", "odd 2")]) == {
        "cannot be read": 2, "x": 1,
    }  # fmt: skip
    assert len(reasons(many)) == MOST_REASONS + 1 and reasons(many)[OTHER] == 5


def test_names_that_are_nearly_alike_are_joined_on_request(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "d", "train", "test")
    for name in COLOURS:
        (data / "test" / name).rename(data / "test" / f"_{name.upper()}")
    recipe = replace(TINY, data=str(data), validate_on="test", join_names="on")
    with pytest.raises(DataError, match="--join-names"):
        listed(split_of(replace(recipe, join_names="off")))
    made = divided(recipe, 32)
    assert (made.watched, len(made.data.val), made.data.classes) == ("test", 9, ("brick", "leaf", "sea"))
    assert split_of(recipe.to_json()).join and "--join-names on" in recipe.command("x")


def test_a_run_of_before_watched_the_folder_test_beside_one_of_another_name(tmp_path: Path) -> None:
    """It knew val/ and test/ alone."""
    data = folder_of(tmp_path / "d", "train", "val", "test")
    (data / "val").rename(data / "validation")
    for validate_on, side in (("held-out", "test"), ("val", "val")):
        recipe = replace(TINY, data=str(data), validate_on=validate_on)
        assert watched(recipe, listed(split_of(recipe))) == side


def test_one_picture_in_two_classes_of_one_side(tmp_path: Path) -> None:
    """Contradictory copies are told; the same picture twice in one class, or on two sides, is another matter."""
    data = folder_of(tmp_path / "d", "train", "val")
    one = data / "train" / "brick" / "00.png"
    shutil.copy(one, data / "train" / "leaf" / "copy.png")
    shutil.copy(one, data / "train" / "brick" / "again.png")
    shutil.copy(one, data / "val" / "sea" / "elsewhere.png")
    (pair,) = {tuple(sorted(pair)) for pair in copies(listed(Split(str(data))))}
    assert pair == ("train/brick/00.png", "train/leaf/copy.png")
    assert copies(listed(Split("synthetic"))) == ()


def test_the_log_of_a_run_counts_what_is_passed_over(tmp_path: Path) -> None:
    data = folder_of(tmp_path / "d", "train", "val")
    (data / "train" / "leaf" / "00.png").write_bytes(b"no picture")
    run = Run(tmp_path / "run")
    train(replace(TINY, data=str(data), steps=1), run)
    (begun,) = [event for event in run.events()[0] if event["event"] == "start"]
    assert begun["train_n"] == begun["counts"]["train"] == 29
    assert sum(begun["passed_over"].values()) >= 1


def test_the_seed_of_the_tenth(tmp_path: Path) -> None:
    data = str(folder_of(tmp_path / "d", "train", "test"))
    one, again, other = (load_one(Split(data, seed, True), 32, "val").names for seed in (0, 0, 1))
    assert one == again != other
    assert {Path(name).parent.name for name in one} == set(COLOURS)
    assert load_data(data, 32, validate_on="val").val.names == one
    shutil.rmtree(data)


def test_a_recipe_goes_through_its_command() -> None:
    assert "--validate-on val" in replace(RECIPES["paper"](), validate_on="val").command("x")
    assert "--validate-on" not in RECIPES["paper"]().command("x")
    assert "--validate-on test" in Recipe(preset="quick", validate_on="test").command("x")
