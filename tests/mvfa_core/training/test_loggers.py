"""What a run tells TensorBoard and others is what it notes itself, also when it goes on after being killed."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.training import loggers, work
from mvfa_core.training.loggers import Logger, LoggerError
from mvfa_core.training.recorders import recorders
from mvfa_core.training.runs import Run, list_runs
from mvfa_core.training.split import Division
from mvfa_core.training.step_control import StepController
from tests.mvfa_core.training.samples import TINY, data_set

CURVES = {
    "train/loss": "loss",
    "train/loss_global": "loss_global",
    "train/loss_local": "loss_local",
    "train/accuracy": "train_accuracy",
    "train/lr": "lr",
    "train/steps_per_s": "steps_per_s",
    "val/accuracy": "accuracy",
}


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    division = Division(data_set(), "val", {"train": 12, "val": 6}, {})
    monkeypatch.setattr(work, "divided", lambda *args, **options: division)


def noted(run: Run, name: str) -> list[tuple[int, float]]:
    return [(event["step"], event[name]) for event in run.events()[0] if name in event]


class KilledError(Exception):
    """Stands for the end of the process."""


def train(run: Run, log: str, killed_at: int | None = None, **changes: object) -> None:
    """Train, or go on; the process may end at a step, without a word to anybody."""

    def listen(event: object) -> None:
        if event.step == killed_at:
            raise KilledError

    recipe = replace(TINY, log=log, **changes)
    if run.path.exists():
        work.resume(run, listen=listen)
    else:
        work.train(recipe, run, listen=listen)


def curves_in(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard itself reads."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder)).Reload()
    return {tag: [(one.step, one.value) for one in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_tensorboard_reads_what_the_run_notes(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(run, "tensorboard", steps=25)
    found = curves_in(run.path / "tensorboard")
    assert found.keys() == CURVES.keys()
    for tag, name in CURVES.items():
        assert [step for step, _ in found[tag]] == [step for step, _ in noted(run, name)]
        assert [value for _, value in found[tag]] == pytest.approx([value for _, value in noted(run, name)], rel=1e-6)


def test_gap_has_no_local_loss(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(run, "tensorboard", pooling="gap", steps=10)
    assert curves_in(run.path / "tensorboard").keys() == CURVES.keys() - {"train/loss_local"}


def test_a_run_that_goes_on_leaves_one_curve(tmp_path: Path) -> None:
    """Ended after step 23, with its last checkpoint at step 20: what came after that is told anew, and shown once."""
    run = Run(tmp_path / "run")
    with pytest.raises(KilledError):
        train(run, "tensorboard", killed_at=23, steps=40, val_every=10)
    run.forget_end()
    train(run, "tensorboard")
    found = curves_in(run.path / "tensorboard")
    assert [step for step, _ in found["val/accuracy"]] == [10, 20, 30, 40]
    assert [step for step, _ in found["train/loss"]] == [10, 20, 30, 40]
    assert len(list((run.path / "tensorboard").iterdir())) == 2


@pytest.mark.parametrize("log", ["tensorboard", "wandb", "mlflow"])
def test_a_package_that_is_not_there_is_said_before_anything_is_prepared(
    log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, log, None)
    monkeypatch.setattr(work, "divided", None)
    with pytest.raises(LoggerError) as refusal:
        train(Run(tmp_path / "run"), log)
    assert str(refusal.value) == f"--log {log} needs the package {log}; install it with: pip install {log}"
    assert list_runs(tmp_path) == []


def test_a_folder_of_that_name_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loggers leave folders of their name in the working directory."""
    (tmp_path / "wandb").mkdir()
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(LoggerError, match="needs the package wandb"):
        Logger(Run(tmp_path / "run"), replace(TINY, log="wandb"))
    sys.modules.pop("wandb")  # the folder


def test_without_a_logger_nobody_listens(tmp_path: Path) -> None:
    assert [type(one) for one in recorders(Run(tmp_path), replace(TINY, film=0))] == [StepController]


class Flaky:
    """A log whose server goes away."""

    def __init__(self, *args: object) -> None:
        self.told: list[int] = []

    def write(self, values: dict[str, float], step: int) -> None:
        if step >= 10:
            raise OSError("no route to host")
        self.told.append(step)

    def close(self) -> None:
        raise AssertionError("it is gone")


def test_a_log_that_goes_away_takes_no_training_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    monkeypatch.setitem(loggers._LOGS, "tensorboard", Flaky)
    train(run, "tensorboard", steps=12)
    assert run.status().state == "finished"
    sentence = json.loads((run.path / "logs.json").read_text())["error"]
    assert sentence == "tensorboard: nothing after step 10 (no route to host)"


def test_a_log_that_cannot_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    run.path.mkdir()
    (run.path / "tensorboard").write_text("a file where the folder should be")
    with pytest.raises(LoggerError, match="tensorboard: the log cannot be opened"):
        work.train(replace(TINY, log="tensorboard"), run)
    assert run.status().state == "failed" and "cannot be opened" in run.status().message


@pytest.fixture
def mlflow_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow.MlflowClient()


def test_mlflow_keeps_the_same_curves(tmp_path: Path, mlflow_store: object) -> None:
    run = Run(tmp_path / "run")
    train(run, "mlflow", steps=10)
    name = json.loads((run.path / "logs.json").read_text())["mlflow"]
    for tag, field in CURVES.items():
        found = [(one.step, one.value) for one in mlflow_store.get_metric_history(name, tag)]
        assert found == pytest.approx(noted(run, field))
    assert mlflow_store.get_run(name).data.params["k"] == "3"
    assert mlflow_store.get_run(name).info.status == "FINISHED"
    work.extend(run, 10)
    train(run, "mlflow")
    assert len(mlflow_store.search_runs([mlflow_store.get_run(name).info.experiment_id])) == 1
    assert [one.step for one in mlflow_store.get_metric_history(name, "train/loss")] == [10, 20]


def test_wandb_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = Run(tmp_path / "run")
    train(run, "wandb", steps=10)
    assert run.status().state == "finished" and list((run.path / "wandb").glob("offline-run-*/*.wandb"))
    assert importlib.import_module("wandb").run is None
