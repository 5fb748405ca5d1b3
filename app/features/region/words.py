"""The answer for a rectangle, in a sentence."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording.wording import percent, plain


def answer(name: str, share: float, cells: int, all_cells: int) -> str:
    """The head's answer for the rectangle."""
    template = (
        _("From these {cells} of {all} cells alone it says **{name}**, {share} sure.")
        if cells < all_cells
        else _("From all {all} cells in one mean it says **{name}**, {share} sure.")
    )
    return template.format(cells=cells, all=all_cells, name=plain(name), share=percent(share))
