"""Pictures of data sets by their address: `synthetic-val-17`, or `data/<set>/<side>/<place>`.

A set is a name of the catalogue, with `.<seed>` behind it if its split was drawn with another seed than 0, or the
digest of a folder that a finished evaluation has looked at; `.v` says that a tenth of train is set apart as val. A path
never stands in an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mvfa_core.data.cache import digest
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.evaluation.folder import list_evaluations
from mvfa_core.evaluation.pictures import Side, side_of
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.training.split import Split

_DRAWN = re.compile(rf"{SYNTHETIC}-(val|train|all)-(\d{{1,6}})", re.ASCII)
_LISTED = re.compile(r"data/([a-z0-9-]{1,40})(?:\.(\d{1,10}))?(\.v)?/(val|train|test|all)/(\d{1,7})", re.ASCII)
FOLDER = "folder-"


def address(request: EvaluationSpec, place: int) -> str:
    """The address of a picture of an evaluation."""
    return address_of(request.split, place, request.side)


def address_of(split: Split, place: int, side: str = "val") -> str:
    """The address of a picture of a side of a data set."""
    if split.data == SYNTHETIC:
        return f"{SYNTHETIC}-{side}-{place}"
    return f"data/{token(split)}/{side}/{place}"


def token(split: Split) -> str:
    """The name of a divided data set in an address."""
    apart = ".v" if split.set_apart else ""
    if split.data in CATALOGUE:
        return (f"{split.data}.{split.seed}" if split.seed else split.data) + apart
    return FOLDER + digest([split.data, split.seed, *(["join"] if split.join else [])])[:12] + apart


def is_address(picture_id: str) -> bool:
    """Whether it reads like the address of a picture of a data set."""
    return bool(_DRAWN.fullmatch(picture_id) or _LISTED.fullmatch(picture_id))


def find(picture_id: str, side: Callable[[Split, str], Side] = side_of) -> tuple[Side, int]:
    """The side that an address is about, as `side` lists it, and the place in it.

    Raises:
        KeyError: no address, or that of a folder that no finished evaluation has looked at.
        DataError: the data is not there.
    """
    if drawn := _DRAWN.fullmatch(picture_id):
        return side(Split(SYNTHETIC), drawn[1]), int(drawn[2])
    listed = _LISTED.fullmatch(picture_id)
    if not listed:
        raise KeyError(picture_id)
    name, apart = listed[1], listed[3] is not None
    known = name in CATALOGUE
    split = Split(name, int(listed[2] or 0), apart) if known else _folder(name + (listed[3] or ""), picture_id)
    return side(split, listed[4]), int(listed[5])


def _folder(name: str, picture_id: str) -> Split:
    """The folder that a finished evaluation has looked at, as it was divided for it."""
    for evaluation in list_evaluations():
        request = evaluation.request()
        known = request.data != SYNTHETIC and request.data not in CATALOGUE
        if known and evaluation.is_complete() and token(request.split) == name:
            return request.split
    raise KeyError(picture_id)
