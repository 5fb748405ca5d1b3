"""Maps: do AdaCAM, CAM and other methods say the same?"""

import streamlit as st

from app.base import errors, session
from app.base.wording import wording_maps as words
from app.base.wording import wording_measure
from app.features.maps import localisation, maps
from app.features.sharing import handout
from app.services import explanations
from app.ui import controls, model_picture_picker, panels

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)
model, picture = model_picture_picker.choose()


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        gap = facts.pooling == "gap"
        with st.sidebar:
            controls.heading(session.CLASS, session.K, session.SIZES)
            target = controls.target(facts)
            k, sizes = (None, None) if gap else (controls.anchors(facts), controls.sizes(facts))
        explanation = explanations.explanation(model, picture, target, k, sizes)
        atlas = explanations.atlas(model, picture, maps.TEMPERATURES)

    panels.show_answer(model, picture, explanation)
    recipe, shown = panels.recipe(model, picture, explanation), picture.digest
    highest = k or min(facts.k, facts.cells)

    st.header(words.DIAL_HEADING, anchor=False)
    panels.show_board(session.DIAL, "dial", shown, explanation, maps.dial(atlas, gap=gap), recipe)
    st.markdown(maps.claim(atlas, explanation, highest))

    st.header(words.OTHERS_HEADING, anchor=False)
    chosen = controls.other_maps()
    others = {method: explanations.other(model, picture, method, explanation.target, k, sizes) for method in chosen}
    if others:
        panels.show_board(
            session.OTHER_MAPS, "other maps", shown, explanation, maps.other_panels(explanation, others), recipe
        )
        st.caption(words.OTHERS_NOTE)
    else:
        st.caption(words.OTHERS_NONE)

    st.header(words.ALIKE_HEADING, anchor=False)
    maps.show_likeness(atlas, explanation, others, highest)

    st.header(wording_measure.HEADING, anchor=False)
    if known := localisation.known(picture):
        localisation.show(model, picture, explanation, known, recipe)
    else:
        st.caption(wording_measure.UNKNOWN)

    st.header(words.ATLAS_HEADING, anchor=False)
    panels.show_board(session.ATLAS, "atlas", shown, explanation, maps.atlas_panels(atlas), recipe, small=True)
    st.caption(maps.atlas_note(atlas, gap=gap))
    handout.offer(model, picture, explanation)
    if not gap:
        st.page_link("../pages/anchors.py", label=words.TO_ANCHORS, icon=":material/arrow_forward:")


view()
