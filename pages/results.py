"""Results: what of the paper was reproduced on this machine, and how near did it come?"""

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.base.wording import wording
from app.features.results import results
from app.ui import page
from mvfa_core.experiments.plan import EXPERIMENTS

page.head(
    _("Reproduction results"),
    _(
        "Only what was run has a number of ours, here or for the report that comes with the project; each says with "
        "which steps, seeds and backbone. Fewer steps or a smaller backbone do not test what the paper's models reach."
    ),
)

try:
    found = results.load()
except ValueError as error:
    unreadable = _("The results cannot be shown")
    st.error(f"{unreadable}: {wording.plain(errors.message(error))}")
    st.stop()
if not found.requests:
    results.empty()
    st.stop()

request = results.choose(found)
experiment = EXPERIMENTS[request.experiment]
table = results.table_of(request, found)
if not table:
    st.info(_("None of its cells was asked for under these settings."))
    st.stop()

results.show_table(experiment, table)
st.header(_("Cell by cell"), anchor=False)
results.show_cells(table)
results.show_scales(table)
st.header(_("The runs behind the figures"), anchor=False)
results.show_runs(table)
st.page_link("../pages/train.py", label=_("Watch the runs on the Train page"), icon=":material/arrow_forward:")
