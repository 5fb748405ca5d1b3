"""Learning curves: what a run has told, as series of a chart that is updated in place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.base import session
from app.base.i18n import _
from app.ui import colours, components
from app.ui.components import component
from mvfa_core import csv_files
from mvfa_core.training.downsample import Point
from mvfa_core.training.event_log import GAP

_curves = component("curves", isolate=False)  # Plotly's own style sheet does not reach into a shadow root

Curves = Mapping[str, Sequence[Point]]

# field of the event, which chart, which name, colour, dash, wide
_SERIES = (
    ("loss", "loss", "total", colours.TOTAL, "solid", False),
    ("loss_local", "loss", "local", colours.MAIN, "solid", True),
    ("loss_global", "loss", "global", colours.AUXILIARY, "solid", True),
    ("train_accuracy", "accuracy", "batches", "", "dot", False),
    ("accuracy", "accuracy", "validation", "", "solid", True),
)


def titles() -> tuple[tuple[str, str], ...]:
    """The charts of one run, as (id, title)."""
    return (("loss", _("Loss")), ("accuracy", _("Accuracy")))


def of_one_run(curves: Curves, pooling: str) -> list[dict[str, Any]]:
    """Loss and accuracy of one run, both losses of MFA apart."""
    kind = {"mfa": colours.MFA, "gap": colours.GAP}[pooling]
    names = {
        "total": _("total"),
        "gap": _("the one head of GAP"),
        "local": _("per-view classifier, L_local"),
        "global": _("whole-image prediction, L_global"),
        "batches": _("training batches"),
        "validation": _("validation"),
    }
    found = []
    for field, chart, title, colour, dash, wide in _SERIES:
        if pooling == "gap" and field in ("loss_local", "loss_global"):
            continue  # one head: its loss is the loss
        if pooling == "gap" and field == "loss":
            title, colour, wide = "gap", kind, True
        found.append(line(field, chart, names[title], colour or kind, curves.get(field, ()), dash=dash, wide=wide))
    return [one for one in found if one["values"]]


def line(
    key: str, chart: str, name: str, colour: str, points: Sequence[Point], *, dash: str = "solid", wide: bool = True
) -> dict[str, Any]:
    """One curve of a chart; `key` tells it from the others. A value that is no finite number is None: a gap."""
    return {
        "id": key,
        "chart": chart,
        "name": name,
        "colour": colour,
        "dash": dash,
        "wide": wide,
        "steps": [point.step for point in points],
        "times": [point.time_s for point in points],
        "values": [float(f"{point.value:.6g}") if math.isfinite(point.value) else None for point in points],
    }


def reference(chart: str, name: str, colour: str, value: float) -> dict[str, Any]:
    """A level to compare with, which nobody here has trained."""
    return {"chart": chart, "name": name, "colour": colour, "value": value}


def _curves_words() -> dict[str, str]:
    return {
        "horizontal": _("Horizontal axis"),
        "by_step": _("By step"),
        "by_time": _("By time"),
        "log": _("Log loss"),
        "linear": _("Linear loss"),
        "log_x": _("Log axis"),
        "linear_x": _("Linear axis"),
        "smooth": _("Smoothing"),
        "off": _("off"),
        "raw": _("raw"),
        "step": _("step"),
        "time": _("seconds"),
        "save": _("Save {title} as {kind}"),
        "chart": _("{title}. The arrow keys move along the curves, Enter keeps a step, Escape lets it go."),
        "reset": _("Whole run"),
        "table": _("The curves as tables"),
        "no_number": _("not a number"),
        "gap_nan": _("{name}: a gap where the value is not a finite number, first at step {step}."),
        "gap_low": _("{name}: a gap where the loss is not above 0, first at step {step}. The linear axis shows it."),
    }


def show(
    name: str,
    series: Sequence[dict[str, Any]],
    steps: int,
    *,
    charts: Sequence[tuple[str, str]] | None = None,
    references: Sequence[dict[str, Any]] = (),
    waiting: bool = False,
) -> None:
    """The curves of the run `name`, on the axes of the whole run.

    Args:
        charts: which to draw, as (id, title); None for those of one run. references: levels from elsewhere.
        waiting: more will come.
    """
    _curves(
        key=session.CURVES,
        data={
            "name": name,
            "plotly": components.PLOTLY_ADDRESS,
            "series": list(series),
            "references": list(references),
            "steps": steps,
            "charts": [{"id": chart, "title": title} for chart, title in charts or titles()],
            "words": {
                **_curves_words(),
                "empty": _("The curves begin with the tenth step.")
                if waiting
                else _("This run ended before its first curve."),
            },
        },
    )


def table(events: Sequence[dict[str, Any]]) -> str:
    """All steps and validations of a run as CSV, nothing thinned out."""
    rows = [event | ({"event": "validation"} if event["event"] == GAP else {}) for event in events
            if event["event"] in ("step", "validation", GAP)]  # fmt: skip
    return csv_files.records(dict.fromkeys(name for row in rows for name in row), rows)
