"""The boards of Explore: live where the browser has the numbers, else as the server drew them."""

from __future__ import annotations

import streamlit as st

from app.base import errors, session
from app.services.explanations import ModelInfo
from app.services.gallery import Picture
from app.ui import answer, controls, live, live_words, panels
from app.ui.contract import LivePanel, Settings
from mvfa_core.explain import Explanation

PAPER = "Multi-view Feature Augmentation with Adaptive Class Activation Mapping"
PAPER_ADDRESS = "https://arxiv.org/abs/2206.12943"


def controls_beside(facts: ModelInfo) -> Settings:
    """The controls in the side panel, for a model that only the server can ask."""
    with st.sidebar:
        controls.heading(session.CLASS, session.K, session.SIZES, session.DISTINCT)
        target = controls.target(facts)
        k, sizes, distinct = controls.views(facts) if facts.pooling == "mfa" else (0, (), False)
    return Settings(k, sizes, target, distinct)


def show_maps(numbers: str | None, picture: Picture, explanation: Explanation, recipe: dict) -> None:
    """The anchors, CAM, AdaCAM and Grad-CAM, and what the chosen cell did. With the numbers there, only Grad-CAM waits
    for the server, and what K and L_R do is seen below their controls at once."""
    drawn = panels.maps(explanation)
    board: list[dict | LivePanel] = [*drawn]
    if numbers:
        dots = [live.anchors()] if explanation.pooling == "mfa" else []
        board = [*dots, live.cam(explanation), live.adacam(explanation), drawn[1]]
    made_live = live.board(numbers, explanation, cells=True) if numbers else None

    @errors.part
    def maps() -> None:
        """Choosing another cell runs this again and nothing else."""
        panels.show_board(session.MAPS, "maps", picture.digest, explanation, board, recipe, scale="own", live=made_live)
        cell = session.cell(explanation.grid)
        if not numbers:
            st.markdown((cell and panels.cell_sentence(explanation, cell)) or live_words.cell()["hint"])

    maps()
    if numbers and (note := answer.resized(explanation)):
        st.caption(note)


def show_regions(
    numbers: str | None, picture: Picture, explanation: Explanation, recipe: dict, *, distinct: bool
) -> None:
    """The top-1 region and the top-10 regions; from the server with the anchors."""
    board = live.regions() if numbers else panels.regions(explanation, distinct=distinct)
    made_live = live.board(numbers, explanation) if numbers else None
    panels.show_board(session.REGIONS, "regions", picture.digest, explanation, board, recipe, live=made_live)
