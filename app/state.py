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
METHODS = "methods"
SECOND = "second"
BEST = "best"
SEEN = "saw"
RACE = "with"

CELL = "cell"
REGION = "region"

# In the session only.
OWN_PICTURE = "own_picture"
OWN_PICTURE_FILE = "own_picture_file"
OWN_PICTURE_SHOT = "own_picture_shot"
PASTED = "pasted"
OWN_PICTURE_WAY = "own_picture_way"
OWN_MODEL_FILE = "own_model_file"
OWN_MODELS = "own_models"
SET_UP = "set_up_{}".format
SET_UP_BASE = SET_UP("base")
SET_UP_FROM = SET_UP("from")
SET_UP_BEFORE = "before_reset"
BOXES_FILE = "boxes_file"
BOXES = "boxes"
MEASURED = "measured"
ZIP_FILE = "zip_file"
ZIP_SEEN = "zip_seen"
MESSAGE = "message_{}".format

# Watching runs.
SHADES = "shades"
RUN_ACTION = "run_{}".format
REMOVED = "runs_removed"
PICKED = "picked"

# Looking at data sets.
OF_MODEL = "of"  # no bound key, so that the way to another page may name its model
DATA = "data"
SIDE = "side"
LIMIT = "most"
KIND = "show"
TRUTH = "true"
SAID = "said"
SORT = "sort"
OTHER = "other"
DATA_PATH = "dataset_path"
DATA_PICTURE = "data_picture"
OPEN = "dataset_open"
PAGE = "dataset_page"
EARLIER = "earlier_{}".format
MATRIX = "matrix"
GRID = "grid"
CROPS = "crops"
DOTS = "dots_{}".format

# One step at a time.
HELD = "held"
HELD_START = "held_start"
DELAY = "delay"

# Components on the page.
STRIP = "gallery_strip"
MAPS = "board_maps"
REGIONS = "board_regions"
VERDICT = "verdict"
CURVES = "curves"
FILM = "film"
LESSON = "lesson"
RUN_LINE = "run_line"
RUNS_TABLE = "runs_table"
ATTENTION = "board_attention"
VOTES = "board_votes"
CONTRIBUTIONS = "board_contributions"
LEDGER = "ledger"
DIAL = "board_dial"
OTHER_MAPS = "board_other_maps"
ATLAS = "board_atlas"
SEEN_BOARD = "board_seen"
COMPARED = "board_compared_{}".format
ASK = "ask"
BARS = "bars_{}".format
LINES = "lines_{}".format
FIGURES = "figures_{}".format
FIRM = "board_firm"
MARKED = "board_marked"


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
    numbers = _numbers(CELL, 2)
    return (numbers[0], numbers[1]) if numbers else None


def region() -> tuple[int, int, int, int] | None:
    """The chosen rectangle, inclusive corners in cells, from the session, else from the address, and then in both."""
    numbers = _numbers(REGION, 4)
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if numbers else None


def _numbers(key: str, count: int) -> list[int] | None:
    """Whole numbers that stand in the address as 3-4."""
    if key not in st.session_state:
        told = re.fullmatch("-".join([r"(\d{1,4})"] * count), st.query_params.get(key, ""))
        st.session_state[key] = [int(number) for number in told.groups()] if told else None
    chosen = st.session_state[key]
    if chosen is None:
        if key in st.query_params:
            del st.query_params[key]
        return None
    chosen = [int(number) for number in chosen]
    text = "-".join(map(str, chosen))
    if st.query_params.get(key) != text:
        st.query_params[key] = text
    return chosen


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


def follow_list(key: str, options: Collection[str]) -> None:
    """As `follow_address`, for a widget that holds several values; those that are not on offer are left out."""
    told = st.session_state[key] if key in st.session_state else st.query_params.get_all(key)
    chosen = [value for value in dict.fromkeys(told or ()) if value in options]
    st.session_state[key] = chosen
    if st.query_params.get_all(key) != chosen:
        st.query_params[key] = chosen


def forget_unless(key: str, options: Collection[Any]) -> None:
    """Drop a widget's value that is no longer on offer, so that the widget starts from its default."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
