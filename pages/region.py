"""Region: what would the classifier say about one part of the picture alone?"""

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.features.region import region
from app.features.sharing import handout
from app.services import explanations, findings
from app.ui import answer, controls, page

model, picture = page.about_a_picture(
    _("Classify a region"),
    _(
        "Drag a rectangle over the picture. The per-view classifier answers for the mean of the features inside it, "
        "as it does for every view; the network is not run again."
    ),
)


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        with st.sidebar:
            controls.heading(session.CLASS, session.BEST)
            target = controls.target(facts)
            search = controls.best_rectangle()
        explanation = explanations.explanation(model, picture, target, None, None)
        best = findings.best_rectangle(model, picture, explanation.target) if search else None

    answer.show(model, picture, explanation)

    @errors.part
    def one_rectangle() -> None:
        """The rectangle and the answer for it; moving it runs this again and nothing else."""
        answer = findings.rectangle_answer(model, picture, region.chosen(explanation))
        left, right = st.columns([5, 4], gap="large")
        with left:
            region.show(picture, explanation, answer, best)
            region.buttons(explanation, best)
            if best:
                st.caption(region.best_caption(explanation))
        with right:
            region.show_answer(explanation, answer, picture.truth)
            st.caption(
                _(
                    "This model was trained on the mean of the whole map only; it never learned to judge parts, so "
                    "take its answers for small rectangles as a curiosity."
                )
                if explanation.pooling == "gap"
                else _(
                    "Each cell also sees its surroundings, so what lies outside the rectangle may have influenced "
                    "what is inside."
                )
            )

    one_rectangle()
    handout.offer(model, picture, explanation)
    st.page_link("../pages/views.py", label=_("See how the model's own regions vote"), icon=":material/arrow_forward:")


view()
