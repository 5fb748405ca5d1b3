"""Pictures of data sets by their address; what an address is stands in `mvfa_core.evaluation.addresses`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.base import permissions
from app.base.settings import shared
from app.services import gallery
from app.services.gallery import Picture
from mvfa_core.data.sets import DataError
from mvfa_core.evaluation.addresses import FOLDER, address, address_of, find, is_address, token
from mvfa_core.evaluation.pictures import Side, side_of
from mvfa_core.images import PictureError
from mvfa_core.training import split as split_module
from mvfa_core.training.split import Listed, Split

__all__ = ["FOLDER", "address", "few", "home", "is_address", "listed", "seed", "side", "specimen", "token"]

FEW = 7
"""Pictures of a set that the gallery shows for a model that has learned from it."""


def few(data: str) -> list[str]:
    """The addresses of a few held-out pictures of a set of the catalogue, of different classes; none if it is not
    here."""
    try:
        count = side(Split(data), "val").count
    except (DataError, OSError):
        return []
    return [address_of(Split(data), place * count // FEW) for place in range(min(FEW, count))]


def specimen(picture_id: str) -> Picture:
    """The picture of an address; `KeyError` if there is none."""
    try:
        found, place = find(picture_id, side)
        return gallery.from_picture(picture_id, *found.open(place), file=found.name(place))
    except (DataError, PictureError, ValueError, OSError) as error:
        raise KeyError(picture_id) from error


def seed(picture_id: str) -> int | None:
    """The seed of a drawn picture of a data set; None for any other."""
    try:
        found, place = find(picture_id, side)
    except (DataError, KeyError):
        return None
    return int(found.name(place)) if found.home is None else None


def home(picture_id: str) -> Path | None:
    """The folder of the data set that a picture is from; None for drawn ones and others."""
    try:
        return find(picture_id, side)[0].home
    except (DataError, KeyError):
        return None


def listed(split: Split) -> Listed:
    """A data set that this visitor may see, as it is divided, listed at most once a minute. May raise `DataError`."""
    permissions.expect_seen(split.data)
    return _listed(split)


def side(split: Split, name: str) -> Side:
    """A side of a data set that this visitor may see, listed at most once a minute. May raise `DataError`."""
    permissions.expect_seen(split.data)
    return _side(split, name)


def expect_seen(picture_id: str) -> None:
    """Raise `KeyError` where an address is that of a picture which this visitor may not see."""
    if shared() and picture_id.startswith(f"data/{FOLDER}"):
        try:
            find(picture_id, side)
        except DataError as error:
            raise KeyError(picture_id) from error


@st.cache_resource(show_spinner=False, max_entries=32, ttl=60)
def _listed(split: Split) -> Listed:
    return split_module.listed(split)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=60)
def _side(split: Split, name: str) -> Side:
    return side_of(split, name)
