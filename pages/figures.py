"""Figures: which figure goes into the paper?"""

import streamlit as st

from app.base import errors
from app.base.wording import wording
from app.base.wording import wording_figures as words
from app.features.figures import figure_form, figure_pictures, figure_result
from mvfa_core.figures import OF_RUNS, FigureSpec

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

with st.sidebar:
    undo = st.container()
    kind = figure_form.kind()
    of_runs = kind in OF_RUNS
    models = () if of_runs else figure_form.choose_models(kind)
    runs = figure_form.runs(kind) if of_runs else ()
    try:
        options = figure_form.options(kind, models)
    except ValueError as error:
        st.error(words.CANNOT.format(why=wording.plain(errors.message(error))))
        st.stop()

pictures = () if of_runs else tuple(figure_pictures.choose_pictures(models[0] if models else None))
if of_runs and not runs:
    st.info(words.NO_RUN_CHOSEN)
elif not of_runs and not (models and pictures):
    st.info(words.NO_PICTURES if models else words.NO_MODEL_CHOSEN)
else:
    request = FigureSpec(kind, models, pictures, runs, options, figure_form.rule())
    figure_form.note(request)
    figure_result.show(request)
with undo:
    figure_form.undo()
figure_result.again()
