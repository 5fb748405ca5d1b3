"""Anchors: where do the views start, and what would be seen from any other cell?"""

import streamlit as st

from app import anchors, controls, loaders, panels, state, wording
from app import wording_views as words

st.title(words.ANCHORS_TITLE, anchor=False)
st.caption(words.ANCHORS_INTRO)

model, picture = controls.subject()
try:
    facts = loaders.facts(model, picture)
    if facts.pooling == "gap":
        controls.offer_views()
        st.stop()
    with st.sidebar:
        st.subheader(wording.METHOD)
        k, sizes = controls.anchors(facts), controls.sizes(facts)
    found = loaders.explanation(model, picture, None, k, sizes)
except ValueError as error:
    st.error(wording.plain(str(error)))
    st.stop()

panels.show_answer(model, picture, found)
recipe = panels.recipe(model, picture, found)


@st.fragment
def one_cell() -> None:
    """What follows from the chosen cell; choosing another one runs this again and nothing else."""
    cell = anchors.chosen(found)
    story = loaders.cell(model, picture, cell, sizes)
    st.header(words.BOARD_TITLE, anchor=False)
    board = anchors.board(found, story)
    panels.show_board(state.ATTENTION, "anchors", picture.digest, found, board, recipe, selected=cell)
    st.markdown(anchors.sentence(found, story))
    left, right = st.columns([3, 2], gap="large")
    with left:
        anchors.show_terms(story)
    with right:
        anchors.show_ranking(found, cell)
    st.header(words.CORNERS_TITLE, anchor=False)
    anchors.show_corners(story)


one_cell()
st.page_link("../pages/views.py", label=words.TO_VIEWS, icon=":material/arrow_forward:")
