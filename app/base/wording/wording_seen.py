"""Every sentence about what a region really saw, on the Anchors page."""

from __future__ import annotations

from app.base import i18n
from app.base.wording import wording
from app.base.wording import wording_seen as here
from app.base.wording.wording_views import square

i18n.speaks(__name__)

HEADING = "What a region really saw"
SIZE = "Region size r, in cells"
PANEL_TITLE = "Region and what it saw"
PANEL_SYMBOL = "r = {r}, cell ({x}, {y})"
PANEL_CAPTION = (
    "Solid: the region of Eq. 5. Dashed: all pixels that can change its cells. Those near the middle count most, so "
    "the dashed line is a limit, not a weight."
)
KEY_REGION = "region of Eq. 5"
KEY_SEEN = "what it saw"
BOX_NAME = "{r} × {r} cells"
BOX_TAG = "saw {width} × {height} px"
BOX_LABEL = "the region is {own} px, it saw {seen} px of the picture"

EQUATION = r"\footnotesize i \;\leftarrow\; i\,s - p \;\ldots\; i\,s - p + d\,(k - 1)"
EQUATION_CAPTION = (
    "Output i of a layer takes these inputs: k is its kernel, s its stride, p its padding, d its dilation. Layer by "
    "layer this leads down to the picture; where branches meet, the farther one counts."
)
COLUMNS = {"size": "r", "own": "Region, px", "seen": "Saw, px", "share": "Of the picture"}
CAPTION = (
    "In px of this picture. The picture is squashed to {side} × {side} px for the network, so one px there is "
    "{width} × {height} px here."
)
CAPTION_SQUARE = "In px of this picture, {width} × {height}; the network is given it as {side} × {side} px."

RULE = (
    "By the layers of this network, one cell gathers from **{cell} × {cell} px** of the {side} × {side} px that the "
    "network is given, however small its box. This region saw **{share}** of the picture."
)
RULE_EVERYWHERE = (
    "This network has blocks that pool over the whole picture, so **every cell depends on all of it**. The "
    "convolutions alone gather from {cell} × {cell} px of the {side} × {side} px that the network is given: that is "
    "the dashed line."
)
MEASURED = (
    "No rule here knows the layers of this network, so it was measured: pixels whose gradient is not zero on a picture "
    "of noise. The region saw at least **{share}** of the picture."
)
MEASURED_EVERYWHERE = (
    "No rule here knows the layers of this network, so it was measured: on a picture of noise **every pixel can change "
    "every cell**. Attention or pooling over the whole picture does that."
)


def rule(cell: int, side: int, share: float) -> str:
    """What one cell sees by the rule."""
    return here.RULE.format(cell=cell, side=side, share=wording.share(share, 0))


def rule_everywhere(cell: int, side: int) -> str:
    """What one cell sees where blocks of attention pool over the whole picture."""
    return here.RULE_EVERYWHERE.format(cell=cell, side=side)


def measured(share: float) -> str:
    """What the region saw where no rule knows the network and the gradient was asked."""
    return here.MEASURED.format(share=wording.share(share, 0))


def pixels(width: float, height: float) -> str:
    """A size on the picture."""
    return f"{width:.0f} × {height:.0f}".replace(" ", "\u00a0")


def share(value: float) -> str:
    """A share of the picture's area."""
    return wording.share(value, 0)


def region(r: int) -> str:
    """A region's size, for a table."""
    return square(r)
