"""The sentences about the attention of a run while it is trained."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording.wording import percent


def answer(name: str, share: float) -> str:
    """A predicted class and how sure the model is."""
    return f"{name} {percent(share)}"


def done(step: int, steps: int) -> str:
    """Where a held run stands."""
    return (
        _("Before the first of {steps:,} steps").format(steps=steps)
        if step == 0
        else _("Step {step:,} of {steps:,} is done").format(step=step, steps=steps)
    )


def pictures(shown: int, n: int) -> str:
    """How many pictures of the batch are shown."""
    return (
        _("its {n} pictures").format(n=n)
        if shown == n
        else _("the first {shown} of its {n} pictures").format(shown=shown, n=n)
    )


def figure(value: float | None) -> str:
    """A loss or another positive figure."""
    return _("not a number") if value is None else f"{value:.4g}"


def change(before: float | None, after: float | None) -> str:
    """A signed difference with a true minus sign."""
    return "" if before is None or after is None else f"{after - before:+.3g}".replace("-", "\u2212")


def share_moved(share: float | None) -> str:
    """A relative change."""
    return "\u2013" if share is None else f"{100 * share:.2g}\u00a0%"
