"""The history table: every run folder as a row, those that cannot be read with what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.base import component_values, errors, session
from app.base.i18n import _
from app.base.wording import wording
from app.features.training import runs_words as words
from app.features.training import words as train_words
from app.ui import colours
from app.ui.components import component
from mvfa_core.names import visible
from mvfa_core.training.comparison import differences
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.runs import RunError

_table = component("runs_table")

TONES = {"running": colours.MAIN, "starting": colours.MAIN, "finished": colours.MFA, "paused": colours.GAP}
QUIET, TROUBLE = colours.TOTAL, "#d55e00"
TROUBLED = ("failed", "diverged", "lost", "unreadable")
SPARK = 24
"""Points of the little curve in a row, at most."""


def show(runs: Sequence[FollowedRun]) -> list[str]:
    """The table; returns the names that are ticked, in the order of ticking."""
    rows = [row(run) for run in runs]
    there = {one["id"] for one in rows}

    def ticked() -> None:
        session.put(session.PICKED, component_values.texts(session.RUNS_TABLE, "picked"))

    picked = [name for name in session.get(session.PICKED, []) if name in there]
    _table(
        key=session.RUNS_TABLE,
        on_picked_change=ticked,
        data={
            "rows": rows,
            "picked": picked,
            "words": {
                "caption": _("Runs with their state and accuracy"),
                "search": _("Find"),
                "search_hint": _("part of a name, state or model"),
                "state": _("State"),
                "data": _("Pictures"),
                "pooling": _("Head"),
                "any": _("any"),
                "all": _("Select all that are shown"),
                "pick": _("Select {run}"),
                "count": _("{shown} of {all} runs, {picked} selected"),
                "none": _("No run fits. Empty the fields above to see all of them."),
                "columns": _columns(),
            },
        },
    )
    return picked


def row(run: FollowedRun) -> dict[str, Any]:
    """What the browser needs of one run: texts to show, and values to sort by."""
    try:
        recipe = run.recipe()
        status = run.status()
    except RunError as error:
        return _unreadable(run, errors.message(error))
    begun = (run.path / "recipe.json").stat().st_mtime
    best = run.best()
    data = Path(recipe.data).name
    model = train_words.model(recipe.pooling, recipe.backbone)
    order = {"name": run.id.lower(), "state": status.state, "data": data, "model": model, "steps": status.step}
    order |= {"accuracy": status.accuracy, "best": best.value if best else None, "when": begun}
    return {
        "id": run.id,
        "name": visible(run.id),
        "state": status.state,
        "label": train_words.states()[status.state],
        "tone": TONES.get(status.state, TROUBLE if status.state in TROUBLED else QUIET),
        "moving": status.state in ("starting", "running"),
        "data": data,
        "model": model,
        "pooling": recipe.pooling.upper(),
        "colour": {"mfa": colours.MFA, "gap": colours.GAP}[recipe.pooling],
        "curve": _spark(run),
        "why": "",
        "shown": {
            "steps": f"{status.step:,} / {status.steps:,}",
            "accuracy": _share(status.accuracy),
            "best": _share(best.value if best else None),
            "when": words.when(begun),
        },
        "order": order,
    }


def _unreadable(run: FollowedRun, why: str) -> dict[str, Any]:
    file = run.path / "recipe.json"
    begun = file.stat().st_mtime if file.exists() else 0.0
    label = train_words.states()["unreadable"]
    empty = dict.fromkeys(("steps", "accuracy", "best"), "")
    order = {"name": run.id.lower(), "state": "unreadable", "data": "", "model": "", "when": begun}
    return {
        "id": run.id,
        "name": visible(run.id),
        "state": "unreadable",
        "label": label,
        "tone": TROUBLE,
        "moving": False,
        "data": "",
        "model": "",
        "pooling": "",
        "colour": QUIET,
        "curve": [],
        "why": _("{why}. Mend or take away the folder {folder}; nothing else depends on it.").format(
            why=why.rstrip("."), folder=visible(run.path.name)
        ),
        "shown": {**empty, "when": words.when(begun)},
        "order": {**order, **dict.fromkeys(("steps", "accuracy", "best"))},
    }


def _share(value: float | None) -> str:
    return words.NOTHING if value is None else wording.share(value)


def _spark(run: FollowedRun) -> list[float]:
    points = [one for one in run.curves().get("accuracy", []) if math.isfinite(one.value)]
    step = max(1, -(-len(points) // SPARK))
    return [round(point.value, 3) for point in points[::step]]


def _columns() -> dict[str, str]:
    return {
        "name": _("Run"),
        "state": _("State"),
        "data": _("Pictures"),
        "model": _("Model"),
        "steps": _("Steps"),
        "accuracy": _("Validation"),
        "best": _("Best"),
        "curve": _("Its curve, from 0 to 100\u00a0%"),
        "when": _("Started"),
    }


def side_by_side(runs: Sequence[FollowedRun]) -> list[tuple[str, ...]]:
    """Rows of a name and a value for each run: what differs between the recipes, then what came of it."""
    differing = differences([run.recipe() for run in runs])
    rows = [(name, *map(words.shown, values)) for name, values in differing.items()]
    for name in ("state", "steps", "accuracy", "best"):
        rows.append((_columns()[name], *(_cell(row(run), name) for run in runs)))
    return rows


def _cell(one: dict[str, Any], name: str) -> str:
    return one["label"] if name == "state" else one["shown"][name]
