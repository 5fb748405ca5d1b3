"""Figure 5: the picture, CAM of a class, and AdaCAM, which needs none; one column a picture."""

from __future__ import annotations

from mvfa_core.checks import expect
from mvfa_core.figures.common import (
    Fact,
    explained,
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
    """Three rows.

    Raises:
        ValueError: a model without CAM (a hidden layer after GAP).
    """
    options, (model,) = request.options, request.models
    every = explained(request, desk, model)
    _ = translations(options.language).gettext
    rows: list[list[Panel]] = [[], [], []]
    for place, one in enumerate(every):
        cam_HW = one.explanation.cam_HW
        expect(cam_HW is not None, "model", "one with CAM (a single-layer head)", "a hidden layer after GAP")
        assert cam_HW is not None
        rows[0].append(plain_tile(one, place))
        rows[1].append(map_tile(one, f"{place + 1:02d}-cam", cam_HW, options))
        rows[2].append(map_tile(one, f"{place + 1:02d}-adacam", one.explanation.adacam_HW, options))
    facts: list[Fact] = [
        (
            N_(
                "Class activation maps (CAM) of the class named above each picture, beside the attention A of AdaCAM, "
                "which is computed without a label."
            ),
            {},
        ),
        span_fact(options),
    ]
    facts += model_facts(desk.model(model), options, every[0].explanation) + picture_facts(request, desk)
    names = (_("picture"), _("CAM"), _("AdaCAM"))
    return Sheet("fig5", names, with_limits(rows, options), _("logits"), options.span, facts=tuple(facts))
