"""Pictures of data sets by their address; what an address is stands in `mvfa_core.survey.addresses`."""

from __future__ import annotations

import streamlit as st

from app import gallery
from app.gallery import Specimen
from mvfa_core.data.sets import DataError
from mvfa_core.images import PictureError
from mvfa_core.survey.addresses import FOLDER, address, find, is_address, token
from mvfa_core.survey.pictures import Side, side_of

__all__ = ["FOLDER", "address", "is_address", "side", "specimen", "token"]


def specimen(picture_id: str) -> Specimen:
    """The picture of an address; `KeyError` if there is none."""
    try:
        found, place = find(picture_id, side)
        return gallery.from_picture(picture_id, *found.open(place))
    except (DataError, PictureError, ValueError, OSError) as error:
        raise KeyError(picture_id) from error


@st.cache_resource(show_spinner=False, max_entries=16, ttl=60)
def side(data: str, side: str, seed: int) -> Side:
    """The side of a data set, listed at most once a minute. May raise `DataError`."""
    return side_of(data, side, seed)
