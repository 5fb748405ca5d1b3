"""The model's answer in a sentence, and what the model can answer at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.base.wording import wording, wording_scope
from app.services import class_subset, explanations, gallery, models
from app.services.gallery import Picture
from app.ui import questions
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.explain import Explanation


def show(model: str, picture: Picture, explanation: Explanation, say: Callable[[bool], None] | None = None) -> None:
    """The answer in a sentence, and what to think of it where the model never saw such pictures.

    A link may ask before: then the page ends here until the visitor has answered.

    Args:
        say: says the sentence in place of one that stands still, told whether the model has a class for the picture.
    """
    questions.pose(model, picture, explanation)
    name = explanation.classes[explanation.predicted]
    share = float(explanation.ensemble_C[explanation.predicted])
    classes = models.model(*models.version(model)).classes  # not only those that are shown
    kind = {"known": picture.truth in classes, "alone": explanation.labels == "multi"}
    if say:
        say(kind["known"])
    else:
        st.markdown(wording.verdict(name, share, picture.truth, picture.scale, **kind))
    class_subset.note(explanations.model_info(model, picture).known, len(explanation.classes))
    if say is None and (note := resized(explanation)):  # else it stands below the maps, which shall be seen first
        st.caption(note)
    if note := scope(model, picture, classes):
        st.caption(note)


def resized(explanation: Explanation) -> str:
    """That the network saw the picture as a square, and what a cell is on it; "" for a square one."""
    width, height = explanation.size_px
    if width == height:
        return ""
    step = {"cell_width": width / explanation.grid[1], "cell_height": height / explanation.grid[0]}
    return wording.squash_note().format(width=f"{width:,}", height=f"{height:,}", **step)


def scope(model: str, picture: Picture, classes: Sequence[str]) -> str:
    """What the model can say at all of a picture that may be of no class of its own; "" where it knows it. Only the
    model's classes and the data that its card names are asked."""
    if gallery.is_known(picture, classes):
        return ""
    learned = models.learned(model) if picture.id.startswith(gallery.PHOTOGRAPH) else ""
    title = CATALOGUE[learned].title if learned in CATALOGUE else ""
    unknown = bool(gallery.shows(picture.id))
    return wording_scope.scope(classes, shapes=learned == SYNTHETIC, data=title, unknown=unknown)
