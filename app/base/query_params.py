"""What an address says: a value goes from the session, or else from the address, into both.

Widgets go through `follow` and its kin just before they are made, the few things that are no widgets through
`remembered` and `remember`. What an address says and cannot mean is left out and noted in `ignored()`, which every page
shows as one line. The keys themselves stand in `state`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable
from typing import Any

import streamlit as st

IGNORED = "ignored"
SHOW_IGNORED = "show_ignored"
"""What to call whenever something is left out: a page may end at any point, and nothing can be written after that."""


def ignored() -> list[tuple[str, str]]:
    """Names and values of the address that mean nothing here, in the order they were met."""
    return list(st.session_state.get(IGNORED, {}).items())


def ignore(key: str, values: Iterable[str]) -> None:
    """Note that the address says something that cannot be meant."""
    st.session_state[IGNORED] = {**st.session_state.get(IGNORED, {}), key: ", ".join(values)}
    if show := st.session_state.get(SHOW_IGNORED):
        show()


def asked(key: str) -> str:
    """What the address asks for under a key that the session knows nothing of yet; "" for nothing."""
    return "" if key in st.session_state else st.query_params.get(key, "")


def remembered(key: str, allowed: Callable[[str], bool], default: str) -> str:
    """What the session or else the address says, if it is allowed; the default otherwise."""
    if isinstance(kept := st.session_state.get(key), str) and allowed(kept):
        value = kept
    else:
        told = st.query_params.get_all(key)
        meant = len(told) == 1 and allowed(told[0])
        value = told[0] if meant else default
        if told and not meant and key not in st.session_state:
            ignore(key, told)
    remember(key, value, default)
    return value


def remember(key: str, value: str, default: str) -> None:
    """Keep a value in the session, and in the address unless it is the default."""
    st.session_state[key] = value
    tell(key, [] if value == default else [value])


def tell(key: str, values: list[str]) -> None:
    """Let the address say these values of a key; nothing at all for none."""
    if not values:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get_all(key) != values:
        st.query_params[key] = values


def follow(key: str, options: Container[Any], default: Any, read: Callable[[str], Any] = str) -> Any:
    """Before a widget of that key is made: its value from the session, else from the address, and then in both.

    Args:
        options: what is on offer. default: what stands in no address. read: text to value, None if it cannot be read.
    """
    told = st.query_params.get_all(key)
    if key in st.session_state:
        value = st.session_state[key]
    else:
        value = read(told[0]) if len(told) == 1 else None
        if told and (value is None or value not in options):
            ignore(key, told)
    if value is None or value not in options:
        value = default
    _keep(key, value)
    tell(key, [] if value is None or value == default else [_text(value)])
    return value


def follow_several(key: str, options: Collection[Any], default: list[Any], read: Callable[[str], Any] = str) -> list:
    """As `follow`, for a widget that holds several values; those that are not on offer are left out."""
    if key in st.session_state:
        value = [one for one in st.session_state[key] or () if one in options]
    else:
        told = [text for text in st.query_params.get_all(key) if text]
        value = [one for one in dict.fromkeys(map(read, told)) if one in options]
        if strange := [text for text in told if read(text) not in options]:
            ignore(key, strange)
        if not value and (strange or key not in st.query_params):
            value = list(default)
    _keep(key, value)
    tell(key, [] if sorted(value) == sorted(default) else [_text(one) for one in value] or [""])
    return value


def _keep(key: str, value: Any) -> None:
    # A value that is set again is sent again, and would overtake what the visitor does meanwhile.
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def number(text: str) -> int | None:
    """A whole number as it stands in an address."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def switch(text: str) -> bool | None:
    """A switch as it stands in an address."""
    return {"true": True, "false": False}.get(text)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def numbers(key: str, count: int, grid: tuple[int, int] | None) -> list[int] | None:
    """Whole numbers that stand in the address as 3-4: columns and rows in turn, of a grid if there is one."""
    told = st.query_params.get_all(key)
    if key not in st.session_state:
        read = re.fullmatch("-".join([r"([0-9]{1,4})"] * count), told[0]) if len(told) == 1 else None
        chosen = [int(one) for one in read.groups()] if read else None
        backwards = bool(chosen and count == 4 and (chosen[0] > chosen[2] or chosen[1] > chosen[3]))
        outside = bool(chosen and grid and any(one >= grid[1 - place % 2] for place, one in enumerate(chosen)))
        if told and (chosen is None or backwards or outside):
            ignore(key, told)
            chosen = None
        st.session_state[key] = chosen
    chosen = st.session_state[key]
    if chosen is None:
        tell(key, [])
        return None
    chosen = [int(one) for one in chosen]
    tell(key, ["-".join(map(str, chosen))])
    if grid and any(one >= grid[1 - place % 2] for place, one in enumerate(chosen)):
        return None  # another model's grid; it is kept for when that one comes back
    return chosen


def follow_address(key: str, options: Collection[str], *, said: bool = True) -> None:
    """As `follow`, for a widget that is empty unless session or address have a value; `said`: bad ones are noted."""
    value = st.session_state[key] if key in st.session_state else st.query_params.get(key)
    if isinstance(value, str) and value in options:
        st.session_state[key] = value
        tell(key, [value])
        return
    if said and key not in st.session_state and key in st.query_params:
        ignore(key, st.query_params.get_all(key))
    st.session_state.pop(key, None)
    tell(key, [])


def follow_list(key: str, options: Collection[str]) -> None:
    """As `follow_several`, without a default: nothing is chosen unless session or address say so."""
    if not st.session_state.get(key) and key not in st.query_params:
        st.session_state[key] = []
    else:
        follow_several(key, options, [])


def forget_unless(key: str, options: Collection[Any]) -> None:
    """Drop a widget's value that is no longer on offer, so that the widget starts from its default."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
