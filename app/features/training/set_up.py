"""The upper part of the Train page: what is trained on, with which recipe, what it will take, and the start."""

from __future__ import annotations

import streamlit as st

from app.base.settings import read_only
from app.features.training import estimate_panel, launching
from app.features.training.recipe_form import recipe_form
from mvfa_core.training.recipes import Recipe


def show() -> None:
    """The form, with the start and the estimate in its middle; not on a read-only server, where it leads nowhere."""
    if read_only():
        return
    with st.container(border=True):
        recipe_form(_go)


def _go(recipe: Recipe | None) -> None:
    left, right = st.columns((2, 5))
    with left:
        launching.show(recipe)
    with right:
        if recipe:
            estimate_panel.show(recipe)
