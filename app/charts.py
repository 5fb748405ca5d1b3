"""Learning curves: what a run has told, as series of a chart that is updated in place."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

from app import colours, server, state
from app import wording_train as words
from app.components import component

_curves = component("curves", isolate=False)  # Plotly's own style sheet does not reach into a shadow root

MOST_POINTS = 500

# field of the event, which chart, name, colour, dash, wide
_SERIES = (
    ("step", "loss", "loss", words.LOSS_TOTAL, colours.TOTAL, "solid", False),
    ("step", "loss_local", "loss", words.LOSS_LOCAL, colours.MAIN, "solid", True),
    ("step", "loss_global", "loss", words.LOSS_GLOBAL, colours.AUXILIARY, "solid", True),
    ("step", "train_accuracy", "accuracy", words.ACCURACY_TRAIN, "", "dot", False),
    ("validation", "accuracy", "accuracy", words.ACCURACY_VALIDATION, "", "solid", True),
)


def show_curves(name: str, events: Sequence[dict[str, Any]], steps: int, pooling: str, *, waiting: bool) -> None:
    """Loss and accuracy of a run so far, on the axes of the whole run. `waiting`: more will come."""
    series: list[dict[str, Any]] = []
    kind = {"mfa": colours.MFA, "gap": colours.GAP}[pooling]
    for event, field, chart, title, colour, dash, wide in _SERIES:
        if pooling == "gap" and field in ("loss_local", "loss_global"):
            continue  # one head: its loss is the loss
        if pooling == "gap" and field == "loss":
            title, colour, wide = words.LOSS_GAP, kind, True
        told = [one for one in events if one["event"] == event and _is_number(one.get(field))]
        kept = thin([one[field] for one in told])
        line = {"id": field, "chart": chart, "name": title, "colour": colour or kind, "dash": dash, "wide": wide}
        line |= {"steps": [told[i]["step"] for i in kept], "times": [told[i]["time_s"] for i in kept]}
        series.append(line | {"values": [told[i][field] for i in kept]})
    _curves(
        key=state.CURVES,
        data={
            "name": name,
            "plotly": server.PLOTLY_ADDRESS,
            "series": [one for one in series if one["values"]],
            "steps": steps,
            "charts": [{"id": "loss", "title": words.LOSS}, {"id": "accuracy", "title": words.ACCURACY}],
            "words": {**words.CURVES, "empty": words.CURVES_WAITING if waiting else words.CURVES_EMPTY},
        },
    )


def _is_number(value: Any) -> bool:
    # JSON has no NaN, and a curve has no place for it.
    return isinstance(value, (int, float)) and math.isfinite(value)


def thin(values: Sequence[float], most: int = MOST_POINTS) -> list[int]:
    """Indices of at most `most` values that keep the shape: the lowest and highest of every stretch, and both ends."""
    count = len(values)
    if count <= most:
        return list(range(count))
    stretches = most // 2 - 1
    kept = {0, count - 1}
    for part in range(stretches):
        stretch = range(part * count // stretches, (part + 1) * count // stretches)
        kept |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return sorted(kept)


def table(events: Sequence[dict[str, Any]]) -> str:
    """All steps and validations of a run as CSV, nothing thinned out."""
    rows = [event for event in events if event["event"] in ("step", "validation")]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
