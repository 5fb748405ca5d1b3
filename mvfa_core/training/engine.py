"""The engine: trains a model on a data set and yields small events. It knows no file, no screen and no clock but its
own; command line, run folder, test and page listen.

    B images · S side in px
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch

from mvfa_core.checks import NotFiniteError, expect_choice
from mvfa_core.data.sets import DataSet
from mvfa_core.devices import machine_of, most_memory
from mvfa_core.losses import Loss
from mvfa_core.model import Classifier
from mvfa_core.precision import deterministic, tensor_float32
from mvfa_core.training.batches import Batch, Fetched, batch_of, fetch
from mvfa_core.training.objective import objective
from mvfa_core.training.parallel import ALONE, World
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.schedule import Schedule
from mvfa_core.training.speed import (
    DTYPES,
    compute_in,
    learning,
    load_optimizer,
    network_on,
    optimizer_for,
    precision_on,
    scaler_for,
)
from mvfa_core.training.validation import evaluate as evaluate
from mvfa_core.training.validation import predict as predict

LOG_EVERY = 10


@dataclass(frozen=True)
class Started:
    """What is about to be trained, on what. `val_n` pictures of the side called `watched` are looked at for validation;
    `passed_over` counts the files of the data set that are not used, by their reason. `precision` is what "auto" has
    become, `machine` the device in words, `torch` the version of PyTorch."""

    step: int
    classes: tuple[str, ...]
    train_n: int
    val_n: int
    device: str
    parameters: int
    time_s: float
    watched: str = "val"
    counts: dict[str, int] | None = None
    passed_over: dict[str, int] | None = None
    notes: tuple[str, ...] = ()
    precision: str = ""
    machine: str = ""
    torch: str = ""


@dataclass(frozen=True)
class Stepped:
    """Means over the steps since the last such event, even if the run was stopped in between. `loss_local` is None for
    GAP; `memory_bytes`, the most that was ever taken on the device, is None elsewhere than on CUDA."""

    step: int
    loss: float
    loss_global: float
    loss_local: float | None
    train_accuracy: float
    lr: float
    steps_per_s: float
    time_s: float
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Validated:
    """Accuracy on the n pictures of the side that is watched, and in bands of object scale where the scales are known
    (see `accuracy_by_scale`). At this point the model is worth saving."""

    step: int
    accuracy: float
    n: int
    time_s: float
    by_scale: list[dict] | None = None


@dataclass(frozen=True)
class Diverged:
    """The loss was not finite; the weights at this point are spoilt."""

    step: int
    time_s: float


@dataclass(frozen=True)
class Ticked:
    """A batch is done and all there was to say about it is said: the moment to stop. Nothing to note."""

    step: int


Event = Started | Stepped | Validated | Diverged | Ticked
_NAMES = {Started: "start", Stepped: "step", Validated: "validation", Diverged: "diverged", Ticked: "tick"}


def to_json(event: Event) -> dict:
    """An event as one JSON object, its kind under "event"."""
    return {"event": _NAMES[type(event)], **asdict(event)}


class Trainer:
    """A model on its way: network, optimiser, schedule and step count; everything a checkpoint must hold.

    Batches, flips and crops follow from (seed, step) alone, so a run that goes on from a checkpoint sees what it
    would have seen, and a GAP model sees the batches of its MFA twin.
    """

    def __init__(
        self, model: Classifier, recipe: Recipe, data: DataSet, device: torch.device, world: World = ALONE
    ) -> None:
        self.network, self.world = network_on(learning(model, recipe), recipe, device), world
        self.precision = precision_on(recipe.precision, device)
        shared = world.share(self.network, recipe, device)
        # the same module, compiled for training alone: validation has other batches and another mode
        self.forward = torch.compile(shared) if recipe.compile == "on" else shared
        self.model, self.recipe, self.data, self.device = self.network.model, recipe, data, device
        self.step = 0
        self.fetched: Fetched | None = None
        self.time_s = 0.0
        self.stood_s = 0.0
        # sums of (total, global, local, accuracy) over the batches since the last `Stepped`, and how many they are
        self.sums, self.summed = torch.zeros(4, device=device), 0
        self.optimizer = optimizer_for(self.model, recipe, device)
        self.scaler = scaler_for(self.network.dtype, device)
        self.schedule = Schedule(self.optimizer, recipe)

    def state(self) -> dict:
        """All that going on needs."""
        return {
            "step": self.step,
            "time_s": self.time_s,
            "sums": self.sums,
            "summed": self.summed,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state(),
            "scaler": self.scaler.state_dict(),
            "precision": self.precision,
        }

    def restore(self, state: dict) -> None:
        """Take up where `state` was made, in the precision that "auto" was there."""
        kept = state.get("precision", self.precision)
        if self.recipe.precision == "auto" and kept != self.precision:
            self._compute_in(kept)
        self.step, self.time_s = state["step"], state["time_s"]
        self.sums, self.summed = state["sums"].to(self.device), state["summed"]
        self.model.load_state_dict(state["model"])
        load_optimizer(self.optimizer, state["optimizer"])
        self.schedule.restore(state["schedule"])
        if state.get("scaler"):
            self.scaler.load_state_dict(state["scaler"])

    def _compute_in(self, precision: str) -> None:
        expect_choice(precision, DTYPES, "precision")
        compute_in(self.network, precision, self.device)
        self.precision, self.scaler = precision, scaler_for(self.network.dtype, self.device)

    def about(self) -> dict[str, Any]:
        """In which precision, on which machine and with which PyTorch it is trained."""
        return {"precision": self.precision, "machine": machine_of(self.device), "torch": str(torch.__version__)}

    def run(self) -> Iterator[Event]:
        """Train until the recipe's steps are done, yielding events on the way."""
        clock = self._now() - self.time_s
        try:
            yield from self._events(clock)
        except NotFiniteError:
            yield Diverged(self.step, round(self._now() - clock, 3))

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """What happens in here, between two events, counts neither as training time nor for the speed."""
        since = time.perf_counter()
        try:
            yield
        finally:
            self.stood_s += time.perf_counter() - since

    def _now(self) -> float:
        return time.perf_counter() - self.stood_s

    def is_sound(self) -> bool:
        """Whether the losses since the last `Stepped` are finite; waits for the device."""
        return math.isfinite(self.sums[0].item())

    def _events(self, clock: float) -> Iterator[Event]:
        parameters = sum(p.numel() for p in self.model.parameters())
        train_n, val_n = len(self.data.train), len(self.data.val)
        yield Started(self.step, self.data.classes, train_n, val_n, str(self.device), parameters, round(self.time_s, 3))
        since, since_step = self._now(), self.step
        while self.step < self.recipe.steps:
            self.schedule.before(self.step)
            lr = self.optimizer.param_groups[0]["lr"]
            self.learn(batch_of(self.data, self.recipe, self.step, self.device, self.world, self.fetched))
            self._fetch_ahead()
            last = self.step == self.recipe.steps
            log, validate = self.step % LOG_EVERY == 0 or last, self.step % self.recipe.val_every == 0 or last
            if log or validate:
                means = (self.sums / self.summed).tolist()  # the one place that waits for the device
                if not math.isfinite(means[0]):
                    raise NotFiniteError(f"loss: expected a finite number, got {means[0]}")
                self.time_s = self._now() - clock
            if log:
                rate = (self.step - since_step) / max(self._now() - since, 1e-9)
                total, global_, local, accuracy = means
                local_or_none = None if self.recipe.pooling == "gap" else local
                told = (self.step, total, global_, local_or_none, accuracy, lr, rate, round(self.time_s, 3))
                yield Stepped(*told, memory_bytes=most_memory(self.device))
                self.sums, self.summed = torch.zeros(4, device=self.device), 0
                since, since_step = self._now(), self.step
            if validate:
                before = self._now()
                accuracy, by_scale = evaluate(self.network, self.data.val, self.world)
                since += self._now() - before
                self.time_s = self._now() - clock
                yield Validated(self.step, accuracy, val_n, round(self.time_s, 3), by_scale)
            yield Ticked(self.step)

    def _fetch_ahead(self) -> None:
        """Gather the pictures of the next step while an accelerator computes this one."""
        self.fetched = None
        if self.device.type != "cpu" and self.step < self.recipe.steps:
            self.fetched = fetch(self.data, self.recipe, self.step, self.device, self.world)

    def is_heard(self) -> bool:
        """Whether a wish to stop is looked at after this step: always, but where several processes would have to tell
        each other, which on accelerators takes as long as a step, only at the logging points."""
        return self.world.size == 1 or self.device.type == "cpu" or self.step % LOG_EVERY == 0

    def learn(self, batch: Batch) -> None:
        """One step on one batch; what it told is added to the sums, still on the device."""
        with tensor_float32(self.network.tf32), deterministic(self.recipe.deterministic == "on"):
            self._learn(batch)

    def _learn(self, batch: Batch) -> None:
        self.network.train()
        # on an accelerator no step looks for NaN; all see it at their logging points, in the same means
        with self.world.together() if self.device.type == "cpu" else nullcontext():
            stages = self.forward(batch.image_B3SS, batch.labels_B)
            loss = objective(self.model, stages, batch.targets, self.recipe)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss.total).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.after(self.step)
        self.step += 1
        accuracy = (stages.ensemble_BC.detach().argmax(dim=1) == batch.labels_B).float().mean()
        self.sums, self.summed = self.sums + self.world.mean(torch.stack((*_detached(loss), accuracy))), self.summed + 1


def _detached(loss: Loss) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    local = torch.zeros_like(loss.total) if loss.local is None else loss.local
    return loss.total.detach(), loss.global_.detach(), local.detach()
