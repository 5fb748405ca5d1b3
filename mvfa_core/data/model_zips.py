"""A network in a zip file: the folder that the Hugging Face hub has of it. What comes in may come from anybody: it
passes the guards that archives of pictures pass, and only configuration and weights are taken."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from mvfa_core.adoption.folders import CONFIG, WANTED
from mvfa_core.data.archives import Limits, unpack
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError

MOST_FILES = 200
MOST_BYTES = 8 * 2**30
DEEPEST = 3
"""Folders in folders: zips of the hub have one, of the commit perhaps."""


def is_model_zip(file: Path) -> bool:
    """Whether a file is a zip by its name; `.pth` files are zips by their contents."""
    return file.name.lower().endswith(".zip")


def unpack_model(file: Path, target: Path, most_bytes: int = MOST_BYTES) -> Path:
    """Unpack configuration and weights of the one network in a zip, into a folder of its name below `target`.

    Returns:
        where they lie.

    Raises:
        WeightsError: there is no configuration in it, or several.
        DataError: the archive is damaged, or refused: names that lead out of it, links, too much in it.
    """
    target /= visible(file.stem)[:100].replace("/", "_") or "network"
    target.mkdir()
    unpack(file, target, limits=Limits(MOST_FILES, most_bytes, nested=False, wanted=_wanted))
    folders = sorted(one.parent for one in target.rglob(CONFIG))
    if len(folders) != 1:
        raise WeightsError(f"{visible(file.name)}: expected the folder of one network, a {CONFIG} with its weights "
                           f"beside it, got {len(folders) or 'none'}")  # fmt: skip
    return folders[0]


def _wanted(path: PurePosixPath) -> bool:
    return len(path.parts) <= DEEPEST and path.name in WANTED and "__MACOSX" not in path.parts
