"""Colour has one meaning everywhere; the data's colours come from `mvfa_core.draw`, the charts' are Okabe and Ito's."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from mvfa_core import draw

AUXILIARY = "#cc79a7"  # the auxiliary, global head
MAIN = "#009e73"  # the main, local head and its ensemble
TOTAL = "#7d8790"  # their sum
GAP = "#e69f00"
MFA = "#0072b2"

# Several runs of one kind on a chart: shades of its colour.
_FAMILIES = {"mfa": (MFA, "#56b4e9", "#7a6bd1"), "gap": (GAP, "#d55e00", "#b08d00")}


def css(rgb: Sequence[int]) -> str:
    """A colour as a style sheet writes it."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def of_family(pooling: str, place: int) -> str:
    """The colour of the run at a place, from 0, among those that end in the same pooling."""
    family = _FAMILIES[pooling]
    return family[place % len(family)]


ANCHOR = css(draw.ANCHOR_RGB)


def size(r: int, sizes: Sequence[int]) -> str:
    """The colour of a region size among the sizes in use."""
    return css(draw.size_colour(r, sizes))


def palettes() -> dict[str, str]:
    """The two colour maps of a board as base64 of 256 RGB triples: one for values of one sign, one for both."""
    names = {"plain": "inferno", "signed": "diverging"}
    return {use: base64.b64encode(draw.palette(name).tobytes()).decode() for use, name in names.items()}


TRUTH, FOUND = "#ffffff", "#56b4e9"  # where the object is, and where a map says it is

_DIVERGING = draw.palette("diverging")
AGAINST, FOR = css(_DIVERGING[45].tolist()), css(_DIVERGING[210].tolist())

# Okabe and Ito's, for the classes that win votes, most votes first; the grey stands for all further ones.
_CLASSES = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2")
_FURTHER = "#9aa3aa"


def winner(place: int) -> str:
    """The colour of a class by its place, from 0, among those that win votes."""
    return _CLASSES[place] if place < len(_CLASSES) else _FURTHER
