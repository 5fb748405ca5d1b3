"""Explore: where does a classifier look, and which regions vote?"""

import streamlit as st

from app import controls, gallery, loaders, panels, state, wording

st.title(wording.EXPLORE_TITLE, anchor=False)
st.caption(wording.EXPLORE_INTRO)

with st.sidebar:
    controls.own_picture()
    model = controls.model()
picture = controls.picture()
if model is None:
    st.info(wording.NO_MODEL)
    st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")
    st.stop()

try:
    facts = loaders.facts(model, picture)
    views = facts.pooling == "mfa"
    with st.sidebar:
        st.subheader(wording.METHOD)
        target = controls.target(facts)
        k, sizes, distinct = controls.views(facts) if views else (None, None, False)
    found = loaders.explanation(model, picture, target, k, sizes)
except ValueError as error:
    st.error(wording.plain(str(error)))
    st.stop()

name = found.classes[found.predicted]
st.markdown(wording.verdict(name, float(found.ensemble_C[found.predicted]), picture.truth, picture.scale))
if picture.id.startswith(gallery.PHOTOGRAPH) and loaders.is_bundled(model):
    st.caption(wording.PHOTOGRAPH_NOTE)
recipe = panels.recipe(model, picture, found)

st.header(wording.MAPS_TITLE, anchor=False)
panels.show_board(state.MAPS, "maps", loaders.shown(picture), found, panels.maps(found), recipe)
cell = state.get(state.CELL)
st.markdown((cell and panels.cell_sentence(found, cell)) or wording.CELL_HINT)

st.header(wording.REGIONS_TITLE, anchor=False)
if views:
    regions = panels.regions(found, distinct=distinct)
    panels.show_board(state.REGIONS, "regions", loaders.shown(picture), found, regions, recipe)
else:
    controls.offer_views()

st.header(wording.VERDICT_TITLE, anchor=False)
panels.show_verdict(found, picture.truth)
note = wording.VERDICT_NOTE.format(count=len(found.confidence_MC)) if views else wording.VERDICT_NOTE_GAP
st.caption(note)
st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")
