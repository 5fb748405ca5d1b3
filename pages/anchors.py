"""Anchors: where do the views start, and what would be seen from any other cell?"""

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.features.sharing import handout
from app.features.views import anchors, receptive_field
from app.services import explanations, findings
from app.ui import answer, controls, page, panels

model, picture = page.about_a_picture(
    _("How are anchors chosen?"),
    _(
        "Every cell of the grid has an attention A, and the K highest become anchors. Click any cell, anchor or not, "
        "to see where its attention comes from and what the regions around it would say."
    ),
)


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

    answer.show(model, picture, explanation)
    recipe = panels.recipe(model, picture, explanation)

    @errors.part
    def one_cell() -> None:
        """What follows from the chosen cell; choosing another one runs this again and nothing else."""
        cell = anchors.chosen(explanation)
        story = explanations.cell(model, picture, cell, sizes)
        st.header(_("Attention, cell by cell"), anchor=False)
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
        st.header(_("Where its regions end"), anchor=False)
        anchors.show_corners(story)
        st.header(_("What a region really saw"), anchor=False)
        receptive_field.show(picture.digest, explanation, story, sight, saw, recipe)

    one_cell()
    handout.offer(model, picture, explanation)
    st.page_link("../pages/views.py", label=_("See how these views vote"), icon=":material/arrow_forward:")


view()
