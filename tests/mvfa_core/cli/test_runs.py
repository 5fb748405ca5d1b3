"""runs: list, show, stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run


@pytest.fixture
def two(here: Path) -> tuple[Run, Run]:
    """An older run that finished and a newer one that was asked for."""
    older, newer = Run(here / "runs" / "older"), Run(here / "runs" / "newer")
    for age, run in ((50, older), (0, newer)):
        run.create(replace(quick(), steps=20))
        os.utime(run.path / "recipe.json", (1.7e9 - age, 1.7e9 - age))
    older.claim()
    older.append({"event": "step", "step": 20, "steps_per_s": 2.0, "loss": 1.0})
    older.append({"event": "validation", "step": 20, "accuracy": 0.625, "n": 8})
    older.end(20, "finished")
    return older, newer


def test_list(call: Callable, two: tuple[Run, Run]) -> None:
    for words in (["runs"], ["runs", "list"]):
        done = call(*words)
        assert (done.status, done.err) == (0, "")
        head, _, first, second = done.out.splitlines()
        assert head.split() == ["run", "state", "steps", "accuracy"]
        assert first.split()[0] == "newer"
        assert second.split() == ["older", "finished", "20/20", "62.5%"]
    found = json.loads(call("runs", "list", "--json").out)
    assert [entry["id"] for entry in found] == ["newer", "older"]
    assert (found[1]["state"], found[1]["accuracy"], found[1]["step"], found[1]["steps"]) == ("finished", 0.625, 20, 20)


def test_list_of_nothing(call: Callable, here: Path) -> None:
    done = call("runs")
    assert done.status == 0
    assert "no runs" in done.out
    assert json.loads(call("runs", "--json").out) == []


def test_one_broken_run_does_not_hide_the_others(call: Callable, two: tuple[Run, Run]) -> None:
    (two[1].path / "recipe.json").write_text('{"backbone": "a net of tomorrow"}')
    done = call("runs", "--json")
    assert done.status == 0
    assert {entry["id"]: entry["state"] for entry in json.loads(done.out)} == {"newer": "failed", "older": "finished"}
    assert call("runs", "show", "newer").status == 2


def test_show_by_name_and_by_folder(call: Callable, two: tuple[Run, Run]) -> None:
    for name in ("older", two[0].path):
        found = json.loads(call("runs", "show", name, "--json").out)
        assert (found["id"], found["state"], found["accuracy"]) == ("older", "finished", 0.625)
        assert found["recipe"]["steps"] == 20
    plain = call("runs", "show", "older").out
    assert "finished" in plain
    assert "0.625" in plain


def test_stop(call: Callable, two: tuple[Run, Run]) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        two[1].claim(process.pid)
        done = call("runs", "stop", "newer")
        assert (done.status, done.err) == (0, "")
        assert "newer: asked to save and stop" in done.out
        assert two[1].stop_requested()
    finally:
        process.kill()
        process.communicate()
