"""The pictures of files and folders, and names for what is made of each of them."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mvfa_core.names import visible
from mvfa_core.pictures import PictureError, kinds
from mvfa_core.pictures.system_files import system_reason

NO_PICTURE = "not a picture"
_USUAL = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"}
"""A file that is called so is meant to be a picture: where it is none, its reader says so."""


@dataclass(frozen=True)
class Pictures:
    """files: each with what it is called, below its folder. passed_over: how many files for which reason."""

    files: tuple[tuple[Path, str], ...]
    passed_over: dict[str, int]

    def told(self) -> str:
        """What was passed over, in words; empty if nothing was."""
        return ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.passed_over.items()))


def pictures_of(paths: Iterable[str | Path]) -> Pictures:
    """The given files, whatever they are, and every picture below the given folders, told by its content and sorted by
    folder and name; hidden and system files are passed over and counted, as is what is no picture.

    Raises:
        PictureError: a folder without pictures.
    """
    found: dict[Path, str] = {}
    passed_over: Counter[str] = Counter()
    for path in map(Path, paths):
        if not path.is_dir():
            found.setdefault(path, path.name)
            continue
        before = len(found)
        for file, below in _walked(path):
            if reason := _reason(file, below):
                passed_over[reason] += 1
            else:
                found.setdefault(file, below)
        if len(found) == before:
            told = f"{visible(path.resolve().name)}: no pictures in this folder"
            raise PictureError(f"{told}; pictures are {kinds.READ_SENTENCE} files.")
    return Pictures(tuple(found.items()), dict(passed_over))


def answer_names(names: Sequence[str], endings: Collection[str], taken: Iterable[str] = ()) -> list[str]:
    """A name for what is made of each picture, without an ending: its own without its ending where that is enough, with
    it where two would share one, else numbered. No name with one of the endings is another one with one, or one of
    those that are taken, on any system: capitals and the way accents are written make no difference.

    names: of the pictures, with "/" between folders, which stay.
    """
    used = {_key(name) for name in taken}
    stems = Counter(_key(str(PurePosixPath(name).with_suffix(""))) for name in names)
    found: list[str] = []
    for name in names:
        stem = str(PurePosixPath(name).with_suffix(""))
        for wish in _wishes(name, stem if stems[_key(stem)] == 1 else name):
            keys = {_key(wish + ending) for ending in endings}
            if not keys & used:
                used |= keys
                found.append(wish)
                break
    return found


def _wishes(name: str, first: str) -> Iterator[str]:
    yield first
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _walked(folder: Path) -> Iterator[tuple[Path, str]]:
    """(file, its path below the folder) in the order of folders and names; links to folders are not followed."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            file = Path(place) / name
            yield file, file.relative_to(folder).as_posix()


def _reason(file: Path, below: str) -> str | None:
    """Why a file is passed over, or None."""
    if reason := system_reason(below):
        return reason
    try:
        kind = kinds.kind_of_file(file) if file.is_file() else None
    except OSError:
        return "that cannot be opened"
    is_picture = (kind is not None and kind.is_read) or file.suffix.lower() in _USUAL
    return None if is_picture else NO_PICTURE
