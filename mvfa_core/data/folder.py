"""The listed pictures of a folder, decoded once; what cannot be read is left out and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mvfa_core.data.cache import Fields, cached_arrays, digest
from mvfa_core.data.sets import DataError, DataSet, PassedOver, PictureSet, Progress, Unreadable, silent
from mvfa_core.images import PictureError, open_picture, read_picture, squash
from mvfa_core.names import visible
from mvfa_core.pictures import DARK, FIRST_FRAME, FIRST_PAGE, NOT_FINITE, STRETCHED

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
LONGEST_PATH = 300
"""Letters of a path that are told."""


@dataclass(frozen=True)
class Listing:
    """The files of one side, relative to the folder, with their class indices."""

    files: tuple[str, ...]
    labels: tuple[int, ...]


SIDES = ("train", "val", "test")
READING = 3
"""Raised when pictures are read otherwise than before, so that no cache holds yesterday's."""
REMARKS = {
    STRETCHED: "values stretched to 0-255",
    NOT_FINITE: "values that are not numbers shown black",
    DARK: "nearly black",
    FIRST_PAGE: "the first of several pages read",
    FIRST_FRAME: "the first frame of an animation read",
}
"""What is told of the pictures of a set, by the note that each of them has."""
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


def load_listed(
    folder: Path, classes: tuple[str, ...], listings: Sides, side: int, *, progress: Progress = silent
) -> DataSet:
    """Decode the listings of the sides to side x side px (once; later calls read the cache), and leave out what cannot
    be read. Sides with the same listing are decoded once; an empty listing is a side without pictures."""
    sets: dict[str, PictureSet] = {}
    passed_over: dict[str, PassedOver] = {}
    remarks: dict[str, dict[str, None]] = {}
    for name in SIDES:
        listing = listings.get(name, NOTHING)
        same = next((other for other in sets if listings.get(other) == listing), None)
        if same is not None:
            sets[name] = sets[same]
        elif listing.files:
            sets[name], skipped, said = _decode(folder, listing, side, name, progress)
            passed_over |= {one.file: one for one in skipped}
            for what, files in said.items():
                remarks.setdefault(what, {}).update(dict.fromkeys(files))
        else:
            sets[name] = no_pictures(side)
    told = {what: tuple(files) for what, files in remarks.items()}
    return DataSet(
        folder.name, classes, sets["train"], sets["val"], sets["test"], tuple(passed_over.values()), remarks=told
    )


def no_pictures(side: int) -> PictureSet:
    """A side without pictures, at side x side px."""
    return PictureSet(np.empty((0, side, side, 3), np.uint8), np.empty(0, np.int64), ())


def subset(listing: Listing, index: np.ndarray) -> Listing:
    """The files at an index."""
    return Listing(tuple(listing.files[i] for i in index), tuple(listing.labels[i] for i in index))


def _decode(
    folder: Path, listing: Listing, side: int, split: str, progress: Progress
) -> tuple[PictureSet, tuple[PassedOver, ...], dict[str, list[str]]]:
    """The pictures of a side, what cannot be read of it, and the files of each remark."""
    stats = [(folder / file).stat() for file in listing.files]
    content = [(file, s.st_size, s.st_mtime_ns) for file, s in zip(listing.files, stats, strict=True)]
    key = f"folder-{side}-{digest([folder.resolve(), side, READING, *content])}"

    def make(start: int, stop: int) -> dict[str, np.ndarray]:
        decoded = [_decoded(folder / file, side) for file in listing.files[start:stop]]
        blank = np.zeros((side, side, 3), dtype=np.uint8)
        return {
            "images": np.stack([blank if image is None else image for image, _ in decoded]),
            "readable": np.array([image is not None for image, _ in decoded]),
            "remarks": np.array([told for _, told in decoded]),
        }

    fields: Fields = {
        "images": ((side, side, 3), np.uint8), "readable": ((), np.bool_), "remarks": ((len(REMARKS),), np.bool_),
    }  # fmt: skip
    arrays = cached_arrays(key, len(listing.files), fields, make, what=f"decoding {split}", progress=progress)
    images, readable = arrays["images"], arrays["readable"]
    if not readable.any():
        raise DataError(f"{visible(folder.name)}: none of the {len(readable)} pictures in {split} can be read")
    told = {
        what: [listing.files[i] for i in np.flatnonzero(there)]
        for what, there in zip(REMARKS.values(), arrays["remarks"].T, strict=True)
        if there.any()
    }
    skipped = reasons(folder, [file for file, ok in zip(listing.files, readable, strict=True) if not ok])
    if skipped:
        listing, images = subset(listing, np.flatnonzero(readable)), images[readable]
    return PictureSet(images, np.array(listing.labels, dtype=np.int64), listing.files), skipped, told


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


def _decoded(file: Path, side: int) -> tuple[np.ndarray | None, list[bool]]:
    """The squashed picture, or None where the file cannot be read, and which of `REMARKS` there are."""
    try:
        picture, _, notes = read_picture(file)
    except (PictureError, OSError):
        return None, [False] * len(REMARKS)
    said = {note.text for note in notes}
    return squash(picture, (side, side)), [text in said for text in REMARKS]
