"""Compare: do two models look at the same thing?"""

import streamlit as st

from app.base import errors, session
from app.base.wording import wording
from app.base.wording import wording_compare as words
from app.features.compare import compare
from app.services import explanations
from app.ui import controls, model_picture_picker

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

model, picture = model_picture_picker.choose()
with st.sidebar:
    other = compare.second(model)
if other is None:
    st.info(words.ONLY_ONE)
    st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")
    st.stop()


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture), explanations.model_info(other, picture)
        with st.sidebar:
            controls.heading(session.CLASS, session.K, session.SIZES)
            chosen = controls.target(facts[0])
            k, sizes = compare.views(facts)
        target = None if chosen is None else facts[0].classes[chosen]
        sides = (
            compare.side(model, facts[0], picture, target, k, sizes),
            compare.side(other, facts[1], picture, target, k, sizes),
        )

    compare.show_answers(sides, picture, target)
    compare.show_scope(sides, picture)

    st.header(words.MAPS_HEADING, anchor=False)
    compare.show_maps(sides, picture)
    if sides[0].explanation.grid == sides[1].explanation.grid:
        st.header(words.ALIKE_HEADING, anchor=False)
        compare.show_likeness(sides, k or min(facts[0].k, facts[0].cells))

    st.header(words.REGIONS_HEADING, anchor=False)
    compare.show_regions(sides, picture)

    st.header(words.VERDICT_HEADING, anchor=False)
    compare.show_verdict(sides, picture.truth)
    st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")


view()
