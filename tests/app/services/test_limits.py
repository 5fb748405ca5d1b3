"""What visitors may make a server do: recipes within the form's bounds, few processes, each of bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.base import settings
from app.features.training import run_archive
from app.services import limits, training_runs
from mvfa_core import processes
from mvfa_core.data.sets import DataError
from mvfa_core.folders import runs_root
from mvfa_core.processes import end_with_all, memory_of
from mvfa_core.training import archive
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.launch import start_next
from mvfa_core.training.recipes import Recipe, quick
from mvfa_core.training.runs import Run, RunError, list_runs

HUGE = {
    "train_n": 2**40,
    "hidden": [10**9],
    "batch": 10**6,
    "steps": 2**40,
    "lr": 1e9,
    "val_every": 2**39,
    "seed": 2**39,
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    """A process that holds 64 MB and waits, as a shared server would have started it."""
    code = "held = bytearray(64_000_000); print(1, flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={settings.SHARED: "1"}
    )
    assert process.stdout and process.stdout.readline()
    yield psutil.Process(process.pid)
    process.kill()
    process.communicate()


def zipped(tmp_path: Path, **recipe: object) -> Path:
    file = tmp_path / "theirs.zip"
    with zipfile.ZipFile(file, "w") as parcel:
        parcel.writestr("theirs/recipe.json", json.dumps(quick().to_json() | recipe))
        parcel.writestr("theirs/metrics.jsonl", "")
    return file


@pytest.mark.parametrize("name", list(HUGE))
def test_an_imported_recipe_has_the_bounds_of_the_form(tmp_path: Path, name: str) -> None:
    """`hidden=[10**9]` and `train_n=2**40` went through."""
    with pytest.raises((RunError, DataError), match=f"{name}|spoilt|read"):
        archive.import_zip(zipped(tmp_path, **{name: HUGE[name]}), offered=True)
    assert list_runs() == []


def test_an_imported_run_goes_on_with_one_process(tmp_path: Path) -> None:
    """548 bytes with `devices: 5` started five workers. On the command line the run stays as it was."""
    file = zipped(tmp_path, devices=5, nodes=2, batch=40)
    assert archive.import_zip(file, offered=True).recipe() == Recipe.from_json(quick().to_json() | {"batch": 40})
    assert archive.import_zip(file).recipe().devices == 5


def test_a_shared_server_starts_one_process_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = archive.import_zip(zipped(tmp_path, devices=5, batch=40))
    monkeypatch.setenv(settings.SHARED, "1")
    for start in (training_runs.go_on, training_runs.queue, lambda run: training_runs.start_training(run.recipe())):
        with pytest.raises(RunError, match="devices: expected a whole number from 1 to 1, got 5"):
            start(run)
    assert not run.is_alive() and run.queued_since() is None and len(list_runs()) == 1


def at_work(count: int) -> None:
    """Runs that this very process trains."""
    for i in range(count):
        run = Run(runs_root() / f"r{i}")
        run.create(quick())
        run.claim()


def test_no_more_processes_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Start now" had no end; whoever waits in line still may."""
    monkeypatch.setenv(settings.SHARED, "1")
    assert limits.most_at_once() == limits.DEFAULT_SHARED
    at_work(2)
    assert limits.busy() == 2
    for start in (training_runs.start_training, training_runs.start_held):
        with pytest.raises(RunError, match="2 of at most 2 processes"):
            start(quick())
    assert len(list_runs()) == 2
    waiting = training_runs.start_training(quick(), wait=True)
    assert waiting.queued_since() is not None and start_next() == []
    with limits.one_more(instead=list_runs()[-1]):  # it takes the place of one that is stopped then
        pass
    monkeypatch.setenv(limits.AT_ONCE, "1")
    with pytest.raises(RunError, match="2 of at most 1"):
        training_runs.go_on(waiting)


def test_the_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work(1)
    monkeypatch.setattr(limits, "MOST_IN_LINE", 2)
    runs = [training_runs.start_training(quick(), wait=True) for _ in range(2)]
    with pytest.raises(RunError, match="2 runs wait"):
        training_runs.start_training(quick(), wait=True)
    training_runs.queue(runs[0])  # it has its place already
    assert len(list_runs()) == 3


def test_what_visitors_began_has_a_share_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Removed runs too, those of the owner never; then nothing is started, queued, evaluated or brought in."""
    monkeypatch.setenv(settings.SHARED, "1")
    monkeypatch.setenv(limits.DISK, "2")

    def large(name: str, *, of_a_visitor: bool) -> Run:
        run = Run(runs_root() / name)
        run.create(quick())
        with (run.path / "model.safetensors").open("wb") as file:
            file.truncate(1_200_000)
        if of_a_visitor:
            (run.path / archive.VISITOR).write_text(json.dumps({"visitor": "a" * 32, "private": False}))
        return run

    large("owners", of_a_visitor=False)
    large("owners-2", of_a_visitor=False)
    first = large("first", of_a_visitor=True)
    limits.expect_disk()
    with pytest.raises(RunError, match="2 MB"):
        limits.expect_disk(900_000)
    large("second", of_a_visitor=True)
    for start in (
        lambda: training_runs.start_training(quick()), lambda: training_runs.start_training(quick(), wait=True),
        lambda: training_runs.start_held(quick()), limits.expect_disk,
    ):  # fmt: skip
        with pytest.raises(RunError, match="as much of the disk as it may, 2 MB"):
            start()
    assert {run.id for run in list_runs()} == {"owners", "owners-2", "first", "second"}
    gone = archive.remove(first)
    with pytest.raises(RunError, match="2 MB"):
        limits.expect_disk()
    archive.forget(gone)
    limits.expect_disk()
    monkeypatch.delenv(settings.SHARED)
    large("third", of_a_visitor=True)
    limits.expect_disk()


@pytest.fixture
def own_children(monkeypatch: pytest.MonkeyPatch) -> list[psutil.Process]:
    """What this process started, as on a server: nothing, until a test adds it. The tests' own may have a browser."""
    children, own, started = psutil.Process.children, os.getpid(), list[psutil.Process]()
    monkeypatch.setattr(
        psutil.Process, "children",
        lambda process, recursive=False: started if process.pid == own else children(process, recursive),
    )  # fmt: skip
    return started


@pytest.mark.usefixtures("own_children")
def test_what_takes_too_much_memory_is_ended(sleeper: psutil.Process, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(runs_root() / "big")
    run.create(quick())
    run.claim(sleeper.pid)
    taken = memory_of(sleeper)
    assert taken > 64_000_000
    assert limits.most_memory() is None and limits.look() == []
    monkeypatch.setenv(limits.MEMORY, "4000")
    assert limits.look() == [] and run.is_alive()
    monkeypatch.setenv(limits.MEMORY, "50")
    assert limits.look() == ["big"]
    assert not run.is_alive() and run.status().state == "failed" and "MB of memory, and 50 MB" in run.status().message


def test_a_child_that_is_no_run_is_ended_too(
    sleeper: psutil.Process, own_children: list[psutil.Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps that an estimate measures, for one."""
    own_children.append(sleeper)
    monkeypatch.setenv(limits.MEMORY, "50")
    assert limits.look() == []
    assert not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE


@pytest.mark.usefixtures("own_children")
def test_what_the_owner_trains_beside_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was started without the settings of a server."""
    at_work(1)
    monkeypatch.setenv(limits.MEMORY, "1")
    assert limits.look() == []


def test_all_of_a_process_ends() -> None:
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()']); print(1, flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline()
    children = psutil.Process(process.pid).children()
    end_with_all(psutil.Process(process.pid))
    process.communicate()
    assert children and not any(child.is_running() for child in children)


def test_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not settings.shared() and limits.most_at_once() == limits.DEFAULT_ALONE
    monkeypatch.setenv(settings.SHARED, "1")
    assert limits.most_memory() == psutil.virtual_memory().total // 4
    monkeypatch.setenv(limits.MEMORY, "300")
    assert limits.most_memory() == 300_000_000
    monkeypatch.setenv(limits.MEMORY, "much")
    with pytest.raises(ValueError, match="expected a whole number"):
        limits.most_memory()
    assert settings.switch({settings.SHARED: "on"}, settings.SHARED)


def test_a_run_that_is_too_large_is_not_made_into_a_file_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(runs_root() / "large")
    run.create(quick())
    for name, size in (("model.safetensors", 10**7), ("state.pt", 3 * 10**7)):
        with (run.path / name).open("wb") as file:
            file.truncate(size)
    without, whole = run_archive._size(FollowedRun(run))
    assert 10**7 < without < 2 * 10**7 < 4 * 10**7 < whole


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has a class that waits for idle processors")
@pytest.mark.parametrize("told", ["1", "0", ""])
def test_what_a_shared_server_starts_takes_the_processor_when_nobody_else_wants_it(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("MVFA_SHARED", told)
    shared = told == "1"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as child:
        processes.stand_back(child.pid)
        policy, nice = os.sched_getscheduler(child.pid), psutil.Process(child.pid).nice()
        child.communicate(b"\n")
    assert policy == (os.SCHED_IDLE if shared else os.SCHED_OTHER)
    assert nice == (processes.LAST if shared else min(psutil.Process().nice() + processes.NICE, processes.LAST))


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 1)])
def test_the_network_leaves_a_core_to_the_pages(before: int, after: int) -> None:
    """Seen from a thread that begins later, as the one that works for all visitors."""
    program = (
        "import threading, torch; from mvfa_core.processes import leave_a_core; print(leave_a_core(), flush=True);"
        "one = threading.Thread(target=lambda: print(torch.get_num_threads())); one.start(); one.join()"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": str(before), "MKL_NUM_THREADS": str(before)}
    told = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert told.stdout.split() == [str(after)] * 2
