"""What a region really saw, in sentences."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording import wording
from app.features.views.words import square


def rule(cell: int, side: int, share: float) -> str:
    """What one cell sees by the rule."""
    return _(
        "By the layers of this network, one cell gathers from **{cell} × {cell} px** of the {side} × {side} px that "
        "the network is given, however small its box. This region saw **{share}** of the picture."
    ).format(cell=cell, side=side, share=wording.share(share, 0))


def rule_everywhere(cell: int, side: int) -> str:
    """What one cell sees where blocks of attention pool over the whole picture."""
    return _(
        "This network has blocks that pool over the whole picture, so **every cell depends on all of it**. The "
        "convolutions alone gather from {cell} × {cell} px of the {side} × {side} px that the network is given: that "
        "is the dashed line."
    ).format(cell=cell, side=side)


def measured(share: float) -> str:
    """What the region saw where no rule knows the network and the gradient was asked."""
    return _(
        "No rule here knows the layers of this network, so it was measured: pixels whose gradient is not zero on a "
        "picture of noise. The region saw at least **{share}** of the picture."
    ).format(share=wording.share(share, 0))


def pixels(width: float, height: float) -> str:
    """A size on the picture."""
    return f"{width:.0f} × {height:.0f}".replace(" ", "\u00a0")


def share(value: float) -> str:
    """A share of the picture's area."""
    return wording.share(value, 0)


def region(r: int) -> str:
    """A region's size, for a table."""
    return square(r)
