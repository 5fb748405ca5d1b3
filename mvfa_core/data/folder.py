"""Any folder of pictures in class sub-folders: what is in it, how it splits, and its decoded pictures.

Layouts: `train/<class>/*` with `val/<class>/*` or `test/<class>/*`; or `<class>/*`, of which a seeded fifth per class
is held out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mvfa_core.data.cache import Fields, cached_arrays, digest
from mvfa_core.data.sets import DataError, DataSet, PassedOver, PictureSet, Progress, Unreadable, silent
from mvfa_core.images import PictureError, open_picture, squash
from mvfa_core.names import visible

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
HELD_OUT = 0.2
LONGEST_PATH = 300
"""Letters of a path that are told."""


@dataclass(frozen=True)
class Listing:
    """The files of one side, relative to the folder, with their class indices."""

    files: tuple[str, ...]
    labels: tuple[int, ...]


SIDES = ("train", "val", "test")
Sides = Mapping[str, Listing]
"""Listings by the names of `SIDES`."""
NOTHING = Listing((), ())


def is_folder(path: Path | str) -> bool:
    """Whether there is such a folder; not for a name that none can have."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def expect_folder(path: Path | str) -> None:
    """Raise `DataError` unless there is such a folder."""
    if not is_folder(path):
        name = visible(str(path), LONGEST_PATH)
        raise DataError(f"{name}: no such folder; name one that holds a sub-folder of pictures for every class")


def scan(folder: Path | str, seed: int = 0) -> tuple[tuple[str, ...], Sides]:
    """The classes of a folder and the listings of its sides, without decoding anything.

    Raises:
        DataError: no such folder, fewer than two classes, a class without pictures, or sides that disagree on them.
    """
    expect_folder(folder)
    folder = _named(folder)
    shown = visible(folder.name)
    if not (folder / "train").is_dir():
        classes = _classes(folder)
        every = list_pictures(folder, "", classes)
        if alone := next((name for label, name in enumerate(classes) if every.labels.count(label) == 1), None):
            raise DataError(
                f"class {visible(alone)} has one picture; two are needed, one to train on and one to hold out"
            )
        train, val = divide(every, len(classes), seed, HELD_OUT)
        return classes, {"train": train, "val": val}
    held_out = [name for name in ("val", "test") if (folder / name).is_dir()]
    if not held_out:
        raise DataError(f"{shown}: has train/ but neither val/ nor test/; add one, or drop the train/ level")
    classes = _classes(folder / "train")
    for side in held_out:
        if strange := sorted(set(_classes(folder / side)) ^ set(classes)):
            named = ", ".join(visible(name) for name in strange[:5])
            raise DataError(f"{shown}: train/ and {side}/ differ in their classes: {named}")
    return classes, {side: list_pictures(folder, side, classes) for side in ("train", *held_out)}


def load_listed(
    folder: Path, classes: tuple[str, ...], listings: Sides, side: int, *, progress: Progress = silent
) -> DataSet:
    """Decode the listings of the sides to side x side px (once; later calls read the cache), and leave out what cannot
    be read. Sides with the same listing are decoded once; an empty listing is a side without pictures."""
    sets: dict[str, PictureSet] = {}
    passed_over: dict[str, PassedOver] = {}
    for name in SIDES:
        listing = listings.get(name, NOTHING)
        same = next((other for other in sets if listings.get(other) == listing), None)
        if same is not None:
            sets[name] = sets[same]
        elif listing.files:
            sets[name], skipped = _decode(folder, listing, side, name, progress)
            passed_over |= {one.file: one for one in skipped}
        else:
            sets[name] = no_pictures(side)
    return DataSet(folder.name, classes, sets["train"], sets["val"], sets["test"], tuple(passed_over.values()))


def no_pictures(side: int) -> PictureSet:
    """A side without pictures, at side x side px."""
    return PictureSet(np.empty((0, side, side, 3), np.uint8), np.empty(0, np.int64), ())


def _named(folder: Path | str) -> Path:
    """The folder with a last part that can be shown, also for "." and ".."."""
    return Path(os.path.abspath(folder))


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")))
    if len(names) < 2:
        shown = visible(folder.name)
        raise DataError(f"{shown}: expected a sub-folder for each of two or more classes, got {len(names)}")
    return names


def list_pictures(folder: Path, split: str, classes: tuple[str, ...]) -> Listing:
    """All pictures below folder/split/<class>, in the order of the classes and their names.

    Raises:
        DataError: a class without pictures.
    """
    files: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        found = sorted(p for p in (folder / split / name).rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not found:
            raise DataError(f"{visible(folder.name)}: class {visible(name)} has no pictures in {split or 'its folder'} "
                            f"({', '.join(sorted(SUFFIXES))})")  # fmt: skip
        files += [p.relative_to(folder).as_posix() for p in found]
        labels += [label] * len(found)
    return Listing(tuple(files), tuple(labels))


def divide(listing: Listing, classes: int, seed: int, part: float) -> tuple[Listing, Listing]:
    """(the rest, a part of every class, at least one picture); which ones depends on the seed alone. A class of one
    picture is not divided."""
    labels = np.array(listing.labels)
    taken = np.zeros(len(labels), dtype=bool)
    rng = np.random.default_rng(seed)
    for label in range(classes):
        members = rng.permutation(np.flatnonzero(labels == label))
        taken[members[: max(1, round(part * len(members))) if len(members) > 1 else 0]] = True
    return subset(listing, np.flatnonzero(~taken)), subset(listing, np.flatnonzero(taken))


def subset(listing: Listing, index: np.ndarray) -> Listing:
    """The files at an index."""
    return Listing(tuple(listing.files[i] for i in index), tuple(listing.labels[i] for i in index))


def _decode(
    folder: Path, listing: Listing, side: int, split: str, progress: Progress
) -> tuple[PictureSet, tuple[PassedOver, ...]]:
    stats = [(folder / file).stat() for file in listing.files]
    content = [(file, s.st_size, s.st_mtime_ns) for file, s in zip(listing.files, stats, strict=True)]
    key = f"folder-{side}-{digest([folder.resolve(), side, *content])}"

    def make(start: int, stop: int) -> dict[str, np.ndarray]:
        decoded = [_decoded(folder / file, side) for file in listing.files[start:stop]]
        blank = np.zeros((side, side, 3), dtype=np.uint8)
        images = np.stack([blank if image is None else image for image in decoded])
        return {"images": images, "readable": np.array([image is not None for image in decoded])}

    fields: Fields = {"images": ((side, side, 3), np.uint8), "readable": ((), np.bool_)}
    arrays = cached_arrays(key, len(listing.files), fields, make, what=f"decoding {split}", progress=progress)
    images, readable = arrays["images"], arrays["readable"]
    if not readable.any():
        raise DataError(f"{visible(folder.name)}: none of the {len(readable)} pictures in {split} can be read")
    skipped = reasons(folder, [file for file, ok in zip(listing.files, readable, strict=True) if not ok])
    if skipped:
        listing, images = subset(listing, np.flatnonzero(readable)), images[readable]
    return PictureSet(images, np.array(listing.labels, dtype=np.int64), listing.files), skipped


def reasons(home: Path, files: Sequence[str]) -> tuple[PassedOver, ...]:
    """Every file with the sentence that says why it cannot be read."""
    found = []
    for file in files:
        try:
            open_picture(home / file)
            reason = "could not be read before, and can be now; touch the file to have it decoded again"
        except (PictureError, OSError) as error:
            reason = str(error)
        found.append(Unreadable(file, reason))
    return tuple(found)


def _decoded(file: Path, side: int) -> np.ndarray | None:
    """The squashed picture, or None where the file cannot be read."""
    try:
        return squash(open_picture(file), (side, side))
    except (PictureError, OSError):
        return None
