"""What is missing, unexpected, unreadable or doubled in a dataset on disk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mvfa_core.data.catalogue import Entry
from mvfa_core.data.folder import SIDES
from mvfa_core.data.layouts import Layout, ValidateOn, find
from mvfa_core.data.sets import DataError, DataSet, PassedOver, PictureSet, Progress, silent
from mvfa_core.data.settled import some
from mvfa_core.data.sources import load_found, told_of
from mvfa_core.names import visible

SIDE = 32
"""Pictures are compared after they were decoded and squashed to this side in px."""
CLASS_FOLDERS = "class folders"


@dataclass(frozen=True)
class Report:
    """What was found. `problems` are sentences; `passed_over` files that are not used, among them, where the pictures
    were decoded, those that cannot be read; `unreadable` are these alone, as pairs of file and reason. `duplicates` are
    pairs of a training and a held-out file with the same pixels at `SIDE`, `contradictory` pairs of one side that are
    in different classes. These three are None where nothing was decoded. `remarks` are the files that were not shown as
    they are, by what was done (`folder.REMARKS`)."""

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
    contradictory: tuple[tuple[str, str], ...] | None = None
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return "incomplete" if self.problems or self.unreadable else "ready"


def inspect(
    place: Path,
    entry: Entry | None = None,
    seed: int = 0,
    *,
    validate_on: ValidateOn = "val",
    join_names: bool = False,
) -> Report:
    """Layout, classes and counts against what is expected, without decoding. The options are those of `find`."""
    return _looked(place, entry, seed, validate_on, join_names)[0]


def examine(
    place: Path,
    entry: Entry | None = None,
    *,
    seed: int = 0,
    validate_on: ValidateOn = "val",
    join_names: bool = False,
    progress: Progress = silent,
) -> Report:
    """The same, and every picture decoded once: unreadable files, pictures that are on two sides, and pictures that are
    in two classes of one side."""
    report, found = _looked(place, entry, seed, validate_on, join_names)
    if found is None:
        return report
    try:
        data = load_found(found, SIDE, progress=progress)
    except DataError as error:
        return replace(report, problems=(*report.problems, str(error)))
    twins = contradictions(data)
    return replace(
        report,
        problems=(*report.problems, *_told(twins)),
        notes=(*report.notes, *told_of(data.remarks)),
        passed_over=data.passed_over,
        unreadable=tuple((one.file, one.reason) for one in data.unreadable),
        duplicates=duplicates(data.train, data.val, data.test),
        contradictory=twins,
        remarks=data.remarks,
    )


def _looked(
    place: Path, entry: Entry | None, seed: int, validate_on: ValidateOn, join_names: bool
) -> tuple[Report, Layout | None]:
    """What can be said without decoding, and the layout if there is one."""
    try:
        found = find(place, entry, seed, validate_on=validate_on, join_names=join_names)
    except DataError as error:
        return Report(str(place), problems=(str(error),)), None
    train, val, test = (len(getattr(found, side).files) for side in SIDES)
    counts = (len(found.classes), train, val, test)
    problems = tuple(_problems(found, entry))
    return Report(str(place), found.layout, *counts, problems, found.notes, found.passed_over), found


def contradictions(data: DataSet) -> tuple[tuple[str, str], ...]:
    """Pairs of files of one side with the same decoded pixels and different classes."""
    found: dict[tuple[str, str], None] = {}
    for side in (data.train, data.val, data.test):
        first: dict[bytes, tuple[str, int]] = {}
        for image, name, label in zip(side.images, side.names, side.labels.tolist(), strict=True):
            twin, other = first.setdefault(_hash(image), (name, label))
            if other != label:
                found[twin, name] = None
    return tuple(found)


def _told(twins: Sequence[tuple[str, str]]) -> list[str]:
    """The sentence about contradictory copies, if there are any."""
    pairs = [f"{visible(one)} = {visible(other)}" for one, other in twins]
    what = "picture lies" if len(pairs) == 1 else "pictures lie"
    return [f"{len(pairs)} {what} in two classes of one side: {some(pairs)}"] if pairs else []


def duplicates(train: PictureSet, *held_out: PictureSet) -> tuple[tuple[str, str], ...]:
    """(training file, held-out file) for every held-out picture whose decoded pixels are also trained on."""
    trained = {_hash(image): name for image, name in zip(train.images, train.names, strict=True)}
    every = ((image, name) for side in held_out for image, name in zip(side.images, side.names, strict=True))
    pairs = ((trained.get(_hash(image)), name) for image, name in every)
    # one side may have two names, and is told once
    return tuple(dict.fromkeys((twin, name) for twin, name in pairs if twin is not None))


def _hash(image: np.ndarray) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _problems(layout: Layout, entry: Entry | None) -> Iterator[str]:
    """One sentence for everything that is not as expected."""
    yield from layout.problems
    if layout.missing:
        yield f"{len(layout.missing)} listed pictures are not there: {some(layout.missing)}"
    if entry is None:
        return
    folders = set(layout.folders)
    if entry.classes:
        if lost := sorted(set(entry.classes) - folders):
            yield f"{len(lost)} of {entry.class_count} classes are missing: {some(lost)}"
        if strange := sorted(folders - set(entry.classes)):
            yield f"{len(strange)} folders are no class of {entry.title}: {some(strange)}"
    elif len(folders) != entry.class_count:
        yield f"expected {entry.class_count} classes, got {len(folders)}: {some(sorted(folders))}"
    sizes = Counter(layout.folders[label] for side in layout.sides().values() for label in side.labels)
    if "lists" not in layout.layout:
        wrong = [f"{name} has {sizes[name]} pictures instead of {expected}" for name, expected in entry.classes.items()
                 if expected is not None and name in folders and sizes[name] != expected]  # fmt: skip
        if wrong:
            yield f"{len(wrong)} classes differ in size: {some(wrong)}"
    train, val = len(layout.train.files), len(layout.val.files)
    if layout.test.files:  # what is set apart of the training side for validation belongs to it
        train, val = train + val, len(layout.test.files)
    if layout.layout == CLASS_FOLDERS:
        if train + val != entry.pictures:
            yield f"expected {entry.pictures:,} pictures, got {train + val:,}"
    elif (train, val) != (entry.train, entry.val) and entry.train is not None and not layout.missing:
        yield f"expected {entry.train:,} to train on and {entry.val:,} held out, got {train:,} and {val:,}"
