"""Every sentence of the Anchors and Views pages."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording_views as here
from app.base.wording.wording import number, percent, plain

i18n.speaks(__name__)

NO_BREAK = "\u00a0"

# --- Anchors ---

ANCHORS_NAV = "Anchors"
ANCHORS_TITLE = "Where do the views start?"
ANCHORS_INTRO = (
    "Every cell of the grid has an attention A, and the K highest become anchors. Click any cell, anchor or not, to "
    "see where its attention comes from and what the regions around it would say."
)
BOARD_TITLE = "Attention, cell by cell"
ATTENTION_CAPTION = (
    "AdaCAM as the method uses it: one number a cell, nothing smoothed. It needs no label; its highest cells become "
    "the anchors."
)
REGIONS_TITLE = "Regions of the cell"
REGIONS_SYMBOL = "R = {count}, cell ({x}, {y})"
REGIONS_CAPTION = (
    "One region of each size, and the class the main head finds in each. The network saw further than the box: each "
    "of its cells gathers from around it."
)
REGIONS_REST = "{count} regions around cell ({x}, {y})"
REGION_NAME = "{r} × {r}: {name}"
REGION_TAG = "{r} × {r}: {name}, {share}"
REGION_LABEL = "{r} × {r} cells: {share} sure of {name}"

TERMS_TITLE = "What its attention is made of"
TERMS_CAPTION = (
    "A = Σ f_i G_i: the evidence G_i for every class here, times how probable the auxiliary head finds that class in "
    "the whole picture. Red adds to the attention, blue takes away."
)
TERMS_COLUMNS = {"name": "Class i", "cells": ["f_i", "G_i here"], "value": "f_i G_i"}
TERMS_TOTAL = "A at this cell, their sum, in logits"

RANKING_TITLE = "The anchors in their order"
RANKING_CAPTION = (
    "By falling A; of equal cells the upper, then the left one comes first. Press a row to go to its cell."
)
RANKING_COLUMNS = {"name": "Rank", "cells": ["Cell (x, y)"], "value": "A, in logits"}

CORNERS_TITLE = "Where its regions end"
CORNERS_EQUATION = (
    r"\footnotesize \begin{array}{ll} x_{tl} = \max(x - h,\, 0) & x_{br} = \min(x + h,\, W{-}1) \\ "
    r"y_{tl} = \max(y - h,\, 0) & y_{br} = \min(y + h,\, H{-}1) \end{array}"
)
CORNERS_CAPTION = (
    "Eq. 5 with h = (r − 1) / 2 and the numbers of this cell, on a grid of H × W = {rows} × {columns} cells counted "
    "from 0. All four corners belong to the region."
)
CORNERS_COLUMNS = {
    "size": "r",
    "x_tl": "x_tl",
    "y_tl": "y_tl",
    "x_br": "x_br",
    "y_br": "y_br",
    "clamped": "Clamped to the grid",
    "cells": "Cells averaged",
    "says": "The main head says",
}
WHOLE = "nothing is cut off"
TO_VIEWS = "See how these views vote"

# --- Views ---

VIEWS_NAV = "Views"
VIEWS_TITLE = "Who votes for what?"
VIEWS_INTRO = (
    "Every region is a view, and the main head gives each its own answer. The sum of their logits is the answer of the "
    "whole, so each vote is an exact term of it."
)
AGAINST = "Compare with"
AGAINST_BEST = "(best other class)"

BOARD_VOTES = "Where the votes come from"
VOTES_TITLE = "Vote map"
VOTES_SYMBOL = "K = {k} anchors"
VOTES_CAPTION = "Every anchor with the class that its {r} views choose together, by the sum of their logits."
VOTES_REST = "{count} of {k} anchors choose {name}"

LEDGER_TITLE = "The ledger: every view and its push"
LEDGER_CAPTION = (
    "A push is the view's own logit g for the class, its term in Eq. 8. Only differences between classes decide, so "
    "the lead over {against} stands beside it. Click a heading to sort, a row to see its anchor on the pictures."
)
LEDGER_RANK, LEDGER_ANCHOR, LEDGER_CELL, LEDGER_SIZE = "Rank", "Anchor", "Cell (x, y)", "r"
LEDGER_BOX = ("left, px", "top, px", "right, px", "bottom, px")
LEDGER_SURE = "Sure of {name}, %"
LEDGER_WINS = "Its own choice"
LEDGER_PUSH = "Push for {name}"
LEDGER_LEAD = "{name} over {against}"

MAPS_TITLE = "Which cells carry the answer"
CONTRIBUTION_TITLE = "Contribution to {name}"
CONTRIBUTION_SYMBOL = "M_c, Σ + bias = logit"
CONTRIBUTION_CAPTION = "What every cell adds to the ensemble logit of {name}, over all views that hold it."
CONTRAST_TITLE = "Why {name}, not {against}"
CONTRAST_SYMBOL = "M_a − M_b"
CONTRAST_CAPTION = "The difference of the two: red cells speak for {name}, blue ones for {against}."
NO_CONTRIBUTION = "This head has a hidden layer: its logits are not a sum over cells."

AGREEMENT_TITLE = "Do the views agree?"
TALLY_TITLE = "Views won by each class"
TALLY_CAPTION = "Each view counts once, for the class it is surest of."
TALLY_COLUMNS = {"name": "Class", "cells": [], "value": "Views"}
TALLY_TOTAL = "All views"
SPLIT_TITLE = "Unsure, or of different minds?"
SPLIT_CAPTION = (
    "The entropy of the mean vote splits in two: how unsure the views are one by one, and how much they disagree. "
    "0 is certain, {most} would be no idea among {count} classes."
)
SPLIT_COLUMNS = {"name": "Entropy", "cells": [], "value": "bits"}
SPLIT_UNSURE = "Each is unsure"
SPLIT_DISAGREE = "They disagree"
SPLIT_TOTAL = "Entropy of the mean vote"
PROFILE_TITLE = "Which size helps?"
PROFILE_CAPTION = "Mean confidence in {name} of the {k} views of each size."
PROFILE_COLUMNS = {"name": "Size r, in cells", "cells": [], "value": "Mean confidence"}
RULES_TITLE = "Three ways to count the same votes"
RULES_CAPTION = (
    "The paper sums logits, so a view that is surer counts for more. The others are there to be compared; the bar is "
    "the share of the class that wins."
)
RULES_COLUMNS = {"name": "Rule", "cells": ["Says"], "value": "Share"}
RULES = {"logit-sum": "Sum of logits (Eq. 8)", "probability-mean": "Mean of probabilities", "majority": "Majority"}
TO_ANCHORS = "See where these views start"

CELL = "**Cell ({x}, {y})** has A = {attention} logits, place {rank} of {cells}. {more}"
CELL_ANCHOR = "It is anchor {anchor} of {k}."
CELL_WOULD = "It is no anchor; it would become one at K = {rank}."
CELL_NO_ANCHOR = "It is no anchor."
CUT_ONE = ("{n} column on the left", "{n} row at the top", "{n} column on the right", "{n} row at the bottom")
CUT_MANY = ("{n} columns on the left", "{n} rows at the top", "{n} columns on the right", "{n} rows at the bottom")
CUT_OFF = "{parts} cut off"
CELLS_AVERAGED = "{count} of {all}"
OTHERS = "{count} other classes"
LEDGER_SUM = "The {count} pushes for **{name}** sum to **{total}**; the ensemble logit of Eq. 8 is **{logit}**."
MAP_SUM = (
    "Over all cells **{name}** collects {cells}, the head's constant adds {bias}: together the logit **{logit}**, a "
    "lead of **{lead}** over {against}."
)
CONTRIBUTION_REST = "cells {cells}, constant {bias}: {logit} logits"
ATTENTION_REST = "A from {low} to {high} logits; point at a cell to read it"


def fixed(value: float, digits: int = 4) -> str:
    """A signed number with a fixed count of decimals, so that a column of them can be added up by eye."""
    text = f"{value:+,.{digits}f}".replace("-", "−")
    return text if float(f"{value:.{digits}f}") else text[1:]


def cell(x: int, y: int, attention: float, rank: int, cells: int, anchor: int | None, k: int) -> str:
    """A cell's place among all cells, and whether it is an anchor."""
    more = here.CELL_WOULD.format(rank=rank) if rank > k else here.CELL_NO_ANCHOR
    if anchor:
        more = here.CELL_ANCHOR.format(anchor=anchor, k=k)
    return here.CELL.format(x=x, y=y, attention=fixed(attention), rank=rank, cells=cells, more=more)


def corner(low: bool, at: int, half: int, end: int, result: int) -> str:
    """One line of Eq. 5 with numbers."""
    text = f"max({at} − {half}, 0) = {result}" if low else f"min({at} + {half}, {end}) = {result}"
    return text.replace(" ", NO_BREAK)


def clamped(cut: tuple[int, int, int, int]) -> str:
    """What the edge of the grid took away from a region."""
    sides = zip(cut, here.CUT_ONE, here.CUT_MANY, strict=True)
    parts = [(one if n == 1 else many).format(n=n) for n, one, many in sides if n]
    return (here.CUT_OFF.format(parts=", ".join(parts)) if parts else here.WHOLE).replace(" ", NO_BREAK)


def says(name: str, share: float) -> str:
    """A region's answer, for a table that reads Markdown."""
    return f"{plain(name)}, {percent(share)}".replace(" ", NO_BREAK)


def cells_averaged(count: int, size: int) -> str:
    """How many cells of a region are left."""
    return here.CELLS_AVERAGED.format(count=count, all=size**2).replace(" ", NO_BREAK)


def square(r: int) -> str:
    """A region's size."""
    return f"{r} × {r}".replace(" ", NO_BREAK)


def others(count: int) -> str:
    """A row that stands for all classes that are not spelled out."""
    return here.OTHERS.format(count=count)


def ledger_sum(count: int, name: str, total: float, logit: float) -> str:
    """The ledger's balance."""
    return here.LEDGER_SUM.format(count=count, name=plain(name), total=fixed(total, 2), logit=fixed(logit, 2))


def map_sum(name: str, against: str, cells: float, bias: float, logit: float, lead: float) -> str:
    """The balance of the contribution maps."""
    sums = {"cells": fixed(cells, 2), "bias": fixed(bias, 2), "logit": fixed(logit, 2), "lead": fixed(lead, 2)}
    return here.MAP_SUM.format(name=plain(name), against=plain(against), **sums)


def contribution_rest(total: float, bias: float) -> str:
    """What stands under a contribution map while no cell is pointed at."""
    return here.CONTRIBUTION_REST.format(cells=fixed(total, 2), bias=fixed(bias, 2), logit=fixed(total + bias, 2))


def bits(value: float) -> str:
    """An entropy."""
    return f"{value:.3f}"


def attention_rest(low: float, high: float) -> str:
    """What stands under the attention while no cell is pointed at."""
    return here.ATTENTION_REST.format(low=number(low), high=number(high))
