"""Evaluate: where does a model go wrong, and did the views help?"""

import streamlit as st

from app.base import errors
from app.base.wording import wording
from app.base.wording import wording_dataset as words
from app.features.evaluate import evaluation_status, evaluations, picture_grid, sections

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

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
    st.error(words.UNREADABLE.format(why=wording.plain(errors.message(error))))
    st.stop()

sections.headline(found)
sections.remarks(model, asked, found)
trouble = evaluations.trouble(asked, found)
left, right = st.columns([7, 5], gap="large")
with left:
    sections.show_confusion(found)
with right:
    sections.show_classes(found)

st.header(words.PICTURES_TITLE, anchor=False)
if trouble:
    st.warning(trouble)
else:
    picture_grid.show(model, asked, found)

sections.against(model, choice, found)
sections.show_scales(found)
sections.show_profiles(found)
sections.show_reliability(found)
if found.views and not trouble:
    st.header(words.CROPS_TITLE, anchor=False)
    st.caption(words.CROPS_NOTE)
    picture_grid.show_crops(model, asked, found)
sections.exports(model, asked, found)
st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")
