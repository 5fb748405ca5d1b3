"""The sides of a data set as a recipe divides it: which pictures are trained on, watched, and left alone.

Where a data set comes with train and test alone, a tenth of train is set apart as val, unless the run watches the test
side (`Recipe.validate_on`). Every other data set is divided the same way for all recipes.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mvfa_core.checks import expect_choice, is_whole
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.folder import Listing
from mvfa_core.data.layouts import Layout, ValidateOn
from mvfa_core.data.sets import DataError, DataSet, PassedOver, PictureSet, Progress, Unreadable, silent
from mvfa_core.data.sources import SYNTHETIC_TRAIN, SYNTHETIC_VAL, find_data, load_data
from mvfa_core.data.synthetic import CLASSES
from mvfa_core.training.recipe_fields import LARGEST
from mvfa_core.training.recipes import Recipe

SIDES = ("train", "val", "test")
EVERY = "all"
CHOICES = (*SIDES, EVERY)
MOST_REASONS = 12
OTHER = "other reasons"
UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class Split:
    """A data set and how it is divided.

    Attributes:
        data, seed: as in `load_data`.
        set_apart: whether a tenth of train is val where only a test side comes with the data.
        join: whether class names that differ only in capitals and spaces are one.
        train_n: how many drawn pictures are trained on; None for what the drawn set has.
    """

    data: str
    seed: int = 0
    set_apart: bool = False
    join: bool = False
    train_n: int | None = None


@dataclass(frozen=True)
class Listed:
    """A divided data set, nothing of it decoded. `layout` and the listings are None for drawn pictures."""

    split: Split
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    layout: Layout | None = None
    listings: Mapping[str, Listing] | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return Path(os.path.abspath(self.split.data)).name

    @property
    def said(self) -> tuple[str, ...]:
        """What is not as it should be, and how the data was read, one sentence each."""
        return () if self.layout is None else (*self.layout.problems, *self.layout.notes)

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that have pictures, in the order of `SIDES`."""
        return tuple(self.counts)

    def unseen(self) -> str:
        """The side that says most about a model: test where there is one, else val."""
        return "test" if "test" in self.counts else "val"

    def side(self, name: str) -> tuple[str, ...]:
        """The sides behind a name of `CHOICES`.

        Raises:
            DataError: the data has no such side; the sentence names those it has.
        """
        expect_choice(name, CHOICES, "split")
        if name == EVERY:
            return self.sides
        if name not in self.counts:
            raise DataError(f"{self.name}: has no {name} side; it has {', '.join(self.sides)}")
        return (name,)


def split_of(recipe: Recipe | Mapping[str, Any], data: str | None = None) -> Split:
    """How a recipe, or what a card has of one, divides its pictures, or those of `data`. A card may come from anybody:
    what makes no sense in it counts as not there. One without `validate_on` was written before there was a choice."""
    values = recipe.to_json() if isinstance(recipe, Recipe) else recipe
    seed, protocol, own, drawn = (values.get(name) for name in ("seed", "validate_on", "data", "train_n"))
    source = data or (own if isinstance(own, str) and own else SYNTHETIC)
    if source == SYNTHETIC:  # drawn pictures have no division to choose
        return Split(SYNTHETIC, train_n=drawn if is_whole(drawn, 1, LARGEST) else None)
    number = seed if isinstance(seed, int) and is_whole(seed, 0, LARGEST) else 0
    return Split(source, number, protocol == "val", values.get("join_names") == "on")


def joined(split: Split, join: bool | None) -> Split:
    """The same with class names joined or not; as it is for None."""
    return split if join is None else replace(split, join=join)


def listed(split: Split) -> Listed:
    """What is on each side, without decoding or drawing anything.

    Raises:
        DataError: the data is not there, not laid out as it should be, or incomplete.
    """
    if split.data == SYNTHETIC:
        return Listed(split, CLASSES, {"train": split.train_n or SYNTHETIC_TRAIN, "val": SYNTHETIC_VAL})
    found = find_data(split.data, split.seed, validate_on="val" if split.set_apart else "test", join_names=split.join)
    if found.missing:
        raise DataError(f"{Path(split.data).name}: {len(found.missing)} listed pictures are not there, "
                        f"first {found.missing[0]}; python -m mvfa_core data check {split.data}")  # fmt: skip
    listings = found.sides()
    if listings.get("val") == listings.get("test"):  # the test side under its second name
        del listings["val"]
    counts = {name: len(listings[name].files) for name in SIDES if name in listings}
    return Listed(split, found.classes, counts, found, listings)


def watched(recipe: Recipe, known: Listed) -> str:
    """The side that training watches."""
    order = ("test", "val") if recipe.validate_on == "test" else ("val", "test")
    return next((name for name in order if name in known.counts), "val")


@dataclass(frozen=True)
class Division:
    """The pictures of a run: `data.val` are those of the side called `watched`. `counts` of all sides, `passed_over` a
    count for every reason, `notes` sentences about how the data was read."""

    data: DataSet
    watched: str
    counts: Mapping[str, int]
    passed_over: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """What a run's log says of it."""
        counts, passed_over = dict(self.counts), dict(self.passed_over)
        return {"watched": self.watched, "counts": counts, "passed_over": passed_over, "notes": self.notes}


def divided(recipe: Recipe, side_px: int, *, progress: Progress = silent) -> Division:
    """The pictures of a recipe, decoded or drawn.

    Raises:
        DataError: as in `load_data`.
    """
    split = split_of(recipe)
    known = listed(split)
    side = watched(recipe, known)
    data = load_side(split, side_px, ("train", side), progress=progress)
    counts = {**known.counts, "train": len(data.train), side: len(getattr(data, side))}
    seen = replace(data, val=getattr(data, side))
    return Division(seen, side, counts, reasons(data.passed_over), data.notes)


def load_side(split: Split, side_px: int, sides: Sequence[str], *, progress: Progress = silent) -> DataSet:
    """Some sides of a divided data set, the others without pictures."""
    protocol: ValidateOn = "val" if split.set_apart else "test"
    return load_data(
        split.data, side_px, seed=split.seed, train_n=split.train_n, validate_on=protocol, splits=tuple(sides),
        join_names=split.join, progress=progress,
    )  # fmt: skip


def load_one(split: Split, side_px: int, side: str, *, progress: Progress = silent) -> PictureSet:
    """The pictures of one side."""
    pictures: PictureSet = getattr(load_side(split, side_px, (side,), progress=progress), side)
    return pictures


def reasons(passed_over: Iterable[PassedOver]) -> dict[str, int]:
    """How many files were passed over for every reason, the most frequent first; rare ones beyond `MOST_REASONS` are
    counted together."""
    counted: Counter[str] = Counter()
    for one in passed_over:
        counted[UNREADABLE if isinstance(one, Unreadable) else one.reason] += one.count
    common = dict(counted.most_common(MOST_REASONS))
    rest = counted.total() - sum(common.values())
    return {**common, **({OTHER: rest} if rest else {})}


def copies(known: Listed) -> tuple[tuple[str, str], ...]:
    """Pairs of files of one side that are the same bytes and lie in two classes. Only files of one size are read."""
    found: list[tuple[str, str]] = []
    for listing in (known.listings or {}).values():
        assert known.layout is not None, "it has listings"
        home = known.layout.home
        by_size: dict[int, list[tuple[str, int]]] = {}
        for file, label in zip(listing.files, listing.labels, strict=True):
            by_size.setdefault((home / file).stat().st_size, []).append((file, label))
        for alike in by_size.values():
            if len({label for _, label in alike}) > 1:
                found += _same_bytes(home, alike)
    return tuple(found)


def _same_bytes(home: Path, files: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    first: dict[bytes, tuple[str, int]] = {}
    pairs = []
    for file, label in files:
        with (home / file).open("rb") as opened:
            known, known_label = first.setdefault(hashlib.file_digest(opened, "sha256").digest(), (file, label))
        if known_label != label:
            pairs.append((known, file))
    return pairs


def is_trained_on(recipe: Mapping[str, Any], data: str) -> bool:
    """Whether a card says that its model was trained on this data set."""
    own = recipe.get("data")
    if not isinstance(own, str) or own in (SYNTHETIC, *CATALOGUE) or data in (SYNTHETIC, *CATALOGUE):
        return own == data
    return os.path.realpath(own) == os.path.realpath(data)
