"""Figures: which figure goes into the paper?"""

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.base.wording import wording
from app.features.figures import figure_form, figure_pictures, figure_result
from app.ui import page
from mvfa_core.figures import OF_RUNS, FigureSpec

page.head(
    _("Make a figure"),
    _(
        "Choose a kind and pictures; the preview follows. Every file contains its recipe: upload a figure below to "
        "recreate it."
    ),
)

with st.sidebar:
    undo = st.container()
    kind = figure_form.kind()
    of_runs = kind in OF_RUNS
    models = () if of_runs else figure_form.choose_models(kind)
    runs = figure_form.runs(kind) if of_runs else ()
    try:
        options = figure_form.options(kind, models)
    except ValueError as error:
        st.error(_("It cannot be drawn: {why}").format(why=wording.plain(errors.message(error))))
        st.stop()

pictures = () if of_runs else tuple(figure_pictures.choose_pictures(models[0] if models else None))
if of_runs and not runs:
    st.info(_("Choose one or more runs or models in the side panel."))
elif not of_runs and not (models and pictures):
    st.info(
        _("Choose a picture above: press one in the strip, or let a rule choose.")
        if models
        else _("Choose one or more models in the side panel.")
    )
else:
    request = FigureSpec(kind, models, pictures, runs, options, figure_form.rule())
    figure_form.note(request)
    figure_result.show(request)
with undo:
    figure_form.undo()
figure_result.again()
