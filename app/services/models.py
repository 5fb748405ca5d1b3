"""Models by their name: those that come with the project, a visitor's own, and those of runs. Shared, read-only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from app.base import settings
from app.base.wording import wording
from app.services import loaded_models, training_runs, visitor_files
from app.services.cache import cached
from app.services.visitor_files import OWN_PREFIX
from mvfa_core.checkpoints import CheckpointError, bundled, read_card

RUN_PREFIX = "runs/"

Version = tuple[str, int]
"""A model's file and when it was written, in ns."""


def model_ids() -> list[str]:
    """All models on offer by name: those that come with the project, this session's uploads, then the runs."""
    own = [OWN_PREFIX + name for name in visitor_files.models()]
    trained = [RUN_PREFIX + run.id for run in training_runs.with_model()]
    return [*bundled_ids(), *own, *trained]


def is_bundled(model_id: str) -> bool:
    """Whether a model came with the project."""
    return model_id in _bundled_files()


def model_file(model_id: str) -> Path:
    """The file of a model's weights. Raises `CheckpointError` where it is gone."""
    try:
        return _there(model_id)
    except KeyError:
        raise CheckpointError(wording.gone().format(name=model_id)) from None


def version(model_id: str) -> Version:
    """A model's file and when it was written: the key of everything that is made with it."""
    file = model_file(model_id)
    try:  # a run saves again and again under one name: its time of writing tells the versions apart
        return str(file), file.stat().st_mtime_ns
    except FileNotFoundError:
        raise CheckpointError(wording.gone().format(name=model_id)) from None


@cached("cards", megabytes=8, key=version)
def card(model_id: str) -> dict[str, Any]:
    """What a model says of itself."""
    return read_card(model_file(model_id))


def learned(model_id: str) -> str:
    """The data set that a model says it was trained on, "" if it says nothing."""
    try:
        return str(card(model_id).get("data", ""))
    except (ValueError, OSError):  # the page says what is wrong with it
        return ""


@cache
def _bundled_files() -> dict[str, Path]:
    # They come with the project: every rerun asks several times, and looking through the folder takes milliseconds.
    return bundled()


def bundled_ids() -> list[str]:
    """The models that come with the project: the one that is shown first, then those of the drawn set, whose pictures
    come along."""
    first = settings.start().model
    return sorted(
        _bundled_files(), key=lambda name: (name != first, not name.startswith("compact_"), "gap" in name, name)
    )


def _there(model_id: str) -> Path:
    if model_id.startswith(OWN_PREFIX):
        return visitor_files.models()[model_id.removeprefix(OWN_PREFIX)].file
    if model_id.startswith(RUN_PREFIX):
        for run in training_runs.with_model():
            path = run.model_path()
            if path and RUN_PREFIX + run.id == model_id:
                return path
    return _bundled_files()[model_id]


def model(file: str, stamp_ns: int) -> Any:
    """The model of that version."""
    return loaded_models.model(file, stamp_ns)
