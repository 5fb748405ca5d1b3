"""Runs side by side: in what their recipes differ, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

_NOT_COMPARED = ("preset",)
"""Where a recipe was taken from says nothing that its fields do not say."""


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
    recipes = [run.recipe().to_json() for run in runs]
    fields = [name for name in Recipe().to_json() if name not in _NOT_COMPARED]
    differences = {name: values for name in fields if _differ(values := [recipe[name] for recipe in recipes])}
    return {"runs": [asdict(outcome(run)) for run in runs], "differences": differences}


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


def _differ(values: Sequence[object]) -> bool:
    return any(value != values[0] for value in values)
