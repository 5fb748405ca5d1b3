"""How fast whole training steps are: with the pictures' way to the device, without it, and by a plain loop.

B images · S image side in px
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from mvfa_core.backbones import find_backbone
from mvfa_core.bench.method import compare
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.data.sources import load_data
from mvfa_core.devices import use_device
from mvfa_core.images import MEAN, STD
from mvfa_core.losses import classification_loss
from mvfa_core.model import POOLINGS, Classifier, build_model
from mvfa_core.training.batches import Batch, batch_of
from mvfa_core.training.engine import Trainer
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.saving import save
from mvfa_core.training.validation import EVAL_BATCH, EVAL_BATCH_CPU, evaluate

TRAINING, RESIDENT, PLAIN = "training", "batch on the device", "plain loop"
PICTURES, CLASSES = 512, 10
"""Decoded pictures in a memory map where no data is named. They are noise: a step takes as long on any picture."""
MATRIX = {"cuda": 8192, "cpu": 1024}
ENLARGED = 256 / 224


@dataclass(frozen=True)
class Measured:
    """One way to train one model. `over_resident` is its steps per second over those of the same model on a batch that
    lies on the device already, `over_gap` its time over the GAP twin's, both round by round. `peak_bytes` is what it
    allocated at most on a GPU; `flops` those of one step's products and convolutions. As the engine trains,
    `validation_ms` for each picture that is validated, and `checkpoint_ms` for each checkpoint, besides."""

    model: str
    pooling: str
    way: str
    batch: int
    step_ms: tuple[float, ...]
    over_resident: tuple[float, ...]
    over_gap: tuple[float, ...]
    peak_bytes: int | None
    flops: int
    validation_ms: float | None = None
    checkpoint_ms: float | None = None

    def to_json(self, matrix_flops_per_s: float) -> dict:
        """Medians with least and most; `of_matrix_rate` is the share of what a large matrix product reaches."""
        ms = _spread(self.step_ms)
        rate = self.flops / ms["median"] * 1000
        return {
            "model": self.model, "pooling": self.pooling, "way": self.way, "batch": self.batch, "step_ms": ms,
            "steps_per_s": round(1000 / ms["median"], 3),
            "pictures_per_s": round(self.batch * 1000 / ms["median"], 1),
            "over_resident": _spread(self.over_resident), "over_gap": _spread(self.over_gap),
            **{name: value for name, value in self._beside().items() if value is not None},
            "peak_bytes": self.peak_bytes, "flops_per_step": self.flops, "flops_per_s": round(rate),
            "of_matrix_rate": round(rate / matrix_flops_per_s, 4),
        }  # fmt: skip

    def _beside(self) -> dict[str, float | None]:
        return {"validation_ms": self.validation_ms, "checkpoint_ms": self.checkpoint_ms}


@dataclass(frozen=True)
class _Contestant:
    work: Callable[[], object]
    peak_bytes: int | None


def bench_train(
    model: str,
    recipe: Recipe,
    *,
    steps: int = 20,
    rounds: int = 3,
    workers: int = 2,
    data: str | None = None,
) -> list[Measured]:
    """Milliseconds a training step of the model and of its GAP twin takes, three ways: as the engine trains, reading,
    augmenting and carrying pictures over; the same loop on a batch that lies on the device; and a plain loop in
    float32 with torch's DataLoader, one picture at a time augmented by its workers.

    Args:
        model: a backbone's name.
        recipe: its batch, precision, compile and device count.
        steps: in a row; the device is waited for only at their end.
        workers: processes of the DataLoader.
        data: a name of the catalogue or a folder, else noise in a memory map.
    """
    device = use_device(recipe.device)
    torch.compiler.reset()  # Dynamo keeps eight graphs of a network's code; the models before fill them
    with _pictures(model, data) as pictures:
        contestants, flops = {}, {}
        for pooling in POOLINGS:
            for way in (TRAINING, RESIDENT, PLAIN):
                make = _plain if way == PLAIN else _engine
                network = _model(model, pooling, len(pictures.classes))
                contestants[pooling, way] = _made(make, network, recipe, pictures, device, steps, workers, way)
            flops[pooling] = _flops(_model(model, pooling, len(pictures.classes)), recipe.batch)
        rows = compare({f"{p}/{w}": c.work for (p, w), c in contestants.items()}, f"gap/{RESIDENT}", rounds)
        beside = {p: _beside(_model(model, p, len(pictures.classes)), recipe, pictures, device) for p in POOLINGS}
    ms = {key: tuple(value / steps for value in row.milliseconds) for key, row in zip(contestants, rows, strict=True)}
    return [
        Measured(
            model, pooling, way, recipe.batch, ms[pooling, way],
            _each(ms[pooling, RESIDENT], ms[pooling, way]), _each(ms[pooling, way], ms["gap", way]),
            contestants[pooling, way].peak_bytes, flops[pooling], *(beside[pooling] if way == TRAINING else ()),
        )
        for pooling, way in contestants
    ]  # fmt: skip


def matrix_rate(device: torch.device, dtype: torch.dtype, rounds: int = 10) -> float:
    """Floating-point operations a second in a product of two large square matrices: the most that steps could reach."""
    side = MATRIX.get(device.type, 1024)
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(rounds):
        _wait(device)
        start = time.perf_counter()
        a @ b
        _wait(device)
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best


def _made(
    make: Callable[..., Callable[[], object]],
    model: Classifier,
    recipe: Recipe,
    data: DataSet,
    device: torch.device,
    *rest: Any,
) -> _Contestant:
    """A contestant after its first round, and what that took of the device's memory beyond what lay there before."""
    if device.type != "cuda":
        return _Contestant(make(model, recipe, data, device, *rest), None)
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    work = make(model, recipe, data, device, *rest)
    work()
    torch.cuda.synchronize(device)
    return _Contestant(work, torch.cuda.max_memory_allocated(device) - before)


def _engine(
    model: Classifier, recipe: Recipe, data: DataSet, device: torch.device, steps: int, workers: int, way: str
) -> Callable[[], object]:
    trainer = Trainer(model, recipe, data, device)

    def next_batch() -> Batch:
        return batch_of(data, recipe, trainer.step, device)

    resident = next_batch()

    def work() -> None:
        for _ in range(steps):
            trainer.learn(resident if way == RESIDENT else next_batch())

    return work


def _plain(
    model: Classifier, recipe: Recipe, data: DataSet, device: torch.device, steps: int, workers: int, way: str
) -> Callable[[], object]:
    """The loop one would write first."""
    network = model.to(device).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.lr)
    loader = DataLoader(
        _OneByOne(data.train, model.side), batch_size=recipe.batch, shuffle=True, drop_last=True, num_workers=workers,
        pin_memory=device.type == "cuda", persistent_workers=workers > 0,
    )  # fmt: skip

    def forever() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            yield from loader

    batches = forever()

    def work() -> None:
        for _ in range(steps):
            image_B3SS, labels_B = (tensor.to(device) for tensor in next(batches))
            loss = classification_loss(network(image_B3SS), labels_B).total
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return work


class _OneByOne(Dataset):
    """Decoded pictures, flipped, enlarged and cropped one at a time by torchvision."""

    def __init__(self, pictures: PictureSet, side: int) -> None:
        from torchvision.transforms import v2

        self.pictures = pictures
        self.transform = v2.Compose([
            v2.RandomHorizontalFlip(), v2.Resize(round(side * ENLARGED), antialias=True), v2.RandomCrop(side),
            v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD),
        ])  # fmt: skip

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = torch.from_numpy(np.array(self.pictures.images[index])).permute(2, 0, 1)
        return self.transform(picture), int(self.pictures.labels[index])


def _beside(model: Classifier, recipe: Recipe, data: DataSet, device: torch.device) -> tuple[float, float]:
    """Milliseconds that a validation takes for each picture, and a checkpoint with its best weights; both warm."""
    trainer = Trainer(model, replace(recipe, compile="off"), data, device)
    trainer.learn(batch_of(data, recipe, 0, device))
    count = min(len(data.val), 2 * (EVAL_BATCH_CPU if device.type == "cpu" else EVAL_BATCH))
    pictures = PictureSet(data.val.images[:count], data.val.labels[:count], data.val.names[:count])
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder) / "run")
        run.create(recipe)
        validation, checkpoint = (
            _seconds(work, device)
            for work in (lambda: evaluate(trainer.network, pictures), lambda: save(run, trainer, best=True))
        )
    return 1000 * validation / count, 1000 * checkpoint


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    work()
    _wait(device)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _flops(model: Classifier, batch: int) -> int:
    """Of one step, forward and backward, counted on one picture."""
    image_B3SS = torch.randn(2, 3, model.side, model.side)
    with FlopCounterMode(display=False) as counter:
        classification_loss(model.train()(image_B3SS), torch.tensor([0, 1])).total.backward()
    return counter.get_total_flops() * batch // 2


def _model(name: str, pooling: str, classes: int) -> Classifier:
    return build_model(name, pooling, classes)


@contextmanager
def _pictures(model: str, data: str | None) -> Iterator[DataSet]:
    side = find_backbone(model).side
    if data is not None:
        yield load_data(data, side)
        return
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "images.npy"
        stored = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=(PICTURES, side, side, 3))
        for row in stored:
            row[:] = rng.integers(0, 256, row.shape, dtype=np.uint8)
        stored.flush()
        del stored
        names = tuple(str(i) for i in range(PICTURES))
        pictures = PictureSet(np.load(file, mmap_mode="r"), np.arange(PICTURES) % CLASSES, names)
        yield DataSet("noise", tuple(str(c) for c in range(CLASSES)), pictures, pictures)


def _each(above: Sequence[float], below: Sequence[float]) -> tuple[float, ...]:
    return tuple(a / b for a, b in zip(above, below, strict=True))


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": float(np.median(ordered)), "min": ordered[0], "max": ordered[-1]}


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
