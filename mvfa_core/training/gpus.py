"""Which GPU a run is given that is started beside others: the one with the fewest runs."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress

import psutil
import torch

from mvfa_core.devices import asked
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError

VISIBLE = "CUDA_VISIBLE_DEVICES"
_ANY = ("auto", "cuda")


def visible_gpus() -> list[str]:
    """The CUDA devices that this process sees, by the names that `CUDA_VISIBLE_DEVICES` takes."""
    count = torch.cuda.device_count()
    named = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    return named[:count] or [str(place) for place in range(count)]


def own_gpu(run: Run, recipe: Recipe) -> dict[str, str]:
    """What the environment of a run's process needs, so that runs beside each other are on different GPUs: nothing
    where there are not several, where the recipe or `MVFA_DEVICE` names one, or where the run shares its batches among
    several."""
    names = visible_gpus()
    if len(names) < 2 or asked(recipe.device) not in _ANY or recipe.devices * recipe.nodes > 1:
        return {}
    beside = (other for other in run.path.parent.iterdir() if other != run.path and other.is_dir())
    taken = Counter(name for other in beside for name in _used(Run(other), names))
    return {VISIBLE: min(names, key=lambda name: taken[name])}


def _used(run: Run, names: list[str]) -> list[str]:
    """The GPUs of a run that is being trained."""
    process = run.process()
    if process is None:
        return []
    shown = ""
    with suppress(psutil.Error, OSError):
        shown = process.environ().get(VISIBLE, "")
    own = [name for name in names if name == shown.strip()]
    with suppress(RunError):
        recipe = run.recipe()
        device = asked(recipe.device)
        if device == "cpu":
            return []
        kind, _, place = device.partition(":")
        if place.isdecimal():
            own = names[int(place) : int(place) + 1] if kind == "cuda" else []
        elif recipe.devices > 1:
            own = names[: recipe.devices]
    return own or names[:1]
