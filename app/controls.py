"""Widgets that return a value, in the order of the method: class, K, region sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app import language, loaders, state, teacher, wording, wording_maps, wording_region
from app import wording_views as words
from mvfa_core.other_maps import OTHER_MAPS

SIZES = (1, 3, 5, 7, 9, 11, 13)
NO_CLASS = ""
"""In place of a class: the one that follows from the answer."""


def heading(*names: str) -> None:
    """The title over the controls of the method, if any of those named is shown."""
    if not all(map(teacher.hidden, names)):
        st.subheader(wording.METHOD)


def target(facts: loaders.Facts) -> int | None:
    """The class to explain, kept in the address; None for the predicted one."""
    return _class(wording.CLASS, state.CLASS, wording.CLASS_PREDICTED, facts)


def rival(facts: loaders.Facts) -> int | None:
    """The class to hold against the explained one, kept in the address; None for the best of the others."""
    return _class(words.AGAINST, state.AGAINST, words.AGAINST_BEST, facts)


def _class(label: str, key: str, none: str, facts: loaders.Facts) -> int | None:
    options = [NO_CLASS, *facts.classes]
    chosen = state.follow(key, options, NO_CLASS)
    if not teacher.hidden(key):
        shown = {NO_CLASS: none}
        st.selectbox(
            label, options, key=key, format_func=lambda one: shown.get(one, one), persist_state="session",
            **teacher.look(key),
        )  # fmt: skip
    return None if chosen == NO_CLASS else facts.classes.index(chosen)


def views(facts: loaders.Facts) -> tuple[int, tuple[int, ...], bool]:
    """K, L_R, and whether near doubles are left out: what only a model with views has."""
    return anchors(facts), sizes(facts), distinct()


def anchors(facts: loaders.Facts) -> int:
    """K, kept in the address: 1 to H*W."""
    chosen = state.follow(state.K, range(1, facts.cells + 1), min(facts.k, facts.cells), state.number)
    if not teacher.hidden(state.K):
        look = teacher.look(state.K, wording.K_HELP)
        st.slider(wording.K, 1, facts.cells, key=state.K, persist_state="session", **look)
    return chosen


def sizes(facts: loaders.Facts) -> tuple[int, ...]:
    """L_R, kept in the address: odd sizes in cells, at least one."""
    options = sorted({*SIZES, *facts.sizes})
    chosen = state.follow_several(state.SIZES, options, list(facts.sizes), state.number)
    _pills(wording.SIZES, state.SIZES, options, wording.SIZES_HELP)
    if not chosen and not teacher.hidden(state.SIZES):
        st.caption(wording.SIZES_NONE)
    return tuple(sorted(chosen)) or facts.sizes


def _pills(label: str, key: str, options: list, note: str, shown: Callable[[Any], str] = str) -> None:
    """Several of a few, unless a teacher's link takes them away; the value is followed before."""
    if not teacher.hidden(key):
        look = teacher.look(key, note)
        st.pills(label, options, selection_mode="multi", format_func=shown, key=key, persist_state="session", **look)


def distinct() -> bool:
    """Whether near doubles are left out of the ranked regions, kept in the address."""
    return _switch(wording.DISTINCT, state.DISTINCT, wording.DISTINCT_HELP)


def _switch(label: str, key: str, note: str) -> bool:
    chosen = state.follow(key, (True, False), False, state.switch)
    if not teacher.hidden(key):
        st.toggle(label, key=key, persist_state="session", **teacher.look(key, note))
    return chosen


def other_maps() -> list[str]:
    """The methods to compare with, kept in the address."""
    options = list(OTHER_MAPS)
    chosen = state.follow_several(state.METHODS, options, ["Grad-CAM++", "LayerCAM", "HiResCAM"])
    _pills(wording_maps.OTHERS, state.METHODS, options, wording_maps.OTHERS_HELP, language.library)
    return chosen


def best_rectangle() -> bool:
    """Whether the best rectangle for the class is searched, kept in the address."""
    return _switch(wording_region.BEST, state.BEST, wording_region.BEST_HELP)


def offer_views() -> None:
    """Says why there are no regions, and offers the model that has them."""
    with st.container(border=True):
        st.markdown(f"**{wording.GAP_TITLE}**")
        st.write(wording.GAP_TEXT)
        if "compact_mfa" in loaders.model_ids():
            st.button(
                wording.GAP_CHOOSE,
                on_click=_choose_views,
                disabled=teacher.held(state.MODEL),
            )


def _choose_views() -> None:
    state.put(state.MODEL, "compact_mfa")
    st.rerun()  # the whole page: the model is chosen outside of the part that the button stands in
