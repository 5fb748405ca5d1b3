"""What a cell will take here: from the rate of its own run, or else from a few timed steps of its backbone, which are
noted in the cache so that they are timed once."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable

import torch

from mvfa_core.data.cache import cache_root
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.experiments.plan import Cell
from mvfa_core.experiments.standing import ENDED, Standing
from mvfa_core.losses import classification_loss
from mvfa_core.model import PAPER_K, build_model
from mvfa_core.training.device import find_device

TIMED_STEPS = {"cpu": 1}
TIMED_BATCH = {"cpu": 2}
"""On an accelerator small batches say nothing about large ones; there the recipe's own size is timed."""
EVALUATION = 1 / 3
"""A picture that is only looked at, to one that is trained on: forward alone, of forward and backward."""
VALIDATION_N = 1_000


def seconds_left(cell: Cell, standing: Standing, *, tell: Callable[[str], None] = lambda sentence: None) -> float:
    """Estimated seconds until the cell is filled, validations included; 0 where nothing is left to do. `tell` hears of
    what has to be timed first."""
    left = cell.recipe.steps - standing.step
    if left <= 0 or standing.state in ENDED[:2]:
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
    key = f"{backbone}, {batch} pictures, {_machine(place)}"
    noted = _noted()
    if key not in noted:
        tell(f"timing a step of {backbone}, once")
        noted[key] = _timed(backbone, place, batch)
        _note(noted)
    return noted[key]


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {platform.machine()}, {torch.get_num_threads()} threads"


def _timed(backbone: str, device: torch.device, batch: int) -> float:
    """The fastest of a few steps after one that does not count."""
    model = build_model(backbone, "gap").to(device)
    cells = (model.side // model.stride) ** 2
    model = build_model(backbone, "mfa", k=min(PAPER_K, cells)).to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    image_B3SS = torch.randn(batch, 3, model.side, model.side).to(device)
    labels_B = torch.arange(batch, device=device) % 10
    took = []
    for _ in range(TIMED_STEPS.get(device.type, 5) + 1):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = classification_loss(model(image_B3SS), labels_B).total
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - start)
    return min(took[1:]) / batch


def _noted() -> dict[str, float]:
    try:
        noted = json.loads((cache_root() / "rates.json").read_text())
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
