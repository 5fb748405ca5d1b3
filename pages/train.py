"""Train: choose data and model, start, and watch it learn."""

import streamlit as st

from app.base.i18n import _
from app.features.training import run_overlay, run_view, set_up
from app.ui import page

page.head(
    _("Train a classifier and watch it learn"),
    _("Training continues if you close this page, reload it or restart the app."),
)

set_up.show()

run = run_view.choose_run()
if run is None:
    run_view.no_run()
    run_view.watch(None)
    st.stop()

run_overlay.choose(run, run.recipe())
run_view.watch(run)
run_view.way_onward(run)
