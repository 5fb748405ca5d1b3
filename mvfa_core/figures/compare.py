"""Several models on the same pictures: a column a picture, a row a model, its answer below each map."""

from __future__ import annotations

from dataclasses import replace

from mvfa_core.data.class_names import class_name
from mvfa_core.figures.common import (
    Fact,
    explained,
    file_name,
    map_tile,
    model_facts,
    percent,
    picture_facts,
    span_fact,
    with_limits,
)
from mvfa_core.figures.common import plain_tile as plain
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.request import FigureSpec
from mvfa_core.figures.sheet import Panel, Sheet
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations


def sheet(request: FigureSpec, desk: FigureSources) -> Sheet:
    """The pictures with their own classes above, then the attention (Eq. 2) of every model; for GAP its head is read
    as a 1x1 convolution."""
    options = request.options
    _ = translations(options.language).gettext
    rows: list[list[Panel]] = []
    names, facts = [_("picture")], list[Fact]()
    for number, model in enumerate(request.models):
        every = explained(request, desk, model)
        source = desk.model(model)
        if not rows:
            rows.append([])
            for place, one in enumerate(every):
                named = place < len(options.titles) or one.picture.truth in source.classes
                rows[0].append(plain(one, place, above=named))
        row: list[Panel] = []
        for place, one in enumerate(every):
            explanation = one.explanation
            name = class_name(explanation.classes[explanation.predicted], options.language)
            said = _("{name} {percent} %").format(
                name=name, percent=percent(float(explanation.ensemble_C[explanation.predicted]))
            )
            tile = map_tile(
                one, f"{place + 1:02d}-{number + 1}-{file_name(source.name)}", explanation.adacam_HW, options
            )
            row.append(replace(tile, below=said))
        rows.append(row)
        names.append(source.name)
        facts += model_facts(source, options, every[0].explanation)
    head: list[Fact] = [
        (
            N_(
                "The attention of {count} models on the same pictures; below each map the model's answer with its "
                "confidence."
            ),
            {"count": len(request.models)},
        ),
        span_fact(options),
    ]
    facts = head + facts + picture_facts(request, desk, classes=False)
    panels = with_limits(rows, options)
    return Sheet("compare", tuple(names), panels, _("logits"), options.span, facts=tuple(facts))
