"""What runs and evaluations have in common: one folder, one process that works in it, and what is asked of that one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from mvfa_core.evaluation.folder import Evaluation
from mvfa_core.jobs import folder as folders
from mvfa_core.jobs.folder import CLAIM_LOCK, LAUNCH_S, PROCESS, STOP, JobError, JobFolder, Progress
from mvfa_core.jobs.launch import launch
from mvfa_core.training.runs import Run


@pytest.fixture(params=[Run, Evaluation])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> JobFolder:
    """A folder of each kind with a request in it; what stands in the request is no matter of a job."""
    made: JobFolder = request.param(tmp_path / "job")
    made.path.mkdir()
    (made.path / made.request_file).write_text("{}")
    return made


@contextmanager
def sleeper() -> Iterator[subprocess.Popen]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def other() -> Iterator[subprocess.Popen]:
    with sleeper() as process:
        yield process


def test_one_process_at_a_time(job: JobFolder, other: subprocess.Popen) -> None:
    assert not job.is_alive() and job.process() is None
    job.claim(other.pid)
    job.claim(other.pid)
    assert job.process() == psutil.Process(other.pid)
    with pytest.raises(job.error, match=f"^job: {job.taken}$") as raised:
        type(job)(job.path).claim()
    assert isinstance(raised.value, JobError)
    other.kill()
    other.wait()
    job.claim()
    assert json.loads((job.path / PROCESS).read_text())["pid"] == os.getpid()
    job.leave()
    assert not job.is_alive() and not (job.path / PROCESS).exists()


def test_who_waits_too_long_for_the_lock_is_told(job: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "LOCK_S", 0.1)
    with FileLock(job.path / CLAIM_LOCK), pytest.raises(job.error, match="another process has been starting it"):
        job.claim()


def test_a_stop_is_stronger_than_a_pause_and_ends_with_the_next_claim(job: JobFolder) -> None:
    assert job.asked() == ""
    job.request_pause()
    assert job.asked() == "pause" and job.stop_requested()
    job.request_stop()
    job.request_pause()
    assert job.asked() == "stop"
    (job.path / STOP).write_text("")  # by hand, with touch
    assert job.asked() == "stop"
    job.claim()
    assert job.asked() == "" and not job.stop_requested()


@pytest.mark.parametrize(
    "note", ["", "[]", '{"what": 1, "done": 1, "total": 2}', '{"what": "x", "done": 3, "total": 2}']
)
def test_progress_that_makes_no_sense_is_none(job: JobFolder, note: str) -> None:
    assert job.progress() is None
    job.note_progress("looking", 2, 5, 1.5)
    assert job.progress() == Progress("looking", 2, 5, 1.5)
    job.note_progress("looking", 3, 5)
    assert job.progress() == Progress("looking", 3, 5)
    (job.path / job.progress_file).write_text(note)
    assert job.progress() is None


@pytest.mark.parametrize("age_s", [-2 * LAUNCH_S, 2 * LAUNCH_S])
def test_a_job_that_nobody_claims_is_lost_after_a_while(job: JobFolder, age_s: float) -> None:
    """Also where the clock was set back since it was made."""
    assert job.lost_or_starting() == "starting"
    job.note_ended_process(os.getpid())
    assert not job.is_alive() and job.lost_or_starting() == "lost"
    (job.path / PROCESS).unlink()
    then = time.time() - age_s
    os.utime(job.path / job.request_file, (then, then))
    assert job.lost_or_starting() == "lost"


def test_launching(job: JobFolder, other: subprocess.Popen, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []

    def start(words: object, log: Path, besides: object) -> int:
        started.append((words, log, besides))
        return other.pid

    monkeypatch.setattr("mvfa_core.jobs.launch.start_apart", start)
    launch(job, ["x"], {"A": "b"})
    launch(job, ["x"])
    assert started == [(["x"], job.path / "output.log", {"A": "b"})] and job.process() == psutil.Process(other.pid)


def test_what_is_started_while_another_one_claims_is_ended(
    job: JobFolder, other: subprocess.Popen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sleeper() as quicker:

        def start(*args: object) -> int:
            job.claim(quicker.pid)  # between the look and the claim
            return other.pid

        monkeypatch.setattr("mvfa_core.jobs.launch.start_apart", start)
        launch(job, ["x"])
        assert other.wait(30) and job.process() == psutil.Process(quicker.pid)


def test_what_ended_at_once_is_lost_at_once(
    job: JobFolder, other: subprocess.Popen, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.kill()
    other.wait()
    monkeypatch.setattr("mvfa_core.jobs.launch.start_apart", lambda *args: other.pid)
    launch(job, ["x"])
    assert not job.is_alive() and job.lost_or_starting() == "lost"
