"""What can be done with the runs that are ticked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.settings import read_only
from app.features.training import recipe_form, run_overlay, runs_table
from app.features.training.run_archive import remove, trying, zip_button
from app.services import models, training_runs
from app.ui.tables import frame
from mvfa_core.names import visible, visible_names
from mvfa_core.training import archive
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.work import extend

ENDED = ("paused", "finished", "stopped", "lost", "failed", "diverged")
LOOKING = ("watch",)
"""Buttons that change nothing."""
CAN_GO_ON = ("paused", "stopped", "lost", "failed")


def bar(runs: Sequence[FollowedRun]) -> None:
    """One row of buttons; those that make no sense for what is ticked are greyed, so that none moves."""
    st.text(
        _("Selected: {runs}").format(runs=", ".join(visible(run.id) for run in runs))
        if runs
        else _("No run is selected.")
    )
    one = runs[0] if len(runs) == 1 else None
    # An unreadable run has no recipe, and there is nothing to do with it but look at its folder or remove it.
    recipe = _recipe(one) if one else None
    status = one.status().state if one and recipe else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        _links(one if recipe else None)
        _at_work(one, status)
        _button(
            "duplicate",
            recipe is None,
            _duplicate,
            recipe,
            help=_("Fills the form of the Train page in with this run's recipe."),
        )
        _rename(one, idle=status in ENDED and not read_only())
        _extend(one, idle=status in ENDED and not read_only())
        zip_button(one, idle=status in ENDED)
        _button(
            "remove",
            not runs or any(run.is_alive() for run in runs),
            remove,
            runs,
            help=_("Moves the folders aside; it can be undone. A run that is being trained must be stopped first."),
        )
    if session.get(session.RUN_ACTION("to_train")):
        st.rerun()  # the page itself goes there, not this part of it


def go_to_train() -> None:
    """Leave for the Train page if a button asked for it; to be called before anything is shown."""
    if session.take(session.RUN_ACTION("to_train")):
        st.switch_page("../pages/train.py")


def _recipe(run: Run) -> Recipe | None:
    try:
        return run.recipe()
    except RunError:
        return None


def _button(name: str, disabled: bool, press: Callable[..., Any], *args: Any, help: str | None = None) -> None:
    label = {
        "watch": _("Watch in Train"),
        "duplicate": _("Set up another like it"),
        "pause": _("Pause"),
        "resume": _("Resume"),
        "stop": _("Stop"),
        "remove": _("Remove"),
    }[name]
    disabled = disabled or (read_only() and name not in LOOKING)
    press = press if name in LOOKING else errors.pressed(press)
    st.button(label, key=session.RUN_ACTION(name), disabled=disabled, on_click=press, args=args, help=help)


def _links(run: Run | None) -> None:
    model = run.model_path() if run else None
    name = run.id if run else ""
    # The page keeps the run it showed before, and would prefer that to the address.
    _button("watch", run is None, _watch, name)
    st.page_link(
        "../pages/explore.py",
        label=_("Open in Explore"),
        disabled=model is None,
        query_params={session.MODEL: models.RUN_PREFIX + name} if model else None,
    )


def _watch(name: str) -> None:
    session.put(session.RUN, name)
    session.put(session.RUN_ACTION("to_train"), True)


def _at_work(run: FollowedRun | None, status: str) -> None:
    if status in CAN_GO_ON and run:
        _button("resume", False, trying(training_runs.go_on), run)
    else:
        _button("pause", status not in training_runs.RUNNING, run.request_pause if run else str)
    stop = run.leave_queue if run and status == "queued" else run.request_stop if run else str
    _button("stop", status not in training_runs.ACTIVE, stop)


def _duplicate(recipe: Recipe) -> None:
    recipe_form.fill(recipe)
    session.put(session.RUN_ACTION("to_train"), True)


def _rename(run: FollowedRun | None, *, idle: bool) -> None:
    with st.popover(_("Rename"), disabled=not idle):
        if run and idle:
            key = session.RUN_ACTION(f"name_{run.id}")
            st.text_input(_("New name"), visible(run.id), key=key)
            act = trying(lambda run: _renamed(run, session.get(key, "")))
            st.button(_("Rename it"), key=session.RUN_ACTION("rename"), on_click=act, args=(run,))


def _renamed(run: Run, name: str) -> None:
    archive.rename(run, name.strip())
    session.put(session.PICKED, [name.strip()])


def _extend(run: FollowedRun | None, *, idle: bool) -> None:
    with st.popover(_("Extend"), disabled=not idle):
        if run and idle:
            key = session.RUN_ACTION(f"steps_{run.id}")
            st.number_input(_("Steps to add"), 1, 1_000_000, run.recipe().steps, key=key)
            st.caption(_("It goes on from its last checkpoint. A one-cycle schedule begins a new cycle there."))
            act = trying(lambda run: _extended(run, int(session.get(key))))
            st.button(_("Add them and go on"), key=session.RUN_ACTION("extend"), on_click=act, args=(run,))


def _extended(run: FollowedRun, steps: int) -> None:
    extend(run, steps)
    training_runs.queue(run)


def compare(runs: Sequence[FollowedRun]) -> None:
    """Two or more runs: the fields that differ, what came of them, and their curves on one chart."""
    runs = [run for run in runs if _recipe(run)]
    if len(runs) < 2:
        return
    st.header(_("Side by side"), anchor=False)
    st.caption(_("Only what differs between their recipes, and what came of it."))
    rows = runs_table.side_by_side(runs)
    names = visible_names(["", *(run.id for run in runs)])
    frame({name: [row[place] for row in rows] for place, name in enumerate(names)}, hide_index=True)
    run_overlay.show(runs, waiting=any(run.status().state in training_runs.ACTIVE for run in runs))
