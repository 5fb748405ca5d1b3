"""Runs renamed, removed and brought back, put into files and taken from them, compared."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mvfa_core.checkpoints import load_model
from mvfa_core.data.sets import DataError
from mvfa_core.training import archive
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs
from mvfa_core.training.saving import save
from tests.mvfa_core.training.samples import TINY, trainer


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def make(root: Path) -> Callable[..., Run]:
    """make("name", accuracies, k=3) -> a run that finished, without weights."""

    def one(name: str, accuracies: tuple[float, ...] = (0.25, 0.75, 0.5), **changes: object) -> Run:
        run = Run(root / name)
        run.create(replace(TINY, **changes))
        for place, accuracy in enumerate(accuracies, start=1):
            step = 4 * place
            run.append({"event": "step", "step": step, "loss": 1.0, "steps_per_s": 2.0, "time_s": 3.0 * place})
            run.append({"event": "validation", "step": step, "accuracy": accuracy, "n": 8, "time_s": 3.5 * place})
        run.end(4 * len(accuracies), "finished")
        return run

    return one


@pytest.fixture
def trained(make: Callable[..., Run]) -> Run:
    """The same with the weights and the state of a real, untrained model."""
    run = make("trained")
    save(run, trainer(), best=True)
    return run


def names(folder: Path | None = None) -> set[str]:
    return {run.id for run in list_runs(folder)}


# --- names ---


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "without spaces around"),
        (" a", "without spaces around"),
        ("a/b", "none of / "),
        ("..", "no dot in front"),
        (".trash", "no dot in front"),
        ("a\\b", "none of / "),
        ("a\nb", "can be seen"),
        ("a\u202eb", "can be seen"),
        ("a" * 101, "at most 100 characters, got 101"),
        ("\N{GRINNING FACE}" * 60, "at most 100 characters"),
    ],
)
def test_names_that_no_run_can_bear(make: Callable[..., Run], name: str, sentence: str) -> None:
    with pytest.raises(RunError, match=sentence):
        archive.rename(make("old"), name)
    assert names() == {"old"}


def test_rename(make: Callable[..., Run]) -> None:
    old, other = make("old"), make("other")
    before = old.status()
    new = archive.rename(old, "K = 50, größer")
    assert new.status() == before and names() == {"K = 50, größer", "other"}
    with pytest.raises(RunError, match="other: that name is taken"):
        archive.rename(new, "other")
    assert other.status().step == 12
    with pytest.raises(RunError, match="no run there"):
        archive.rename(old, "again")


def test_a_run_that_is_trained_stays_where_it_is(make: Callable[..., Run]) -> None:
    run = make("busy")
    run.claim(os.getpid())
    for act in (archive.remove, archive.forget, lambda one: archive.rename(one, "other")):
        with pytest.raises(RunError, match="busy: it is being trained; stop it first"):
            act(run)
    assert names() == {"busy"}


# --- the trash ---


def test_removed_and_restored(make: Callable[..., Run], root: Path) -> None:
    run = make("mine")
    files = {path.name: path.read_bytes() for path in run.path.iterdir()}
    gone = archive.remove(run)
    assert gone.path == root.resolve() / ".trash" / "mine" and names() == set()
    assert [one.id for one in archive.removed()] == ["mine"]
    back = archive.restore("mine")
    assert {path.name: path.read_bytes() for path in back.path.iterdir()} == files
    assert names() == {"mine"} and archive.removed() == []


def test_two_of_one_name_are_both_kept(make: Callable[..., Run]) -> None:
    archive.remove(make("mine", (0.25,)))
    archive.remove(make("mine", (0.75,)))
    assert {one.id: one.status().accuracy for one in archive.removed()} == {"mine": 0.25, "mine-2": 0.75}
    make("mine", (0.5,))
    with pytest.raises(RunError, match="mine: that name is taken"):
        archive.restore("mine")
    assert archive.restore("mine", "first").status().accuracy == 0.25
    with pytest.raises(RunError, match="yours: no run of that name was removed; those that were: mine-2"):
        archive.restore("yours")
    with pytest.raises(RunError, match="no run of that name was removed"):
        archive.restore("../mine")


def test_a_removed_run_waits_in_no_queue(make: Callable[..., Run]) -> None:
    run = make("waiting")
    run.join_queue()
    archive.remove(run)
    assert archive.restore("waiting").status().state == "finished"


def test_only_what_lies_among_the_runs_is_removed(make: Callable[..., Run], tmp_path: Path) -> None:
    elsewhere = Run(make("mine").path.rename(tmp_path / "elsewhere"))
    with pytest.raises(RunError, match="this one lies elsewhere"):
        archive.remove(elsewhere)
    assert elsewhere.status().state == "finished"
    archive.forget(elsewhere)
    assert not elsewhere.path.exists()
    with pytest.raises(RunError, match="no run there"):
        archive.forget(Run(tmp_path))
    assert tmp_path.exists()


# --- out and in ---


def test_there_and_back(trained: Run, tmp_path: Path, root: Path) -> None:
    (trained.path / "output.log").write_text("/home/somebody")
    (trained.path / "film").mkdir()
    (trained.path / "film" / "7.webp").write_bytes(b"RIFF")
    (trained.path / "film.jsonl").write_text('{"step": 4, "frames": [{"id": 7}]}\n')
    file = tmp_path / "parcel.zip"
    archive.export_zip(trained, file)
    kept = ["film.jsonl", "film/7.webp", "metrics.jsonl", "best.safetensors", "model.safetensors", "recipe.json"]
    assert sorted(zipfile.ZipFile(file).namelist()) == sorted(f"trained/{name}" for name in kept)
    taken = archive.import_zip(file)
    assert taken.path == root / "trained-2" and names() == {"trained", "trained-2"}
    for name in kept:
        if name != "recipe.json":
            assert (taken.path / name).read_bytes() == (trained.path / name).read_bytes()
    assert taken.recipe() == trained.recipe() and taken.status() == trained.status()
    ours, theirs = (load_model(run.path).state_dict() for run in (trained, taken))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert list((root / ".incoming").iterdir()) == []


def test_with_its_state_training_can_go_on(trained: Run, tmp_path: Path) -> None:
    archive.export_zip(trained, tmp_path / "parcel.zip", with_state=True)
    taken = archive.import_zip(tmp_path / "parcel.zip", "other")
    assert taken.id == "other" and (taken.path / "state.pt").read_bytes() == (trained.path / "state.pt").read_bytes()
    with pytest.raises(RunError, match="other: that name is taken"):
        archive.import_zip(tmp_path / "parcel.zip", "other")


def test_into_an_open_file(trained: Run, tmp_path: Path) -> None:
    with (tmp_path / "parcel.zip").open("wb") as file:
        archive.export_zip(trained, file)
    assert archive.import_zip(tmp_path / "parcel.zip", "other").status() == trained.status()
    with pytest.raises(RunError, match="no run there"):
        archive.export_zip(Run(tmp_path), tmp_path / "nothing.zip")
    assert not (tmp_path / "nothing.zip").exists()


def test_an_unfinished_run_does_not_look_alive(make: Callable[..., Run], tmp_path: Path) -> None:
    run = make("cut")
    run.forget_end()
    archive.export_zip(run, tmp_path / "parcel.zip")
    taken = archive.import_zip(tmp_path / "parcel.zip")
    assert (taken.status().state, taken.status().step) == ("lost", 12)


GOOD = {"data": "synthetic", "backbone": "compact", "pooling": "mfa", "steps": 3}
STEP = {"event": "step", "step": 3, "loss": 1.0, "steps_per_s": 2.0}


def parcel(file: Path, recipe: object = GOOD, metrics: str = json.dumps(STEP) + "\n", **more: str | bytes) -> Path:
    """A zip file made by hand; `more` by path, with __ for a slash."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        if recipe is not None:
            zipped.writestr("theirs/recipe.json", recipe if isinstance(recipe, str) else json.dumps(recipe))
        zipped.writestr("theirs/metrics.jsonl", metrics)
        for name, content in more.items():
            zipped.writestr(name.replace("__", "/"), content)
    return file


def nothing_came_in(root: Path) -> bool:
    return names(root) == set() and not any((root / ".incoming").iterdir())


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (None, "expected one run in it"),
        ("{", "no recipe of this project"),
        ("[1]", "no recipe of this project"),
        ('{"a": 1}', "no recipe of this project"),
        ({**GOOD, "k": -3}, "recipe.json cannot be read"),
        ({**GOOD, "backbone": "a net of tomorrow"}, "recipe.json cannot be read"),
        ('"' + "x" * 2**20 + '"', "no recipe of this project"),
    ],
)
def test_what_is_no_run_is_refused(recipe: object, sentence: str, tmp_path: Path, root: Path) -> None:
    with pytest.raises(RunError, match=sentence):
        archive.import_zip(parcel(tmp_path / "a.zip", recipe))
    assert nothing_came_in(root)


def test_names_in_it_that_lead_out_are_refused(tmp_path: Path, root: Path) -> None:
    for number, name in enumerate(("../evil.json", "/evil.json", "theirs/../../evil.json", "C:\\evil.json")):
        with pytest.raises(DataError, match="leads out of the folder"):
            archive.import_zip(parcel(tmp_path / f"{number}.zip", **{name: "x"}))
    assert nothing_came_in(root) and not list(tmp_path.rglob("evil*"))


def test_links_are_refused(tmp_path: Path, root: Path) -> None:
    link = zipfile.ZipInfo("theirs/model.safetensors")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(parcel(tmp_path / "a.zip"), "a") as zipped:
        zipped.writestr(link, "/etc/hostname")
    with pytest.raises(DataError, match="is a link"):
        archive.import_zip(tmp_path / "a.zip")
    assert nothing_came_in(root)


def test_bombs_are_refused(tmp_path: Path, root: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("theirs/model.safetensors", bytes(65 * 2**20))
    with pytest.raises(DataError, match="unpack to more than"):
        archive.import_zip(tmp_path / "a.zip")
    many = {f"theirs__film__{number}.webp": b"" for number in range(2_001)}
    with pytest.raises(DataError, match="more than 2,000 entries"):
        archive.import_zip(parcel(tmp_path / "b.zip", **many))
    assert nothing_came_in(root)


def test_only_files_of_a_run_are_taken(tmp_path: Path) -> None:
    strange = {"theirs__process.json": '{"pid": 1}', "theirs__stop": "stop", "theirs__run.sh": "rm -rf /"}
    strange |= {
        "theirs__film__.hidden.webp": b"x",
        "theirs__deep__er__film__1.webp": b"x",
        "theirs__film__1.webp": b"x",
    }
    taken = archive.import_zip(parcel(tmp_path / "a.zip", **strange))
    found = {path.relative_to(taken.path).as_posix() for path in taken.path.rglob("*") if path.is_file()}
    assert found == {"recipe.json", "metrics.jsonl", "film/1.webp"}


def test_without_a_folder_it_bears_the_files_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "flat one.zip", "w") as zipped:
        zipped.writestr("recipe.json", json.dumps(GOOD))
        zipped.writestr("metrics.jsonl", "")
    assert archive.import_zip(tmp_path / "flat one.zip").id == "flat one"


def test_weights_that_are_a_pickle_are_refused(tmp_path: Path, root: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "weights")
    with pytest.raises(RunError, match="weights cannot be read"):
        archive.import_zip(_with_weights(tmp_path, (tmp_path / "weights").read_bytes()))
    save_file({"a": torch.zeros(1)}, tmp_path / "no_card")
    with pytest.raises(RunError, match="no card of this project"):
        archive.import_zip(_with_weights(tmp_path, (tmp_path / "no_card").read_bytes()))
    assert nothing_came_in(root)


def _with_weights(folder: Path, weights: bytes) -> Path:
    return parcel(folder / "weights.zip", **{"theirs__model.safetensors": weights})


def test_events_that_would_trip_a_reader_are_left_out(tmp_path: Path) -> None:
    bad = [
        {**STEP, "step": "3"}, {**STEP, "loss": "much"}, {**STEP, "loss": None}, {**STEP, "step": 10**400},
        {"event": "end", "step": 3, "reason": "running", "message": ""}, {"event": ["step"], "step": 3},
        {"event": "validation", "step": 3, "accuracy": float("nan"), "n": 3}, {"event": "step", "step": 3},
    ]  # fmt: skip
    lines = "\n".join(["[[[", *map(json.dumps, bad), json.dumps(STEP), '{"event": "st'])
    taken = archive.import_zip(parcel(tmp_path / "a.zip", metrics=lines))
    assert taken.events()[0] == [STEP] and taken.status().step == 3


def test_a_film_that_names_other_files_is_left_out(tmp_path: Path) -> None:
    film = '{"step": 4, "frames": [{"id": "../../secret"}]}\n'
    taken = archive.import_zip(parcel(tmp_path / "a.zip", **{"theirs__film.jsonl": film, "theirs__film__1.webp": b"x"}))
    assert not (taken.path / "film.jsonl").exists() and not (taken.path / "film").exists()


def test_a_damaged_archive_is_said(trained: Run, tmp_path: Path) -> None:
    archive.export_zip(trained, tmp_path / "whole.zip")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "whole.zip").read_bytes()[:-200])
    with pytest.raises(DataError, match="damaged or cut off"):
        archive.import_zip(tmp_path / "cut.zip")
    for name in ("none.zip", "picture.png"):
        with pytest.raises(RunError, match=f"{name}: expected a .zip file"):
            archive.import_zip(tmp_path / name)


# --- side by side ---


def test_compare(make: Callable[..., Run]) -> None:
    one, two = make("one", preset="quick"), make("two", (0.5,), k=4, sizes=(3, 5))
    found = archive.compare([one, two])
    assert found["differences"] == {"k": [3, 4], "sizes": [[3], [3, 5]]}
    assert found["runs"] == [
        {"id": "one", "state": "finished", "step": 12, "steps": 12, "last": 0.5, "best": 0.75, "best_step": 8,
         "time_s": 10.5},
        {"id": "two", "state": "finished", "step": 4, "steps": 12, "last": 0.5, "best": 0.5, "best_step": 4,
         "time_s": 3.5},
    ]  # fmt: skip
    json.dumps(found)
    with pytest.raises(RunError, match="no run there"):
        archive.compare([one, Run("nowhere")])


def test_compare_a_run_that_never_began(root: Path) -> None:
    run = Run(root / "new")
    run.create(Recipe())
    (found,) = archive.compare([run])["runs"]
    assert (found["state"], found["last"], found["best"], found["time_s"]) == ("starting", None, None, None)
