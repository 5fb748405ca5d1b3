"""The parts of the Train page: setting a run up, watching it, and what comes after."""

from __future__ import annotations

import streamlit as st

from app import charts, jobs, loaders, state, wording
from app import wording_train as words
from app.recipe_form import recipe_form
from mvfa_core.training.recipes import RECIPES, Recipe
from mvfa_core.training.runs import Run, RunError, Status

NEWEST = 8
"""How many runs are looked at to see whether one is being trained."""


def set_up() -> None:
    """The side panel: the form, the start, and the same as a command line."""
    st.subheader(words.SET_UP)
    recipe = recipe_form()
    st.button(
        words.START,
        type="primary",
        width="stretch",
        key="start",
        disabled=recipe is None,
        on_click=_start,
        args=(recipe,),
    )
    if any(run.status().state in jobs.RUNNING for run in jobs.runs()[:NEWEST]):
        st.caption(words.BUSY)
    if message := state.take(state.MESSAGE("run")):
        st.error(wording.plain(message))
    if recipe:
        with st.expander(words.COMMAND):
            st.code(recipe.command(f"{jobs.runs_folder()}/NAME"), language="bash", wrap_lines=True)


def _start(recipe: Recipe) -> None:
    try:
        run = jobs.start_training(recipe)
    except (RunError, OSError) as error:
        state.put(state.MESSAGE("run"), str(error))
    else:
        state.put(state.RUN, run.id)


def choose_run() -> Run | None:
    """The run in the address, the newest if it names none; None while there is none at all."""
    runs = {run.id: run for run in jobs.runs()}
    if not runs:
        return None
    asked = st.query_params.get(state.RUN)
    if asked and asked not in runs:
        st.info(words.RUN_GONE.format(folder=wording.plain(jobs.runs_folder())))
    state.follow_address(state.RUN, runs)
    newest = next(iter(runs))
    # No preselection: whatever is chosen then stands in the address, and the link means that run for ever.
    chosen = st.selectbox(
        words.RUN,
        list(runs),
        index=None,
        placeholder=words.RUN_NEWEST.format(run=newest),
        key=state.RUN,
        persist_state="session",
    )
    return runs[chosen or newest]


def no_run() -> None:
    """What stands where the run will be."""
    with st.container(border=True):
        st.markdown(f"**{words.NO_RUN_TITLE}**")
        st.write(words.NO_RUN_TEXT)
        st.button(words.NO_RUN_START, key="first", on_click=_start, args=(RECIPES["quick"](),))


def show_progress(run: Run, status: Status) -> None:
    """State, progress bar and how to stop, or how it ended."""
    recipe = run.recipe()
    done = min(status.step / status.steps, 1.0) if status.steps else 0.0
    line = words.at_step(status.step, status.steps)
    if status.state == "running":
        line = words.progress(status.step, status.steps, status.steps_per_s, status.seconds_left)
    elif status.state == "starting":
        line = wording.plain(status.message) or words.STARTING
    st.progress(done, f"**{words.STATES[status.state]}**: {line}")
    views = f", K = {recipe.k}, L_R = {', '.join(map(str, recipe.sizes))}" if recipe.pooling == "mfa" else ""
    st.text(f"{recipe.pooling.upper()} on {recipe.backbone}, {recipe.data}{views}; {words.accuracy(status.accuracy)}")
    if status.state in jobs.RUNNING:
        stopping = run.stop_requested()
        st.button(words.STOP, key="stop", disabled=stopping, on_click=run.request_stop)
        if stopping:
            st.caption(words.STOPPING)


def show_curves(run: Run, status: Status) -> None:
    """Loss and accuracy so far."""
    waiting = status.state in jobs.RUNNING
    charts.show_curves(run.id, jobs.events(run), status.steps, run.recipe().pooling, waiting=waiting)


def way_onward(run: Run, status: Status) -> None:
    """How it ended, what can be done about it, and the model."""
    if status.state in jobs.RUNNING:
        return
    say = {"finished": st.success, "failed": st.error, "diverged": st.warning, "lost": st.warning}.get(
        status.state, st.info
    )
    say(words.ending(status.state, status.accuracy, saved=run.model_path() is not None))
    if status.message:
        st.text(status.message)
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.model_path():
            st.page_link(
                "../pages/explore.py",
                label=words.OPEN,
                icon=":material/arrow_forward:",
                query_params={state.MODEL: loaders.RUN_PREFIX + run.id},
            )
        if status.state in ("stopped", "lost", "failed"):
            st.button(words.CONTINUE, key="continue", on_click=jobs.go_on, args=(run,))
        st.download_button(
            words.DOWNLOAD_CSV, lambda: charts.table(jobs.events(run)), f"{run.id}.csv", "text/csv", on_click="ignore"
        )
    st.text(words.FOLDER.format(folder=run.path))


def all_runs() -> None:
    """Every run with its state, newest first."""
    rows = []
    for run in jobs.runs():
        status, recipe = run.status(), run.recipe()
        row = (run.id, words.STATES[status.state], recipe.data, f"{recipe.pooling.upper()} on {recipe.backbone}")
        rows.append((*row, f"{status.step:,} / {status.steps:,}", status.accuracy))
    columns = words.RUN_COLUMNS
    with st.expander(f"{words.RUNS_ALL} ({len(rows)})"):
        st.dataframe(
            {title: [row[i] for row in rows] for i, title in enumerate(columns.values())},
            hide_index=True,
            column_config={columns["accuracy"]: st.column_config.NumberColumn(format="percent")},
        )
