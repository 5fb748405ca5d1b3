"""Numbers as a table with a bar in every row: the component, and what a row of it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.base import component_values, session
from app.base.i18n import _
from app.ui import panels
from app.ui.components import component

_bars = component("bars")


def row(
    name: str,
    amount: float,
    value: str,
    colour: str,
    *,
    cells: Sequence[str] = (),
    badge: str = "",
    cell: Sequence[int] | None = None,
    chosen: bool = False,
) -> dict[str, Any]:
    """One row: its name, further texts, the length of its bar and the number in words.

    With `cell`, (x, y), the row outlines that cell on the boards and chooses it when pressed.
    """
    return {
        "name": name,
        "cells": list(cells),
        "amount": round(float(amount), 6),
        "value": value,
        "colour": colour,
        "badge": badge,
        "cell": None if cell is None else [int(i) for i in cell],
        "chosen": chosen,
    }


def show(
    key: str,
    caption: str,
    columns: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    *,
    span: tuple[float, float] | None = None,
    total: tuple[str, str] | None = None,
    scroll: bool = False,
) -> None:
    """The rows under the titles `columns` (name, cells, value) on one axis.

    Args:
        caption: what the table shows, for those who do not see it.
        span: what the axis covers at least. total: the last line, name and number. scroll: a long list in a frame.
    """
    key = session.BARS(key)

    def picked() -> None:
        if cell := component_values.wholes(key, "picked", 2):
            session.put(session.CELL, cell)

    _bars(
        key=key,
        on_picked_change=picked,
        data={
            "caption": caption,
            "channel": panels.CHANNEL,
            "columns": columns,
            "rows": list(rows),
            "range": span,
            "total": total and {"name": total[0], "value": total[1]},
            "scroll": scroll,
            "save": _("Save {title} as CSV").format(title=caption),
        },
    )
