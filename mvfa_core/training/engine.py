"""The engine: trains a model on a data set and yields small events. It knows no file, no screen and no clock but its
own; command line, run folder, test and page listen.

    B images · S side in px
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch

from mvfa_core.checks import NotFiniteError
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.ensembles import combine
from mvfa_core.images import normalise
from mvfa_core.losses import Loss
from mvfa_core.model import Classifier
from mvfa_core.training.batches import batch_of
from mvfa_core.training.objective import objective
from mvfa_core.training.recipes import Recipe

LOG_EVERY = 10
EVAL_BATCH = 128


@dataclass(frozen=True)
class Started:
    """What is about to be trained, on what."""

    step: int
    classes: tuple[str, ...]
    train_n: int
    val_n: int
    device: str
    parameters: int
    time_s: float


@dataclass(frozen=True)
class Stepped:
    """Means over the steps since the last such event, even if the run was stopped in between. `loss_local` is None for
    GAP."""

    step: int
    loss: float
    loss_global: float
    loss_local: float | None
    train_accuracy: float
    lr: float
    steps_per_s: float
    time_s: float


@dataclass(frozen=True)
class Validated:
    """Accuracy on the n pictures of the val split. At this point the model is worth saving."""

    step: int
    accuracy: float
    n: int
    time_s: float


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

    def __init__(self, model: Classifier, recipe: Recipe, data: DataSet, device: torch.device) -> None:
        self.model, self.recipe, self.data, self.device = model.to(device), recipe, data, device
        self.step = 0
        self.time_s = 0.0
        # sums of (total, global, local, accuracy) over the batches since the last `Stepped`, and how many they are
        self.sums, self.summed = torch.zeros(4, device=device), 0
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimizer]
        self.optimizer = kind(model.parameters(), lr=recipe.lr, betas=(0.9, 0.999), weight_decay=recipe.weight_decay)
        self.schedule: torch.optim.lr_scheduler.LRScheduler | None = None
        if recipe.schedule == "one-cycle":
            total = max(recipe.steps, 2)
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, max_lr=recipe.lr, total_steps=total)

    def state(self) -> dict:
        """All that going on needs."""
        return {
            "step": self.step,
            "time_s": self.time_s,
            "sums": self.sums,
            "summed": self.summed,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict() if self.schedule else None,
        }

    def restore(self, state: dict) -> None:
        """Take up where `state` was made."""
        self.step, self.time_s = state["step"], state["time_s"]
        self.sums, self.summed = state["sums"].to(self.device), state["summed"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule and state["schedule"]:
            self.schedule.load_state_dict(state["schedule"])

    def run(self) -> Iterator[Event]:
        """Train until the recipe's steps are done, yielding events on the way."""
        clock = time.perf_counter() - self.time_s
        try:
            yield from self._events(clock)
        except NotFiniteError:
            yield Diverged(self.step, round(time.perf_counter() - clock, 3))

    def is_sound(self) -> bool:
        """Whether the losses since the last `Stepped` are finite; waits for the device."""
        return math.isfinite(self.sums[0].item())

    def _events(self, clock: float) -> Iterator[Event]:
        parameters = sum(p.numel() for p in self.model.parameters())
        train_n, val_n = len(self.data.train), len(self.data.val)
        yield Started(self.step, self.data.classes, train_n, val_n, str(self.device), parameters, round(self.time_s, 3))
        since, since_step = time.perf_counter(), self.step
        while self.step < self.recipe.steps:
            lr = self.optimizer.param_groups[0]["lr"]
            self._train_step()
            last = self.step == self.recipe.steps
            log, validate = self.step % LOG_EVERY == 0 or last, self.step % self.recipe.val_every == 0 or last
            if log or validate:
                means = (self.sums / self.summed).tolist()  # the one place that waits for the device
                if not math.isfinite(means[0]):
                    raise NotFiniteError(f"loss: expected a finite number, got {means[0]}")
                self.time_s = time.perf_counter() - clock
            if log:
                rate = (self.step - since_step) / max(time.perf_counter() - since, 1e-9)
                total, global_, local, accuracy = means
                local_or_none = None if self.recipe.pooling == "gap" else local
                yield Stepped(self.step, total, global_, local_or_none, accuracy, lr, rate, round(self.time_s, 3))
                self.sums, self.summed = torch.zeros(4, device=self.device), 0
                since, since_step = time.perf_counter(), self.step
            if validate:
                before = time.perf_counter()
                accuracy = evaluate(self.model, self.data.val)
                since += time.perf_counter() - before
                self.time_s = time.perf_counter() - clock
                yield Validated(self.step, accuracy, val_n, round(self.time_s, 3))
            yield Ticked(self.step)

    def _train_step(self) -> None:
        """One batch; what it told is added to the sums, still on the device."""
        self.model.train()
        batch = batch_of(self.data, self.recipe, self.step, self.device)
        stages = self.model(batch.image_B3SS, batch.labels_B)
        loss = objective(self.model, stages, batch.targets, self.recipe)
        self.optimizer.zero_grad(set_to_none=True)
        loss.total.backward()
        self.optimizer.step()
        if self.schedule and self.step + 1 < self.recipe.steps:
            self.schedule.step()
        self.step += 1
        accuracy = (stages.ensemble_BC.detach().argmax(dim=1) == batch.labels_B).float().mean()
        self.sums, self.summed = self.sums + torch.stack((*_detached(loss), accuracy)), self.summed + 1


@torch.no_grad()
def predict(
    model: Classifier, pictures: PictureSet, batch: int = EVAL_BATCH, ensemble: str = "logit-sum"
) -> np.ndarray:
    """The predicted class of every picture, int64 (N,): Eq. 8, or by another rule of `ENSEMBLES` for the views."""
    model.eval()
    device = next(model.parameters()).device
    found = []
    for start in range(0, len(pictures), batch):
        raw = torch.from_numpy(np.array(pictures.images[start : start + batch])).to(device)  # torch wants it writable
        stages = model(normalise(raw))
        scores_BC = stages.ensemble_BC if stages.logits_BMC is None else combine(stages.logits_BMC, ensemble)
        found.append(scores_BC.argmax(dim=1).cpu().numpy())
    return np.concatenate(found)


def evaluate(model: Classifier, pictures: PictureSet) -> float:
    """The share of pictures whose predicted class is their label."""
    return float((predict(model, pictures) == pictures.labels).mean())


def _detached(loss: Loss) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    local = torch.zeros_like(loss.total) if loss.local is None else loss.local
    return loss.total.detach(), loss.global_.detach(), local.detach()
