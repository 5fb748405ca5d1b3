"""Any folder of pictures in class sub-folders: what is in it, how it splits, and its decoded pictures.

Layouts: `train/<class>/*` with `val/<class>/*` or `test/<class>/*`; or `<class>/*`, of which a seeded fifth per class
is held out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mvfa_core.data.cache import Fields, cached_arrays, digest
from mvfa_core.data.sets import DataError, DataSet, PictureSet, Progress, silent
from mvfa_core.images import PictureError, open_picture, squash
from mvfa_core.names import visible

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
HELD_OUT = 0.2
LONGEST_PATH = 300
"""Letters of a path that are told."""


@dataclass(frozen=True)
class Listing:
    """The files of one split, relative to the folder, with their class indices."""

    files: tuple[str, ...]
    labels: tuple[int, ...]


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


def scan(folder: Path | str, seed: int = 0) -> tuple[tuple[str, ...], Listing, Listing]:
    """The classes of a folder and its train and val listings, without decoding anything.

    Raises:
        DataError: no such folder, fewer than two classes, a class without pictures, or splits that disagree on them.
    """
    expect_folder(folder)
    folder = _named(folder)
    shown = visible(folder.name)
    if (folder / "train").is_dir():
        held_out = next((name for name in ("val", "test") if (folder / name).is_dir()), None)
        if held_out is None:
            raise DataError(f"{shown}: has train/ but neither val/ nor test/; add one, or drop the train/ level")
        classes = _classes(folder / "train")
        strange = sorted(set(_classes(folder / held_out)) ^ set(classes))
        if strange:
            named = ", ".join(visible(name) for name in strange[:5])
            raise DataError(f"{shown}: train/ and {held_out}/ differ in their classes: {named}")
        return classes, list_pictures(folder, "train", classes), list_pictures(folder, held_out, classes)
    classes = _classes(folder)
    train, val = _split(list_pictures(folder, "", classes), classes, seed)
    return classes, train, val


def load_folder(folder: Path | str, side: int, *, seed: int = 0, progress: Progress = silent) -> DataSet:
    """Scan, decode to side x side px (once; later calls read the cache), and leave out what cannot be read."""
    classes, train, val = scan(folder, seed)
    return load_listed(_named(folder), classes, train, val, side, progress=progress)


def load_listed(
    folder: Path, classes: tuple[str, ...], train: Listing, val: Listing, side: int, *, progress: Progress = silent
) -> DataSet:
    """The same of two listings, however they were found."""
    train_set, skipped = _decode(folder, train, side, "train", progress)
    val_set, also_skipped = _decode(folder, val, side, "val", progress)
    return DataSet(folder.name, classes, train_set, val_set, skipped + also_skipped)


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


def _split(listing: Listing, classes: tuple[str, ...], seed: int) -> tuple[Listing, Listing]:
    """A fifth of every class, at least one picture, held out; which ones depends on the seed alone."""
    labels = np.array(listing.labels)
    held_out = np.zeros(len(labels), dtype=bool)
    rng = np.random.default_rng(seed)
    for label, name in enumerate(classes):
        members = rng.permutation(np.flatnonzero(labels == label))
        if len(members) < 2:
            shown = visible(name)
            raise DataError(f"class {shown} has one picture; two are needed, one to train on and one to hold out")
        held_out[members[: max(1, round(HELD_OUT * len(members)))]] = True
    return subset(listing, np.flatnonzero(~held_out)), subset(listing, np.flatnonzero(held_out))


def subset(listing: Listing, index: np.ndarray) -> Listing:
    """The files at an index."""
    return Listing(tuple(listing.files[i] for i in index), tuple(listing.labels[i] for i in index))


def _decode(
    folder: Path, listing: Listing, side: int, split: str, progress: Progress
) -> tuple[PictureSet, tuple[str, ...]]:
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
    skipped = tuple(file for file, ok in zip(listing.files, readable, strict=True) if not ok)
    if skipped:
        listing, images = subset(listing, np.flatnonzero(readable)), images[readable]
    return PictureSet(images, np.array(listing.labels, dtype=np.int64), listing.files), skipped


def _decoded(file: Path, side: int) -> np.ndarray | None:
    """The squashed picture, or None where the file cannot be read."""
    try:
        return squash(open_picture(file), (side, side))
    except (PictureError, OSError):
        return None
