"""What the kinds of figures share: explanations of all pictures, limits of maps, and the caption's sentences.

H W grid in cells
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mvfa_core.checks import expect
from mvfa_core.data.class_names import class_name
from mvfa_core.explanation import Explanation
from mvfa_core.figures.desk import FigureSources, ModelSource, PictureSource
from mvfa_core.figures.request import MOST_PANELS, PREDICTED, TRUE, FigureSpec, Options
from mvfa_core.figures.sheet import Panel, Tile
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations
from mvfa_core.percent import of_count

Fact = tuple[str, dict[str, object]]
"""A sentence of a caption, in English, and the values in it."""


@dataclass(frozen=True, eq=False)
class Explained:
    """A picture and what a model made of it; `title` is what stands above it."""

    picture: PictureSource
    explanation: Explanation
    title: str


def explained(request: FigureSpec, desk: FigureSources, model: str, *, views: bool = False) -> list[Explained]:
    """Every picture of the request through a model.

    Args:
        views: refuse a model without views.

    Raises:
        ValueError: a class the model does not know, more pictures than a figure holds, or GAP where views are needed.
    """
    expect(len(request.pictures) <= MOST_PANELS, "pictures", f"at most {MOST_PANELS}", len(request.pictures))
    source, options = desk.model(model), request.options
    gap = source.config["pooling"] != "mfa"
    expect(not (gap and views), f"{request.kind}: model", "one with MFA", "GAP, which has no regions")
    k, sizes = (None, None) if gap else (options.k, options.sizes)
    every = []
    for place, where in enumerate(request.pictures):
        picture = desk.picture(where)
        explanation = desk.explanation(model, where, target_of(options, source, picture), k, sizes)
        every.append(Explained(picture, explanation, title_of(options, place, explanation.classes[explanation.target])))
    return every


def target_of(options: Options, model: ModelSource, picture: PictureSource) -> int | None:
    """The class to explain, None for the predicted one."""
    if options.target == PREDICTED:
        return None
    wanted = picture.truth if options.target == TRUE else options.target
    if wanted in model.classes:
        return model.classes.index(wanted)
    expect(options.target == TRUE, "class", "true, predicted or one of " + ", ".join(model.classes), options.target)
    return None


def title_of(options: Options, place: int, name: str) -> str:
    """What stands above the picture at a place: the class, or what was given in its stead."""
    return options.titles[place] if place < len(options.titles) else class_name(name, options.language)


def percent(share: float) -> str:
    """A confidence in whole per cent. A softmax is never 0 or 1, though its numbers round to that."""
    if share < 0.005:
        return "< 1"
    return "> 99" if share >= 0.995 else f"{100 * share:.0f}"


def file_name(text: str) -> str:
    """A short name for a file, of plain letters."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text).strip("-")[:40] or "panel"


def plain_tile(one: Explained, place: int, *, above: bool = True) -> Tile:
    """The picture alone."""
    return Tile(f"{place + 1:02d}-picture", one.picture.picture, above=one.title if above else "")


def map_tile(one: Explained, name: str, map_HW: np.ndarray, options: Options) -> Tile:
    """A map over the picture; its limits are set later, once all maps are known."""
    bad = int((~np.isfinite(map_HW)).sum())
    expect(bad == 0, f"{name}: map", "finite numbers", f"{bad} NaN or infinite of {map_HW.size}")
    return Tile(name, one.picture.picture, map_HW, palette=options.palette, grid=map_HW.shape)


Rows = Sequence[Sequence[Panel]]


def with_limits(rows: Rows, options: Options, *, signed: bool = False) -> tuple[tuple[Panel, ...], ...]:
    """The same panels, their maps on one range: of the figure, of their column (one picture), or each its own.

    Args:
        signed: the range is centred on zero.
    """
    tiles = [[panel for panel in row if _has_map(panel)] for row in rows]
    whole = [panel for row in tiles for panel in row]
    last = {place: r for r, row in enumerate(rows) for place, panel in enumerate(row) if _has_map(panel)}

    def limited(panel: Panel, row: int, place: int) -> Panel:
        if not _has_map(panel):
            return panel
        group = {
            "figure": whole,
            "picture": [line[place] for line in rows if _has_map(line[place])],
            "own": [panel],
        }[options.span]
        bar = options.bar and (options.span == "own" or (options.span == "picture" and last[place] == row))
        assert isinstance(panel, Tile)
        return replace(panel, limits=_range(group, signed), bar=bar)

    return tuple(tuple(limited(panel, r, place) for place, panel in enumerate(row)) for r, row in enumerate(rows))


def _has_map(panel: Panel) -> bool:
    return isinstance(panel, Tile) and panel.map_HW is not None


def _range(panels: Sequence[Panel], signed: bool) -> tuple[float, float]:
    maps = [panel.map_HW for panel in panels if isinstance(panel, Tile) and panel.map_HW is not None]
    low, high = min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)
    if signed:
        high = max(abs(low), abs(high))
        low = -high
    return low, high


# --- what the caption says ---


def model_facts(source: ModelSource, options: Options, explanation: Explanation | None = None) -> list[Fact]:
    """What the model is, and with which K and L_R it was asked."""
    _, card = translations(options.language).gettext, source.card
    recipe = card.get("recipe", {})
    data = str(recipe.get("data", card.get("data", ""))).rstrip("/").rpartition("/")[2]
    trained = _(", trained on {data}").format(data=data) if data else ""
    if isinstance(accuracy := card.get("accuracy"), int | float) and 0 <= accuracy <= 1:
        trained += _(", {percent} % right on its validation set").format(percent=of_count(accuracy))
    pooling = source.config["pooling"].upper()
    backbone = source.config["backbone"]
    facts: list[Fact] = [
        (
            N_("Model {name}: {backbone} with {pooling}{trained}."),
            {"name": source.name, "backbone": backbone, "pooling": pooling, "trained": trained},
        )
    ]
    if explanation is not None and explanation.sizes is not None:
        facts.append(
            (
                N_("K = {k} anchors, L_R = {{{sizes}}}."),
                {"k": explanation.k, "sizes": ", ".join(map(str, explanation.sizes))},
            )
        )
    return facts


def span_fact(options: Options) -> Fact:
    """Which maps share one range of values."""
    spans = {
        "figure": N_("All maps have the same scale."),
        "picture": N_("The maps of one picture have the same scale."),
        "own": N_("Each map is scaled by itself."),
    }
    return spans[options.span], {}


def picture_facts(request: FigureSpec, desk: FigureSources, *, classes: bool = True) -> list[Fact]:
    """Where the pictures are from, how they were chosen and which class is meant."""
    options = request.options
    _ = translations(options.language).gettext
    own = _("files of the author")
    origins = {"gallery": _("the gallery"), "file": own, "upload": own}
    named = dict.fromkeys(desk.picture(where).origin for where in request.pictures)
    origins_named = dict.fromkeys(origins.get(name, name) for name in named)
    facts: list[Fact] = []
    if classes and options.target == TRUE:
        facts.append((N_("The class is the picture's own where it is known, otherwise the predicted one."), {}))
    elif classes and options.target == PREDICTED:
        facts.append((N_("The class is the predicted one."), {}))
    elif classes:
        facts.append((N_("The class is {name} throughout."), {"name": class_name(options.target, options.language)}))
    facts.append((N_("Pictures from {origins}."), {"origins": ", ".join(origins_named)}))
    if request.rule:
        facts.append((N_("Pictures: {rule}."), {"rule": request.rule}))
    if options.shape == "squash":
        facts.append((N_("Pictures are resized to a square, as the network sees them."), {}))
    return facts


def grid_words(explanation: Explanation) -> str:
    """The grid as captions write it."""
    return f"{explanation.grid[0]} × {explanation.grid[1]}"
