"""The figures of how well maps mark the object."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording.wording import percent, share


def figure(name: str, value: float | None) -> str:
    """One number of the table."""
    if value is None:
        return "–"
    if name == "pointing":
        return _("yes") if value == 1 else _("no") if value == 0 else share(value)
    if name == "road":
        return f"{value:+.3f}".replace("-", "−")
    # these two are means of a softmax, the others shares of a map, of pixels or of an area
    return percent(value) if name in ("deletion", "insertion") else share(value)
