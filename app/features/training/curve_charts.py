"""Learning curves: what a run has told, as series of a chart that is updated in place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.base import session
from app.base.wording import wording_train as words
from app.ui import colours, components
from app.ui.components import component
from mvfa_core import csv_files
from mvfa_core.training.downsample import Point
from mvfa_core.training.event_log import GAP

_curves = component("curves", isolate=False)  # Plotly's own style sheet does not reach into a shadow root

Curves = Mapping[str, Sequence[Point]]

# field of the event, which chart, name of its name in the wording, colour, dash, wide
_SERIES = (
    ("loss", "loss", "LOSS_TOTAL", colours.TOTAL, "solid", False),
    ("loss_local", "loss", "LOSS_LOCAL", colours.MAIN, "solid", True),
    ("loss_global", "loss", "LOSS_GLOBAL", colours.AUXILIARY, "solid", True),
    ("train_accuracy", "accuracy", "ACCURACY_TRAIN", "", "dot", False),
    ("accuracy", "accuracy", "ACCURACY_VALIDATION", "", "solid", True),
)


def titles() -> tuple[tuple[str, str], ...]:
    """The charts of one run, as (id, title)."""
    return (("loss", words.LOSS), ("accuracy", words.ACCURACY))


def of_one_run(curves: Curves, pooling: str) -> list[dict[str, Any]]:
    """Loss and accuracy of one run, both losses of MFA apart."""
    kind = {"mfa": colours.MFA, "gap": colours.GAP}[pooling]
    found = []
    for field, chart, title, colour, dash, wide in _SERIES:
        if pooling == "gap" and field in ("loss_local", "loss_global"):
            continue  # one head: its loss is the loss
        if pooling == "gap" and field == "loss":
            title, colour, wide = "LOSS_GAP", kind, True
        found.append(
            line(field, chart, getattr(words, title), colour or kind, curves.get(field, ()), dash=dash, wide=wide)
        )
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
            "words": {**words.CURVES, "empty": words.CURVES_WAITING if waiting else words.CURVES_EMPTY},
        },
    )


def table(events: Sequence[dict[str, Any]]) -> str:
    """All steps and validations of a run as CSV, nothing thinned out."""
    rows = [event | ({"event": "validation"} if event["event"] == GAP else {}) for event in events
            if event["event"] in ("step", "validation", GAP)]  # fmt: skip
    return csv_files.records(dict.fromkeys(name for row in rows for name in row), rows)
