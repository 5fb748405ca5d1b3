"""Contribution maps: what every cell adds to the ensemble logit of a class, exactly; one column a picture."""

from __future__ import annotations

from dataclasses import replace

from mvfa_core.checks import expect
from mvfa_core.figures.common import (
    Fact,
    explained,
    grid_words,
    map_tile,
    model_facts,
    picture_facts,
    plain_tile,
    span_fact,
    with_limits,
)
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.request import FigureSpec
from mvfa_core.figures.sheet import Panel, Sheet
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations


def sheet(request: FigureSpec, desk: FigureSources) -> Sheet:
    """Two rows: the picture, and its map centred on zero with the sum of its cells below.

    Raises:
        ValueError: the head is not linear.
    """
    options, (model,) = request.options, request.models
    every = explained(request, desk, model)
    _ = translations(options.language).gettext
    rows: list[list[Panel]] = [[], []]
    for place, one in enumerate(every):
        values_HW = one.explanation.contribution_HW
        expect(values_HW is not None, "contributions: model", "one with a linear head", "a head with a hidden layer")
        assert values_HW is not None
        tile = map_tile(one, f"{place + 1:02d}-contribution", values_HW, options)
        total = _("Σ {value}").format(value=f"{values_HW.sum(dtype=float):+.1f}")
        rows[0].append(plain_tile(one, place))
        rows[1].append(replace(tile, palette="diverging", below=total))
    biases = [one.explanation.contribution_bias for one in every]
    bias = f"{biases[0]:+.1f}" if max(biases) - min(biases) < 0.05 else f"{min(biases):+.1f} … {max(biases):+.1f}"
    facts: list[Fact] = [
        (
            N_(
                "What every cell of the {grid} grid adds to the ensemble logit of the class named above each picture: "
                "red supports it, blue opposes it. Cells and the head's bias, {bias}, together give the logit; the "
                "sum of the cells stands below each map."
            ),
            {"grid": grid_words(every[0].explanation), "bias": bias},
        )
    ]
    facts += [span_fact(options), *model_facts(desk.model(model), options, every[0].explanation)]
    facts += picture_facts(request, desk)
    panels = with_limits(rows, options, signed=True)
    names = (_("picture"), _("contribution"))
    return Sheet("contributions", names, panels, _("share of the logit"), options.span, facts=tuple(facts))
