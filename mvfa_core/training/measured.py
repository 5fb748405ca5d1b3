"""A few steps of a recipe, measured here on pictures of noise.

    B images · S side in px · C classes

The steps go through the engine like those of a run, so augmentation, precision and optimiser are in the figures. On a
CPU a whole batch of a large network takes minutes: there the batch grows from 2 as long as a step stays short, and
whoever reads the figures scales them up.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import psutil
import torch

from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.devices import is_out_of_memory, machine_of, use_device
from mvfa_core.model import Classifier, build_model
from mvfa_core.training.engine import Ticked, Trainer
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.validation import EVAL_BATCH, evaluate

STEPS = {"cpu": 2}
"""Steps that count, after one that does not."""
STEPS_ELSEWHERE = 10
LONGEST_S = 1.5
"""A step on a CPU that would take longer is measured on a smaller batch."""
LONGEST_ALL_S = 5.0
"""After so many seconds with one size of batch, one step that counts is enough."""
SMALLEST = 2
"""Pictures in a batch at least: some attention blocks normalise over the batch."""


@dataclass(frozen=True)
class Measured:
    """A few steps as they went.

    Attributes:
        batch: pictures in the largest batch that was measured. steps: how many of it counted.
        step_s: the fastest step of that batch. evaluation_s: for each picture that is only looked at.
        memory, memory_per_picture: peak bytes at that batch, and for every picture more; None where the device does
            not tell. On a CPU it is the whole process, on a GPU what lies on it.
        machine: on what.
    """

    batch: int
    steps: int
    step_s: float
    evaluation_s: float
    memory: int | None
    memory_per_picture: int | None
    machine: str

    def seconds_per_picture(self) -> float:
        """Of a training step."""
        return self.step_s / self.batch


def measure(recipe: Recipe, classes: int) -> Measured:
    """Train a few steps on noise, here and now, in this process; weights are fresh ones.

    Raises:
        ValueError: the model cannot be built, the device is not here, or the batch does not fit on it.
    """
    device = use_device(recipe.device)
    model = model_of(recipe, classes)
    steps = STEPS.get(device.type, STEPS_ELSEWHERE)
    peaks: list[tuple[int, int | None]] = []
    step_s = 0.0
    for batch in _batches(recipe.batch, device):
        if len(peaks) > 1 and 2 * step_s > LONGEST_S:
            break
        pictures = _noise(batch, classes, model)
        trainer = Trainer(model, replace(recipe, batch=batch, steps=10**6, val_every=10**6), pictures, device)
        took = _timed_steps(trainer, steps)
        step_s = min(took)
        peaks.append((batch, _peak(device)))
    evaluation_s = _timed_evaluation(trainer)
    return Measured(len(trainer.data.val), len(took), step_s, evaluation_s, *_line(peaks), machine_of(device))


def model_of(recipe: Recipe, classes: int) -> Classifier:
    """The recipe's model with fresh weights."""
    return build_model(
        recipe.backbone,
        recipe.pooling,
        classes,
        k=recipe.k,
        sizes=recipe.sizes,
        head=recipe.head,
        head_options=recipe.head_options(),
        anchors=recipe.anchors,
        seed=recipe.seed,
    )


def devices_here() -> list[str]:
    """The names of the devices that this machine has, the CPU last."""
    gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return [*gpus, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def _batches(batch: int, device: torch.device) -> list[int]:
    """What is measured: on a CPU growing sizes. An accelerator is quick, and there small ones say nothing of large."""
    if device.type != "cpu":
        return [batch]
    sizes = [min(SMALLEST, batch)]
    while sizes[-1] < batch:
        sizes.append(min(2 * sizes[-1], batch))
    return sizes


def _noise(batch: int, classes: int, model: Classifier) -> DataSet:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (batch, model.side, model.side, 3), dtype=np.uint8)
    pictures = PictureSet(images, np.arange(batch) % classes, tuple(map(str, range(batch))))
    return DataSet("noise", tuple(map(str, range(classes))), pictures, pictures)


def _timed_steps(trainer: Trainer, steps: int) -> list[float]:
    """Seconds of every step after the first: so many, or one where they are slow."""
    if trainer.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(trainer.device)
    took: list[float] = []
    start = time.perf_counter()
    try:
        for event in trainer.run():
            if isinstance(event, Ticked):
                _wait(trainer.device)
                took.append(time.perf_counter() - start)
                start = time.perf_counter()
            if len(took) > steps or (len(took) > 1 and sum(took) > LONGEST_ALL_S):
                break
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        batch = trainer.recipe.batch
        raise ValueError(f"batch: {batch} pictures do not fit into the memory of {trainer.device}; try half") from None
    return took[1:]


def _timed_evaluation(trainer: Trainer) -> float:
    """Seconds a picture at a validation: in its precision and, on an accelerator, warm and in batches of its size."""
    pictures = trainer.data.val
    if trainer.device.type != "cpu":
        place = np.arange(2 * EVAL_BATCH) % len(pictures)
        names = tuple(pictures.names[i] for i in place)
        pictures = PictureSet(pictures.images[place], pictures.labels[place], names)
        evaluate(trainer.network, pictures)
    _wait(trainer.device)
    start = time.perf_counter()
    evaluate(trainer.network, pictures)  # what it answers has been read back from the device
    return (time.perf_counter() - start) / len(pictures)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _peak(device: torch.device) -> int | None:
    """Bytes: on a GPU the most that its tensors took, on a CPU the most that this process ever took."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return _process_peak() if device.type == "cpu" else None


def _process_peak() -> int:
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux tells kilobytes


def _line(peaks: list[tuple[int, int | None]]) -> tuple[int | None, int | None]:
    """The peak at the largest batch, and by how much it rose with every picture since the one before."""
    batch, peak = peaks[-1]
    if peak is None:
        return None, None
    if len(peaks) == 1:
        return peak, 0
    before, low = peaks[-2]
    return peak, (peak - (low or 0)) // (batch - before)
