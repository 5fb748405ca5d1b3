"""What a teacher's link holds: controls that are locked or hidden, by their names in the address.

A link holds nothing against the will of whoever opens it: its address can be changed by hand. It guides, it does not
protect.
"""

from __future__ import annotations

import re

import streamlit as st

from app.base import session
from app.base.i18n import _
from app.base.wording import wording_sharing as words

PAGES = "pages"
"""The list of pages, which can only be hidden."""


def names() -> tuple[str, ...]:
    """What can be locked or hidden."""
    return tuple(words.controls())


def locked(name: str) -> bool:
    """Whether a control is shown but cannot be moved."""
    return name in _named(session.LOCK)


def hidden(name: str) -> bool:
    """Whether a control is not shown at all; its value is the link's, or else the default."""
    return name in _named(session.HIDE)


def held(name: str) -> bool:
    """Whether a control is locked or hidden."""
    return locked(name) or hidden(name)


def look(name: str, help_text: str | None = None) -> dict:
    """For a widget: whether it can be moved, and the note beside it."""
    if locked(name):
        return {"disabled": True, "help": _("The link you opened keeps this as it is.")}
    return {"help": help_text} if help_text else {}


def show() -> None:
    """One line that says what the link has locked; nothing if it locks nothing."""
    if held := _named(session.LOCK):
        st.caption(words.locked([words.controls()[name] for name in held]))


def _named(key: str) -> list[str]:
    """The names in the session, or else in the address, where they stand as k,sizes; then in both."""
    if key not in st.session_state:
        told = [name for text in st.query_params.get_all(key) for name in re.split(r"[,\s]+", text) if name]
        if strange := [name for name in told if name not in names()]:
            session.ignore(key, strange)
        st.session_state[key] = [name for name in names() if name in told]
    kept: list[str] = st.session_state[key]
    session.tell(key, [",".join(kept)] if kept else [])
    return kept
