"""When a run has learned enough, or has stopped learning."""

from __future__ import annotations

from collections.abc import Sequence

from mvfa_core.percent import of_count
from mvfa_core.training.recipes import Recipe


def enough(recipe: Recipe, validations: Sequence[tuple[int, float]]) -> str:
    """Why the run ends before its last step, in one sentence, or an empty string if it goes on.

    It follows from the recipe and the validations alone, so a run that goes on after being killed ends where it would
    have ended.

    Args:
        validations: (step, accuracy) of every validation so far, in order.
    """
    if not validations:
        return ""
    step, accuracy = validations[-1]
    if recipe.stop_at is not None and accuracy >= recipe.stop_at:
        reached = f"{of_count(accuracy)}% reached the {of_count(recipe.stop_at)}%"
        return f"ended at step {step}: validation accuracy {reached} asked for"
    # a one-cycle schedule that began anew first unlearns a little; that is not held against it
    since = max((restart for restart in recipe.restarts if restart < step), default=0)
    recent = [value for at, value in validations if at > since]
    waited = len(recent) - 1 - recent.index(max(recent))
    if recipe.patience is not None and waited >= recipe.patience:
        best = of_count(max(recent))
        return f"ended at step {step}: no better validation accuracy than {best}% in the last {waited} validations"
    return ""
