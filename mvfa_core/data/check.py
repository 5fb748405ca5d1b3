"""What is missing, unexpected, unreadable or doubled in a dataset on disk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mvfa_core.data.catalogue import Entry
from mvfa_core.data.folder import SIDES, load_listed
from mvfa_core.data.layouts import Found, find
from mvfa_core.data.sets import DataError, PassedOver, PictureSet, Progress, silent

SIDE = 32
"""Pictures are compared after they were decoded and squashed to this side in px."""
NAMED = 5
CLASS_FOLDERS = "class folders"


@dataclass(frozen=True)
class Report:
    """What was found. `problems` are sentences; `passed_over` files that are not used, among them, where the pictures
    were decoded, those that cannot be read; `unreadable` are these alone, as pairs of file and reason. `duplicates` are
    pairs of a training and a held-out file with the same pixels at `SIDE`. The last two are None where nothing was
    decoded."""

    place: str
    layout: str = ""
    classes: int = 0
    train: int = 0
    val: int = 0
    test: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    unreadable: tuple[tuple[str, str], ...] | None = None
    duplicates: tuple[tuple[str, str], ...] | None = None

    @property
    def state(self) -> str:
        return "incomplete" if self.problems or self.unreadable else "ready"


def inspect(place: Path, entry: Entry | None = None, seed: int = 0) -> Report:
    """Layout, classes and counts against what is expected, without decoding."""
    try:
        found = find(place, entry, seed)
    except DataError as error:
        return Report(str(place), problems=(str(error),))
    return _report(place, found, tuple(_problems(found, entry)))


def examine(place: Path, entry: Entry | None = None, *, seed: int = 0, progress: Progress = silent) -> Report:
    """The same, and every picture decoded once: unreadable files, and pictures that are on both sides."""
    try:
        found = find(place, entry, seed)
    except DataError as error:
        return Report(str(place), problems=(str(error),))
    problems = list(_problems(found, entry))
    try:
        data = load_listed(found.home, found.classes, found.sides(), SIDE, progress=progress)
    except DataError as error:
        return _report(place, found, (*problems, str(error)))
    return _report(place, found, tuple(problems), data.passed_over, duplicates(data.train, data.val, data.test))


def duplicates(train: PictureSet, *held_out: PictureSet) -> tuple[tuple[str, str], ...]:
    """(training file, held-out file) for every held-out picture whose decoded pixels are also trained on."""
    trained = {_hash(image): name for image, name in zip(train.images, train.names, strict=True)}
    every = ((image, name) for side in held_out for image, name in zip(side.images, side.names, strict=True))
    pairs = ((trained.get(_hash(image)), name) for image, name in every)
    return tuple((twin, name) for twin, name in pairs if twin is not None)


def _hash(image: np.ndarray) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _report(
    place: Path,
    found: Found,
    problems: tuple[str, ...],
    unreadable: tuple[PassedOver, ...] | None = None,
    twins: tuple[tuple[str, str], ...] | None = None,
) -> Report:
    train, val, test = (len(getattr(found, side).files) for side in SIDES)
    passed_over = (*found.passed_over, *(unreadable or ()))
    pairs = None if unreadable is None else tuple((one.file, one.reason) for one in unreadable)
    return Report(
        str(place), found.layout, len(found.classes), train, val, test, problems, found.notes, passed_over, pairs, twins
    )


def _problems(found: Found, entry: Entry | None) -> Iterator[str]:
    """One sentence for everything that is not as expected."""
    if found.missing:
        yield f"{len(found.missing)} listed pictures are not there: {some(found.missing)}"
    if entry is None:
        return
    folders = set(found.folders)
    if entry.classes:
        if lost := sorted(set(entry.classes) - folders):
            yield f"{len(lost)} of {entry.class_count} classes are missing: {some(lost)}"
        if strange := sorted(folders - set(entry.classes)):
            yield f"{len(strange)} folders are no class of {entry.title}: {some(strange)}"
    elif len(folders) != entry.class_count:
        yield f"expected {entry.class_count} classes, got {len(folders)}: {some(sorted(folders))}"
    sizes = Counter(found.folders[label] for side in found.sides().values() for label in side.labels)
    if "lists" not in found.layout:
        wrong = [f"{name} has {sizes[name]} pictures instead of {expected}" for name, expected in entry.classes.items()
                 if expected is not None and name in folders and sizes[name] != expected]  # fmt: skip
        if wrong:
            yield f"{len(wrong)} classes differ in size: {some(wrong)}"
    train, val = len(found.train.files), len(found.val.files)
    if found.test.files:  # what is set apart of the training side for validation belongs to it
        train, val = train + val, len(found.test.files)
    if found.layout == CLASS_FOLDERS:
        if train + val != entry.pictures:
            yield f"expected {entry.pictures:,} pictures, got {train + val:,}"
    elif (train, val) != (entry.train, entry.val) and entry.train is not None and not found.missing:
        yield f"expected {entry.train:,} to train on and {entry.val:,} held out, got {train:,} and {val:,}"


def some(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
