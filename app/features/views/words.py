"""The sentences of the Anchors and Views pages that are filled in."""

from __future__ import annotations

from app.base.i18n import _, ngettext
from app.base.wording.wording import number, percent, plain

NO_BREAK = "\u00a0"


def fixed(value: float, digits: int = 4) -> str:
    """A signed number with a fixed count of decimals, so that a column of them can be added up by eye."""
    text = f"{value:+,.{digits}f}".replace("-", "−")
    return text if float(f"{value:.{digits}f}") else text[1:]


def cell(x: int, y: int, attention: float, rank: int, cells: int, anchor: int | None, k: int) -> str:
    """A cell's place among all cells, and whether it is an anchor."""
    more = (
        _("It is no anchor; it would become one at K = {rank}.").format(rank=rank)
        if rank > k
        else _("It is no anchor.")
    )
    if anchor:
        more = _("It is anchor {anchor} of {k}.").format(anchor=anchor, k=k)
    return _("**Cell ({x}, {y})** has A = {attention} logits, place {rank} of {cells}. {more}").format(
        x=x, y=y, attention=fixed(attention), rank=rank, cells=cells, more=more
    )


def corner(low: bool, at: int, half: int, end: int, result: int) -> str:
    """One line of Eq. 5 with numbers."""
    text = f"max({at} − {half}, 0) = {result}" if low else f"min({at} + {half}, {end}) = {result}"
    return text.replace(" ", NO_BREAK)


def clamped(cut: tuple[int, int, int, int]) -> str:
    """What the edge of the grid took away from a region."""
    left, top, right, bottom = cut
    counted = (
        (left, ngettext("{n} column on the left", "{n} columns on the left", left)),
        (top, ngettext("{n} row at the top", "{n} rows at the top", top)),
        (right, ngettext("{n} column on the right", "{n} columns on the right", right)),
        (bottom, ngettext("{n} row at the bottom", "{n} rows at the bottom", bottom)),
    )
    parts = [text.format(n=n) for n, text in counted if n]
    return (_("{parts} cut off").format(parts=", ".join(parts)) if parts else _("nothing is cut off")).replace(
        " ", NO_BREAK
    )


def says(name: str, share: float) -> str:
    """A region's answer, for a table that reads Markdown."""
    return f"{plain(name)}, {percent(share)}".replace(" ", NO_BREAK)


def cells_averaged(count: int, size: int) -> str:
    """How many cells of a region are left."""
    return _("{count} of {all}").format(count=count, all=size**2).replace(" ", NO_BREAK)


def square(r: int) -> str:
    """A region's size."""
    return f"{r} × {r}".replace(" ", NO_BREAK)


def others(count: int) -> str:
    """A row that stands for all classes that are not spelled out."""
    return _("{count} other classes").format(count=count)


def ledger_sum(count: int, name: str, total: float, logit: float) -> str:
    """The ledger's balance."""
    return _(
        "The {count} pushes for **{name}** sum to **{total}**; the ensemble logit of Eq. 8 is **{logit}**."
    ).format(count=count, name=plain(name), total=fixed(total, 2), logit=fixed(logit, 2))


def map_sum(name: str, against: str, cells: float, bias: float, logit: float, lead: float) -> str:
    """The balance of the contribution maps."""
    sums = {"cells": fixed(cells, 2), "bias": fixed(bias, 2), "logit": fixed(logit, 2), "lead": fixed(lead, 2)}
    return _(
        "Over all cells **{name}** collects {cells}, the head's constant adds {bias}: together the logit **{logit}**, "
        "a lead of **{lead}** over {against}."
    ).format(name=plain(name), against=plain(against), **sums)


def contribution_rest(total: float, bias: float) -> str:
    """What stands under a contribution map while no cell is pointed at."""
    return _("cells {cells}, constant {bias}: {logit} logits").format(
        cells=fixed(total, 2), bias=fixed(bias, 2), logit=fixed(total + bias, 2)
    )


def bits(value: float) -> str:
    """An entropy."""
    return f"{value:.3f}"


def attention_rest(low: float, high: float) -> str:
    """What stands under the attention while no cell is pointed at."""
    return _("A from {low} to {high} logits; point at a cell to read it").format(low=number(low), high=number(high))


def ledger_box() -> tuple[str, ...]:
    return (_("left, px"), _("top, px"), _("right, px"), _("bottom, px"))


def rules() -> dict[str, str]:
    return {
        "logit-sum": _("Sum of logits (Eq. 8)"),
        "probability-mean": _("Mean of probabilities"),
        "majority": _("Majority"),
    }
