"""Explore: where does a classifier look, and which regions vote?"""

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.features.explore import explore
from app.features.sharing import handout
from app.services import explanations
from app.ui import answer, controls, live, page, panels, verdict

model, picture = page.about_a_picture(
    _("Where does the classifier look?"),
    _(
        "AdaCAM shows what an image classifier looks at, with no class to choose; regions around its strongest cells "
        "vote on the answer."
    ),
)
with errors.or_stop():
    numbers = live.begin(model, picture, explanations.model_info(model, picture).classes)


@errors.part
def view() -> None:
    """What follows from the controls of the method; when one rests, this runs again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        views = facts.pooling == "mfa"
        chosen = live.settings(facts) if numbers else explore.controls_beside(facts)
        k, sizes = (chosen.k, chosen.sizes) if views else (None, None)
        explanation = explanations.explanation(model, picture, chosen.class_index, k, sizes)

    def say(known: bool) -> None:
        live.show_controls(numbers, facts, picture, chosen, known=known)

    answer.show(model, picture, explanation, say if numbers else None)
    recipe = panels.recipe(model, picture, explanation)

    explore.show_maps(numbers, picture, explanation, recipe)

    st.header(_("Which regions vote"), anchor=False)
    if views:
        explore.show_regions(numbers, picture, explanation, recipe, distinct=chosen.distinct)
    else:
        controls.offer_views()

    st.header(_("Class probabilities"), anchor=False)
    verdict.show(explanation, picture.truth, numbers)
    handout.offer(model, picture, explanation)
    st.markdown(_("Paper: [{title}]({address})").format(title=explore.PAPER, address=explore.PAPER_ADDRESS))
    st.page_link("../pages/train.py", label=_("Train a model of your own"), icon=":material/arrow_forward:")


view()
