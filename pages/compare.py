"""Compare: do two models look at the same thing?"""

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.features.compare import compare
from app.services import explanations
from app.ui import controls, page

model, picture = page.about_a_picture(
    _("Do two models look at the same thing?"),
    _(
        "The same picture through two models: a GAP model and its MFA twin, two runs, or two checkpoints of your own. "
        "Class, K and L_R are the same for both."
    ),
)
with st.sidebar:
    other = compare.second(model)
if other is None:
    st.info(_("There is one model so far. Train another, or use your own, to compare."))
    st.page_link("../pages/train.py", label=_("Train a model of your own"), icon=":material/arrow_forward:")
    st.stop()


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture), explanations.model_info(other, picture)
        with st.sidebar:
            controls.heading(session.CLASS, session.K, session.SIZES)
            chosen = controls.target(facts[0])
            k, sizes = compare.views(facts)
        target = None if chosen is None else facts[0].classes[chosen]
        sides = (
            compare.side(model, facts[0], picture, target, k, sizes),
            compare.side(other, facts[1], picture, target, k, sizes),
        )

    compare.show_answers(sides, picture, target)
    compare.show_scope(sides, picture)

    st.header(_("What each model looked at"), anchor=False)
    compare.show_maps(sides, picture)
    if sides[0].explanation.grid == sides[1].explanation.grid:
        st.header(_("Map similarity"), anchor=False)
        compare.show_likeness(sides, k or min(facts[0].k, facts[0].cells))

    st.header(_("Most confident region of each model"), anchor=False)
    compare.show_regions(sides, picture)

    st.header(_("What each answers"), anchor=False)
    compare.show_verdict(sides, picture.truth)
    st.page_link("../pages/train.py", label=_("Train the twin of a run"), icon=":material/arrow_forward:")


view()
