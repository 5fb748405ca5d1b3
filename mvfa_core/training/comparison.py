"""Runs side by side: in what their recipes differ, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mvfa_core.training.recipe_fields import declared
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

_NOT_COMPARED = ("preset",)
"""Where a recipe was taken from says nothing that its fields do not say."""


def decisive(recipe: Recipe, *, views: bool = True) -> dict[str, Any]:
    """The fields that have a part in what is learned, with their values; without `views` none of theirs."""
    known = declared(type(recipe)).items()
    kept = [name for name, about in known if about.decides and (views or not about.of_views)]
    return {name: getattr(recipe, name) for name in kept}


def differences(recipes: Sequence[Recipe]) -> dict[str, list[Any]]:
    """The fields in which recipes are not all alike, with the value of each; None for one to which a field means
    nothing, as those of views do to GAP. Such recipes are not held against the others."""
    differing = {}
    for name, about in declared(type(recipes[0])).items():
        means = [recipe.pooling == "mfa" or not about.of_views for recipe in recipes]
        values = [getattr(recipe, name) if meant else None for recipe, meant in zip(recipes, means, strict=True)]
        heard = [value for value, meant in zip(values, means, strict=True) if meant]
        if name not in _NOT_COMPARED and any(value != heard[0] for value in heard):
            differing[name] = values
    return differing


@dataclass(frozen=True)
class Outcome:
    """What came of a run: accuracies are shares of the validation pictures, `time_s` is what training took."""

    id: str
    state: str
    step: int
    steps: int
    last: float | None
    best: float | None
    best_step: int | None
    time_s: float | None


def compare(runs: Sequence[Run]) -> dict:
    """Runs as columns: `runs` holds an `Outcome` each, as a dict, and `differences` the recipe fields in which they are
    not all alike, with one value a run.

    Raises:
        RunError: one of them is no run, or its recipe cannot be read.
    """
    differing = differences([run.recipe() for run in runs])
    lists = {name: [list(v) if isinstance(v, tuple) else v for v in values] for name, values in differing.items()}
    return {"runs": [asdict(outcome(run)) for run in runs], "differences": lists}


def outcome(run: Run) -> Outcome:
    """What came of one run, from its whole log."""
    status, events = run.status(), run.events()[0]
    validations = [event for event in events if event["event"] == "validation"]
    best = max(validations, key=lambda event: event["accuracy"], default=None)
    timed = [event["time_s"] for event in events if "time_s" in event]
    return Outcome(
        run.id,
        status.state,
        status.step,
        status.steps,
        validations[-1]["accuracy"] if validations else None,
        best["accuracy"] if best else None,
        best["step"] if best else None,
        timed[-1] if timed else None,
    )
