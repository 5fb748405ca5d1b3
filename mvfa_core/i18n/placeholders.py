"""Whether a translation can stand in for its message: both name the same values in braces."""

from __future__ import annotations

from string import Formatter

Fields = frozenset[tuple[str, str, str]]


def fields(text: str) -> Fields | None:
    """The names in braces, those without one by their number, and how each is to be formatted; None for a text that
    cannot be filled in."""
    try:
        named = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return None
    return frozenset((name or f"#{place}", spec or "", how or "") for place, (name, spec, how) in enumerate(named))


def fits(messages: tuple[str, ...], translation: str) -> bool:
    """Whether a translation has the fields of its message.

    Args:
        messages: the message, or its singular and plural. A form for one may leave the number out.
    """
    if not translation.strip():
        return False
    wanted = [fields(message) for message in messages]
    found = fields(translation)
    if found is None or any(one is None for one in wanted):
        return found is None and wanted == [None]
    *_, most = (one for one in wanted if one is not None)
    least = frozenset.intersection(*(one for one in wanted if one is not None))
    return least <= found <= most if len(messages) > 1 else found == most
