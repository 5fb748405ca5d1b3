"""Lesson: how do the views decide? The method, one step after the other, on this model and this picture."""

import streamlit as st

from app import further, loaders, narrowed, subject, telling, walk
from app import wording_walk as words

st.title(words.TITLE, anchor=False)
lesson, below = st.container(), st.container()  # a class room looks at the lesson, so it stands above the pictures

with below:
    st.caption(words.INTRO)
    model, picture = subject.choose()
    st.page_link("../pages/explore.py", label=words.TO_EXPLORE, icon=":material/arrow_forward:")
with lesson:
    with telling.or_stop():
        facts = loaders.facts(model, picture)
        k, sizes = walk.method(facts)
        found = further.lesson(model, picture, k, sizes, walk.truth_of(picture, facts))
    narrowed.note(facts.known, len(facts.classes))
    walk.show(model, picture, facts, found)
