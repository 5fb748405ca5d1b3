"""Train: choose data and model, start, and watch it learn."""

import streamlit as st

from app.base.wording import wording_train as words
from app.features.training import run_overlay, run_view, set_up

st.title(words.TRAIN_TITLE, anchor=False)
st.caption(words.TRAIN_INTRO)

set_up.show()

run = run_view.choose_run()
if run is None:
    run_view.no_run()
    run_view.watch(None)
    st.stop()

run_overlay.choose(run, run.recipe())
run_view.watch(run)
run_view.way_onward(run)
