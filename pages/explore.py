"""Explore: where does a classifier look, and which regions vote?"""

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.features.sharing import handout
from app.services import explanations
from app.ui import answer, controls, page, panels

model, picture = page.about_a_picture(
    _("Where does the classifier look?"),
    _("Pick a picture, or bring your own. The side panel sets the model, the class, the anchors and the region sizes."),
)


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

    answer.show(model, picture, explanation)
    recipe = panels.recipe(model, picture, explanation)

    @errors.part
    def maps() -> None:
        """The maps and what the chosen cell did; choosing another one runs this again and nothing else."""
        st.header(_("What the model looked at"), anchor=False)
        panels.show_board(
            session.MAPS, "maps", picture.digest, explanation, panels.maps(explanation), recipe, scale="own"
        )
        cell = session.cell(explanation.grid)
        st.markdown(
            (cell and panels.cell_sentence(explanation, cell))
            or _("Click a cell in any picture to see what it did; the arrow keys move it.")
        )

    maps()

    st.header(_("Which regions vote"), anchor=False)
    if views:
        regions = panels.regions(explanation, distinct=distinct)
        panels.show_board(session.REGIONS, "regions", picture.digest, explanation, regions, recipe)
    else:
        controls.offer_views()

    st.header(_("Class probabilities"), anchor=False)
    panels.show_verdict(explanation, picture.truth)
    note = (
        _(
            "The whole-image classifier sees the average of the whole map and steers the attention. The ensemble is "
            "the answer: the mean of the votes of all {count} views, as a probability."
        ).format(count=len(explanation.confidence_MC))
        if views
        else _("One view, the average of the whole map, and one head.")
    )
    st.caption(note)
    handout.offer(model, picture, explanation)
    st.page_link("../pages/train.py", label=_("Train a model of your own"), icon=":material/arrow_forward:")


view()
