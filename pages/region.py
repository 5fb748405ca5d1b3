"""Region: what would the classifier say about one part of the picture alone?"""

import streamlit as st

from app.base import errors, session
from app.base.wording import wording_region as words
from app.features.region import region
from app.features.sharing import handout
from app.services import explanations, findings
from app.ui import controls, model_picture_picker, panels

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)
model, picture = model_picture_picker.choose()


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

    panels.show_answer(model, picture, explanation)

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
            st.caption(words.CAPTION_GAP if explanation.pooling == "gap" else words.CAPTION)

    one_rectangle()
    handout.offer(model, picture, explanation)
    st.page_link("../pages/views.py", label=words.TO_VIEWS, icon=":material/arrow_forward:")


view()
