"""The classes of a model and of a data set held against each other, by their names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mvfa_core.data.sets import DataError, PictureSet

NAMED = 5
JOIN = "which --join-names joins"


@dataclass(frozen=True)
class Matching:
    """Which class of a model each class of a data set is.

    Attributes:
        places: for every class of the data its index in the model, -1 where the model has none of that name.
        unknown: classes of the data that the model does not know. absent: classes of the model that the data has not.
        near: how many of the unknown would be known if capitals, spaces, hyphens, underscores and dots did not count.
    """

    places: tuple[int, ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    near: int = 0

    @property
    def shared(self) -> int:
        """How many classes of the data the model knows."""
        return sum(place >= 0 for place in self.places)

    @property
    def is_whole(self) -> bool:
        """Whether both have the same classes."""
        return not self.unknown and not self.absent

    def sentence(self, data: str) -> str:
        """What is left out, and of which classes nothing can be said; empty where both have the same."""
        said = []
        if self.unknown:
            joined = f"; {self.near} of them differ only in capitals and spaces, {JOIN}" if self.near else ""
            said.append(f"pictures of {_count(self.unknown)} that the model does not know are left out{joined}")
        if self.absent:
            said.append(f"{data} has no pictures of {_count(self.absent)} of the model's")
        return "; ".join(said)


def match(model: Sequence[str], data: Sequence[str], name: str, *, join: bool = False) -> Matching:
    """Hold the classes of a model against those of a data set of that name.

    Two spellings of the same letters (composed or not) are one name; with `join` so are names that differ only in
    capitals, spaces, hyphens, underscores and dots.

    Raises:
        DataError: they have no class in common; the sentence names both, and whether joining would help.
    """
    found = _matched(model, data, join=join)
    if not found.shared:
        near = f"{found.near} differ only in capitals and spaces, {JOIN}"
        hint = near if found.near else "choose the pictures it was trained for"
        raise DataError(f"the model knows {_few(model)}, {name} has {_few(data)}, none of them the same; {hint}")
    return found


def fitted(pictures: PictureSet, matching: Matching) -> PictureSet:
    """The pictures of classes that the model knows, with the model's own labels."""
    label_N = np.array(matching.places, dtype=np.int64)[pictures.labels]
    kept = np.flatnonzero(label_N >= 0)
    if len(kept) == len(label_N):  # the usual case: the pictures stay where they are, perhaps on disk
        return replace(pictures, labels=label_N)
    scales, boxes = (None if one is None else one[kept] for one in (pictures.scales, pictures.boxes_N4))
    names = tuple(pictures.names[i] for i in kept)
    return PictureSet(pictures.images[kept], label_N[kept], names, scales, boxes)


def exactly(name: str) -> str:
    """A name by its letters, however they are composed."""
    return unicodedata.normalize("NFC", name)


def loosely(name: str) -> str:
    """A name without capitals, spaces, hyphens, underscores and dots."""
    return "".join(sign for sign in exactly(name).casefold() if not sign.isspace() and sign not in "-_.")


def _matched(model: Sequence[str], data: Sequence[str], *, join: bool) -> Matching:
    of_letters, near = (
        {key(name): place for place, name in reversed([*enumerate(model)])} for key in (exactly, loosely)
    )
    strict = [of_letters.get(exactly(name), -1) for name in data]
    loose = [near.get(loosely(name), -1) if place < 0 else place for name, place in zip(data, strict, strict=True)]
    places = loose if join else strict
    unknown = tuple(name for name, place in zip(data, places, strict=True) if place < 0)
    absent = tuple(name for place, name in enumerate(model) if place not in places)
    return Matching(tuple(places), unknown, absent, sum(a != b for a, b in zip(places, loose, strict=True)))


def _count(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    listed = ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f"{len(names):,} {'class' if len(names) == 1 else 'classes'} ({listed})"


def _few(names: Sequence[str]) -> str:
    return f"{len(names)} classes ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
