"""Where a run stands: its state, how far it is, and the figures that people ask for, updated in place."""

from __future__ import annotations

from app.base import session
from app.base.i18n import _
from app.base.wording import wording
from app.features.training import words
from app.ui import colours
from app.ui.components import component
from mvfa_core.names import visible
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Status

_line = component("run_line")

MB = 2**20


def _facts() -> dict[str, str]:
    return {
        "step": _("Step"),
        "rate": _("Speed"),
        "left": _("Time left"),
        "elapsed": _("Trained for"),
        "accuracy": _("Validation"),
        "best": _("Best so far"),
        "device": _("Device"),
        "memory": _("Device memory"),
    }


def show(run: FollowedRun, status: Status) -> None:
    """The line of a run; every figure has its place from the beginning, so nothing moves when it arrives."""
    recipe = run.recipe()
    share = min(status.step / status.steps, 1.0) if status.steps else 0.0
    _line(
        key=session.RUN_LINE,
        data={
            "state": status.state,
            "label": words.states()[status.state],
            "note": _note(status),
            "what": describe(recipe),
            "share": round(share, 4),
            "colour": {"mfa": colours.MFA, "gap": colours.GAP}[recipe.pooling],
            "facts": [[_facts()[name], value or "–"] for name, value in facts(run, status).items()],
            # Read out when it changes: the state and each validation, not every step.
            "said": f"{words.states()[status.state]}, {words.accuracy(status.accuracy)}",
            "words": {"progress": _("Steps done")},
        },
    )


def _note(status: Status) -> str:
    if status.state == "starting":
        return words.preparing(status.message) or _("Preparing the pictures; the first steps follow.")
    return _("It starts when the runs before it are done.") if status.state == "queued" else ""


def describe(recipe: Recipe) -> str:
    """What is trained, in a line."""
    views = (recipe.k, recipe.sizes) if recipe.pooling == "mfa" else None
    return words.trained(words.model(recipe.pooling, recipe.backbone), recipe.data, views, recipe.seed)


def facts(run: FollowedRun, status: Status) -> dict[str, str]:
    """The figures by name; an empty string where there is nothing to say yet."""
    told, start, best = run.newest("step"), run.newest("start"), run.best()
    rate, left = status.steps_per_s, status.seconds_left
    memory = run.memory_bytes()
    return {
        "step": f"{status.step:,} / {status.steps:,}",
        "rate": words.rate(rate) if rate else "",
        "left": words.duration(left) if left is not None else "",
        "elapsed": "" if told.get("time_s") is None else words.duration(told["time_s"]),
        "accuracy": "" if status.accuracy is None else wording.share(status.accuracy),
        "best": "" if best is None else words.best(best.value, best.step),
        "device": visible(str(start.get("device", ""))),
        "memory": words.memory(memory / MB) if memory else "",
    }
