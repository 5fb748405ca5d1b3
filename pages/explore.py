"""Explore: where does a classifier look, and which regions vote?"""

import streamlit as st

from app import controls, handout, loaders, panels, state, subject, telling, wording

st.title(wording.EXPLORE_TITLE, anchor=False)
st.caption(wording.EXPLORE_INTRO)
model, picture = subject.choose()


@telling.part
def view() -> None:
    """What follows from the controls of the method; moving one runs this again and not the page."""
    with telling.or_stop():
        facts = loaders.facts(model, picture)
        views = facts.pooling == "mfa"
        with st.sidebar:
            controls.heading(state.CLASS, state.K, state.SIZES, state.DISTINCT)
            target = controls.target(facts)
            k, sizes, distinct = controls.views(facts) if views else (None, None, False)
        found = loaders.explanation(model, picture, target, k, sizes)

    panels.show_answer(model, picture, found)
    recipe = panels.recipe(model, picture, found)

    @telling.part
    def maps() -> None:
        """The maps and what the chosen cell did; choosing another one runs this again and nothing else."""
        st.header(wording.MAPS_TITLE, anchor=False)
        panels.show_board(state.MAPS, "maps", picture.digest, found, panels.maps(found), recipe)
        cell = state.cell(found.grid)
        st.markdown((cell and panels.cell_sentence(found, cell)) or wording.CELL_HINT)

    maps()

    st.header(wording.REGIONS_TITLE, anchor=False)
    if views:
        regions = panels.regions(found, distinct=distinct)
        panels.show_board(state.REGIONS, "regions", picture.digest, found, regions, recipe)
    else:
        controls.offer_views()

    st.header(wording.VERDICT_TITLE, anchor=False)
    panels.show_verdict(found, picture.truth)
    note = wording.VERDICT_NOTE.format(count=len(found.confidence_MC)) if views else wording.VERDICT_NOTE_GAP
    st.caption(note)
    handout.offer(model, picture, found)
    st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")


view()
