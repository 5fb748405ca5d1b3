"""Figure 6: learning curves of GAP and MFA, one panel a data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from mvfa_core.figures.common import Fact, file_name, title_of
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.request import FigureSpec
from mvfa_core.figures.sheet import Chart, Line, Sheet
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations

COLOURS = {"gap": "#e69f00", "mfa": "#0072b2"}
Curve = Sequence[tuple[int, float]]


def sheet(request: FigureSpec, desk: FigureSources) -> Sheet:
    """The validations of every run or model: those on the same data set share a panel, several of one kind keep their
    own line.

    Raises:
        ValueError: one without any validation, or one that cannot be read.
    """
    options = request.options
    _ = translations(options.language).gettext
    curves: dict[str, list[tuple[str, Curve]]] = {}
    names = []
    for where in request.runs:
        one = desk.curve(where)
        curves.setdefault(Path(one.data).name, []).append((one.pooling, one.points))
        names.append(one.name)
    charts = tuple(
        Chart(
            f"{place + 1:02d}-{file_name(data)}",
            lines(found),
            _("iterations"),
            _("validation accuracy, %"),
            above=title_of(options, place, data),
        )
        for place, (data, found) in enumerate(curves.items())
    )
    kinds = [kind for kind in COLOURS if any(kind == pooling for found in curves.values() for pooling, *rest in found)]
    legend = tuple((kind.upper(), COLOURS[kind]) for kind in kinds)
    facts: list[Fact] = [
        (
            N_("Validation accuracy while training: GAP (dashed) and MFA (solid) on {data}."),
            {"data": ", ".join(curves)},
        ),
        (N_("Runs: {runs}."), {"runs": ", ".join(names)}),
    ]
    if any(math.isnan(value) for chart in charts for line in chart.lines for value in line.y):
        facts.append((N_("A gap in a line: the accuracy there is not a finite number."), {}))
    return Sheet("fig6", ("",), (charts,), legend=legend, facts=tuple(facts))


def lines(found: Sequence[tuple[str, Curve]]) -> tuple[Line, ...]:
    """One line a run, accuracy in per cent; GAP first, so that MFA lies on top."""
    drawn = []
    for pooling in COLOURS:
        of_kind = [points for kind, points in found if kind == pooling]
        for points in of_kind:
            steps, shares = zip(*points, strict=True)
            drawn.append(
                Line(
                    pooling.upper(),
                    COLOURS[pooling],
                    tuple(map(float, steps)),
                    tuple(100 * float(share) for share in shares),
                    dash="-" if pooling == "mfa" else "--",
                    thin=len(of_kind) > 1,
                )
            )
    return tuple(drawn)
