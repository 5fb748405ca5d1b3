"""Pictures of data sets by their address: `synthetic-val-17`, or `data/<set>/<side>/<place>`.

A set is a name of the catalogue, with `.<seed>` behind it if its split was drawn with another seed than 0, or the
digest of a folder that a finished survey has looked at. A path never stands in an address.
"""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from app import gallery
from app.gallery import Specimen
from mvfa_core.data.cache import digest
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.images import PictureError
from mvfa_core.survey import Request, list_surveys
from mvfa_core.survey.pictures import Side, side_of

_DRAWN = re.compile(rf"{SYNTHETIC}-(val|train)-(\d{{1,6}})", re.ASCII)
_LISTED = re.compile(r"data/([a-z0-9-]{1,40})(?:\.(\d{1,10}))?/(val|train)/(\d{1,7})", re.ASCII)
FOLDER = "folder-"
FEW = 7
"""Pictures of a set that the gallery shows for a model that has learned from it."""


def address(request: Request, place: int) -> str:
    """The address of a picture of a survey."""
    if request.data == SYNTHETIC:
        return f"{SYNTHETIC}-{request.side}-{place}"
    return f"data/{token(request.data, request.seed)}/{request.side}/{place}"


def token(data: str, seed: int) -> str:
    """The name of a data set in an address."""
    if data in CATALOGUE:
        return f"{data}.{seed}" if seed else data
    return FOLDER + digest([data, seed])[:12]


def few(data: str) -> list[str]:
    """The addresses of a few held-out pictures of a set of the catalogue, of different classes; none if it is not
    here."""
    try:
        count = side(data, "val", 0).count
    except (DataError, OSError):
        return []
    return [f"data/{data}/val/{place * count // FEW}" for place in range(min(FEW, count))]


def is_address(picture_id: str) -> bool:
    """Whether it reads like the address of a picture of a data set."""
    return bool(_DRAWN.fullmatch(picture_id) or _LISTED.fullmatch(picture_id))


def specimen(picture_id: str) -> Specimen:
    """The picture of an address; `KeyError` if there is none."""
    try:
        side, place = _find(picture_id)
        return gallery.from_picture(picture_id, *side.open(place), file=side.name(place))
    except (DataError, PictureError, ValueError, OSError) as error:
        raise KeyError(picture_id) from error


def seed(picture_id: str) -> int | None:
    """The seed of a drawn picture of a data set; None for any other."""
    if not _DRAWN.fullmatch(picture_id):
        return None
    side, place = _find(picture_id)
    return int(side.name(place))


def home(picture_id: str) -> Path | None:
    """The folder of the data set that a picture is from; None for drawn ones and others."""
    if not _LISTED.fullmatch(picture_id):
        return None
    try:
        return _find(picture_id)[0].home
    except (DataError, KeyError):
        return None


def _find(picture_id: str) -> tuple[Side, int]:
    if drawn := _DRAWN.fullmatch(picture_id):
        return side(SYNTHETIC, drawn[1], 0), int(drawn[2])
    listed = _LISTED.fullmatch(picture_id)
    if not listed:
        raise KeyError(picture_id)
    name, seed = listed[1], int(listed[2] or 0)
    if name in CATALOGUE:
        return side(name, listed[3], seed), int(listed[4])
    data, seed = _folder(name, picture_id)
    return side(data, listed[3], seed), int(listed[4])


def _folder(name: str, picture_id: str) -> tuple[str, int]:
    """The folder that a finished survey has looked at, and the seed of its split."""
    for survey in list_surveys():
        request = survey.request()
        known = request.data != SYNTHETIC and request.data not in CATALOGUE
        if known and survey.is_complete() and token(request.data, request.seed) == name:
            return request.data, request.seed
    raise KeyError(picture_id)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=60)
def side(data: str, side: str, seed: int) -> Side:
    """The side of a data set, listed at most once a minute. May raise `DataError`."""
    return side_of(data, side, seed)
