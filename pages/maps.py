"""Maps: do AdaCAM, CAM and other methods say the same?"""

import streamlit as st

from app import controls, handout, loaders, maps, measuring, panels, state, subject, telling, wording_measure
from app import wording_maps as words

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)
model, picture = subject.choose()


@telling.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with telling.or_stop():
        facts = loaders.facts(model, picture)
        gap = facts.pooling == "gap"
        with st.sidebar:
            controls.heading(state.CLASS, state.K, state.SIZES)
            target = controls.target(facts)
            k, sizes = (None, None) if gap else (controls.anchors(facts), controls.sizes(facts))
        found = loaders.explanation(model, picture, target, k, sizes)
        atlas = loaders.atlas(model, picture, maps.TEMPERATURES)

    panels.show_answer(model, picture, found)
    recipe, shown = panels.recipe(model, picture, found), picture.digest
    highest = k or min(facts.k, facts.cells)

    st.header(words.DIAL_HEADING, anchor=False)
    panels.show_board(state.DIAL, "dial", shown, found, maps.dial(atlas, gap=gap), recipe)
    st.markdown(maps.claim(atlas, found, highest))

    st.header(words.OTHERS_HEADING, anchor=False)
    chosen = controls.other_maps()
    others = {method: loaders.other(model, picture, method, found.target, k, sizes) for method in chosen}
    if others:
        panels.show_board(state.OTHER_MAPS, "other maps", shown, found, maps.other_panels(found, others), recipe)
        st.caption(words.OTHERS_NOTE)
    else:
        st.caption(words.OTHERS_NONE)

    st.header(words.ALIKE_HEADING, anchor=False)
    maps.show_likeness(atlas, found, others, highest)

    st.header(wording_measure.HEADING, anchor=False)
    if known := measuring.known(picture):
        measuring.show(model, picture, found, known, recipe)
    else:
        st.caption(wording_measure.UNKNOWN)

    st.header(words.ATLAS_HEADING, anchor=False)
    panels.show_board(state.ATLAS, "atlas", shown, found, maps.atlas_panels(atlas), recipe, small=True)
    st.caption(maps.atlas_note(atlas, gap=gap))
    handout.offer(model, picture, found)
    if not gap:
        st.page_link("../pages/anchors.py", label=words.TO_ANCHORS, icon=":material/arrow_forward:")


view()
