"""The engine: trains a model on a data set and yields small events. It knows no file, no screen and no clock but its
own; command line, run folder, test and page listen.

    B images · S side in px
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn

from mvfa_core.checks import NotFiniteError
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.ensembles import combine
from mvfa_core.images import normalise
from mvfa_core.losses import Loss
from mvfa_core.measure.scales import accuracy_by_scale
from mvfa_core.model import Classifier
from mvfa_core.training.batches import Batch, batch_of, to_device
from mvfa_core.training.device import most_memory
from mvfa_core.training.objective import objective
from mvfa_core.training.parallel import ALONE, World
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.schedule import Schedule
from mvfa_core.training.speed import moved, network_on, optimizer_for, scaler_for

LOG_EVERY = 10
EVAL_BATCH, EVAL_BATCH_CPU = 128, 8
"""Pictures at a time when nothing is learned; on a CPU so few that the allocator keeps a layer's memory for the next
one: larger blocks go back to the system each time, and fetching them again took longer than the layer."""


@dataclass(frozen=True)
class Started:
    """What is about to be trained, on what. `val_n` pictures of the side called `watched` are looked at for validation;
    `passed_over` counts the files of the data set that are not used, by their reason."""

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
        self.network, self.world = network_on(model, recipe, device), world
        shared = world.share(self.network, recipe, device)
        # the same module, compiled for training alone: validation has other batches and another mode
        self.forward = torch.compile(shared) if recipe.compile == "on" else shared
        self.model, self.recipe, self.data, self.device = self.network.model, recipe, data, device
        self.step = 0
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
        }

    def restore(self, state: dict) -> None:
        """Take up where `state` was made."""
        self.step, self.time_s = state["step"], state["time_s"]
        self.sums, self.summed = state["sums"].to(self.device), state["summed"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(moved(state["optimizer"], self.optimizer))
        self.schedule.restore(state["schedule"])
        if state.get("scaler"):
            self.scaler.load_state_dict(state["scaler"])

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
            self.learn(batch_of(self.data, self.recipe, self.step, self.device, self.world))
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

    def learn(self, batch: Batch) -> None:
        """One step on one batch; what it told is added to the sums, still on the device."""
        self.network.train()
        with self.world.together():
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


@torch.no_grad()
def predict(
    model: nn.Module, pictures: PictureSet, batch: int | None = None, ensemble: str = "logit-sum"
) -> np.ndarray:
    """The predicted class of every picture, int64 (N,): Eq. 8, or by another rule of `ENSEMBLES` for the views.

    Args:
        model: normalised pictures -> Stages: a `Classifier`, or the `Network` that trains one, in its precision.
        batch: pictures at a time; None for what suits the device.
    """
    model.eval()
    device = next(model.parameters()).device
    batch = batch or (EVAL_BATCH_CPU if device.type == "cpu" else EVAL_BATCH)
    found = []
    for start in range(0, len(pictures), batch):
        raw = to_device(np.array(pictures.images[start : start + batch]), device)  # torch wants it writable
        stages = model(normalise(raw))
        scores_BC = stages.ensemble_BC if stages.logits_BMC is None else combine(stages.logits_BMC, ensemble)
        found.append(scores_BC.argmax(dim=1))
    return torch.cat(found).cpu().numpy()


def evaluate(model: nn.Module, pictures: PictureSet, world: World = ALONE) -> tuple[float, list[dict] | None]:
    """The share of pictures whose predicted class is their label, in all and in bands of object scale (None where the
    scales are not known); several processes each look at a part of them."""
    mine = world.part(len(pictures))
    scales = None if pictures.scales is None else pictures.scales[mine]
    part = PictureSet(pictures.images[mine], pictures.labels[mine], pictures.names[mine], scales)
    right_N = predict(model, part) == part.labels if len(part) else np.zeros(0, bool)
    accuracy = world.total(int(right_N.sum())) / len(pictures)
    return accuracy, None if scales is None else accuracy_by_scale(right_N, scales, world.total)


def _detached(loss: Loss) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    local = torch.zeros_like(loss.total) if loss.local is None else loss.local
    return loss.total.detach(), loss.global_.detach(), local.detach()
