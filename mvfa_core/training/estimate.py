"""What a recipe will take on this machine: parameters, memory and time. An estimate, from a few measured steps.

What was measured is noted in the cache, for the same model, batch and machine, and measured once.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from mvfa_core.backbones import find_backbone
from mvfa_core.data.cache import digest
from mvfa_core.devices import find_device, machine_of
from mvfa_core.files import read_json, replace_text
from mvfa_core.folders import cache_root
from mvfa_core.processes import environment, stand_back
from mvfa_core.training.measured import Measured, measure, model_of
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import list_runs
from mvfa_core.training.split import listed, split_of, watched

MOMENTS = 2
"""Numbers that Adam and AdamW keep beside every weight."""
_DECIDES = (
    "backbone", "pooling", "k", "sizes", "head", "hidden", "anchors", "local", "batch", "optimizer", "augment", "mix",
    "precision", "compile", "deterministic",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What is known of a model without running it: C, its parameters, and bytes of the weights, of a gradient for each,
    and of what the optimiser keeps."""

    classes: int
    parameters: int
    weights: int
    gradients: int
    optimizer: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer


@dataclass(frozen=True)
class Estimate:
    """What a run will take. `total_s` is with its validations, without the decoding of its pictures. `memory` in bytes,
    None where the device does not tell. `beside` is whether another run was being trained meanwhile, which slows it."""

    size: Size
    train_n: int
    val_n: int
    measured: Measured
    step_s: float
    total_s: float
    memory: int | None
    beside: bool = False

    def to_json(self) -> dict[str, Any]:
        """The estimate as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Estimate:
        """The estimate of `to_json`."""
        size, measured = Size(**values["size"]), Measured(**values["measured"])
        return cls(**{**values, "size": size, "measured": measured})


def estimate(recipe: Recipe, *, again: bool = False) -> Estimate:
    """The estimate from what was noted or, if nothing was, from steps measured now, which takes some seconds.

    Args:
        again: whether to measure even if there is a note.

    Raises:
        ValueError: the recipe cannot be carried out: no such data, no such device, a batch that does not fit.
    """
    counts = picture_counts(recipe)
    found = None if again else noted(recipe, counts)
    return found or _fresh(recipe, counts)


def noted(recipe: Recipe, counts: tuple[int, int, int]) -> Estimate | None:
    """The estimate from what was measured of such a recipe before, or None. Cheap: nothing runs.

    Args:
        counts: what `picture_counts` says of it.

    Raises:
        ValueError: a device that is not here.
    """
    recipe = _whole_batch(recipe, counts)
    found = _notes().get(_key(recipe, counts[0]))
    try:
        measured = Measured(**(found or {}))
    except TypeError:  # nothing, or another version's
        return None
    return _scaled(recipe, counts, measured)


def begin(recipe: Recipe) -> subprocess.Popen[str]:
    """`estimate`, measured again, in a process of its own that stands back like a run: on standard output it answers
    with the JSON of an `Estimate`, or on standard error with a line."""
    words = shlex.split(recipe.command("NAME"))
    place = words.index("--out")
    command = [sys.executable, "-m", "mvfa_core", "estimate", *words[4:place], *words[place + 2 :], "--again", "--json"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    stand_back(process.pid)
    return process


def picture_counts(recipe: Recipe) -> tuple[int, int, int]:
    """C and the pictures that are trained on and watched, without decoding or drawing any.

    Raises:
        DataError: the data is not there or not laid out as it should be.
    """
    known = listed(split_of(recipe))
    return len(known.classes), known.counts["train"], known.counts[watched(recipe, known)]


def size_of(recipe: Recipe, classes: int) -> Size:
    """Counted on a model that has shapes and no numbers, so that it takes neither memory nor time."""
    with torch.device("meta"):
        model = model_of(recipe, classes)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return Size(classes, sum(p.numel() for p in model.parameters()), weights, weights, MOMENTS * weights)


def _fresh(recipe: Recipe, counts: tuple[int, int, int]) -> Estimate:
    recipe = _whole_batch(recipe, counts)
    measured = measure(recipe, counts[0])
    beside = any(run.is_alive() for run in list_runs())
    if not beside:  # what another run slowed down is worth nothing tomorrow
        _note(_key(recipe, counts[0]), measured)
    return replace(_scaled(recipe, counts, measured), beside=beside)


def _whole_batch(recipe: Recipe, counts: tuple[int, int, int]) -> Recipe:
    """With the batch that will be trained on: never more pictures than there are."""
    return replace(recipe, batch=min(recipe.batch, counts[1]))


def _scaled(recipe: Recipe, counts: tuple[int, int, int], measured: Measured) -> Estimate:
    classes, train_n, val_n = counts
    step_s = recipe.batch * measured.seconds_per_picture()
    validations = -(-recipe.steps // recipe.val_every)
    total_s = recipe.steps * step_s + validations * val_n * measured.evaluation_s
    memory = None
    if measured.memory is not None and measured.memory_per_picture is not None:
        memory = measured.memory + (recipe.batch - measured.batch) * measured.memory_per_picture
    return Estimate(size_of(recipe, classes), train_n, val_n, measured, step_s, total_s, memory)


def _key(recipe: Recipe, classes: int) -> str:
    side = find_backbone(recipe.backbone).side
    machine = machine_of(find_device(recipe.device))
    named = f"{recipe.backbone} {recipe.pooling}, batch {recipe.batch}, {side} px, {classes} classes, {machine}"
    return f"{named}, {digest([getattr(recipe, name) for name in _DECIDES])[:8]}"


def _notes() -> dict[str, Any]:
    try:
        content = read_json(cache_root() / "measured.json")
        return content if isinstance(content, dict) else {}
    except (OSError, ValueError):
        return {}


def _note(key: str, measured: Measured) -> None:
    cache_root().mkdir(parents=True, exist_ok=True)
    notes = {**_notes(), key: asdict(measured)}
    replace_text(cache_root() / "measured.json", json.dumps(notes, indent=2), durable=False)
