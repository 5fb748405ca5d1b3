"""Cells through Ray: filled like those of the local queue, whatever worker dies on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mvfa_core.__main__ import main
from mvfa_core.experiments import on_ray
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run, RunError, list_runs
from mvfa_core.training.saving import STATE
from tests.mvfa_core.experiments import samples
from tests.mvfa_core.experiments.samples import last_accuracy, reproduce
from tests.mvfa_core.training.samples import wait_for

# 15,000 of the paper's steps become 120
WORDS = ["table3", "--datasets", "ucmerced", "--rows", "GAP", "K=20", "K=30", "--steps-scale", "0.008"]
WORDS += ["--backbone", "compact", "--batch", "2", "--val-every", "10", "--device", "cpu"]
WORDS += ["--engine", "ray"]


def test_without_the_package_it_says_what_to_install(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["reproduce", *WORDS]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "reproduce: the engine ray needs the package ray; install it with: pip install ray"
    )
    assert list_runs(root) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--workers", "2"], "--workers: the engine ray has no such option"),
        (["--engine", "local", "--address", "10.0.0.1:6379"], "--address: the engine local has no such option"),
        (["--engine", "local", "--cpus-per-run", "2"], "--cpus-per-run: the engine local has no such option"),
        (["--cpus-per-run", "0"], "cpus-per-run: expected a whole number >= 1, got 0"),
    ],
)
def test_wrong_requests(words: list[str], sentence: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", *WORDS, *words]) == 2
    assert sentence in capsys.readouterr().err and list_runs(root) == []


def test_a_folder_that_is_not_shared_is_said(root: Path) -> None:
    with pytest.raises(RunError, match="all of them must share"):
        on_ray.train_run(str(root / "elsewhere"), {}, 1)


def test_a_run_that_ended_before_its_worker_died_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(root / "done")
    run.create(quick())
    run.end(500, "finished")
    monkeypatch.setattr(on_ray, "resume", None)
    monkeypatch.setenv("MVFA_DATA", "here")
    on_ray.train_run(str(run.path), {"MVFA_DATA": "there", "MVFA_MADE_UP": "there"}, 1)
    assert os.environ["MVFA_DATA"] == "here" and os.environ.pop("MVFA_MADE_UP") == "there"


@pytest.fixture
def ray_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where Ray keeps its session: the names of its sockets must be short."""
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    monkeypatch.setenv("RAY_TMPDIR", str(folder))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def command(root: Path, ray_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """The command; Ray and its workers end with it."""
    monkeypatch.setattr(samples, "WAIT_S", 600)  # Ray takes its time to start where others work, too
    started = reproduce(*WORDS, "--json")
    yield started
    if started.poll() is None:
        started.terminate()
        started.communicate()


@pytest.mark.soak
def test_a_sweep_with_a_worker_killed_in_the_middle(root: Path, command: subprocess.Popen[str]) -> None:
    """The command as a process, Ray for real; SIGKILL for one worker; all cells are filled by the same command."""

    def under_way() -> list[Run]:
        assert command.poll() is None, command.communicate()[1]
        return [run for run in list_runs(root) if run.is_alive() and (run.path / STATE).exists()]

    wait_for(under_way, "a checkpoint")
    cut = under_way()[0]
    worker = psutil.Process(json.loads((cut.path / "process.json").read_text())["pid"])
    assert worker.pid != command.pid
    worker.send_signal(signal.SIGKILL)
    out, err = command.communicate(timeout=600)
    assert command.returncode == 0, err
    assert out.startswith("{"), out[:400]
    figures = {one["row"]: one for one in json.loads(out)["figures"]}
    assert [one["state"] for one in figures.values()] == ["done"] * 3
    for one in figures.values():
        assert one["ours"] == pytest.approx(100 * last_accuracy(Run(root / one["runs"])))
    starts = [event["step"] for event in cut.events()[0] if event["event"] == "start"]
    assert len(starts) == 2 and starts[0] == 0 < starts[1]  # gone on with from its checkpoint
    assert {one["state"] for one in json.loads((root / "results.json").read_text())["measured"].values()} == {"done"}
    assert "started" in err and "done at step 120 of 120" in err
