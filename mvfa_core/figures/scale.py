"""Scale profiles: how sure the views of every region size are of the class; one column a picture."""

from __future__ import annotations

import numpy as np

from mvfa_core.analysis.votes import scale_profile
from mvfa_core.figures.common import Explained, Fact, explained, model_facts, picture_facts, plain_tile
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.request import FigureSpec
from mvfa_core.figures.sheet import Chart, Line, Sheet
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations

MAIN = "#009e73"
"""The main, local head."""


def sheet(request: FigureSpec, desk: FigureSources) -> Sheet:
    """Two rows: the picture, and the mean confidence over L_R with the middle half of the views.

    Raises:
        ValueError: a GAP model, which has no views.
    """
    options, (model,) = request.options, request.models
    every = explained(request, desk, model, views=True)
    _ = translations(options.language).gettext
    pictures = tuple(plain_tile(one, place) for place, one in enumerate(every))
    charts = tuple(_chart(one, place, options.language) for place, one in enumerate(every))
    facts: list[Fact] = [
        (
            N_(
                "Mean confidence of the K views of each region size r in the class named above each picture; the band "
                "holds the middle half of the views."
            ),
            {},
        ),
        *model_facts(desk.model(model), options, every[0].explanation),
    ]
    facts += picture_facts(request, desk)
    return Sheet("scale", (_("picture"), ""), (pictures, charts), facts=tuple(facts))


def _chart(one: Explained, place: int, language: str) -> Chart:
    _ = translations(language).gettext
    explanation = one.explanation
    assert explanation.confidence_MC is not None and explanation.sizes is not None and explanation.k is not None
    order = np.argsort(explanation.sizes)
    confidence_KR = explanation.confidence_MC[:, explanation.target].reshape(explanation.k, len(explanation.sizes))[
        :, order
    ]
    low_R, high_R = np.quantile(confidence_KR, (0.25, 0.75), axis=0)
    mean_R = scale_profile(explanation, explanation.target)[order]
    sizes = tuple(int(explanation.sizes[i]) for i in order)
    line = Line("", MAIN, tuple(map(float, sizes)), _floats(mean_R), _floats(low_R), _floats(high_R), marker="o")
    name = f"{place + 1:02d}-profile"
    return Chart(name, (line,), _("region size r, cells"), _("confidence"), ticks=sizes, range_y=(0.0, 1.0))


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
