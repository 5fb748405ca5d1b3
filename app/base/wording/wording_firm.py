"""Every sentence about how firmly an answer stands, on the Views page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_firm as here
from app.base.wording.wording import percent, plain
from app.base.wording.wording_views import fixed

i18n.speaks(__name__)

HEADING = "How firmly it stands"

PATH_TITLE = "The answer as K grows"
PATH_X = "anchors K"
PATH_Y = "confidence, %"
PATH_AT = "K = {value}"
PATH_CAPTION = (
    "softmax of Σ g over the first K anchors / (K·R), Eq. 8, from the one highest cell to all of them. Press a place "
    "to take that K. An answer that holds for every K is stable in this respect, which does not make it right."
)
PATH_HERE = "K = {k}"
PATH_COLUMNS = ("K from", "K to", "Answer", "Confidence at the start", "Confidence at the end")

VIEWS_TITLE = "The fewest views that carry or overturn it"
VIEWS_X = "views, most helpful first"
VIEWS_Y = "lead, logits"
VIEWS_AT = "{value} views"
WITHOUT = "lead left without the first n"
ALONE = "the first n against all opponents"
VIEWS_CAPTION = (
    "The lead over {rival} is Σ (g_a − g_b) over the views (Eq. 8), so taking the largest terms first is the best "
    "that can be done. Views overlap: taking one out of the sum is not hiding its part of the picture."
)
CARRY_MARK = "{n} carry"
OVERTURN_MARK = "{n} overturn"
CARRY_TITLE = "Carry it"
CARRY_SYMBOL = "{n} of {count} views"
CARRY_CAPTION = "The fewest views that alone outweigh every view which speaks for {rival}{cut}."
OVERTURN_TITLE = "Overturn it"
OVERTURN_CAPTION = "The fewest views without which {rival} is ahead or level{cut}."
CUT = "; the first {shown} are drawn"
BOX_TAG = "{rank}: {r} × {r}, {lead}"
BOX_NAME = "{r} × {r}"
BOX_LABEL = "{rank}: {r} × {r} cells, a lead of {lead} logits over {rival}"
REST = "{n} of {count} views"
TABLE_COLUMNS = ("Place", "Cell (x, y)", "r", "Lead over {rival}, logits", "Left without it", "Carries", "Overturns")

PATH_SAME = "At K = {k} the answer is **{name}**, and it is the same for every K from 1 to {cells}."
PATH_CHANGES = (
    "At K = {k} the answer is **{name}**, the same from K = {first} to {last}; from 1 to {cells} it changes {times}."
)
TIMES_ONE = "once"
TIMES_MANY = "{count} times"
VIEWS_SENTENCE = (
    "**{name}** leads {rival}, its closest rival by count of views, by {lead} logits. **{carry}** of the {count} views "
    "alone outweigh all that speak for {rival}; without the **{overturn}** most helpful ones {rival} would be ahead."
)


def path_sentence(name: str, k: int, runs: int, first: int, last: int, cells: int) -> str:
    """For which K the answer is the same."""
    if runs == 1:
        return here.PATH_SAME.format(k=k, name=plain(name), cells=cells)
    return here.PATH_CHANGES.format(k=k, name=plain(name), first=first, last=last, cells=cells, times=times(runs - 1))


def times(count: int) -> str:
    """How often."""
    return here.TIMES_ONE if count == 1 else here.TIMES_MANY.format(count=count)


def views_sentence(name: str, rival: str, lead: float, carry: int, overturn: int, count: int) -> str:
    """How many views hold an answer up."""
    return here.VIEWS_SENTENCE.format(
        name=plain(name), rival=plain(rival), lead=fixed(lead, 2), carry=carry, overturn=overturn, count=count
    )


def share(value: float) -> str:
    """A confidence in a table."""
    return percent(value)
