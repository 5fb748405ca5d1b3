"""Evaluate: where does a model go wrong, and did the views help?"""

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.base.wording import wording
from app.features.evaluate import charts, evaluation_status, evaluations, picture_grid, sections
from app.ui import page

page.head(
    _("Where does it go wrong, and did the views help?"),
    _(
        "A whole data set through the model chosen in the side panel. Every number and every cell below opens the "
        "pictures it stands for."
    ),
)

picture_grid.follow()
model = evaluations.choose_model()
choice = evaluations.choose(model)
if choice is None:
    st.stop()
try:
    asked = evaluations.request(model, choice)
    evaluation = evaluation_status.show(asked)
    if evaluation is None:
        st.stop()
    found = evaluations.findings(evaluation)
except (ValueError, OSError) as error:
    st.error(_("The findings cannot be shown: {why}").format(why=wording.plain(errors.message(error))))
    st.stop()

sections.headline(found)
sections.remarks(model, asked, found)
trouble = evaluations.trouble(asked, found)
left, right = st.columns([7, 5], gap="large")
with left:
    sections.show_confusion(found)
with right:
    sections.show_classes(found)

st.header(_("Picture by picture"), anchor=False)
if trouble:
    st.warning(trouble)
else:
    picture_grid.show(model, asked, found)

sections.against(model, choice, found)
charts.show_scales(found)
charts.show_profiles(found)
charts.show_reliability(found)
if found.views and not trouble:
    st.header(_("Views most confident in a wrong class"), anchor=False)
    st.caption(
        _(
            "The region of each picture that is most confident in a class the picture is not. The ensemble may still "
            "be right: one view is one vote."
        )
    )
    picture_grid.show_crops(model, asked, found)
sections.exports(model, asked, found)
st.page_link("../pages/train.py", label=_("Train another model"), icon=":material/arrow_forward:")
