"""Figure 7: the regions that are surest of the class, one column a picture, a row for every number of regions."""

from __future__ import annotations

from mvfa_core import draw
from mvfa_core.explanation import Explanation
from mvfa_core.figures.common import Explained, Fact, explained, grid_words, model_facts, picture_facts
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.request import FigureSpec
from mvfa_core.figures.sheet import Box, Sheet, Tile
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations


def sheet(request: FigureSpec, desk: FigureSources) -> Sheet:
    """A row for every number in `top`.

    Raises:
        ValueError: a GAP model, which has no regions.
    """
    options, (model,) = request.options, request.models
    every = explained(request, desk, model, views=True)
    _ = translations(options.language).gettext
    rows = tuple(
        tuple(_tile(one, place, count, first=row == 0) for place, one in enumerate(every))
        for row, count in enumerate(options.top)
    )
    names = tuple(_("top-{n}").format(n=count) for count in options.top)
    explanation = every[0].explanation
    assert explanation.sizes is not None
    legend = tuple((_("r = {r}").format(r=r), colour(r, explanation.sizes)) for r in sorted(explanation.sizes))
    facts: list[Fact] = [
        (
            N_(
                "The {tops} regions of highest confidence in the class named above each picture; the colour of a box "
                "tells its size r in cells of the {grid} grid."
            ),
            {"tops": _(" and ").join(_("top-{n}").format(n=n) for n in options.top), "grid": grid_words(explanation)},
        )
    ]
    facts += model_facts(desk.model(model), options, explanation) + picture_facts(request, desk)
    return Sheet("fig7", names, rows, legend=legend, facts=tuple(facts))


def _tile(one: Explained, place: int, count: int, *, first: bool) -> Tile:
    boxes = top_boxes(one.explanation, count)
    above = one.title if first else ""
    return Tile(
        f"{place + 1:02d}-top-{count}", one.picture.picture, boxes=boxes, grid=one.explanation.grid, above=above
    )


def top_boxes(explanation: Explanation, count: int) -> tuple[Box, ...]:
    """The surest regions as boxes, best first."""
    assert explanation.sizes is not None
    return tuple(Box(one.box_px, colour(one.size, explanation.sizes), one.rank) for one in explanation.top(count))


def colour(size: int, sizes: tuple[int, ...]) -> str:
    """The colour of a region size as Matplotlib and style sheets write it."""
    return "#{:02x}{:02x}{:02x}".format(*draw.size_colour(size, sizes))
