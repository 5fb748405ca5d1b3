"""The files of a folder, each with what it is: a picture, a text that may be a list, or passed over with its reason.

Links are followed; those that lead round in a circle or to nothing are passed over. Where only some folders may be used
(MVFA_FOLDERS), a link that leads out of them is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mvfa_core.data.folder import SUFFIXES
from mvfa_core.data.passed_list import PASSED_LIST, read_passed
from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.files import expect_inside, roots
from mvfa_core.folders import data_root
from mvfa_core.images import looks_like_picture
from mvfa_core.names import visible
from mvfa_core.pictures.system_files import system_reason

LISTS = (".txt", ".csv", ".tsv", ".lst")
"""Endings of files that may list pictures and their classes."""
NO_PICTURE = "not a picture"
DEEPEST_FOLDER = 48
MOST_FILES = 5_000_000


@dataclass
class Tree:
    """What lies below a folder. Paths are relative to it, with "/" between the parts and in the order of their parts.
    `folders` are all but those of systems, also empty ones; `encoding` is what an archive's names were read in, where
    it did not say it."""

    root: Path
    pictures: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    encoding: str | None = None


def read_tree(root: Path) -> Tree:
    """Walk a folder.

    Raises:
        DataError: it cannot be opened, holds more than `MOST_FILES` files, or a link leads out of the folders that may
            be used.
    """
    tree = Tree(root)
    tree.passed_over, tree.encoding = read_passed(root)
    try:
        children = _children(root)
    except OSError as error:
        raise DataError(f"{visible(root.name)}: cannot be opened ({error.strerror})") from None
    _walk(tree, "", children, (_identity(root),))
    return tree


def kind_of(file: Path) -> str:
    """ "picture", "list", or why the file is passed over. A usual ending is believed until the picture is decoded."""
    ending = file.suffix.lower()
    if ending in SUFFIXES or looks_like_picture(file):
        return "picture"
    return "list" if ending in LISTS else NO_PICTURE


def _walk(tree: Tree, place: str, children: list[os.DirEntry[str]], above: tuple[tuple[int, int], ...]) -> None:
    for child in children:
        path = place + child.name
        if path == PASSED_LIST:
            continue
        if len(tree.pictures) + len(tree.passed_over) > MOST_FILES:
            raise DataError(f"{visible(tree.root.name)}: more than {MOST_FILES:,} files; name a folder of fewer")
        if reason := system_reason(child.name):
            tree.passed_over += (PassedOver(file, reason) for file in _all_below(path, child))
            continue
        if child.is_symlink():
            _expect_inside(Path(child.path))
        try:
            if child.is_dir():
                _enter(tree, path, child, above)
            elif child.is_file():
                _file(tree, path, Path(child.path))
            else:
                reason = "a link that leads to nothing" if child.is_symlink() else "not a file"
                tree.passed_over.append(PassedOver(path, reason))
        except OSError as error:
            tree.passed_over.append(PassedOver(path, f"cannot be opened ({error.strerror})"))


def _enter(tree: Tree, path: str, child: os.DirEntry[str], above: tuple[tuple[int, int], ...]) -> None:
    here = _identity(Path(child.path))
    if here in above:
        tree.passed_over.append(PassedOver(path, "a link that leads round in a circle"))
    elif len(above) > DEEPEST_FOLDER:
        tree.passed_over.append(PassedOver(path, f"more than {DEEPEST_FOLDER} folders deep"))
    else:
        inside = _children(Path(child.path))
        tree.folders.append(path)
        _walk(tree, f"{path}/", inside, (*above, here))


def _file(tree: Tree, path: str, file: Path) -> None:
    kind = kind_of(file)
    if kind == "picture":
        tree.pictures.append(path)
    elif kind == "list":
        tree.texts.append(path)
    else:
        tree.passed_over.append(PassedOver(path, kind))


def _children(place: Path) -> list[os.DirEntry[str]]:
    with os.scandir(place) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _all_below(path: str, child: os.DirEntry[str]) -> Iterator[str]:
    """A file, or all files below a folder; no link is followed."""
    if not child.is_dir(follow_symlinks=False):
        yield path
        return
    for place, folders, files in os.walk(child.path):
        folders.sort()
        below = path + place[len(child.path) :].replace(os.sep, "/")
        yield from (f"{below}/{file}" for file in sorted(files))


def _identity(place: Path) -> tuple[int, int]:
    status = place.stat()
    return status.st_dev, status.st_ino


def _expect_inside(path: Path) -> None:
    if roots() is None:
        return
    try:
        expect_inside(path, data_root())
    except ValueError as error:
        raise DataError(str(error)) from None
