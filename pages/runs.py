"""Runs: what was trained here, how well it did, and what to do with it next?"""

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.base.wording import wording
from app.features.training import run_actions, run_archive, runs_table
from app.services import training_runs
from app.ui import page

run_actions.go_to_train()
page.head(
    _("Runs: what was trained on this computer"),
    _(
        "Select runs to act on them; two or more are compared below. Runs of other tabs and of the terminal are here "
        "too."
    ),
)

seen = training_runs.standing()


@st.fragment(run_every=training_runs.tick_s(seen))
@errors.error_boundary()
def history() -> None:
    """The table with what can be done; looks again while it is on the screen."""
    training_runs.move_line_on()
    if training_runs.standing() != seen:
        st.rerun()
    with st.container():  # what stands below keeps its place whether there is a message or not
        run_archive.messages()
    try:
        runs = training_runs.all_runs()
    except OSError as error:
        failed = _("The folder of runs cannot be read")
        st.error(f"{failed}: {wording.plain(errors.message(error))}")
        return
    if not runs:
        with st.container(border=True):
            empty_title = _("No run yet")
            st.markdown(f"**{empty_title}**")
            st.write(_("Your training runs appear here, and those that were started from a terminal."))
            st.page_link("../pages/train.py", label=_("Train a first one"), icon=":material/arrow_forward:")
        return
    there = {run.id: run for run in runs}
    picked = [there[name] for name in runs_table.show(runs)]
    run_actions.bar(picked)
    run_actions.compare(picked)


history()
run_archive.bring_in()
