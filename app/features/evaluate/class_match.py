"""Which data sets fit a model: those that have a class of its own. The others are not offered, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.base import errors
from app.base.i18n import _
from app.base.wording import wording
from app.services import dataset_pictures, models
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.data.class_matching import Matching, match
from mvfa_core.data.sets import DataError
from mvfa_core.names import visible
from mvfa_core.training.split import EVERY, Listed, is_trained_on, split_of

MOST = 20
"""Reasons that are shown."""


def offered(model: str, sources: Mapping[str, str]) -> tuple[dict[str, Listed], dict[str, str]]:
    """The sources that fit a model, listed, and of the others the name and why not."""
    fit, unfit = {}, {}
    for name, data in sources.items():
        try:
            fit[name] = fitting(model, data)
        except (ValueError, OSError) as error:
            unfit[Path(data).name] = errors.message(error)
    return fit, unfit


def fitting(model: str, data: str) -> Listed:
    """A data set as it is divided for a model.

    Raises:
        DataError: it cannot be read, or has no class that the model knows.
    """
    found = dataset_pictures.listed(split_of(_recipe(model), data))
    _matching(model, found)
    return found


def fits(model: str, listed: Listed) -> bool:
    """Whether a model knows a class of a data set."""
    try:
        return bool(_matching(model, listed).shared)
    except (DataError, OSError):
        return False


def unshared(model: str, listed: Listed) -> str:
    """Which classes the model and the data do not share, in a sentence; empty if they share all."""
    said = _matching(model, listed).sentence(Path(listed.split.data).name)
    return _("Classes: {why}.").format(why=wording.plain(said)) if said else ""


def trained_on(model: str, data: str, side: str) -> str:
    """That the model was trained on pictures of a side, in a sentence; empty if it was not."""
    if side not in ("train", EVERY) or not is_trained_on(_recipe(model), data):
        return ""
    return (
        _("The model was trained on these pictures, so this says little about new ones.")
        if side == "train"
        else _(
            "The model was trained on a part of these pictures, so this says less about new ones than the test or "
            "validation side."
        )
    )


def not_offered(refused: Mapping[str, str]) -> None:
    """What is here and does not fit, behind a word."""
    if not refused:
        return
    with st.popover(_("{count} not offered").format(count=len(refused)), type="tertiary"):
        for name, why in list(refused.items())[:MOST]:
            st.markdown(f"**{wording.plain(name)}**: {wording.plain(why)}")


def nothing(model: str) -> None:
    """That no data set here fits the model, and what can be done about it."""
    known = _classes(model)
    data = str(_recipe(model).get("data", ""))
    with st.container(border=True):
        nothing_title = _("No pictures here fit this model")
        st.markdown(f"**{nothing_title}**")
        names = ", ".join(visible(name) for name in known[:5]) + (", …" if len(known) > 5 else "")
        st.write(
            _(
                "It knows {count} classes ({names}), and no data set here has any of them. Name a folder of your own "
                "that has, or choose another model in the side panel."
            ).format(count=len(known), names=wording.plain(names))
        )
        if data in CATALOGUE:
            st.write(
                _("It was trained on {name}. In a terminal, this gets it or says how:").format(
                    name=CATALOGUE[data].title
                )
            )
            st.code(f"python -m mvfa_core data get {data}", language=None)


def _recipe(model: str) -> dict[str, Any]:
    return models.card(model).get("recipe", {})


def _classes(model: str) -> tuple[str, ...]:
    """A card may come from anybody."""
    known = models.card(model).get("classes")
    return tuple(map(str, known)) if isinstance(known, list) else ()


def _matching(model: str, listed: Listed) -> Matching:
    return match(_classes(model), listed.classes, Path(listed.split.data).name, join=listed.split.join)
