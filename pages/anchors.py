"""Anchors: where do the views start, and what would be seen from any other cell?"""

import streamlit as st

from app.base import errors, session
from app.base.wording import wording_seen
from app.base.wording import wording_views as words
from app.features.sharing import handout
from app.features.views import anchors, receptive_field
from app.services import explanations, findings
from app.ui import controls, model_picture_picker, panels

st.title(words.ANCHORS_TITLE, anchor=False)
st.caption(words.ANCHORS_INTRO)
model, picture = model_picture_picker.choose()


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        if facts.pooling == "gap":
            controls.offer_views()
            st.stop()
        with st.sidebar:
            controls.heading(session.K, session.SIZES)
            k, sizes = controls.anchors(facts), controls.sizes(facts)
        explanation = explanations.explanation(model, picture, None, k, sizes)
        sight = findings.receptive_field(model)

    panels.show_answer(model, picture, explanation)
    recipe = panels.recipe(model, picture, explanation)

    @errors.part
    def one_cell() -> None:
        """What follows from the chosen cell; choosing another one runs this again and nothing else."""
        cell = anchors.chosen(explanation)
        story = explanations.cell(model, picture, cell, sizes)
        st.header(words.BOARD_TITLE, anchor=False)
        saw = receptive_field.seen(story, sight, explanation)
        board = receptive_field.with_outlines(anchors.board(explanation, story), saw)
        panels.show_board(
            session.ATTENTION, "anchors", picture.digest, explanation, board, recipe, selected=cell, scale="own"
        )
        st.markdown(anchors.sentence(explanation, story))
        left, right = st.columns([3, 2], gap="large")
        with left:
            anchors.show_terms(story)
        with right:
            anchors.show_ranking(explanation, cell)
        st.header(words.CORNERS_TITLE, anchor=False)
        anchors.show_corners(story)
        st.header(wording_seen.HEADING, anchor=False)
        receptive_field.show(picture.digest, explanation, story, sight, saw, recipe)

    one_cell()
    handout.offer(model, picture, explanation)
    st.page_link("../pages/views.py", label=words.TO_VIEWS, icon=":material/arrow_forward:")


view()
