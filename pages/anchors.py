"""Anchors: where do the views start, and what would be seen from any other cell?"""

import streamlit as st

from app import (
    anchors,
    controls,
    further,
    handout,
    loaders,
    panels,
    seen,
    state,
    subject,
    telling,
    wording_seen,
)
from app import wording_views as words

st.title(words.ANCHORS_TITLE, anchor=False)
st.caption(words.ANCHORS_INTRO)
model, picture = subject.choose()


@telling.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with telling.or_stop():
        facts = loaders.facts(model, picture)
        if facts.pooling == "gap":
            controls.offer_views()
            st.stop()
        with st.sidebar:
            controls.heading(state.K, state.SIZES)
            k, sizes = controls.anchors(facts), controls.sizes(facts)
        found = loaders.explanation(model, picture, None, k, sizes)
        sight = further.seen(model)

    panels.show_answer(model, picture, found)
    recipe = panels.recipe(model, picture, found)

    @telling.part
    def one_cell() -> None:
        """What follows from the chosen cell; choosing another one runs this again and nothing else."""
        cell = anchors.chosen(found)
        story = loaders.cell(model, picture, cell, sizes)
        st.header(words.BOARD_TITLE, anchor=False)
        saw = seen.seen(story, sight, found)
        board = seen.with_outlines(anchors.board(found, story), saw)
        panels.show_board(state.ATTENTION, "anchors", picture.digest, found, board, recipe, selected=cell)
        st.markdown(anchors.sentence(found, story))
        left, right = st.columns([3, 2], gap="large")
        with left:
            anchors.show_terms(story)
        with right:
            anchors.show_ranking(found, cell)
        st.header(words.CORNERS_TITLE, anchor=False)
        anchors.show_corners(story)
        st.header(wording_seen.HEADING, anchor=False)
        seen.show(picture.digest, found, story, sight, saw, recipe)

    one_cell()
    handout.offer(model, picture, found)
    st.page_link("../pages/views.py", label=words.TO_VIEWS, icon=":material/arrow_forward:")


view()
