"""runs: compare, rename, rm, restore, export, import, pause, resume, extend."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.mvfa_core.training.samples import wait_for


@pytest.fixture
def two(here: Path) -> tuple[Run, Run]:
    """Two runs that differ in K and came to different ends."""
    runs = Run(here / "runs" / "one"), Run(here / "runs" / "two")
    for age, (run, k, accuracy) in enumerate(zip(runs, (50, 20), (0.5, 0.625), strict=True)):
        run.create(replace(quick(), steps=20, k=k))
        os.utime(run.path / "recipe.json", (1.7e9 - age, 1.7e9 - age))
        run.append({"event": "step", "step": 20, "steps_per_s": 2.0, "loss": 1.0, "time_s": 9.5})
        run.append({"event": "validation", "step": 20, "accuracy": accuracy, "n": 8})
        run.end(20, "finished")
    return runs


@pytest.fixture
def own(model: Path, here: Path) -> Iterator[Run]:
    """A run with weights and state that may be trained on; what still trains it afterwards is killed."""
    run = Run(shutil.copytree(model, here / "runs" / "own"))
    yield run
    if run.is_alive():
        psutil.Process(json.loads((run.path / "process.json").read_text())["pid"]).kill()


def ids(call: Callable, *words: str) -> list[str]:
    return [entry["id"] for entry in json.loads(call("runs", "list", "--json", *words).out)]


def test_compare(call: Callable, two: tuple[Run, Run]) -> None:
    found = json.loads(call("runs", "compare", "one", "two", "--json").out)
    assert found["differences"] == {"k": [50, 20]}
    assert [one["best"] for one in found["runs"]] == [0.5, 0.625]
    lines = [line.split() for line in call("runs", "compare", "one", "two").out.splitlines()]
    assert lines[0] == ["one", "two"] and ["k", "50", "20"] in lines
    assert ["last", "accuracy", "50.0%", "62.5%"] in lines and ["steps", "20/20", "20/20"] in lines


def test_rename_remove_restore(call: Callable, two: tuple[Run, Run]) -> None:
    assert call("runs", "rename", "one", "first").out == "first: was one\n"
    assert call("runs", "rm", "first", "two").out.splitlines() == [
        f"{name}: removed; python -m mvfa_core runs restore {name} brings it back" for name in ("first", "two")
    ]
    assert (ids(call), ids(call, "--removed")) == ([], ["first", "two"])
    assert "no runs" in call("runs").out
    assert call("runs", "restore", "first", "--name", "third").status == 0
    assert (ids(call), ids(call, "--removed")) == (["third"], ["two"])
    gone = json.loads(call("runs", "rm", "third", "--for-good", "--json").out)
    assert [one["id"] for one in gone] == ["third"] and (ids(call), ids(call, "--removed")) == ([], ["two"])


def test_export_and_import(call: Callable, own: Run, here: Path) -> None:
    assert "written to own.zip" in call("runs", "export", "own").out
    assert call("runs", "import", "own.zip").out == "own-2: taken from own.zip\n"
    done = call("runs", "import", "own.zip", "--name", "other", "--json")
    found = json.loads(done.out)
    assert (found["id"], found["state"], found["step"]) == ("other", "finished", 6)
    before = call("eval", own.path, "--json")
    assert before.status == 0 and json.loads(call("eval", "runs/other", "--json").out) == json.loads(before.out)
    assert not (here / "runs" / "other" / "state.pt").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("rename one two", "two: that name is taken"),
        ("rename one ../out", "no dot in front"),
        ("rename nobody x", "nobody: no run there"),
        ("rm nobody", "nobody: no run there"),
        ("restore one", "no run of that name was removed"),
        ("compare one nobody", "nobody: no run there"),
        ("export nobody", "nobody: no run there"),
        ("import runs/one/recipe.json", "expected a .zip file"),
        ("import none.zip", "expected a .zip file"),
        ("pause one", "not running, its state is finished"),
        ("extend one 0", "steps: expected a whole number >= 1, got 0"),
        ("start-next --limit 0", "limit: expected a whole number >= 1, got 0"),
    ],
)
def test_wrong_requests(call: Callable, two: tuple[Run, Run], words: str, sentence: str) -> None:
    done = call("runs", *words.split())
    assert done.status == 2 and sentence in done.err and len(done.err.splitlines()) == 1
    assert ids(call) == ["one", "two"]


def test_going_on_with_a_finished_run_says_so(call: Callable, two: tuple[Run, Run]) -> None:
    done = call("runs", "resume", "one")
    assert done == (0, "one: finished already, after 20 steps; extend adds some\n", "")
    assert not two[0].is_alive()


def test_a_run_without_its_state_is_not_begun_anew(call: Callable, own: Run) -> None:
    """Weights from elsewhere are not thrown away by going on from nothing."""
    (own.path / "state.pt").unlink()
    own.forget_end()
    own.end(6, "stopped")
    for words in ("resume own", "extend own 5"):
        done = call("runs", *words.split())
        assert done.status == 2 and "own: it came without its state" in done.err
    assert own.model_path() is not None and own.recipe().steps == 6


@pytest.mark.slow
def test_extended_paused_and_resumed(call: Callable, own: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a process of its own, as a person would."""
    assert "own: goes on to step 100006" in call("runs", "extend", "own", "100000").out
    wait_for(lambda: own.status().step > 6, "steps beyond the old end")
    assert call("runs", "pause", "own").out == "own: asked to save and pause\n"
    wait_for(lambda: own.status().state == "paused", "the pause")
    assert not own.is_alive() and own.recipe().restarts == (6,)
    idle = tmp_path / "idle"  # a process that lives a moment and does nothing
    idle.write_text("#!/bin/sh\nsleep 2\n")
    idle.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(idle))
    assert "own: goes on from its last checkpoint" in call("runs", "resume", "own").out
    assert own.status().state != "paused"


def test_start_next(call: Callable, two: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("runs", "start-next").out == "nothing to start\n"
    two[1].join_queue()
    monkeypatch.setattr(sys, "executable", shutil.which("true"))
    assert json.loads(call("runs", "start-next", "--json").out) == ["two"]
