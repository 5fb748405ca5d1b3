"""Pictures of data sets by their address: `synthetic-val-17`, or `data/<set>/<side>/<place>`.

A set is a name of the catalogue, with `.<seed>` behind it if its split was drawn with another seed than 0, or the
digest of a folder that a finished survey has looked at. A path never stands in an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mvfa_core.data.cache import digest
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.survey.folder import list_surveys
from mvfa_core.survey.pictures import Side, side_of
from mvfa_core.survey.request import Request

_DRAWN = re.compile(rf"{SYNTHETIC}-(val|train)-(\d{{1,6}})", re.ASCII)
_LISTED = re.compile(r"data/([a-z0-9-]{1,40})(?:\.(\d{1,10}))?/(val|train)/(\d{1,7})", re.ASCII)
FOLDER = "folder-"


def address(request: Request, place: int) -> str:
    """The address of a picture of a survey."""
    return address_of(request.data, place, request.side, request.seed)


def address_of(data: str, place: int, side: str = "val", seed: int = 0) -> str:
    """The address of a picture of a side of a data set."""
    if data == SYNTHETIC:
        return f"{SYNTHETIC}-{side}-{place}"
    return f"data/{token(data, seed)}/{side}/{place}"


def token(data: str, seed: int) -> str:
    """The name of a data set in an address."""
    if data in CATALOGUE:
        return f"{data}.{seed}" if seed else data
    return FOLDER + digest([data, seed])[:12]


def is_address(picture_id: str) -> bool:
    """Whether it reads like the address of a picture of a data set."""
    return bool(_DRAWN.fullmatch(picture_id) or _LISTED.fullmatch(picture_id))


def find(picture_id: str, side: Callable[[str, str, int], Side] = side_of) -> tuple[Side, int]:
    """The side that an address is about, as `side` lists it, and the place in it.

    Raises:
        KeyError: no address, or that of a folder no finished survey has looked at. DataError: the data is not there.
    """
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
