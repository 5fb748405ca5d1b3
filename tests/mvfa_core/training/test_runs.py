"""A run is a folder: what is written, what is read back, and which state it tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mvfa_core.folders import runs_root
from mvfa_core.training.runs import LAUNCH_S, Run, RunError, list_runs, new_run_id
from tests.mvfa_core.training.samples import TINY


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that was asked for, and no more."""
    made = Run(tmp_path / "runs" / "first")
    made.create(TINY)
    return made


@pytest.fixture
def other() -> Iterator[subprocess.Popen]:
    """A process of somebody else's that lives until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def step(number: int, rate: float = 4.0) -> dict:
    return {"event": "step", "step": number, "loss": 1.0, "steps_per_s": rate, "time_s": number / rate}


def test_making_the_object_touches_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "not there")
    assert (run.id, run.model_path(), run.is_alive(), run.stop_requested()) == ("not there", None, False, False)
    assert run.events() == ([], 0)
    assert not run.path.exists()


def test_the_recipe_comes_back(run: Run) -> None:
    assert Run(str(run.path)).recipe() == TINY


def test_a_name_in_use_is_refused_and_nothing_is_lost(run: Run) -> None:
    run.append(step(10))
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(RunError, match="first: there is a run of that name already"):
        Run(run.path).create(TINY)
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written"):
        Run(tmp_path / "file" / "run").create(TINY)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"steps": -1}', '{"k": "x"}'])
def test_folders_that_are_no_run(text: str | None, run: Run) -> None:
    file = run.path / "recipe.json"
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(RunError, match="no run there" if text is None else "cannot be read"):
        run.recipe()
    if text is None:
        with pytest.raises(RunError):
            run.status()
    else:
        assert (run.status().state, run.id in run.status().message) == ("failed", True)


def test_events_from_a_cursor(run: Run) -> None:
    assert run.events() == ([], 0)
    run.append({"event": "start", "step": 0, "classes": ["Öl", "图"]})
    first, cursor = run.events()
    assert [event["event"] for event in first] == ["start"]
    assert first[0]["classes"] == ["Öl", "图"]
    assert run.events(cursor) == ([], cursor)
    run.append(step(10))
    run.append(step(20))
    later, end = run.events(cursor)
    assert later == [step(10), step(20)]
    assert run.events()[0] == first + later
    assert end == (run.path / "metrics.jsonl").stat().st_size


def test_a_half_written_line_waits(run: Run) -> None:
    run.append(step(10))
    whole, cursor = run.events()
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "st')
    assert run.events() == (whole, cursor)
    assert run.events(cursor) == ([], cursor)
    assert run.status().step == 10
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('ep": 20}\n')
    assert run.events(cursor)[0] == [{"event": "step", "step": 20}]


def test_every_line_is_one_object_and_lines_are_only_added(run: Run) -> None:
    texts = []
    for number in range(3):
        run.append(step(number))
        texts.append((run.path / "metrics.jsonl").read_text())
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert [json.loads(line) for line in texts[-1].splitlines()] == [step(0), step(1), step(2)]


def test_states_before_anything_is_told(run: Run, other: subprocess.Popen) -> None:
    assert run.status().state == "starting"
    run.claim(other.pid)
    assert (run.status().state, run.is_alive()) == ("starting", True)
    run.note_progress("drawing pictures", 1_200, 4_000)
    assert run.status().message == "drawing pictures: 1,200 of 4,000"
    run.append({"event": "start", "step": 0})
    assert run.status().state == "starting"
    other.kill()
    other.wait()
    assert (run.status().state, run.is_alive()) == ("lost", False)


def test_a_launch_that_never_came_is_lost(run: Run) -> None:
    long_ago = time.time() - LAUNCH_S - 5
    os.utime(run.path / "recipe.json", (long_ago, long_ago))
    assert run.status().state == "lost"


def test_a_running_run_knows_its_rate_and_the_time_left(run: Run, other: subprocess.Popen) -> None:
    run.claim(other.pid)
    for number in (2, 4):
        run.append(step(number, rate=0.5))
    run.append({"event": "validation", "step": 4, "accuracy": 0.25, "n": 8})
    status = run.status()
    assert (status.state, status.step, status.steps, status.accuracy) == ("running", 4, TINY.steps, 0.25)
    assert status.steps_per_s == 0.5
    assert status.seconds_left == pytest.approx((TINY.steps - 4) / 0.5)
    other.kill()  # and not waited for: to its parent it is a zombie, which trains nothing
    deadline = time.monotonic() + 30
    while run.status().state == "running" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (run.status().state, run.status().seconds_left) == ("lost", None)


@pytest.mark.parametrize("reason", ["finished", "paused", "stopped", "diverged", "failed"])
def test_states_after_the_end(reason: str, run: Run) -> None:
    run.claim()
    run.append(step(10))
    run.append({"event": "validation", "step": 10, "accuracy": 0.5, "n": 8})
    run.end(10, reason, "because")
    status = run.status()
    assert (status.state, status.message, status.step, status.accuracy) == (reason, "because", 10, 0.5)
    assert not run.is_alive()
    assert run.events()[0][-1] == {"event": "end", "step": 10, "reason": reason, "message": "because"}


def test_a_run_that_is_alive_cannot_be_claimed(run: Run, other: subprocess.Popen) -> None:
    run.claim(other.pid)
    note = (run.path / "process.json").read_text()
    with pytest.raises(RunError, match="another process is training this run"):
        Run(run.path).claim()
    assert (run.path / "process.json").read_text() == note
    other.kill()
    other.wait()
    run.claim()
    assert json.loads((run.path / "process.json").read_text())["pid"] == os.getpid()


def test_a_stranger_with_the_same_pid_is_not_the_trainer(run: Run) -> None:
    run.claim()
    note = json.loads((run.path / "process.json").read_text())
    (run.path / "process.json").write_text(json.dumps({**note, "created": note["created"] - 500, "since_boot": "1 x"}))
    assert not run.is_alive()
    assert run.status().state == "lost"


def test_a_new_claim_forgets_how_it_ended_and_mends_a_torn_line(run: Run, other: subprocess.Popen) -> None:
    run.append(step(10))
    run.end(10, "stopped")
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"event": "st')
    run.claim(other.pid)
    assert run.status().state == "running"
    run.append(step(20))
    assert run.events()[0] == [step(10), step(20)]


def test_a_stop_holds_for_the_process_it_was_asked_of(run: Run, other: subprocess.Popen) -> None:
    run.claim(other.pid)
    run.request_stop()
    run.claim(other.pid)  # the process itself, after whoever launched it
    assert Run(run.path).stop_requested()
    other.kill()
    other.wait()
    run.claim()
    assert not run.stop_requested()


def test_a_pause_a_stop_and_who_wins(run: Run) -> None:
    assert run.asked() == ""
    run.request_pause()
    assert (run.asked(), (run.path / "stop").read_text()) == ("pause", "pause")
    run.request_stop()
    assert (run.asked(), (run.path / "stop").read_text()) == ("stop", "stop")
    run.request_pause()
    assert Run(run.path).asked() == "stop"
    (run.path / "stop").write_text("")  # by hand, with touch
    assert run.asked() == "stop"


def test_a_torn_line_does_not_swallow_the_next_event(run: Run) -> None:
    run.append(step(10))
    _, cursor = run.events()
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"event": "step", "step": 20, "lo')
    run.append(step(30))
    assert [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()] == [step(10), step(30)]
    assert run.events(cursor)[0] == [step(30)]


def test_a_file_that_is_one_torn_line(run: Run) -> None:
    (run.path / "metrics.jsonl").write_text('{"event')
    run.append(step(1))
    assert run.events()[0] == [step(1)]


def test_a_place_in_the_queue(run: Run, other: subprocess.Popen) -> None:
    assert run.queued_since() is None
    run.end(10, "paused")
    run.join_queue()
    since = run.queued_since()
    assert since is not None and abs(since - time.time()) < 60
    run.join_queue()
    assert (run.status().state, run.queued_since()) == ("queued", since), "asking twice keeps the place"
    run.leave_queue()
    assert run.status().state == "paused"
    run.join_queue()
    run.claim(other.pid)
    assert (run.status().state, run.queued_since()) == ("starting", None)
    with pytest.raises(RunError, match="being trained already"):
        run.join_queue()


def test_events_after_a_checkpoint_are_forgotten(run: Run) -> None:
    validation = {"event": "validation", "step": 10, "accuracy": 0.5}
    for event in (step(10), validation, step(20), {"event": "end", "step": 20}):
        run.append(event)
    run.cut_events_after(10)
    assert run.events()[0] == [step(10), validation]


def test_lists_newest_first(tmp_path: Path) -> None:
    root = tmp_path / "many"
    assert list_runs(root) == []
    for age, name in enumerate(("new", "old", "older")):
        Run(root / name).create(TINY)
        os.utime(root / name / "recipe.json", (1e9 - age, 1e9 - age))
    (root / "no run").mkdir()
    (root / "file").touch()
    assert [run.id for run in list_runs(root)] == ["new", "old", "older"]


def test_the_root_and_new_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "here"))
    assert runs_root() == tmp_path / "here"
    names = []
    for _ in range(3):
        names.append(new_run_id(TINY))
        Run(runs_root() / names[-1]).create(TINY)
    assert len(set(names)) == 3
    assert all(name.startswith("compact-mfa-") for name in names)
    assert {run.id for run in list_runs()} == set(names)
    monkeypatch.delenv("MVFA_RUNS")
    assert runs_root() == Path("runs")
