"""Train: choose data and model, start, and watch it learn."""

import streamlit as st

from app import race, set_up, training
from app import wording_train as words

st.title(words.TRAIN_TITLE, anchor=False)
st.caption(words.TRAIN_INTRO)

set_up.show()

run = training.choose_run()
if run is None:
    training.no_run()
    training.watch(None)
    st.stop()

race.choose(run, run.recipe())
training.watch(run)
training.way_onward(run)
