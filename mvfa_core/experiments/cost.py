"""What a cell will take here: from the rate of its own run, or else from a few timed steps of its backbone, which are
noted in the cache so that they are timed once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import torch

from mvfa_core.backbones import find_backbone
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.devices import find_device, machine_of
from mvfa_core.experiments.plan import Cell
from mvfa_core.experiments.standing import ENDED, MISSING, Standing
from mvfa_core.files import read_json
from mvfa_core.folders import cache_root
from mvfa_core.model import PAPER_K
from mvfa_core.training.measured import measure
from mvfa_core.training.recipes import Recipe

CLASSES = 10
TIMED_BATCH = {"cpu": 2}
"""On an accelerator small batches say nothing about large ones; there the recipe's own size is timed."""
EVALUATION = 1 / 3
"""A picture that is only looked at, to one that is trained on: forward alone, of forward and backward."""
VALIDATION_N = 1_000


def seconds_left(cell: Cell, standing: Standing, *, tell: Callable[[str], None] = lambda sentence: None) -> float:
    """Estimated seconds until the cell is filled, validations included; 0 where nothing is left to do. `tell` hears of
    what has to be timed first."""
    left = cell.recipe.steps - standing.step
    if left <= 0 or (standing.state in ENDED and standing.state != MISSING):
        return 0.0
    recipe = cell.recipe
    rate = standing.rate
    if rate:
        each = 1 / (rate * recipe.batch)
    else:
        each = seconds_per_picture(recipe.backbone, recipe.device, recipe.batch, tell)
    pictures = left * recipe.batch + max(1, left // recipe.val_every) * _held_out(cell.data) * EVALUATION
    return each * pictures


def _held_out(data: str) -> int:
    entry = CATALOGUE.get(data)
    if entry is None:
        return VALIDATION_N
    return entry.val if entry.val is not None else round(entry.pictures * entry.split.val_part)


def seconds_per_picture(
    backbone: str, device: str = "auto", batch: int = 64, tell: Callable[[str], None] = lambda sentence: None
) -> float:
    """Of one training step, by its number of pictures: noted from before, or timed now."""
    place = find_device(device)
    batch = min(batch, TIMED_BATCH.get(place.type, batch))
    key = f"{backbone}, {batch} pictures, {machine_of(place)}"
    noted = _noted()
    if key not in noted:
        tell(f"timing a step of {backbone}, once")
        noted[key] = _timed(backbone, place, batch)
        _note(noted)
    return noted[key]


def _timed(backbone: str, device: torch.device, batch: int) -> float:
    entry = find_backbone(backbone)
    cells = (entry.side // entry.stride) ** 2
    recipe = Recipe(backbone=backbone, k=min(PAPER_K, cells), batch=batch, device=str(device))
    return measure(recipe, CLASSES).seconds_per_picture()


def _noted() -> dict[str, float]:
    try:
        noted = read_json(cache_root() / "rates.json")
        return {str(key): float(value) for key, value in noted.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _note(rates: dict[str, float]) -> None:
    file = cache_root() / "rates.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(json.dumps(rates, indent=2))
    os.replace(part, file)


def in_words(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= 90):
            return f"{seconds / size:.1f} {unit}" if seconds < 10 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
