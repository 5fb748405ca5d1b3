"""Compare: do two models look at the same thing?"""

import streamlit as st

from app import compare, controls, loaders, state, subject, telling, wording
from app import wording_compare as words

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

model, picture = subject.choose()
with st.sidebar:
    other = compare.second(model)
if other is None:
    st.info(words.ONLY_ONE)
    st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")
    st.stop()


@telling.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with telling.or_stop():
        facts = loaders.facts(model, picture), loaders.facts(other, picture)
        with st.sidebar:
            controls.heading(state.CLASS, state.K, state.SIZES)
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
    if sides[0].found.grid == sides[1].found.grid:
        st.header(words.ALIKE_HEADING, anchor=False)
        compare.show_likeness(sides, k or min(facts[0].k, facts[0].cells))

    st.header(words.REGIONS_HEADING, anchor=False)
    compare.show_regions(sides, picture)

    st.header(words.VERDICT_HEADING, anchor=False)
    compare.show_verdict(sides, picture.truth)
    st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")


view()
