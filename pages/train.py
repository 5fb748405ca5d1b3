"""Train: choose data and model, start, and watch it learn."""

import streamlit as st

from app import jobs, training
from app import wording_train as words

st.title(words.TRAIN_TITLE, anchor=False)
st.caption(words.TRAIN_INTRO)

with st.sidebar:
    training.set_up()

run = training.choose_run()
if run is None:
    training.no_run()
    st.stop()

running = run.status().state in jobs.RUNNING


@st.fragment(run_every=1.0 if running else None)
def watch() -> None:
    """The run as it stands; ticks while it runs, and lets the whole page know once when it ends."""
    status = run.status()
    training.show_progress(run, status)
    training.show_curves(run, status)
    if running and status.state not in jobs.RUNNING:
        st.rerun()


watch()
training.way_onward(run, run.status())
training.all_runs()
