"""Widgets that return a value, in the order of the method: class, K, region sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.base import i18n, link_locks, session
from app.base.i18n import _, pgettext
from app.base.wording import wording
from app.services import explanations, models
from mvfa_core.analysis.other_methods import OTHER_MAPS

SIZES = (1, 3, 5, 7, 9, 11, 13)
NO_CLASS = ""
"""In place of a class: the one that follows from the answer."""


def heading(*names: str) -> None:
    """The title over the controls of the method, if any of those named is shown."""
    if not all(map(link_locks.hidden, names)):
        st.subheader(_("Method"))


def target(facts: explanations.ModelInfo) -> int | None:
    """The class to explain, kept in the address; None for the predicted one."""
    return _class(_("Class to explain"), session.CLASS, _("(predicted)"), facts)


def rival(facts: explanations.ModelInfo) -> int | None:
    """The class to hold against the explained one, kept in the address; None for the best of the others."""
    return _class(pgettext("class", "Compare with"), session.AGAINST, _("(best other class)"), facts)


def _class(label: str, key: str, none: str, facts: explanations.ModelInfo) -> int | None:
    chosen = followed_class(key, facts)
    if not link_locks.hidden(key):
        shown = {NO_CLASS: none}
        st.selectbox(
            label, [NO_CLASS, *facts.classes], key=key, persist_state="session",
            format_func=lambda name: shown.get(name, i18n.class_name(name)), **link_locks.look(key),
        )  # fmt: skip
    return chosen


def views(facts: explanations.ModelInfo) -> tuple[int, tuple[int, ...], bool]:
    """K, L_R, and whether overlapping boxes are hidden: what only a model with views has."""
    return anchors(facts), sizes(facts), distinct()


def anchors(facts: explanations.ModelInfo) -> int:
    """K, kept in the address: 1 to H*W."""
    chosen = followed_k(facts)
    if not link_locks.hidden(session.K):
        look = link_locks.look(session.K, _("The K highest cells of AdaCAM become anchors."))
        st.slider(_("Anchors K"), 1, facts.cells, key=session.K, persist_state="session", **look)
    return chosen


def sizes(facts: explanations.ModelInfo) -> tuple[int, ...]:
    """L_R, kept in the address: odd sizes in cells, at least one."""
    chosen, options = followed_sizes(facts), size_options(facts)
    _pills(_("Region sizes L_R, in cells"), session.SIZES, options, wording.sizes_help())
    if not chosen and not link_locks.hidden(session.SIZES):
        st.caption(_("At least one size is needed; the model's own are used."))
    return tuple(sorted(chosen)) or facts.sizes


def _pills(label: str, key: str, options: list, note: str, shown: Callable[[Any], str] = str) -> None:
    """Several of a few, unless a teacher's link takes them away; the value is followed before."""
    if not link_locks.hidden(key):
        look = link_locks.look(key, note)
        st.pills(label, options, selection_mode="multi", format_func=shown, key=key, persist_state="session", **look)


def distinct() -> bool:
    """Whether near doubles are left out of the ranked regions, kept in the address."""
    return _switch(
        _("Hide overlapping boxes"),
        session.DISTINCT,
        _("Skips a region that overlaps a better one by more than half. Off is what the paper shows."),
    )


def _switch(label: str, key: str, note: str) -> bool:
    chosen = _followed_switch(key)
    if not link_locks.hidden(key):
        st.toggle(label, key=key, persist_state="session", **link_locks.look(key, note))
    return chosen


def other_maps() -> list[str]:
    """The methods to compare with, kept in the address."""
    options = list(OTHER_MAPS)
    chosen = session.follow_several(session.METHODS, options, ["Grad-CAM++", "LayerCAM", "HiResCAM"])
    _pills(
        _("Methods"),
        session.METHODS,
        options,
        _("From the grad-cam package, on the same last feature map and the same class. No second pass of the network."),
        _,
    )
    return chosen


def best_rectangle() -> bool:
    """Whether the best rectangle for the class is searched, kept in the address."""
    return _switch(
        _("Search the best rectangle for the class"),
        session.BEST,
        _("Tries every rectangle of the grid. This search is ours, not the paper's."),
    )


def offer_views() -> None:
    """Says why there are no regions, and offers the model that has them."""
    with st.container(border=True):
        gap_title = _("This model has no views")
        st.markdown(f"**{gap_title}**")
        st.write(
            _(
                "It averages the whole map into one vector (global average pooling), so there are no anchors and no "
                "regions to show. Choose an MFA model, for example compact_mfa, to see which regions vote."
            )
        )
        if "compact_mfa" in models.model_ids():
            st.button(
                _("Show compact_mfa instead"),
                on_click=_choose_views,
                disabled=link_locks.held(session.MODEL),
            )


def _choose_views() -> None:
    session.put(session.MODEL, "compact_mfa")
    st.rerun()  # the whole page: the model is chosen outside of the part that the button stands in


# --- what is set, without a widget: from the session or else from the address, and then in both ---


def followed_class(key: str, facts: explanations.ModelInfo) -> int | None:
    """The class under a key as its place; None for the one that follows from the answer."""
    chosen = session.follow(key, [NO_CLASS, *facts.classes], NO_CLASS)
    return None if chosen == NO_CLASS else facts.classes.index(chosen)


def followed_k(facts: explanations.ModelInfo) -> int:
    """K: 1 to H*W."""
    k: int = session.follow(session.K, range(1, facts.cells + 1), min(facts.k, facts.cells), session.number)
    return k


def followed_sizes(facts: explanations.ModelInfo) -> list[int]:
    """L_R: some of `size_options`, or none."""
    return session.follow_several(session.SIZES, size_options(facts), list(facts.sizes), session.number)


def size_options(facts: explanations.ModelInfo) -> list[int]:
    """The region sizes on offer, in cells."""
    return sorted({*SIZES, *facts.sizes})


def followed_distinct() -> bool:
    """Whether overlapping boxes are hidden."""
    return _followed_switch(session.DISTINCT)


def _followed_switch(key: str) -> bool:
    return bool(session.follow(key, (True, False), False, session.switch))
