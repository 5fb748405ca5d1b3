"""How every page begins: the question that it answers, a sentence about it, and the model and picture it is about."""

from __future__ import annotations

import streamlit as st

from app.services.gallery import Picture
from app.ui import model_picture_picker


def head(title: str, intro: str = "") -> None:
    """The title, and below it what the page is about."""
    st.title(title, anchor=False)
    if intro:
        st.caption(intro)


def about_a_picture(title: str, intro: str = "") -> tuple[str, Picture]:
    """As `head`, then the choice of a model and a picture: the model's id, and the picture."""
    head(title, intro)
    return model_picture_picker.choose()
