"""Explore: where does a classifier look, and which regions vote?"""

import streamlit as st

from app.base import errors, session
from app.base.wording import wording
from app.features.sharing import handout
from app.services import explanations
from app.ui import controls, model_picture_picker, panels

st.title(wording.EXPLORE_TITLE, anchor=False)
st.caption(wording.EXPLORE_INTRO)
model, picture = model_picture_picker.choose()


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        views = facts.pooling == "mfa"
        with st.sidebar:
            controls.heading(session.CLASS, session.K, session.SIZES, session.DISTINCT)
            target = controls.target(facts)
            k, sizes, distinct = controls.views(facts) if views else (None, None, False)
        explanation = explanations.explanation(model, picture, target, k, sizes)

    panels.show_answer(model, picture, explanation)
    recipe = panels.recipe(model, picture, explanation)

    @errors.part
    def maps() -> None:
        """The maps and what the chosen cell did; choosing another one runs this again and nothing else."""
        st.header(wording.MAPS_TITLE, anchor=False)
        panels.show_board(
            session.MAPS, "maps", picture.digest, explanation, panels.maps(explanation), recipe, scale="own"
        )
        cell = session.cell(explanation.grid)
        st.markdown((cell and panels.cell_sentence(explanation, cell)) or wording.CELL_HINT)

    maps()

    st.header(wording.REGIONS_TITLE, anchor=False)
    if views:
        regions = panels.regions(explanation, distinct=distinct)
        panels.show_board(session.REGIONS, "regions", picture.digest, explanation, regions, recipe)
    else:
        controls.offer_views()

    st.header(wording.VERDICT_TITLE, anchor=False)
    panels.show_verdict(explanation, picture.truth)
    note = wording.VERDICT_NOTE.format(count=len(explanation.confidence_MC)) if views else wording.VERDICT_NOTE_GAP
    st.caption(note)
    handout.offer(model, picture, explanation)
    st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")


view()
