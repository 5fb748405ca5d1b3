"""Learning curves on paper: the lines of a chart as a figure whose text stays text."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import matplotlib
from matplotlib.figure import Figure

from mvfa_core.checks import expect, expect_choice
from mvfa_core.figures.request import FORMATS
from mvfa_core.figures.room import DRAWING
from mvfa_core.figures.sheet import alone_in

DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
MOST_DECADES = 1.0
"""A loss that falls by more than this many powers of ten is drawn on a logarithmic axis."""
GAP = "gap: not a finite number"
GAP_LOG = "gap: not a finite number, or not above 0, which a logarithmic axis cannot show"


@dataclass(frozen=True)
class Line:
    """One curve: its name, a colour that Matplotlib knows, a dash, and the values by step; `level` in place of values
    draws a horizontal line. A value that is None or no finite number is a gap."""

    name: str
    colour: str
    dash: str = "solid"
    steps: Sequence[int] = ()
    values: Sequence[float | None] = ()
    level: float | None = None


def learning_curves(panels: Mapping[str, Sequence[Line]], *, shares: Sequence[str] = ()) -> Figure:
    """One panel a title, side by side. Those named in `shares` hold shares from 0 to 1 and are drawn in per cent.

    Raises:
        ValueError: no panel, or a dash that is not one of `DASHES`.
    """
    expect(len(panels) > 0, "panels", "at least one", 0)
    figure = Figure(figsize=(3.3 * len(panels), 2.6), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        logarithmic = title not in shares and _spans_decades(lines)
        gaps = [_draw(axes, line, 100.0 if title in shares else 1.0, logarithmic) for line in lines]
        if logarithmic:
            axes.set_yscale("log")
        if any(gaps):
            why = GAP_LOG if logarithmic else GAP
            axes.text(0.5, 0.02, why, transform=axes.transAxes, ha="center", va="bottom", fontsize=5.5)
        axes.set_title(title + (", %" if title in shares else ""), fontsize=8)
        axes.set_xlabel("steps", fontsize=7)
        axes.tick_params(labelsize=6)
        axes.grid(alpha=0.3)
        if lines:
            for text in axes.legend(fontsize=5.5).get_texts():
                text.set_parse_math(False)  # a run may be called anything
    return figure


def _draw(axes: matplotlib.axes.Axes, line: Line, unit: float, logarithmic: bool) -> bool:
    """Draw a line; whether it has a gap. A point between two gaps is drawn as a dot, as no line leads to it."""
    expect_choice(line.dash, DASHES, "dash")
    if line.level is not None:
        axes.axhline(unit * line.level, color=line.colour, label=line.name, linewidth=0.8, linestyle=":")
        return False
    least = 0.0 if logarithmic else -math.inf
    values = [unit * value if _is_number(value) and value > least else math.nan for value in line.values]
    (drawn,) = axes.plot(line.steps, values, DASHES[line.dash], color=line.colour, label=line.name, linewidth=1.1)
    if alone := alone_in(values):
        drawn.set(marker=".", markevery=alone, markersize=3)
    return any(map(math.isnan, values))


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _spans_decades(lines: Sequence[Line]) -> bool:
    values = [value for line in lines for value in line.values if _is_number(value) and value > 0]
    return bool(values) and max(values) > 10**MOST_DECADES * min(values)


def as_bytes(figure: Figure, kind: str) -> bytes:
    """The file that `kind`, png, svg or pdf, would be."""
    expect_choice(kind, FORMATS, "kind")
    buffer = io.BytesIO()
    with DRAWING, matplotlib.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=kind, dpi=300)
    return buffer.getvalue()
