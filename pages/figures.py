"""Figures: which figure goes into the paper?"""

import streamlit as st

from app import figures_form, figures_pictures, figures_result, telling, wording
from app import wording_figures as words
from mvfa_core.figures import OF_RUNS, Request

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

with st.sidebar:
    undo = st.container()
    kind = figures_form.kind()
    of_runs = kind in OF_RUNS
    models = () if of_runs else figures_form.models(kind)
    runs = figures_form.runs(kind) if of_runs else ()
    try:
        options = figures_form.options(kind, models)
    except ValueError as error:
        st.error(words.CANNOT.format(why=wording.plain(telling.told(error))))
        st.stop()

pictures = () if of_runs else tuple(figures_pictures.choose_pictures(models[0] if models else None))
if of_runs and not runs:
    st.info(words.NO_RUN_CHOSEN)
elif not of_runs and not (models and pictures):
    st.info(words.NO_PICTURES if models else words.NO_MODEL_CHOSEN)
else:
    request = Request(kind, models, pictures, runs, options, figures_form.rule())
    figures_form.note(request)
    figures_result.show(request)
with undo:
    figures_form.undo()
figures_result.again()
