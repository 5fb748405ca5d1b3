"""Line charts over whole numbers: the component, and what a line and a marked place of it are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.base import component_values, session
from app.base.i18n import _
from app.ui import panels
from app.ui.components import component

_lines = component("lines")


@dataclass(frozen=True)
class Axes:
    """What is on the axes, with its unit; `at` names a place on the horizontal one.

    `percent` shows 0 to 1 as 0 to 100.
    """

    x: str
    y: str
    at: str
    percent: bool = False


def line(name: str, values: Iterable[float], colour: str, *, dashed: bool = False) -> dict[str, Any]:
    """One line, a value for every place."""
    return {
        "name": name,
        "values": [float(f"{value:.6g}") for value in np.asarray(values, dtype=np.float64)],
        "colour": colour,
        "dash": "6 4" if dashed else "",
    }


def mark(place: int, text: str = "", *, strong: bool = False) -> dict[str, Any]:
    """An upright at a place, counted from 0."""
    return {"place": place, "text": text, "strong": strong}


def show(
    key: str,
    title: str,
    axes: Axes,
    places: Sequence[int],
    series: Sequence[dict[str, Any]],
    *,
    recipe: dict,
    marks: Sequence[dict[str, Any]] = (),
    chosen: int | None = None,
    sets: str | None = None,
    cells: Sequence[tuple[int, int] | None] | None = None,
) -> None:
    """The lines over consecutive whole numbers.

    Args:
        chosen: the number that is read out while none is pointed at. sets: the key that a pressed number is kept under.
        cells: for every place the cell (x, y) that it outlines on the boards.
    """
    own = session.LINES(key)

    def picked() -> None:
        value = component_values.whole(own, "picked")
        if sets and value is not None:
            session.put(sets, value)

    _lines(
        key=own,
        on_picked_change=picked,
        data={
            "name": f"{key} {recipe['picture']} {recipe['model']}",
            "title": title,
            "x": {"title": axes.x, "values": list(places)},
            "y": {"title": axes.y, "percent": axes.percent},
            "series": list(series),
            "marks": list(marks),
            "chosen": chosen,
            "choose": sets is not None,
            "cells": None if cells is None else [cell and list(cell) for cell in cells],
            "channel": panels.CHANNEL,
            "recipe": recipe["text"],
            "words": {**{"save": _("Save {title} as {kind}"), "table": _("The lines as a table")}, "at": axes.at},
        },
    )
