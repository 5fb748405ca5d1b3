"""The folders that hold pictures, as a tree of places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

DEEPEST = 3
"""Folders that may be wrapped around a data set."""


@dataclass
class Place:
    """A folder with pictures in it or below it. `pictures` lie in it, `every` in it and below it; paths are those of
    the tree, `path` ends in "/" but for the top's."""

    path: str = ""
    folders: dict[str, Place] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)
    every: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]

    def classes(self) -> list[tuple[str, str]]:
        """(picture, class) of everything below the class folders, in the order of the classes. A class is its folder's
        name in composed letters (NFC): é is one letter, however a disk writes it."""
        pairs = ((file, composed(name)) for name, place in self.folders.items() for file in place.every)
        return sorted(pairs, key=lambda pair: (pair[1], pair[0].split("/")))

    def below(self, depth: int = DEEPEST) -> Iterator[Place]:
        """This place and those below it to a depth, the upper ones first."""
        level = [self]
        for _ in range(depth + 1):
            yield from level
            level = [child for place in level for child in place.folders.values()]

    def wrapped(self) -> Iterator[Place]:
        """This place, and what it is wrapped around: as long as it holds one folder."""
        place = self
        for _ in range(DEEPEST + 1):
            yield place
            inner = list(place.folders.values())
            if len(inner) != 1:
                return
            place = inner[0]

    def labelled(self) -> Place | None:
        """The place of the class folders of a side: this one, or the one it is wrapped around; None where there are
        pictures without a class."""
        for place in self.wrapped():
            if len(place.folders) > 1:
                return place
            if place.pictures:
                return None
        return None


def composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def grown(pictures: Iterable[str]) -> Place:
    """The place of a folder from the paths of its pictures."""
    top = Place()
    for file in pictures:
        *parents, _ = file.split("/")
        place = top
        top.every.append(file)
        for parent in parents:
            path = f"{place.path}{parent}/"
            place = place.folders.setdefault(parent, Place(path))
            place.every.append(file)
        place.pictures.append(file)
    return top
