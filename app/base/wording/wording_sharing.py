"""The sentences of sharing: links, what they hold, questions, and what an address said in vain."""

from __future__ import annotations

from collections.abc import Sequence

from app.base.i18n import _
from app.base.wording.wording import percent, plain

IGNORED_MOST, VALUE_MOST = 4, 40


def locked(names: Sequence[str]) -> str:
    """What a link has locked."""
    return _("The link you opened keeps as they are: {names}.").format(names=", ".join(names))


def ignored(met: Sequence[tuple[str, str]]) -> str:
    """What of an address was left out: its names and values as plain text, cut to a sensible length."""
    shown = [f"{plain(cut(key))} = {plain(cut(value)) or '“”'}" for key, value in met[:IGNORED_MOST]]
    if len(met) > IGNORED_MOST:
        shown.append(_("and {count} more").format(count=len(met) - IGNORED_MOST))
    return _("Left out of this address, as it means nothing here: {what}.").format(what="; ".join(shown))


def cut(text: str) -> str:
    """Untrusted text without signs that cannot be seen, and not too long."""
    seen = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: VALUE_MOST + 1])
    return seen if len(text) <= VALUE_MOST else f"{seen[:VALUE_MOST]}…"


def where_result(cell: tuple[int, int] | None, rank: int, cells: int, anchors: int | None) -> str:
    """How good the clicked cell was."""
    if cell is None:
        return _("You did not say where.")
    more = ""
    if anchors is not None:
        more = (
            _(": it is one of the {anchors} anchors") if rank <= anchors else _(": it is none of the {anchors} anchors")
        ).format(anchors=anchors)
    return _("Your cell ({x}, {y}) has rank {rank} of {cells} in AdaCAM{more}.").format(
        x=cell[0], y=cell[1], rank=rank, cells=cells, more=more
    )


def winner_result(said: int | None, truth: int, name: str, share: float) -> str:
    """Whether the size was right."""
    more = ""
    if said is not None:
        more = (_("; you said {said} × {said} ✓ correct") if said == truth else _("; you said {said} × {said}")).format(
            said=said
        )
    return _(
        "The most confident region has {truth} × {truth} cells; its confidence in {name} is {share}{more}."
    ).format(truth=truth, share=percent(share), name=plain(name), more=more)


def k1_result(said: bool | None, first: str, other: str) -> str:
    """Whether the answer stays with one anchor."""
    more = "" if said is None else _("; you said it stays") if said else _("; you said it changes")
    return (
        _("With K = 1 the answer stays {other}{more}.")
        if first == other
        else _("With K = 1 the answer changes to {other}{more}.")
    ).format(other=plain(other), more=more)


def controls() -> dict[str, str]:
    return {
        "picture": _("the picture"),
        "model": _("the model"),
        "class": _("the class to explain"),
        "k": _("the anchors K"),
        "sizes": _("the region sizes"),
        "distinct": _("overlapping boxes"),
        "against": _("the class compared with"),
        "methods": _("the other methods"),
        "second": _("the second model"),
        "best": _("the best rectangle"),
        "data": _("the data set"),
        "pages": _("the other pages"),
    }


def questions() -> dict[str, str]:
    return {
        "where": _("Where does the classifier look?"),
        "winner": _("Which region is most confident?"),
        "k1": _("Does it need more than one anchor?"),
    }
