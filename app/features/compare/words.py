"""The sentences of the Compare page that are filled in."""

from __future__ import annotations

from app.base.i18n import _, class_name
from app.base.wording.wording import percent, plain


def answer(model: str, name: str, share: float, truth: str | None, *, known: bool) -> str:
    """One model's answer, and whether it is right where that is known."""
    more = ""
    if truth is not None:
        more = _(" ✓ correct") if name == truth else _(" ✗ wrong")
        more = more if known else _(" ✗ it has no class {truth}").format(truth=plain(class_name(truth)))
    return _("**{model}** predicts **{name}** ({share}){more}").format(
        model=plain(model), name=plain(class_name(name)), share=percent(share), more=more
    )
