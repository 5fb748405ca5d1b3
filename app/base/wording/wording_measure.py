"""Every sentence about how well maps mark the object, on the Maps page."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording.wording import percent, share


def no_line(file: str, name: str) -> str:
    """A file of boxes that has none for this picture."""
    return _("{file}: has no box for {name}; expected a line or an XML file of that name").format(file=file, name=name)


def outside(file: str, wide: float, high: float) -> str:
    """Boxes that are for another size of the picture."""
    return _("{file}: expected boxes inside {wide:g} x {high:g} px, the size of this picture, got one outside").format(
        file=file, wide=wide, high=high
    )


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
