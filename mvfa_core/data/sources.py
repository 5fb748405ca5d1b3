"""One door to all data: `load_data("synthetic")`, a name of the catalogue or a folder -> `DataSet`."""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mvfa_core.data.cache import Fields, cached_arrays
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC, Entry
from mvfa_core.data.folder import LONGEST_PATH, SIDES, is_folder, load_listed, no_pictures
from mvfa_core.data.layouts import Layout, ValidateOn, find
from mvfa_core.data.sets import DataError, DataSet, PictureSet, Progress, silent
from mvfa_core.data.settled import some
from mvfa_core.data.synthetic import CLASSES, render_set
from mvfa_core.files import expect_inside
from mvfa_core.folders import data_root
from mvfa_core.names import visible

SYNTHETIC_TRAIN = 10_000
SYNTHETIC_VAL = 1_000
# Validation scenes count from here, so that no training set, however long, reaches them.
FIRST_VAL_SEED = 1_000_000_000
# Raised when the drawing changes, so that no cache holds yesterday's pictures.
DRAWING = 1


def load_data(
    source: str,
    side: int,
    *,
    seed: int = 0,
    train_n: int | None = None,
    validate_on: ValidateOn = "val",
    join_names: bool = False,
    splits: Sequence[str] = SIDES,
    progress: Progress = silent,
) -> DataSet:
    """The synthetic set or a dataset of the catalogue by its name, or a folder of pictures by its path, squashed to
    side x side px.

    Args:
        seed: of the split, where a folder has none of its own.
        train_n: how many synthetic pictures to draw for training; 0 for a caller that only evaluates.
        validate_on, join_names: as in `layouts.find`.
        splits: the sides to decode; the others come without pictures. The synthetic set has no test side.

    Raises:
        DataError: the data is not there, not laid out as it should be, or incomplete.
    """
    if source != SYNTHETIC:
        found = find_data(source, seed, validate_on=validate_on, join_names=join_names)
        if found.missing:
            first = visible(found.missing[0])
            raise DataError(f"{source}: {len(found.missing)} listed pictures are not there, first {first}; "
                            f"python -m mvfa_core data check {shlex.quote(source)}")  # fmt: skip
        return replace(load_found(found, side, splits, progress=progress), name=place_of(source)[0].name)
    counts = {"train": SYNTHETIC_TRAIN if train_n is None else train_n, "val": SYNTHETIC_VAL}
    train, val = (
        _drawn(name, first, counts[name] if name in splits else 0, side, progress)
        for name, first in (("train", 0), ("val", FIRST_VAL_SEED))
    )
    return DataSet(SYNTHETIC, CLASSES, train, val, no_pictures(side))


def load_found(layout: Layout, side: int, splits: Sequence[str] = SIDES, *, progress: Progress = silent) -> DataSet:
    """The pictures of a layout that was found, decoded to side x side px; those that cannot be read are passed over.

    Raises:
        DataError: none of the pictures of a side can be read.
    """
    data = load_listed(layout.home, layout.classes, layout.sides(*splits), side, progress=progress)
    above = "" if layout.root is None else (layout.home.relative_to(layout.root).as_posix() + "/").removeprefix("./")
    unreadable = (replace(one, file=above + one.file) for one in data.passed_over)
    remarks = {what: tuple(above + file for file in files) for what, files in data.remarks.items()}
    notes = (*layout.problems, *layout.notes, *told_of(remarks))
    return replace(data, passed_over=(*layout.passed_over, *unreadable), notes=notes, remarks=remarks)


def told_of(remarks: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A sentence for every remark, with the number of its files and the first of them."""
    shown = {what: some([visible(file) for file in files]) for what, files in remarks.items()}
    return tuple(f"{what}: {len(files):,} {'picture' if len(files) == 1 else 'pictures'} ({shown[what]})"
                 for what, files in remarks.items())  # fmt: skip


def find_data(source: str, seed: int = 0, *, validate_on: ValidateOn = "val", join_names: bool = False) -> Layout:
    """The layout of a dataset of the catalogue or of a folder, without decoding anything.

    Args:
        seed, validate_on, join_names: as in `layouts.find`.

    Raises:
        DataError: it is not there or has none of the known layouts.
    """
    return find(*place_of(source), seed, validate_on=validate_on, join_names=join_names)


def place_of(source: str) -> tuple[Path, Entry | None]:
    """The folder of a name or path, and its entry if it was asked for by name.

    Raises:
        DataError: there is no such folder.
    """
    entry = CATALOGUE.get(source)
    if entry is None:
        _expect_inside(Path(source))  # before a look: what lies elsewhere is not told
        if not is_folder(source):
            near = difflib.get_close_matches(source, [SYNTHETIC, *CATALOGUE], n=1)
            hint = f"did you mean {near[0]}" if near else "name one that holds a sub-folder of pictures for every class"
            raise DataError(f"{visible(source, LONGEST_PATH)}: no such folder; {hint}")
        return Path(os.path.abspath(source)), None
    place = next((p for p in (data_root() / source, Path(source)) if p.is_dir()), None)
    if place is None:
        raise DataError(f"{source}: not in {data_root()}; `python -m mvfa_core data get {source}` gets it or says how")
    return Path(os.path.abspath(place)), entry


def _expect_inside(path: Path) -> None:
    try:
        expect_inside(path, data_root())
    except ValueError as error:
        raise DataError(str(error)) from error


def _drawn(split: str, first: int, count: int, side: int, progress: Progress) -> PictureSet:
    seeds = range(first, first + count)
    if not seeds:
        return no_pictures(side)

    def make(start: int, stop: int) -> dict[str, np.ndarray]:
        return render_set(seeds[start:stop], side)._asdict()

    fields: Fields = {
        "images": ((side, side, 3), np.uint8),
        "labels": ((), np.int64),
        "scales": ((), np.float32),
        "boxes": ((4,), np.float32),
    }
    key = f"synthetic-{DRAWING}-{split}-{side}-{count}"
    drawn = cached_arrays(key, count, fields, make, what=f"drawing {split} pictures", progress=progress)
    names = tuple(str(seed) for seed in seeds)
    labels, scales, boxes = (np.array(drawn[field]) for field in ("labels", "scales", "boxes"))
    return PictureSet(drawn["images"], labels, names, scales, boxes)
