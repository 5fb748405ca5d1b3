"""Starting a run: at once, or in line behind the one that is being trained."""

from __future__ import annotations

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.wording import wording
from app.services import training_runs
from mvfa_core.data.sets import DataError
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import RunError


def show(recipe: Recipe | None) -> None:
    """The start, and what became of it if there is no run. None while the recipe cannot be carried out."""
    busy = any(active for _unused, active in training_runs.standing())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Add to queue") if busy else _("Start the run"),
            type="primary",
            key="start",
            disabled=recipe is None,
            on_click=start,
            args=(recipe,),
        )
        if busy:
            st.button(
                _("Start now anyway"), key="start_now", disabled=recipe is None, on_click=start, args=(recipe, False)
            )
        st.toggle(
            _("Step manually"),
            key=session.HELD_START,
            help=_("The run prepares its pictures and then waits before its first step until you let it go on."),
        )
    if busy:
        st.caption(_("A run is being trained. This one would wait for its turn; two at once are both slower."))
    if message := session.take(session.MESSAGE("run")):
        st.error(wording.plain(message))


def start(recipe: Recipe, wait: bool = True) -> None:
    """A new run of that recipe, which the page then shows; or, on the next run of the page, why there is none. It
    waits for its turn unless told otherwise."""
    try:
        begin = training_runs.start_held if session.get(session.HELD_START) else training_runs.start_training
        run = begin(recipe, wait=wait)
    except (DataError, RunError, OSError) as error:
        session.put(session.MESSAGE("run"), errors.message(error))
    else:
        session.put(session.RUN, run.id)
