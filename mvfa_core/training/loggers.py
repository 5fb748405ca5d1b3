"""Loggers: what a run tells, told to TensorBoard, Weights & Biases or MLflow as well, through their own packages.

A run that goes on goes on in the same log. What it tells twice, the steps after its last checkpoint, is the same both
times, because batches follow from seed and step alone.
"""

from __future__ import annotations

import importlib
import json
import uuid
from dataclasses import asdict
from types import ModuleType
from typing import Any, Protocol

from mvfa_core.files import read_json, replace_text
from mvfa_core.training.engine import Event, Stepped, Trainer, Validated
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

PROJECT = "mvfa"
NOTE = "logs.json"
"""In the run folder: what the run is called by those who keep logs of many, and why one heard no more of it."""


class LoggerError(ValueError):
    """A logger that cannot be used; the sentence says why and what to do."""


class Log(Protocol):
    """Where numbers go."""

    def write(self, values: dict[str, float], step: int) -> None: ...

    def close(self) -> None: ...


class Logger:
    """A recorder that tells one log. It is opened by the first event and must be closed.

    What goes wrong later ends the log, not the training.

    Raises:
        LoggerError: at construction, if the package is not installed; at the first event, if the log cannot be opened.
    """

    def __init__(self, run: Run, recipe: Recipe) -> None:
        self.run, self.recipe = run, recipe
        self.package = _package(recipe.log)
        self.log: Log | None = None
        self.broken = False

    def __call__(self, trainer: Trainer, event: Event) -> None:
        if self.log is None:
            self.log = self._opened(event.step)
        values = values_of(event)
        if not values or self.broken:
            return
        try:
            self.log.write(values, event.step)
        except Exception as error:  # hours of training are worth more than a server that has gone away
            self.broken = True
            _remember(self.run, "error", f"{self.recipe.log}: nothing after step {event.step} ({_why(error)})")

    def close(self) -> None:
        """Let the log write what it holds."""
        if self.log is not None and not self.broken:
            self.log.close()

    def _opened(self, step: int) -> Log:
        try:
            return _LOGS[self.recipe.log](self.package, self.run, self.recipe, step)
        except Exception as error:  # each package has errors of its own, for a server that is not there for one
            raise LoggerError(f"{self.recipe.log}: the log cannot be opened ({_why(error)})") from error


def _why(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def values_of(event: Event) -> dict[str, float]:
    """The numbers of an event by the names they have in a log; none where it has nothing to plot."""
    if isinstance(event, Stepped):
        named = {f"train/{name.removeprefix('train_')}": value for name, value in asdict(event).items()}
        return {name: value for name, value in named.items() if value is not None and name not in _NO_CURVES}
    return {"val/accuracy": event.accuracy} if isinstance(event, Validated) else {}


_NO_CURVES = ("train/step", "train/time_s")


def _package(name: str) -> ModuleType:
    missing = LoggerError(f"--log {name} needs the package {name}; install it with: pip install {name}")
    try:
        package = importlib.import_module(name)
    except ImportError as error:
        raise missing from error
    if package.__file__ is None:  # a folder of that name, with logs in it, passes for a package
        raise missing
    return package


class TensorBoard:
    """Event files in the run's folder `tensorboard`."""

    def __init__(self, package: ModuleType, run: Run, recipe: Recipe, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = run.path / "tensorboard"
        # what was told after the checkpoint that the run goes on from is hidden
        again = step + 1 if folder.is_dir() else None
        self.writer = SummaryWriter(str(folder), purge_step=again)
        self.writer.add_text("recipe", f"```\n{json.dumps(recipe.to_json(), indent=2)}\n```", step)

    def write(self, values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)
        self.writer.flush()  # the process may be killed at any moment

    def close(self) -> None:
        self.writer.close()


class WeightsAndBiases:
    """A run of the project "mvfa"; $WANDB_MODE=offline keeps it in the run's folder `wandb`."""

    def __init__(self, package: Any, run: Run, recipe: Recipe, step: int) -> None:
        settings = package.Settings(console="off", disable_git=True, save_code=False)
        known = _known(run, "wandb") or _remember(run, "wandb", uuid.uuid4().hex)
        self.run = package.init(
            project=PROJECT, name=run.id, id=known, resume="allow", dir=str(run.path), config=recipe.to_json(),
            settings=settings,
        )  # fmt: skip

    def write(self, values: dict[str, float], step: int) -> None:
        self.run.log(values, step=step)

    def close(self) -> None:
        self.run.finish()


class MLflow:
    """A run of the experiment "mvfa" in the store that $MLFLOW_TRACKING_URI names."""

    def __init__(self, package: Any, run: Run, recipe: Recipe, step: int) -> None:
        self.entities = importlib.import_module("mlflow.entities")
        self.client = package.MlflowClient()
        known = _known(run, "mlflow")
        if known:
            self.client.set_terminated(known, "RUNNING")
        self.id = known or _remember(run, "mlflow", self._new(run, recipe))

    def _new(self, run: Run, recipe: Recipe) -> str:
        experiment = self.client.get_experiment_by_name(PROJECT)
        place = experiment.experiment_id if experiment else self.client.create_experiment(PROJECT)
        made = self.client.create_run(place, run_name=run.id)
        params = [self.entities.Param(name, str(value)) for name, value in recipe.to_json().items()]
        self.client.log_batch(made.info.run_id, params=params)
        return str(made.info.run_id)

    def write(self, values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            self.client.log_metric(self.id, name, value, step=step)

    def close(self) -> None:
        self.client.set_terminated(self.id)


_LOGS: dict[str, Any] = {"tensorboard": TensorBoard, "wandb": WeightsAndBiases, "mlflow": MLflow}


def _known(run: Run, log: str) -> str:
    """What the run is called in a log of many, or an empty string."""
    return str(_notes(run).get(log, ""))


def _remember(run: Run, log: str, name: str) -> str:
    replace_text(run.path / NOTE, json.dumps({**_notes(run), log: name}))
    return name


def _notes(run: Run) -> dict[str, Any]:
    try:
        return dict(read_json(run.path / NOTE))
    except (OSError, ValueError, TypeError):
        return {}
