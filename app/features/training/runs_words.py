"""Values in the table of runs."""

from __future__ import annotations

from datetime import datetime

from app.base import i18n

NOTHING = "\u2013"


def when(epoch_s: float) -> str:
    """A date and time as a person would write it."""
    return i18n.moment(datetime.fromtimestamp(epoch_s))


def shown(value: object) -> str:
    """A field of a recipe in a table."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or NOTHING
    return NOTHING if value is None else str(value)
