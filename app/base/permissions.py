"""Who may see what visitors brought and what was made of it, and who may change it.

On a server of one's own everything is the owner's. On a shared one a model is seen by who brought it. A zip's pictures
are seen by who brought them and by whoever was given their key. A run or an evaluation is seen by all, unless it was
made of such pictures, with such a model, or came as a file; and only who began it may change it. Where a thing lies
says whose it is: below a folder that bears the digest of its visitor.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Protocol, cast

from app.base.settings import shared
from app.base.visitors import me
from app.base.wording import wording_serving
from mvfa_core.data.sets import DataError
from mvfa_core.files import read_json, replace_text
from mvfa_core.folders import data_root
from mvfa_core.names import visible
from mvfa_core.training.archive import VISITOR

TEMPORARY = "mvfa-uploads-"
"""How folders of models begin, below the system's folder for temporary files; the server's process number follows."""
GIVEN = "given.json"
"""In a visitor's folder: folders that others gave a key to."""
LONGEST = 2**20


class NotYoursError(ValueError):
    """Asked of what another visitor began; the sentence says so."""


class Made(Protocol):
    """A run or an evaluation: a folder."""

    path: Path


def visitors_root() -> Path:
    """Where the zips of visitors are unpacked, each in a folder of that visitor's."""
    return data_root() / "visitors"


def own() -> Path:
    """The folder of this visitor's zips."""
    return whole(visitors_root() / me())


def given() -> list[Path]:
    """The folders that others gave this visitor a key to."""
    try:
        told = [str(one) for one in read_json(own() / GIVEN, LONGEST)]
    except (OSError, ValueError, TypeError):
        return []
    return [whole(visitors_root()) / place for place in told]


def whole(path: Path) -> Path:
    """A path from the root, its links followed: whichever way leads there, it lies where it lies."""
    return Path(os.path.realpath(path))


def is_own(place: Path | str) -> bool:
    """Whether a folder or file is this visitor's, or lies where nothing is any visitor's."""
    owner = _owner(place)
    return owner is None or not shared() or owner == me()


def may_see(place: Path | str) -> bool:
    """Whether pictures or a model that lie there may be shown to this visitor."""
    try:
        return is_own(place) or any(whole(Path(place)).is_relative_to(folder) for folder in given())
    except ValueError:  # a zero or half a character in it: no file has such a name
        return False


def expect_seen(place: Path | str) -> None:
    """Raise `DataError`, in the words for what is not there, unless this visitor may see what lies there."""
    if not may_see(place):
        raise DataError(f"{visible(Path(place).name)}: no such folder")


def may_see_made(one: Made, *places: str) -> bool:
    """Whether a run or an evaluation may be shown to this visitor.

    Args:
        places: the pictures and the model that it was made of.
    """
    if not shared():
        return True
    note = _note(one)
    mine = note.get("visitor") == me()
    return mine or (not note.get("private") and all(map(may_see, places)))


def may_change(one: Made) -> bool:
    """Whether this visitor may stop, rename, remove or go on with a run or an evaluation."""
    return not shared() or _note(one).get("visitor") == me()


def expect_mine(*what: object) -> None:
    """Raise `NotYoursError` if one of these, or what one of these belongs to as a method, is another visitor's."""
    for one in what:
        made = getattr(one, "__self__", one)
        if isinstance(getattr(made, "path", None), Path) and not may_change(cast("Made", made)):
            raise NotYoursError(wording_serving.not_yours())


def mark(one: Made, *, private: bool = False) -> None:
    """Note that this visitor began a run or an evaluation, unless another one did; `private`: nobody else sees it."""
    if shared() and not (one.path / VISITOR).exists():
        replace_text(one.path / VISITOR, json.dumps({"visitor": me(), "private": private}), durable=False)


def _note(one: Made) -> dict[str, object]:
    try:
        note = read_json(one.path / VISITOR, LONGEST)
        return note if isinstance(note, dict) else {}
    except (OSError, ValueError):
        return {}


def _owner(place: Path | str) -> str | None:
    """Whose a place is by where it lies, None if it is no visitor's."""
    path = whole(Path(place))
    root = whole(visitors_root())
    if root.is_relative_to(path):  # all visitors' folders lie in it
        return ""
    if path.is_relative_to(root):
        return next(iter(path.relative_to(root).parts), "")
    for above, part in zip(path.parts, path.parts[1:], strict=False):
        if above.startswith(TEMPORARY):  # of this server, or of one that is no more
            return part
    return None
