"""Maps: do AdaCAM, CAM and other methods say the same?"""

import streamlit as st

from app.base import errors, session
from app.base.i18n import _
from app.features.maps import localisation, maps
from app.features.sharing import handout
from app.services import explanations
from app.ui import answer, controls, page, panels

model, picture = page.about_a_picture(
    _("How do the methods compare?"),
    _(
        "AdaCAM weighs all class maps by their probability, so no class needs choosing. The paper finds it very close "
        "to the map of the predicted class: here you can vary that, measure it and compare it with other methods."
    ),
)


@errors.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with errors.or_stop():
        facts = explanations.model_info(model, picture)
        gap = facts.pooling == "gap"
        with st.sidebar:
            controls.heading(session.CLASS, session.K, session.SIZES)
            target = controls.target(facts)
            k, sizes = (None, None) if gap else (controls.anchors(facts), controls.sizes(facts))
        explanation = explanations.explanation(model, picture, target, k, sizes)
        atlas = explanations.atlas(model, picture, maps.TEMPERATURES)

    answer.show(model, picture, explanation)
    recipe, shown = panels.recipe(model, picture, explanation), picture.digest
    highest = k or min(facts.k, facts.cells)

    st.header(_("From one class to all of them"), anchor=False)
    panels.show_board(session.DIAL, "dial", shown, explanation, maps.dial(atlas, gap=gap), recipe)
    st.markdown(maps.claim(atlas, explanation, highest))

    st.header(_("What other methods draw"), anchor=False)
    chosen = controls.other_maps()
    others = {method: explanations.other(model, picture, method, explanation.target, k, sizes) for method in chosen}
    if others:
        panels.show_board(
            session.OTHER_MAPS, "other maps", shown, explanation, maps.other_panels(explanation, others), recipe
        )
        st.caption(
            _(
                "Each keeps its unit and range: these methods agree on where, not on how much. HiResCAM of a "
                "linear head is the contribution map of the Views page, divided by the number of views. Eigen-CAM "
                "asks for no class."
            )
        )
    else:
        st.caption(_("Choose a method to see its map."))

    st.header(_("Map similarity"), anchor=False)
    maps.show_likeness(atlas, explanation, others, highest)

    st.header(_("Do they mark the object?"), anchor=False)
    if known := localisation.known(picture):
        localisation.show(model, picture, explanation, known, recipe)
    else:
        st.caption(
            _(
                "Where the object is, is not known for this picture. It is known for all generated shapes, and for a "
                "data set with a file boxes.csv in its folder; for any other picture you can upload a file of boxes "
                "here."
            )
        )

    st.header(_("Every class, every cell"), anchor=False)
    panels.show_board(session.ATLAS, "atlas", shown, explanation, maps.atlas_panels(atlas), recipe, small=True)
    st.caption(maps.atlas_note(atlas, gap=gap))
    handout.offer(model, picture, explanation)
    if not gap:
        st.page_link("../pages/anchors.py", label=_("See how anchors are chosen"), icon=":material/arrow_forward:")


view()
