"""Runs: what was trained here, how well it did, and what to do with it next?"""

import streamlit as st

from app import jobs, runs_actions, runs_keeping, runs_table, telling, wording
from app import wording_runs as words

runs_actions.go_to_train()
st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

seen = jobs.standing()


@st.fragment(run_every=jobs.tick_s(seen))
@telling.in_words()
def history() -> None:
    """The table with what can be done; looks again while it is on the screen."""
    jobs.move_line_on()
    if jobs.standing() != seen:
        st.rerun()
    with st.container():  # what stands below keeps its place whether there is a message or not
        runs_keeping.messages()
    try:
        runs = jobs.all_runs()
    except OSError as error:
        st.error(f"{words.FAILED}: {wording.plain(telling.told(error))}")
        return
    if not runs:
        with st.container(border=True):
            st.markdown(f"**{words.EMPTY_TITLE}**")
            st.write(words.EMPTY_TEXT)
            st.page_link("../pages/train.py", label=words.EMPTY_TRAIN, icon=":material/arrow_forward:")
        return
    there = {run.id: run for run in runs}
    picked = [there[name] for name in runs_table.show(runs)]
    runs_actions.bar(picked)
    runs_actions.compare(picked)


history()
runs_keeping.bring_in()
