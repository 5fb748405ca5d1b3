"""Runs in processes of their own: they outlive their starter, are found again, obey, and survive being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mvfa_core import load_model
from mvfa_core.processes import NICE
from mvfa_core.training.launch import enqueue, launch, start, start_next
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs
from mvfa_core.training.work import resume, train
from tests.mvfa_core.training.samples import TINY, assert_same_training, log_of, wait_for
from tests.pictures import split_folder

ENDED = ("finished", "paused", "stopped", "diverged", "failed", "lost")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=2)
    return replace(TINY, data=str(folder))


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runs folder for one test; whatever still trains in it afterwards is killed."""
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for run in list_runs(tmp_path / "runs"):
        if run.is_alive() and (process := trainer_of(run)).pid != os.getpid():
            process.kill()


def trainer_of(run: Run) -> psutil.Process:
    return psutil.Process(json.loads((run.path / "process.json").read_text())["pid"])


STARTER = """
import sys
from mvfa_core.training.launch import start
from mvfa_core.training.recipes import Recipe
import json
print(start(Recipe.from_json(json.loads(sys.argv[1])), "child").path)
"""


def test_outlives_its_starter_and_obeys_whoever_finds_it(recipe: Recipe, root: Path) -> None:
    long = replace(recipe, steps=100_000, val_every=100_000)
    starter = subprocess.run(
        [sys.executable, "-c", STARTER, json.dumps(long.to_json())], capture_output=True, text=True, check=True
    )
    run = next(run for run in list_runs() if run.id == "child")
    assert str(run.path) == starter.stdout.strip()
    assert run.is_alive(), log_of(run)
    assert trainer_of(run).pid != os.getpid()
    if os.name == "posix":
        assert trainer_of(run).nice() == min(psutil.Process().nice() + NICE, 19)
    wait_for(lambda: run.status().state == "running" or run.status().state in ENDED, "the first steps")
    assert run.status().state == "running", log_of(run)
    with pytest.raises(RunError, match="another process is training"):
        resume(Run(run.path))
    launch(Run(run.path))  # a second click
    assert trainer_of(run).is_running()
    Run(root / "child").request_stop()
    wait_for(lambda: run.status().state in ENDED, "the end")
    assert run.status().state == "stopped", log_of(run)
    assert load_model(run.path).classes == ("brick", "leaf", "sea")
    assert log_of(run) == ""


def test_a_stop_before_the_first_step_is_heard(recipe: Recipe) -> None:
    """Python takes a while to get going; a stop in that time must not be forgotten."""
    run = start(replace(recipe, steps=100_000))
    assert run.status().state == "starting"
    run.request_stop()
    wait_for(lambda: run.status().state in ENDED, "the end")
    assert (run.status().state, run.status().step) == ("stopped", 0), log_of(run)
    launch(run)
    assert run.status().state in ("starting", "running"), "a run that is gone on with is not called stopped"
    assert not run.stop_requested()


def test_killed_and_gone_on_with(recipe: Recipe, tmp_path: Path) -> None:
    """SIGKILL in the middle, and a second one that comes before anything new is saved: the result is the same."""
    recipe = replace(recipe, steps=45, val_every=4)
    reference = Run(tmp_path / "reference")
    train(recipe, reference)
    run = start(recipe, "victim")
    wait_for(lambda: run.status().step >= 10 or run.status().state in ENDED, "ten steps")
    assert run.status().state == "running", log_of(run)
    trainer_of(run).send_signal(signal.SIGKILL)
    wait_for(lambda: run.status().state != "running", "its death")
    assert run.status().state == "lost"
    step = run.status().step
    assert 10 <= step < 45
    assert load_model(run.path)
    launch(run)
    trainer_of(run).send_signal(signal.SIGKILL)
    wait_for(lambda: not run.is_alive(), "its second death")
    assert run.status().state == "lost"
    resume(Run(run.path))
    assert run.status().state == "finished"
    assert_same_training(run, reference)


def test_what_ends_it_is_told(recipe: Recipe, tmp_path: Path) -> None:
    run = start(replace(recipe, data=str(tmp_path / "gone")))
    wait_for(lambda: run.status().state in ENDED, "the end")
    status = run.status()
    assert status.state == "failed"
    assert "gone: no such folder" in status.message
    assert run.model_path() is None
    log = log_of(run)
    assert "gone: no such folder" in log
    assert "Traceback" not in log
    assert len(log.strip().splitlines()) == 1


CALLER = """
from mvfa_core.training.launch import start_next
input()
print(*(run.id for run in start_next()))
"""


def test_the_queue_starts_one_at_a_time_and_the_oldest_first(recipe: Recipe, root: Path) -> None:
    """Three wait, two processes ask at the same moment: one run begins. When it is gone, the next one does."""
    assert start_next() == []
    runs = [Run(root / name) for name in ("b", "a", "c")]
    for run in runs:
        run.create(replace(recipe, steps=100_000, val_every=100_000))
        enqueue(run)
    assert [run.status().state for run in runs] == ["queued"] * 3
    assert start_next(limit=0) == []
    callers = [
        subprocess.Popen([sys.executable, "-c", CALLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [caller.communicate("\n")[0].split() for caller in callers]
    assert sorted(said) == [[], ["b"]]
    assert runs[0].is_alive()
    assert [run.status().state for run in runs[1:]] == ["queued", "queued"]
    trainer_of(runs[0]).kill()
    wait_for(lambda: not runs[0].is_alive(), "its death")
    enqueue(runs[0])
    runs[1].leave_queue()
    assert [run.id for run in start_next()] == ["c"], "whoever left is passed over, whoever came back stands last"
    with pytest.raises(RunError, match="being trained already"):
        enqueue(runs[2])
    assert start_next() == []


def test_a_run_that_cannot_be_launched_holds_up_nobody(recipe: Recipe, root: Path) -> None:
    for name in ("first", "second"):
        Run(root / name).create(replace(recipe, steps=100_000, val_every=100_000))
        enqueue(Run(root / name))
    (root / "first" / "output.log").mkdir()
    assert [run.id for run in start_next()] == ["second"]
    assert Run(root / "first").status().state == "queued"


def test_a_name_in_use_starts_nothing(recipe: Recipe, root: Path) -> None:
    Run(root / "mine").create(recipe)
    with pytest.raises(RunError, match="name already"):
        start(recipe, "mine")
    assert {path.name for path in (root / "mine").iterdir()} == {"recipe.json"}
