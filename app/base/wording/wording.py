"""Sentences that several pages share; names from outside pass through `plain` on their way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.base import i18n
from app.base.i18n import _, class_name, pgettext
from mvfa_core.names import visible
from mvfa_core.percent import of_count
from mvfa_core.pictures import Note

LONGEST = 1_000
"""Characters of a text from outside."""


_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^=@&/])")

# Markdown makes links of what reads like an address, escaped or not: a sign of no width keeps its parts apart.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no links, pictures, colours or formulas can be smuggled in with a name."""
    shown = _ADDRESS.sub(_JOINER, visible(" ".join(text.split()), LONGEST))
    return _MARKUP.sub(r"\\\1", shown)


def picture_notes(notes: Sequence[Note]) -> str:
    """What the reader of pictures did to one, in the language of who asks."""
    told = (_(note.text).format(**note.values) for note in notes)
    return _("How this picture was read: {notes}.").format(notes="; ".join(told))


def percent(share: float) -> str:
    """A confidence with sensible digits. A softmax is never 0 or 1, though its numbers round to that."""
    if share < 0.0005:
        return f"< {i18n.number(0.1, 1)}\u00a0%"
    return f"> {i18n.number(99.9, 1)}\u00a0%" if share >= 0.9995 else f"{i18n.number(100 * share, 1)}\u00a0%"


def share(value: float, digits: int = 1) -> str:
    """A share of a count, which may well be all or nothing: an accuracy, an overlap, a part of the views."""
    return f"{i18n.decimal(of_count(value, digits))}\u00a0%"


def verdict(
    predicted: str, share: float, truth: str | None, scale: float | None, *, known: bool = True, alone: bool = False
) -> str:
    """The answer in a sentence, and the truth where there is one; `known` is whether the model has a class for it,
    `alone` whether every class has a confidence of its own, a sigmoid."""
    more = ""
    if truth is not None:
        more = _(" ✓ correct") if truth == predicted else _(" ✗ it is a **{truth}**")
        more = (
            more if known else _(" ✗ the picture shows a **{truth}**, a class that this model does not have")
        ).format(truth=plain(class_name(truth)))
        more += (
            _(" · object size: {percent:.0f}\u00a0% of image width").format(percent=100 * scale)
            if scale is not None
            else ""
        )
    said = _("Prediction: **{name}** ({share}){more}")
    if alone:
        said = _("Strongest of the classes: **{name}** ({share}, by a sigmoid of its own){more}")
    return said.format(name=plain(class_name(predicted)), share=percent(share), more=more)


def lost(kind: str, name: str, *, own: bool) -> str:
    """What is said of a picture or model that cannot be had; a picture of one's own is asked for again."""
    if own:
        return _(
            "This view was of somebody's own picture, and this server does not have it. Open the picture again to see "
            "it here. Until then the view shows an example."
        )
    return (
        _("The picture {name} is not there any more. The view shows an example.")
        if kind == "picture"
        else _("The model {name} is not there any more. The view shows this one.")
    ).format(name=plain(name))


def further(count: int) -> str:
    """What stands below the verdict when classes are left out."""
    return _("{count} further classes below these").format(count=count) if count else ""


def cell(
    x: int, y: int, name: str, values: dict[str, float], rank: int | None, inside: int, views: int, share: float | None
) -> str:
    """What one cell did, in sentences."""
    maps = ", ".join(f"{title} {number(value)}" for title, value in values.items())
    parts = [_("**Cell ({x}, {y})**  {maps} logits.").format(x=x, y=y, maps=maps)]
    if views:
        parts.append(
            (
                _("It is anchor {rank} and lies in {inside} of the {views} regions.")
                if rank
                else _("It is no anchor and lies in {inside} of the {views} regions.")
            ).format(rank=rank, inside=inside, views=views)
        )
    if share is not None:
        parts.append(_("It adds {value} to the mean vote for {name}.").format(value=number(share), name=plain(name)))
    return " ".join(parts)


def number(value: float) -> str:
    """A signed number with sensible digits and a true minus sign."""
    return f"{value:+.3g}".replace("-", "−")


def map_alt(title: str, x: int, y: int, high: float) -> str:
    """A map in words, for those who do not see it."""
    return _("{title} over the picture: highest at cell ({x}, {y}) with {value} {unit}").format(
        title=title, x=x, y=y, value=number(high), unit=_("logits")
    )


def map_rest(low: float, high: float) -> str:
    """What stands under a map while no cell is pointed at."""
    return _("from {low} to {high} {unit}").format(low=number(low), high=number(high), unit=_("logits"))


def top_rest(best: str, last: str, count: int, name: str) -> str:
    """What stands under ranked regions while none is pointed at."""
    template = _("{best} sure of {name}") if count == 1 or best == last else _("{best} to {last} sure of {name}")
    return template.format(best=best, last=last, name=name)


def gone() -> str:
    return _("{name}: the model is gone, removed or renamed since this page was drawn; choose another")


def model_help() -> str:
    return _("The first ones come with the app; those under runs/ you trained here.")


def sizes_help() -> str:
    return _("Around every anchor one region of each size is cut out, so there are K × R views.")


def no_model() -> str:
    return _("There is no model yet. Train one, or use your own.")


def server_busy() -> str:
    return _("The server is busy with the questions of others. Nothing is lost: try again in a moment.")


def squash_note() -> str:
    return _(
        "The picture of {width} × {height} px is resized to a square for the network. Maps and boxes are drawn back "
        "in its own proportions, so a cell here is {cell_width:.0f} × {cell_height:.0f} px."
    )


def not_finite() -> str:
    return _("The model returned values that are not numbers here. There is nothing honest to draw.")


def no_cam() -> str:
    return _("CAM needs a linear head after the pooling. This head has a hidden layer: see Grad-CAM.")


def cam_caption() -> str:
    return _(
        "The whole-image classifier's weights for {name}, applied to each cell. Red supports the class, blue opposes "
        "it."
    )


def cam_caption_gap() -> str:
    return _("The head's weights for {name}, applied to each cell. Red supports the class, blue opposes it.")


def grad_cam_caption() -> str:
    return _("How much each cell would move the ensemble's score for {name}, from gradients; scaled to match CAM.")


def grad_cam_caption_gap() -> str:
    return _("The same question answered by gradients. With a linear head after GAP it equals CAM, up to its constant.")


def adacam_caption() -> str:
    return _(
        "All class maps, each weighted by its probability. No class needs choosing; the strongest cells become anchors."
    )


def adacam_caption_gap() -> str:
    return _("All class maps, each weighted by its probability. GAP makes no use of it: it only averages.")


def anchors_caption() -> str:
    return _("The {k} highest cells of AdaCAM. A larger dot ranks higher.")


def top_one_caption() -> str:
    return _(
        "The view with the largest s_i,c for {name}, the softmax of its logits g_i. Each cell also sees its "
        "surroundings: see Anchors."
    )


def top_ten_caption() -> str:
    return _("The ten largest s_i,c, the softmax of the views' logits g_i. A highlighted box may not be decisive.")


def board() -> dict[str, Any]:
    return {
        "smooth": _("Smooth"),
        "cells": _("Cells"),
        "shared": _("Same scale"),
        "own": _("Scale each map"),
        "fixed": _("Fixed scale"),
        "ends": [_("Colours begin at"), _("Colours end at")],
        "opacity": _("Opacity"),
        "json": _("Numbers (JSON)"),
        "save_png": _("Save {title} as PNG"),
        "save_raw": _("Save the numbers of {title} as {kind}"),
        "cell": _("cell ({x}, {y})"),
        "anchor": _("anchor {rank} of {count}, A = {value}"),
        "no_anchor": _("no anchor"),
        "inside": _("inside {inside} of {count} regions"),
        "table": {
            "title": _("The numbers as tables"),
            "map": _("{title}, in {unit}: rows are y, columns are x, in cells"),
            "corner": _("y \\ x"),
            "anchors": [_("rank"), _("x"), _("y"), _("A in logits")],
            "name": _("class"),
            "boxes": [
                _("rank"),
                _("size in cells"),
                _("sure"),
                _("left px"),
                _("top px"),
                _("right px"),
                _("bottom px"),
            ],
        },
    }


def verdict_words() -> dict[str, str]:
    return {
        "class": _("Class"),
        "caption": _("Confidence of each head in each class"),
        "save": _("Save the class probabilities as CSV"),
    }


def sides() -> dict[str, str]:
    """The sides of a data set, by their names in the library."""
    return {
        "train": pgettext("split", "Training"),
        "val": pgettext("split", "Validation"),
        "test": pgettext("split", "Test"),
        "all": _("All pictures"),
    }


def held_out(data: str) -> str:
    """The name of a group of pictures that a model was not trained on, of the set that it was."""
    return _("{data}: held out").format(data=data)


def _doing_words() -> dict[str, str]:
    return {
        "drawing train pictures": _("drawing train pictures"),
        "drawing val pictures": _("drawing val pictures"),
        "decoding train": _("decoding train"),
        "decoding val": _("decoding val"),
        "looking at pictures": _("looking at pictures"),
    }


def doing(what: str) -> str:
    """What a process of ours says that it is doing."""
    return _doing_words().get(what, what)
