"""Views: who votes for what, and how do the votes add up?"""

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.features.sharing import handout
from app.features.views import stability, views
from app.services import explanations, findings
from app.ui import answer, controls, page, panels

model, picture = page.about_a_picture(
    _("Who votes for what?"),
    _(
        "Every region is a view, and the per-view classifier gives each its own answer. The sum of their logits is "
        "the answer of the whole, so each vote is an exact term of it."
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
            controls.heading(session.CLASS, session.AGAINST, session.K, session.SIZES, session.DISTINCT)
            target, asked = controls.target(facts), controls.rival(facts)
            k, sizes, distinct = controls.views(facts)
        explanation = explanations.explanation(model, picture, target, k, sizes)
        rival = views.against(explanation, asked)
        other = views.other(model, picture, explanation, rival)
        path, held = findings.answer_path(model, picture, sizes), findings.stability(model, picture, explanation)

    answer.show(model, picture, explanation)
    recipe = panels.recipe(model, picture, explanation)
    shown = picture.digest

    st.header(_("Where the votes come from"), anchor=False)
    panels.show_board(session.VOTES, "votes", shown, explanation, views.board(explanation, distinct=distinct), recipe)

    st.header(_("All views and their contribution"), anchor=False)
    views.show_ledger(explanation, rival)

    st.header(_("Which cells decide the prediction"), anchor=False)
    panels.show_board(
        session.CONTRIBUTIONS, "contributions", shown, explanation, views.maps(explanation, other), recipe
    )
    st.markdown(views.map_sentence(explanation, rival))

    st.header(_("Do the views agree?"), anchor=False)
    upper, lower = st.columns(2, gap="large"), st.columns(2, gap="large")
    for place, show in zip((*upper, *lower), views.AGREEMENT, strict=True):
        with place:
            show(explanation)

    st.header(_("How stable is the prediction?"), anchor=False)
    stability.show_path(path, explanation, recipe)
    stability.show_views(held, explanation, shown, recipe)

    handout.offer(model, picture, explanation)
    st.page_link("../pages/anchors.py", label=_("See how these anchors are chosen"), icon=":material/arrow_forward:")


view()
