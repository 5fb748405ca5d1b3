"""The answer for a rectangle, in a sentence."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording.wording import percent, plain


def answer(name: str, share: float, cells: int, all_cells: int) -> str:
    """The head's answer for the rectangle."""
    template = (
        _("Prediction from these {cells} of {all} cells alone: **{name}** ({share})")
        if cells < all_cells
        else _("Prediction from the mean of all {all} cells: **{name}** ({share})")
    )
    return template.format(cells=cells, all=all_cells, name=plain(name), share=percent(share))
