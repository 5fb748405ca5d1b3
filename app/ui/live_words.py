"""What is written on live controls, boards and verdicts: templates that the browser fills in (answers.js)."""

from __future__ import annotations

from app.base.i18n import _, class_name
from app.base.wording import wording
from app.services.gallery import Picture


def controls(picture: Picture, *, known: bool) -> dict[str, str]:
    """The controls and the answer in a sentence; `known` is whether the model has a class for the picture."""
    wrong = _(" ✗ it is a **{truth}**")
    size = ""
    if picture.truth is not None and picture.scale is not None:
        size = _(" · object size: {percent:.0f}\u00a0% of image width").format(percent=100 * picture.scale)
    return {
        "method": _("Method"),
        "class": _("Class to explain"),
        "predicted": _("(predicted)"),
        "k": _("Anchors K"),
        "k_help": _("The K highest cells of AdaCAM become anchors."),
        "sizes": _("Region sizes L_R, in cells"),
        "sizes_help": wording.sizes_help(),
        "distinct": _("Hide overlapping boxes"),
        "distinct_help": _("Skips a region that overlaps a better one by more than half. Off is what the paper shows."),
        "locked": _("The link you opened keeps this as it is."),
        "says": _("Prediction: **{name}** ({share}){more}"),
        "average": _(" · average of the whole picture: **{average}** ({average_share})"),
        "right": _(" ✓ correct"),
        "wrong": wrong if known else _(" ✗ the picture shows a **{truth}**, a class that this model does not have"),
        "truth": class_name(picture.truth or ""),
        "size": size,
    }


def cell() -> dict[str, str]:
    """What the chosen cell did."""
    return {
        "cell": _("**Cell ({x}, {y})**  {maps} logits."),
        "anchor": _("It is anchor {rank} and lies in {inside} of the {views} regions."),
        "no_anchor": _("It is no anchor and lies in {inside} of the {views} regions."),
        "adds": _("It adds {value} to the mean vote for {name}."),
        "hint": _("Click a cell in any picture to see what it did; the arrow keys move it."),
    }


def heat_map(title: str, symbol: str, caption: str) -> dict[str, str]:
    """A map in logits."""
    return {
        "title": title,
        "symbol": symbol,
        "unit": _("logits"),
        "caption": caption,
        "missing": wording.no_cam(),
        "alt": _("{title} over the picture: highest at cell ({x}, {y}) with {value} {unit}"),
        "rest": _("from {low} to {high} {unit}"),
    }


def anchors() -> dict[str, str]:
    """The anchors."""
    return {
        "title": _("Anchors"),
        "symbol": _("V, K = {k}"),
        "caption": wording.anchors_caption(),
        "first": _("rank 1"),
        "last": _("rank {k}"),
        "rest": _("{k} of {cells} cells are anchors"),
    }


def boxes(title: str, caption: str) -> dict[str, str]:
    """Ranked regions."""
    return {
        "title": title,
        "symbol": _("of {count} views, for {name}"),
        "caption": caption,
        "key": _("{r} × {r} cells"),
        "box_name": "{r} × {r}",
        "box_tag": _("{rank}: {r} × {r}, {share}"),
        "box_label": _("rank {rank}: {r} × {r} cells, {share} sure of {name}"),
        "rest": _("{best} to {last} sure of {name}"),
        "rest_one": _("{best} sure of {name}"),
    }


def verdict(*, views: bool) -> dict[str, str]:
    """The classes with a bar for each head, and what the heads are."""
    return {
        **wording.verdict_words(),
        "true": _("true class"),
        "explained": _("explained"),
        "further": _("{count} further classes below these"),
        "note": verdict_note(views=views),
    }


def verdict_note(*, views: bool) -> str:
    """What the heads are, for {count} views."""
    if not views:
        return _("One view, the average of the whole map, and one head.")
    return _(
        "The whole-image classifier sees the average of the whole map and steers the attention. The ensemble is "
        "the answer: the mean of the votes of all {count} views, as a probability."
    )
