"""Every key of the session and of the address, once.

A key that stands in the address makes a link reopen the view: widgets go through `follow` and its kin just before they
are made, the few that are no widgets through `remembered` and `remember` (all in address.py, to be had from here).
Nothing else is ever read from an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.base.query_params import (
    IGNORED,
    SHOW_IGNORED,
    asked,
    follow,
    follow_address,
    follow_list,
    follow_several,
    forget_unless,
    ignore,
    ignored,
    number,
    numbers,
    remember,
    remembered,
    switch,
    tell,
)

__all__ = [
    "IGNORED", "SHOW_IGNORED", "asked", "follow", "follow_address", "follow_list", "follow_several", "forget_unless",
    "ignore", "ignored", "number", "numbers", "remember", "remembered", "switch", "tell",
]  # fmt: skip

# In the address.
LANG = "lang"  # see language.py: it is chosen before any page begins
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

FIGURE_KIND = "figure"
FIGURE_MODELS = "models"
FIGURE_PICTURES = "subjects"
FIGURE_RUNS = "runs"
FIGURE_STYLE = "style"

CELL = "cell"
REGION = "region"
STEP = "step"
EXPERIMENT = "experiment"
SETTINGS = "settings"

# In the address, looking at data sets.
OF_MODEL = "of"  # no bound key, so that the way to another page may name its model
DATA = "data"
SIDE = "side"
LIMIT = "most"
KIND = "show"
TRUTH = "true"
SAID = "said"
SORT = "sort"
OTHER = "other"
PAGE = "page"

# In the address, what a teacher's link asks for (teacher.py, questions.py).
LOCK = "lock"
HIDE = "hide"
QUESTIONS = "ask"

KEY = "key"  # to the pictures of another visitor; used and taken out at the start of a page (belongings.py)

_NUMBER = r"-?[0-9]{1,7}(\.[0-9]{1,6})?"
_ENDS = f"[A-Za-z ]{{1,20}}~{_NUMBER}~{_NUMBER}"
# In the address, kept by the browser alone (components/address.js); the forms of their values.
BROWSER = {
    **{
        "look": "cells",
        "range": "own|shared|fixed",
        "ends": rf"{_ENDS}(;{_ENDS}){{0,3}}",
        "opacity": "[0-9]|[1-9][0-9]|100",
        "t": r"[0-9]{1,3}(\.[0-9]{1,2})?",
    },
    **{"by": "time", "across": "log", "loss": "linear", "smooth": "[1-9][0-9]?"},
    **{"frame": "[0-9]{1,9}", "frames": "all", "dots": "off", "open": "anchors|views"},
    **{"order": "[a-z]{1,20}(-down)?", "find": r"[^\x00-\x1f]{1,60}", "status": "[a-z]{1,20}"},
    **{"pictures": r"[^\x00-\x1f]{1,80}", "ending": "[A-Za-z]{1,20}"},
}

ADDRESS = frozenset(
    {LANG, MODEL, PICTURE, CLASS, K, SIZES, DISTINCT, AGAINST, RUN, METHODS, SECOND, BEST, RACE, CELL, REGION}
    | {SEEN, FIGURE_KIND, FIGURE_MODELS, FIGURE_PICTURES, FIGURE_RUNS, FIGURE_STYLE}
    | {STEP, EXPERIMENT, SETTINGS, LOCK, HIDE, QUESTIONS, *BROWSER}
    | {OF_MODEL, DATA, SIDE, LIMIT, KIND, TRUTH, SAID, SORT, OTHER, PAGE}
)
"""Every name that is ever read from an address."""

# In the session only.
LANGUAGE = "language"
PLACE = "place_of_address"
ANSWERED = "answered_{}".format
ANSWER = "answer_{}".format
SHARE = "share"
CONNECTION = "connection"
OWN_PICTURE = "own_picture"
OWN_PICTURE_FILE = "own_picture_file"
OWN_PICTURE_SHOT = "own_picture_shot"
PASTED = "pasted"
OWN_PICTURE_WAY = "own_picture_way"
OWN_MODEL_FILE = "own_model_file"
OWN_MODEL_NAME = "own_model_name"
OWN_MODEL_TODO = "own_model_todo"
OWN_MODEL_QUESTION = "own_model_question"
OWN_MODEL_NEXT = "own_model_next"
OWN_MODEL_ARCHITECTURE = "own_model_architecture"
OWN_MODEL_CLASSES = "own_model_classes"
OWN_MODEL_CLASSES_FILE = "own_model_classes_file"
OWN_MODEL_OTHER = "own_model_other"
OWN_MODEL_OPEN = "own_model_open"
OWN_MODEL_NUMBERED = "own_model_numbered"
LOST = "lost_{}".format
SET_UP = "set_up_{}".format
SET_UP_BASE = SET_UP("base")
SET_UP_FROM = SET_UP("from")
SET_UP_BEFORE = "before_reset"
BOXES_FILE = "boxes_file"
BOXES = "boxes"
MEASURED = "measured"
ZIP_FILE = "zip_file"
ZIP_SEEN = "zip_seen"
ZIP_LINK = "zip_link"
ZIP_ENCODING = "zip_encoding"
MESSAGE = "message_{}".format
VISITOR = "visitor"
MODEL_GONE = "own_model_gone"

# Watching runs.
SHADES = "shades"
RUN_ACTION = "run_{}".format
REMOVED = "runs_removed"
PICKED = "picked"

# Looking at data sets.
DATA_PATH = "dataset_path"
DATA_PICTURE = "data_picture"
OPEN = "dataset_open"
EARLIER = "earlier_{}".format
MATRIX = "matrix"
CLASSES = "classes"
GRID = "grid"
CROPS = "crops"
DOTS = "dots_{}".format

# Figures.
FIGURE = "figure_{}".format
FIGURE_RULE = "figure_rule_told"
FIGURE_OWN = "figure_own"
FIGURE_NOW = "figure_now"
FIGURE_PAST = "figure_past"
FIGURE_BEFORE = "figure_before"
FIGURE_STRIP = "figure_strip"

# One step at a time.
HELD = "held_{}".format
HELD_START = "held_start"
DELAY = "delay"

# The guided walk of the Lesson page.
WALK_FIRST = "walk_first"

# Components on the page.
WALK = "walk"
STRIP = "gallery_strip"
MAPS = "board_maps"
REGIONS = "board_regions"
VERDICT = "verdict"
NUMBERS = "numbers"
LIVE = "live"
LIVE_ANSWERS = "live_answers"
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
ASK = "ask_region"
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


def heed(page: str) -> None:
    """At the start of every run of a page: what the address says that is not of the session.

    On the way to another page, a value that the link names replaces the one in the session. Back and Forward restore a
    page as its address says, defaults included. Names that no key bears, and values of the browser's own that mean
    nothing, are noted and go.
    """
    if _came_by_history():
        for key in ADDRESS:
            st.session_state.pop(key, None)
    if st.session_state.get(PLACE) != page:
        st.session_state[PLACE] = page
        st.session_state.pop(IGNORED, None)
        for key in ADDRESS.intersection(st.query_params):
            st.session_state.pop(key, None)
        for key in ADDRESS.intersection(st.session_state):
            # Said again, because a widget of another page begins in the browser with its own default.
            st.session_state[key] = st.session_state[key]
    for key in list(st.query_params):
        values = st.query_params.get_all(key)
        browsers = key in BROWSER
        if browsers and len(values) == 1 and is_browsers(key, values[0]):
            continue
        if browsers or key not in ADDRESS:
            ignore(key, values)
            del st.query_params[key]


def _came_by_history() -> bool:
    """Whether this run follows a press of Back or Forward."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and context.is_history_navigation)


def is_browsers(key: str, value: str) -> bool:
    """Whether a value of the browser's own has the form of its name."""
    return bool(re.fullmatch(BROWSER[key], value))


def cell(grid: tuple[int, int] | None = None) -> tuple[int, int] | None:
    """The chosen cell (x, y) from the session, else from the address, and then in both; None outside of (H, W)."""
    found = numbers(CELL, 2, grid)
    return (found[0], found[1]) if found else None


def region(grid: tuple[int, int] | None = None) -> tuple[int, int, int, int] | None:
    """The chosen rectangle, inclusive corners in cells, from the session, else from the address, and then in both."""
    found = numbers(REGION, 4, grid)
    if found and found[0] <= found[2] and found[1] <= found[3]:
        return found[0], found[1], found[2], found[3]
    return None


def several(key: str, allowed: Callable[[str], bool], default: str, most: int) -> list[str]:
    """Names that stand in the session or else in the address as a,b,c: those that are allowed, at most so many, and
    then in both. `default` where neither says anything."""
    told = st.session_state.get(key, st.query_params.get(key, default))
    names = list(dict.fromkeys(str(told).split(",")))[: 4 * most]
    kept = [name for name in names if name and allowed(name)][:most]
    if key not in st.session_state and (strange := [name for name in names if name and name not in kept]):
        ignore(key, strange)
    remember(key, ",".join(kept), default)
    return kept
