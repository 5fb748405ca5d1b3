"""Results: what of the paper was reproduced on this machine, and how near did it come?"""

import streamlit as st

from app.base import errors
from app.base.wording import wording
from app.base.wording import wording_results as words
from app.features.results import results
from mvfa_core.experiments.plan import EXPERIMENTS

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

try:
    found = results.load()
except ValueError as error:
    st.error(f"{words.UNREADABLE}: {wording.plain(errors.message(error))}")
    st.stop()
if not found.requests:
    results.empty()
    st.stop()

request = results.choose(found)
experiment = EXPERIMENTS[request.experiment]
table = results.table_of(request, found)
if not table:
    st.info(words.NONE)
    st.stop()

results.show_table(experiment, table)
st.header(words.CELLS, anchor=False)
results.show_cells(table)
results.show_scales(table)
st.header(words.RUNS, anchor=False)
results.show_runs(table)
st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")
