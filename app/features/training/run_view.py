"""The parts of the Train page below the set-up: watching a run, and what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.base.settings import read_only
from app.base.wording import wording
from app.features.training import (
    attention_history,
    curve_charts,
    launching,
    run_overlay,
    run_status,
    step_inspector,
    words,
)
from app.services import models, training_runs
from mvfa_core.names import titles, visible
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.recipes import RECIPES
from mvfa_core.training.runs import Status

SAY = {"finished": st.success, "failed": st.error, "diverged": st.warning, "lost": st.warning}


def choose_run() -> FollowedRun | None:
    """The run in the address, the newest if it names none; None while there is none at all."""
    runs = {run.id: run for run in training_runs.runs()}
    if not runs:
        session.follow_address(session.RUN, runs)
        return None
    asked = st.query_params.get(session.RUN)
    if asked and asked not in runs:
        folder = training_runs.runs_folder()
        st.info(
            _("There is no run of that name in {folder} any more. The newest one is shown.").format(
                folder=wording.plain(Path(folder).name if read_only() else folder)
            )
        )
    session.follow_address(session.RUN, runs, said=False)
    newest = next(iter(runs))
    # No preselection: whatever is chosen then stands in the address, and the link means that run for ever.
    chosen = st.selectbox(
        _("Run"),
        list(runs),
        index=None,
        format_func=titles(list(runs)),
        placeholder=_("{run} (the newest)").format(run=visible(newest)),
        key=session.RUN,
        persist_state="session",
    )
    return runs[chosen or newest]


def no_run() -> None:
    """What stands where the run will be."""
    with st.container(border=True):
        no_run_title = _("No run yet")
        st.markdown(f"**{no_run_title}**")
        st.write(
            _(
                "Set one up above and start it. With the quick preset the pictures are drawn first, then the curves "
                "appear here, and the finished model can be opened in Explore. A run started in a terminal appears "
                "here by itself."
            )
        )
        st.button(
            _("Start a quick run"),
            key="first",
            disabled=read_only(),
            on_click=launching.start,
            args=(RECIPES["quick"](),),
        )


def watch(run: FollowedRun | None) -> None:
    """The run as it stands, at every tick; the whole page is told when a run begins or ends, wherever that is."""
    seen = training_runs.standing()

    @st.fragment(run_every=training_runs.tick_s(seen))
    @errors.error_boundary()
    def tick() -> None:
        training_runs.move_line_on()
        if training_runs.standing() != seen:
            st.rerun()
        if run is not None:
            status = run.status()
            show_progress(run, status)
            step_inspector.show(run, status)
            run_overlay.show(run_overlay.rivals(run), waiting=status.state in training_runs.ACTIVE)
            attention_history.show(run, live=status.state in training_runs.ACTIVE)

    tick()


def _asked() -> dict[str, str]:
    return {
        "stop": _("Stopping after this step; the model is being saved."),
        "pause": _("Pausing after this step; the model is being saved."),
    }


def show_progress(run: FollowedRun, status: Status) -> None:
    """State, progress and speed, and what can be asked of a run that is active."""
    run_status.show(run, status)
    asked = run.asked()
    with st.container(horizontal=True, vertical_alignment="center"):
        if status.state == "queued" and not read_only():
            st.button(_("Start now anyway"), key="launch", on_click=errors.pressed(training_runs.go_on), args=(run,))
            st.button(_("Remove from queue"), key="leave", on_click=errors.pressed(run.leave_queue))
        if status.state in training_runs.RUNNING:
            locked, pause, stop = read_only(), errors.pressed(run.request_pause), errors.pressed(run.request_stop)
            st.button(_("Pause"), key="pause", disabled=bool(asked) or locked, on_click=pause)
            st.button(_("Stop and keep the model"), key="stop", disabled=asked == "stop" or locked, on_click=stop)
            _open_link(run)
            st.caption(_asked().get(asked, ""))
        _others(run)


def _others(run: FollowedRun) -> None:
    others = [one for one in training_runs.runs() if one.id != run.id and one.status().state in training_runs.ACTIVE]
    for one in others:
        label = f"{words.states()[one.status().state]}: {wording.plain(one.id)}"
        key = session.RUN_ACTION(f"show_{one.id}")
        if st.button(label, key=key, type="tertiary", on_click=session.put, args=(session.RUN, one.id)):
            st.rerun()  # all of the page, not this part of it


def _open_link(run: FollowedRun) -> None:
    if run.model_path():
        st.page_link(
            "../pages/explore.py",
            label=_("Look at this model in Explore"),
            icon=":material/arrow_forward:",
            query_params={session.MODEL: models.RUN_PREFIX + run.id},
        )


def way_onward(run: FollowedRun) -> None:
    """How it ended, what can be done about it, the model and the numbers."""
    status = run.status()
    if status.state not in training_runs.ACTIVE:
        say = SAY.get(status.state, st.info)
        say(words.ending(status.state, status.accuracy, saved=run.model_path() is not None))
        if status.message:
            st.text(errors.message(status.message))
    with st.container(horizontal=True, vertical_alignment="center"):
        if status.state not in training_runs.ACTIVE:
            _open_link(run)
        if status.state == "paused" and not read_only():
            st.button(_("Resume"), key="resume", on_click=errors.pressed(training_runs.go_on), args=(run,))
        if status.state in ("stopped", "lost", "failed") and not read_only():
            st.button(
                _("Go on with this run"), key="continue", on_click=errors.pressed(training_runs.go_on), args=(run,)
            )
        st.download_button(
            _("Numbers (CSV)"),
            lambda: curve_charts.table(training_runs.events(run)),
            f"{run.id}.csv",
            "text/csv",
            on_click="ignore",
        )
        _pdf_button(run_overlay.rivals(run))
        st.page_link("../pages/runs.py", label=_("All runs"), icon=":material/arrow_forward:")
    if not read_only():  # where it lies is the owner's business
        st.text(_("Everything is in the folder {folder}").format(folder=visible(str(run.path), None)))


def _pdf_button(runs: Sequence[FollowedRun]) -> None:
    shades = run_overlay.shades_of(runs)
    name = f"{runs[0].id}.pdf"
    st.download_button(
        _("Curves (PDF)"), lambda: run_overlay.pdf(runs, shades), name, "application/pdf", on_click="ignore"
    )
