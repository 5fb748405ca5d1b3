"""What the scripts of a page send back, read as what it should be: a visitor may send anything in their place, and what
is of another form counts as nothing sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.base import session
from app.base.i18n import _
from mvfa_core.checks import is_whole

LONGEST, MOST = 10_000, 10_000
LARGEST = 10**9


def value(key: str, name: str) -> Any:
    """What the component of that key sent under a name, of any form; None for nothing."""
    told = session.get(key)
    return told.get(name) if isinstance(told, Mapping) else None


def text(key: str, name: str, longest: int = LONGEST) -> str | None:
    """A text."""
    told = value(key, name)
    return told if isinstance(told, str) and len(told) <= longest else None


def texts(key: str, name: str) -> list[str]:
    """Texts; those of another form are left out."""
    told = value(key, name)
    members = told[:MOST] if isinstance(told, list) else []
    return [one for one in members if isinstance(one, str) and len(one) <= LONGEST]


def whole(key: str, name: str) -> int | None:
    """A whole number from 0."""
    told = value(key, name)
    told = int(told) if isinstance(told, float) and told.is_integer() else told
    return told if is_whole(told, 0, LARGEST) else None


def wholes(key: str, name: str, count: int) -> list[int] | None:
    """So many whole numbers from 0: a cell (x, y), or the corners of a rectangle."""
    told = value(key, name)
    fits = isinstance(told, list) and len(told) == count and all(is_whole(one, 0, LARGEST) for one in told)
    return list(told) if fits else None


def texts_of(key: str, name: str) -> dict[str, str]:
    """Texts by name."""
    told = value(key, name)
    members = list(told.items())[:MOST] if isinstance(told, Mapping) else []
    return {str(name): one for name, one in members if isinstance(one, str)}


# --- files ---


def files(held: Any) -> list[UploadedFile]:
    """The files that a field holds. One that the server does not have, because it was started again meanwhile or the
    file is another visitor's, is left out, and the page says so."""
    every = held if isinstance(held, list) else [] if held is None else [held]
    there = [one for one in every if isinstance(one, UploadedFile)]
    if len(there) < len(every):
        st.toast(
            _("This file is not on the server (any more): choose it again."), icon=":material/error:", duration="long"
        )
    return there


def file(held: Any) -> UploadedFile | None:
    """The file that a field holds, likewise."""
    return next(iter(files(held)), None)
