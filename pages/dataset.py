"""Dataset: where does a model go wrong, and did the views help?"""

import streamlit as st

from app import dataset, dataset_data, dataset_grid, dataset_job, telling, wording
from app import wording_dataset as words

st.title(words.TITLE, anchor=False)
st.caption(words.INTRO)

dataset_grid.follow()
model = dataset_data.choose_model()
choice = dataset_data.choose(model)
if choice is None:
    st.stop()
try:
    asked = dataset_data.request(model, choice)
    survey = dataset_job.show(asked)
    if survey is None:
        st.stop()
    found = dataset_data.findings(survey)
except (ValueError, OSError) as error:
    st.error(words.UNREADABLE.format(why=wording.plain(telling.told(error))))
    st.stop()

dataset.headline(found)
dataset.remarks(model, asked, found)
trouble = dataset_data.trouble(asked, found)
left, right = st.columns([7, 5], gap="large")
with left:
    dataset.show_confusion(found)
with right:
    dataset.show_classes(found)

st.header(words.PICTURES_TITLE, anchor=False)
if trouble:
    st.warning(trouble)
else:
    dataset_grid.show(model, asked, found)

dataset.against(model, choice, found)
dataset.show_scales(found)
dataset.show_profiles(found)
dataset.show_reliability(found)
if found.views and not trouble:
    st.header(words.CROPS_TITLE, anchor=False)
    st.caption(words.CROPS_NOTE)
    dataset_grid.show_crops(model, asked, found)
dataset.exports(model, asked, found)
st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")
