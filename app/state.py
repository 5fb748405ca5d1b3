"""Every key of the session and of the address, once.

A key that stands in the address makes a link reopen the view: the widgets of `controls` bind themselves to it, and
the few that are no widgets go through `remembered` and `remember`. Nothing else is ever read from an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import streamlit as st

# In the address.
MODEL = "model"
PICTURE = "picture"
CLASS = "class"
K = "k"
SIZES = "sizes"
DISTINCT = "distinct"
AGAINST = "against"
RUN = "run"

CELL = "cell"

# In the session only.
OWN_PICTURE = "own_picture"
OWN_PICTURE_FILE = "own_picture_file"
OWN_PICTURE_SHOT = "own_picture_shot"
OWN_PICTURE_WAY = "own_picture_way"
OWN_MODEL_FILE = "own_model_file"
OWN_MODELS = "own_models"
PRESET_SEEN = "preset_seen"
SET_UP = "set_up_{}".format
MESSAGE = "message_{}".format

# Components on the page.
STRIP = "gallery_strip"
MAPS = "board_maps"
REGIONS = "board_regions"
VERDICT = "verdict"
CURVES = "curves"
ATTENTION = "board_attention"
VOTES = "board_votes"
CONTRIBUTIONS = "board_contributions"
LEDGER = "ledger"
BARS = "bars_{}".format


def get(key: str, default: Any = None) -> Any:
    """A value of this session."""
    return st.session_state.get(key, default)


def put(key: str, value: Any) -> None:
    """Keep a value for this session. For a widget's key only before the widget is made, or in a callback."""
    st.session_state[key] = value


def take(key: str) -> Any:
    """A value of this session, which forgets it."""
    return st.session_state.pop(key, None)


def drop(key: str) -> None:
    """Forget a value; a widget of that key starts again from its default."""
    st.session_state.pop(key, None)


def remembered(key: str, allowed: Callable[[str], bool], default: str) -> str:
    """What the session or else the address says, if it is allowed; the default otherwise."""
    for value in (st.session_state.get(key), st.query_params.get(key)):
        if isinstance(value, str) and allowed(value):
            remember(key, value, default)
            return value
    remember(key, default, default)
    return default


def remember(key: str, value: str, default: str) -> None:
    """Keep a value in the session, and in the address unless it is the default."""
    st.session_state[key] = value
    if value != default:
        if st.query_params.get(key) != value:
            st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]


def cell() -> tuple[int, int] | None:
    """The chosen cell (x, y) from the session, else from the address, and then in both."""
    if CELL not in st.session_state:
        told = re.fullmatch(r"(\d{1,4})-(\d{1,4})", st.query_params.get(CELL, ""))
        st.session_state[CELL] = [int(told[1]), int(told[2])] if told else None
    chosen = st.session_state[CELL]
    if chosen is None:
        if CELL in st.query_params:
            del st.query_params[CELL]
        return None
    x, y = (int(i) for i in chosen)
    if st.query_params.get(CELL) != f"{x}-{y}":
        st.query_params[CELL] = f"{x}-{y}"
    return x, y


def follow_address(key: str, options: Collection[str]) -> None:
    """Before a widget of that key is made: its value from the session, else from the address, and then in both.

    For widgets that may appear with a value already set: those do not reach the address through their own binding.
    """
    value = st.session_state[key] if key in st.session_state else st.query_params.get(key)
    if isinstance(value, str) and value in options:
        st.session_state[key] = value
        if st.query_params.get(key) != value:
            st.query_params[key] = value
    else:
        drop(key)
        if key in st.query_params:
            del st.query_params[key]


def forget_unless(key: str, options: Collection[Any]) -> None:
    """Drop a widget's value that is no longer on offer, so that the widget starts from its default."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
