"""Which folders and files of this machine a page may open. On a shared server those of the data folder alone (and of
MVFA_FOLDERS, where it is set), and whatever is wrong with another one, visitors are told one sentence: it must not say
what lies elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from app.base.settings import shared
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.files import roots
from mvfa_core.folders import data_root
from mvfa_core.training.recipes import Recipe

WEIGHTS = "weights"
"""Below the data folder: the files of weights that a shared server offers."""
WEIGHT_FILES = (".safetensors", ".pth", ".pt")
LONGEST = 4_096


def folder(told: object) -> Path | None:
    """The folder that somebody names, if it is there and may be opened; None otherwise, for whatever reason."""
    path = _path(told)
    if path is None or not _may_be_opened(path):
        return None
    with suppress(OSError):
        return path if path.is_dir() else None
    return None


def is_data(told: object) -> bool:
    """Whether it is a data set or a folder that may be opened here."""
    return isinstance(told, str) and (told == SYNTHETIC or told in CATALOGUE or folder(told) is not None)


def weights() -> list[str]:
    """The files of weights that a shared server offers, as a recipe names them."""
    with suppress(OSError):
        found = (data_root() / WEIGHTS).iterdir()
        return sorted(str(file) for file in found if file.suffix.lower() in WEIGHT_FILES and file.is_file())
    return []


def may_be_used(recipe: Recipe) -> bool:
    """Whether the pictures and weights of a recipe are open to visitors; without visitors they always are."""
    if not shared():
        return True
    return is_data(recipe.data) and recipe.weights in (None, "imagenet", *weights())


def _path(told: object) -> Path | None:
    if not isinstance(told, str) or not told.strip() or "\0" in told or len(told) > LONGEST:
        return None
    with suppress(OSError, RuntimeError, ValueError):  # a user whom nobody knows, links that go round
        path = Path(told.strip()) if shared() else Path(told.strip()).expanduser()
        return path.resolve()
    return None


def _may_be_opened(path: Path) -> bool:
    if not shared():
        return True
    with suppress(OSError, RuntimeError):
        return any(path.is_relative_to(root) for root in (data_root().resolve(), *(roots() or ())))
    return False
