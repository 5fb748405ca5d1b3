"""How stable an answer is, in sentences."""

from __future__ import annotations

from app.base.i18n import _, ngettext
from app.base.wording.wording import percent, plain
from app.features.views.words import fixed


def path_sentence(name: str, k: int, runs: int, first: int, last: int, cells: int) -> str:
    """For which K the answer is the same."""
    if runs == 1:
        return _("At K = {k} the answer is **{name}**, and it is the same for every K from 1 to {cells}.").format(
            k=k, name=plain(name), cells=cells
        )
    return _(
        "At K = {k} the answer is **{name}**, the same from K = {first} to {last}; from 1 to {cells} it changes "
        "{times}."
    ).format(k=k, name=plain(name), first=first, last=last, cells=cells, times=times(runs - 1))


def times(count: int) -> str:
    """How often."""
    return ngettext("once", "{count} times", count).format(count=count)


def views_sentence(name: str, rival: str, lead: float, carry: int, overturn: int, count: int) -> str:
    """How many views hold an answer up."""
    return _(
        "**{name}** leads {rival}, its closest rival by count of views, by {lead} logits. **{carry}** of the {count} "
        "views alone outweigh all that speak for {rival}; without the **{overturn}** most helpful ones {rival} would "
        "be ahead."
    ).format(name=plain(name), rival=plain(rival), lead=fixed(lead, 2), carry=carry, overturn=overturn, count=count)


def share(value: float) -> str:
    """A confidence in a table."""
    return percent(value)
