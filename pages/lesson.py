"""Lesson: how do the views decide? The method, one step after the other, on this model and this picture."""

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.features.lesson import lesson
from app.services import class_subset, explanations, findings
from app.ui import model_picture_picker

st.title(_("How the views decide, step by step"), anchor=False)
top, below = st.container(), st.container()  # a class room looks at the lesson, so it stands above the pictures

with below:
    st.caption(_("Any picture and any model can be walked through: every number above is then theirs."))
    model, picture = model_picture_picker.choose()
    st.page_link("../pages/explore.py", label=_("Explore this picture freely"), icon=":material/arrow_forward:")
with top:
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        k, sizes = lesson.method(facts)
        found = findings.lesson(model, picture, k, sizes, lesson.truth_of(picture, facts))
    class_subset.note(facts.known, len(facts.classes))
    lesson.show(model, picture, facts, found)
