"""Where the pictures of a dataset are, and which side of the split each is on, from the folders and lists found.

Four layouts: `train/` with `val/` or `test/`; image lists; lists for every class (Stanford 40 Actions); class folders,
divided by a seed. The layout may lie a few folders down, as archives often have it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from mvfa_core.checks import expect_choice
from mvfa_core.data import folder as folders
from mvfa_core.data.catalogue import Entry, Split
from mvfa_core.data.classes import IMAGENETTE_NAMES
from mvfa_core.data.folder import NOTHING, SIDES, SUFFIXES, Listing
from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.names import visible, visible_names

LISTS = (
    ("TrainImages.txt", "TestImages.txt"),
    ("corel5k_train_list.txt", "corel5k_test_list.txt"),
    ("train.txt", "val.txt"),
    ("train.txt", "test.txt"),
)
"""Lists of training and held-out pictures: one path a line, its class the folder it is in or named after a tab."""
CLASS_LISTS = "ImageSplits"
DEEPEST = 3
SET_APART = 0.1
"""Of every class of train/, as val, where only a test side comes with the data."""
ValidateOn = Literal["val", "test"]
LONGEST_LIST = 256 * 2**20
_WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Found:
    """What lies in a folder. Files are relative to `home`; `folders` are the classes as they are named on disk, and
    `classes` as they are shown; `missing` are files that a list names and that are not there."""

    layout: str
    home: Path
    folders: tuple[str, ...]
    classes: tuple[str, ...]
    train: Listing
    val: Listing
    test: Listing = NOTHING
    missing: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[str, ...] = ()

    def sides(self, *names: str) -> dict[str, Listing]:
        """The listings of the sides with these names, of all three if none is given."""
        return {name: listing for name in names or SIDES if (listing := getattr(self, name)).files}


def find(folder: Path | str, entry: Entry | None = None, seed: int = 0, *, validate_on: ValidateOn = "val") -> Found:
    """The layout of a folder, without decoding anything.

    Which pictures are on which side:

    - train, val and test lie there: as they lie.
    - train and val: as they lie; test is empty.
    - train and test: with `validate_on="val"` a seeded tenth of every class of train becomes val. With "test" all of
      train is trained on, and val and test are both the test side.
    - no sides: val is a seeded fifth of every class (or what the entry says), test is empty.

    `validate_on="test"` is the paper's protocol and what every run did before there was a choice: nothing of train is
    set apart; what is watched is the folder or list called val, else test.

    Args:
        entry: the dataset it should be; without one, class folders are divided like any other folder's.
        seed: of the division, where no split comes with the data.
        validate_on: what training watches where the data has a test side and no validation side.

    Raises:
        DataError: no such folder, or none of the layouts; the message says what was looked for.
    """
    folder = Path(folder)
    folders.expect_folder(folder)
    expect_choice(validate_on, ("val", "test"), "validate_on")
    found = _found(folder, entry, seed)
    if found.val.files or not found.test.files:
        return found
    if validate_on == "test":
        return replace(found, val=found.test)
    train, val = folders.divide(found.train, len(found.folders), seed, SET_APART)
    return replace(found, train=train, val=val)


def _found(folder: Path, entry: Entry | None, seed: int) -> Found:
    """The layout as it lies: without a validation side where only a test side comes with the data."""
    places = _places(folder, entry)
    if home := next((p for p in places if _has_sides(p)), None):
        return _scanned("train and held-out folders", home, seed)
    if home := next((p for p in places if (p / CLASS_LISTS).is_dir()), None):
        return _from_class_lists(home)
    for home in places:
        for pair in LISTS:
            if all((home / name).is_file() for name in pair):
                return _from_lists(home, pair)
    if entry is None:
        home = next((p for p in reversed(places) if len(_sub_folders(p)) > 1), folder)
        return _scanned("class folders", home, seed)
    if entry.official:
        raise DataError(f"{folder.name}: the official split is not there; expected {entry.layout}")
    return _divided(_class_home(places, entry), entry, seed)


def readable(names: Sequence[str]) -> tuple[str, ...]:
    """WordNet ids as words ("n01440764" -> "tench"), if all names are such ids and known; other names as they can be
    shown (`visible_names`)."""
    if not names or not all(_WNID.fullmatch(name) for name in names):
        return visible_names(names)
    if set(names) <= set(IMAGENETTE_NAMES):
        return tuple(IMAGENETTE_NAMES[name] for name in names)
    from timm.data import ImageNetInfo  # takes seconds, and few have other ids

    info = ImageNetInfo("imagenet22k")
    try:
        words = [info.label_name_to_description(name).partition(",")[0].strip() for name in names]
    except KeyError:
        return tuple(names)
    # two ids may share their first word ("crane"), and a class must be known by its name
    return tuple(w if words.count(w) == 1 else f"{w} ({name})" for w, name in zip(words, names, strict=True))


def _places(folder: Path, entry: Entry | None) -> list[Path]:
    """Where the layout may begin: the folder, and below it, for a dataset that is known, every folder to a depth of
    `DEEPEST`; else only the folder that it is wrapped around."""
    if entry is None:
        return [folder, *_wrapped(folder)]
    places, level = [folder], [folder]
    for _ in range(DEEPEST):
        level = [child for place in level for child in _sub_folders(place)]
        places += level
    return places


def _wrapped(folder: Path) -> Iterator[Path]:
    for _ in range(DEEPEST):
        inner = _sub_folders(folder)
        if len(inner) != 1 or inner[0].name == "train" or not _sub_folders(inner[0]):
            return
        folder = inner[0]
        yield folder


def _sub_folders(place: Path) -> list[Path]:
    with os.scandir(place) as entries:
        return sorted(place / e.name for e in entries if e.is_dir() and not e.name.startswith((".", "__MACOSX")))


def _has_sides(place: Path) -> bool:
    return (place / "train").is_dir() and any((place / side).is_dir() for side in ("val", "test"))


def _class_home(places: list[Path], entry: Entry) -> Path:
    """The place whose sub-folders are most of the dataset's classes or, where these are not known, the fullest."""

    def fits(place: Path) -> int:
        names = {p.name for p in _sub_folders(place)}
        return len(names & set(entry.classes)) if entry.classes else len(names)

    return max(places, key=fits)


def _scanned(layout: str, home: Path, seed: int) -> Found:
    names, sides = folders.scan(home, seed)
    train, val, test = (sides.get(side, NOTHING) for side in SIDES)
    return Found(layout, home, names, readable(names), train, val, test)


def _divided(home: Path, entry: Entry, seed: int) -> Found:
    names = tuple(p.name for p in _sub_folders(home) if p.name not in entry.inside)
    if len(names) < 2:
        raise DataError(f"{home.name}: expected {entry.class_count} class folders ({entry.layout}), got {len(names)}")
    every = folders.list_pictures(home, "", names)
    held_out = _held_out(np.array(every.labels), names, entry.split, seed)
    train, val = (folders.subset(every, np.flatnonzero(side)) for side in (~held_out, held_out))
    return Found("class folders", home, names, readable(names), train, val)


def _held_out(labels: np.ndarray, names: Sequence[str], split: Split, seed: int) -> np.ndarray:
    """Which pictures are held out, bool (N,)."""
    held_out = np.zeros(len(labels), dtype=bool)
    rng = np.random.default_rng(seed)
    for label, name in enumerate(names):
        members = rng.permutation(np.flatnonzero(labels == label))
        n = len(members)
        count = split.val_each or max(1, round(split.val_part * n))
        if split.train_each:
            count = n - split.train_each
        if not 0 < count < n:
            wanted = (split.train_each or split.val_each or 1) + 1
            raise DataError(f"class {visible(name)} has {n} pictures; its split needs at least {wanted}")
        held_out[members[:count]] = True
    return held_out


def _from_lists(home: Path, pair: tuple[str, str]) -> Found:
    sides = [_entries(home / name) for name in pair]
    base = _base(home, [path for side in sides for path, _ in side])
    names = tuple(sorted({name for side in sides for _, name in side}))
    held_out = "val" if pair[1] == "val.txt" else "test"
    return _listed(f"image lists ({' and '.join(pair)})", base, names, ("train", held_out), sides)


def _from_class_lists(home: Path) -> Found:
    lists = home / CLASS_LISTS
    names = tuple(sorted(file.name.removesuffix("_train.txt") for file in lists.glob("*_train.txt")))
    if len(names) < 2:
        raise DataError(f"{home.name}: {CLASS_LISTS}/ has no <class>_train.txt lists")
    sides: list[list[tuple[str, str]]] = []
    for side in ("train", "test"):
        if absent := [name for name in names if not (lists / f"{name}_{side}.txt").is_file()]:
            raise DataError(f"{home.name}: {CLASS_LISTS}/ has no {absent[0]}_{side}.txt")
        sides.append([(p, name) for name in names for p in _lines(lists / f"{name}_{side}.txt")])
    base = _base(home, [p for side in sides for p, _ in side])
    return _listed("image lists for every class", base, names, ("train", "test"), sides)


def _listed(
    layout: str, base: Path, names: tuple[str, ...], called: Sequence[str], sides: list[list[tuple[str, str]]]
) -> Found:
    missing: list[str] = []
    listings = {}
    numbers = {name: number for number, name in enumerate(names)}
    for side_name, side in zip(called, sides, strict=True):
        files: dict[str, int] = {}
        for path, name in side:
            real = _on_disk(base, path)
            if real is None:
                missing.append(path)
            else:
                files[real] = numbers[name]
        listings[side_name] = Listing(tuple(files), tuple(files.values()))
    train, val, test = (listings.get(side, NOTHING) for side in SIDES)
    return Found(layout, base, names, readable(names), train, val, test, tuple(missing))


def _entries(file: Path) -> list[tuple[str, str]]:
    """(path, class) of every line of a list."""
    found = []
    for line in _lines(file):
        path, _, name = line.partition("\t")
        name = name or Path(path).parent.name
        if not name:
            raise DataError(f"{file.name}: {visible(path)} lies in no class folder; write the class after a tab")
        found.append((path.strip(), name.strip()))
    if not found:
        raise DataError(f"{file.name}: the list is empty")
    return found


def _lines(file: Path) -> list[str]:
    if file.stat().st_size > LONGEST_LIST:
        raise DataError(f"{file.name}: larger than {LONGEST_LIST // 2**20} MiB, too large for a list of pictures")
    data = file.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    lines = [line.strip().replace("\\", "/") for line in text.splitlines() if line.strip()]
    for line in lines:
        if line.startswith("/") or ".." in line.split("/") or re.match(r"[A-Za-z]:", line):
            raise DataError(f"{file.name}: {visible(line)} leads out of the folder; lists name files below it")
    return lines


def _base(home: Path, paths: list[str]) -> Path:
    """Below which folder the listed files lie: the one that has most of a sample of them."""
    sample = paths[:: max(1, len(paths) // 20)]
    children = _sub_folders(home)
    places = [home, *children, *(below for child in children for below in _sub_folders(child))]
    return max(places, key=lambda place: sum(_on_disk(place, path) is not None for path in sample))


def _on_disk(base: Path, path: str) -> str | None:
    """The listed file, which may be listed without its suffix."""
    try:
        return next((path + end for end in ("", *sorted(SUFFIXES)) if (base / (path + end)).is_file()), None)
    except (OSError, ValueError):  # a name that no file can have
        return None
