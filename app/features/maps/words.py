"""The sentences of the Maps page that are filled in."""

from __future__ import annotations

import math

from app.base.i18n import _
from app.base.wording import wording
from app.base.wording.wording import number, percent, plain


def _dial_named() -> dict[float, str]:
    return {1.0: _("AdaCAM")}


def temperature(value: float, name: str, share: float) -> str:
    """A stop of the dial: T, what it is called, and how much of the weight the likeliest class has."""
    called = _dial_named().get(value)
    template = (
        _("T = {value:g} ({called}): {name} weighs {share}") if called else _("T = {value:g}: {name} weighs {share}")
    )
    return template.format(value=value, called=called, name=name, share=percent(share))


def claim(name: str, share: float, rank: float, shared: float, k: int) -> str:
    """The paper's claim, for this picture."""
    order = (
        _("have no common order")
        if math.isnan(rank)
        else _("have a rank correlation of {rank}").format(rank=number(rank))
    )
    return _(
        "AdaCAM and the map of **{name}** {order} and share {cells} of their {k} highest cells; {name} has {share} of "
        "the weight."
    ).format(name=plain(name), order=order, cells=wording.share(shared, 0), k=k, share=percent(share))
