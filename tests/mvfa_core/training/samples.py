"""What the tests of training share: tiny sets, tiny recipes, and looks at what a run left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from mvfa_core import build_model
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.training.engine import Event, Trainer
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from tests.pictures import COLOURS, noisy

CLASSES = tuple(COLOURS)
# A short, quick way through everything that a checkpoint must hold: moments, a schedule, flips and crops.
TINY = Recipe(
    k=3, sizes=(3,), steps=12, batch=4, optimizer="adamw", schedule="one-cycle", lr=2e-3, weight_decay=0.01,
    val_every=5, device="cpu", seed=7,
)  # fmt: skip
WAIT_S = 180
TIMES = ("time_s", "steps_per_s")


def picture_set(each: int, first: int, side: int = 112) -> PictureSet:
    """`each` pictures of every colour, of side x side px."""
    images, labels, names = [], [], []
    for label, name in enumerate(CLASSES):
        for number in range(first, first + each):
            images.append(np.asarray(noisy(COLOURS[name], 1000 * label + number, (side, side))))
            labels.append(label)
            names.append(f"{name}/{number}")
    return PictureSet(np.stack(images), np.array(labels), tuple(names))


def data_set(each: int = 4, held_out: int = 2) -> DataSet:
    return DataSet("colours", CLASSES, picture_set(each, 0), picture_set(held_out, 500))


def trainer(data: DataSet | None = None, recipe: Recipe = TINY, **changes: object) -> Trainer:
    recipe = replace(recipe, **changes)
    options = {} if recipe.pooling == "gap" else {"k": recipe.k, "sizes": recipe.sizes}
    model = build_model(recipe.backbone, recipe.pooling, len(CLASSES), seed=recipe.seed, classes=CLASSES, **options)
    return Trainer(model, recipe, data or data_set(), torch.device("cpu"))


def of_kind(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def told(run: Run) -> list[dict]:
    """What a run told, less starts and ends and what depends on the clock: the same for the same training."""
    events = [event for event in run.events()[0] if event["event"] in ("step", "validation")]
    return [{name: value for name, value in event.items() if name not in TIMES} for event in events]


def assert_same_training(run: Run, reference: Run) -> None:
    """Weights and figures are the same, bit for bit."""
    assert told(run) == told(reference)
    weights, wanted = (load_file(one.path / "model.safetensors") for one in (run, reference))
    assert weights.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.equal(weights[name], tensor), f"{name} differs"


def wait_for(condition: Callable[[], object], what: str, longest_s: float | None = None) -> None:
    longest_s = longest_s or WAIT_S
    end = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < end, f"waited {longest_s:.0f} s in vain for {what}"
        time.sleep(0.02)


def log_of(run: Run) -> str:
    file = Path(run.path / "output.log")
    return file.read_text() if file.exists() else ""
