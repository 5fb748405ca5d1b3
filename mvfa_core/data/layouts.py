"""Where the pictures of a data set are, and which side each is on, from the folders and lists found.

The table in docs/data.md says what is read. Nothing is decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mvfa_core.checks import expect_choice
from mvfa_core.data import folder as folders
from mvfa_core.data.catalogue import Entry
from mvfa_core.data.classes import IMAGENETTE_NAMES
from mvfa_core.data.division import SET_APART, divide, divide_each, hold_out
from mvfa_core.data.encodings import ENCODINGS
from mvfa_core.data.folder import NOTHING, SIDES, Listing
from mvfa_core.data.list_layouts import class_lists, side_lists, single_list
from mvfa_core.data.passed_list import bounded
from mvfa_core.data.places import Place, grown
from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.data.settled import Settled, settle, some
from mvfa_core.data.side_folders import CLASS_FOLDERS, Laid, class_folders, sides_at, sides_in_classes
from mvfa_core.data.tree import NO_PICTURE, Tree, read_tree
from mvfa_core.names import visible, visible_names

ValidateOn = Literal["val", "test"]
_WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Layout:
    """What lies in a folder.

    Attributes:
        layout: what it is called. home: the folder that files are relative to.
        folders, classes: C classes as they are named on disk and as they are shown.
        train, val, test: the sides; one that is not there is empty.
        missing: files that a list names and that are not there.
        passed_over: files that are not used, relative to the folder that was named.
        problems: what is not as it should be, and notes: how the folder was read; one sentence each.
        root: the folder that was named.
    """

    layout: str
    home: Path
    folders: tuple[str, ...]
    classes: tuple[str, ...]
    train: Listing
    val: Listing
    test: Listing = NOTHING
    missing: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    root: Path | None = None

    def sides(self, *names: str) -> dict[str, Listing]:
        """The listings of the sides with these names, of all three if none is given."""
        return {name: listing for name in names or SIDES if (listing := getattr(self, name)).files}


def find(
    folder: Path | str,
    entry: Entry | None = None,
    seed: int = 0,
    *,
    validate_on: ValidateOn = "val",
    join_names: bool = False,
) -> Layout:
    """The layout of a folder, without decoding anything.

    Which pictures are on which side:

    - train, val and test lie there: as they lie.
    - train and val: as they lie; test is empty.
    - train and test: with `validate_on="val"` a seeded tenth of every class of train becomes val. With "test" all of
      train is trained on, and val and test are both the test side.
    - no sides: val is a seeded fifth of every class (or what the entry says), test is empty.

    `validate_on="test"` is the paper's protocol and what every run did before there was a choice: nothing of train is
    set apart; what is watched is the folder or list called val, by this very name, else the test side, else the
    validation side.

    Args:
        entry: the dataset it should be; without one, class folders are divided like any other folder's.
        seed: of the division, where no split comes with the data.
        validate_on: what training watches where the data has a test side and no validation side.
        join_names: take class names that differ only in capitals, blanks, underscores, hyphens and dots for one class
            (`--join-names`).

    Raises:
        DataError: no such folder, none of the layouts, or more than one; the message says what was looked for.
    """
    folder = Path(folder)
    folders.expect_folder(folder)
    expect_choice(validate_on, ("val", "test"), "validate_on")
    tree = read_tree(folder)
    shown = visible(folder.resolve().name)
    laid = _laid(tree, shown, entry)
    if "" in laid.sides:
        every = {"train": [pair for pair in laid.sides[""] if not entry or pair[1] not in entry.inside]}
        if entry and len({name for _, name in every["train"]}) < 2:
            count = len({name for _, name in every["train"]})
            raise DataError(f"{shown}: expected {entry.class_count} class folders ({entry.layout}), got {count}")
        called = {"train": laid.called[""]}
    else:
        every, called = {side: list(pairs) for side, pairs in laid.sides.items()}, laid.called
    try:
        settled = settle(every, called, shown, join_names=join_names)
    except DataError as error:
        if not laid.missing:
            raise
        first = visible(laid.missing[0])
        raise DataError(f"{len(laid.missing)} listed pictures are not there, first {first}; {error}") from None
    found = _found(tree, laid, settled)
    if "" in laid.sides:
        train, val = _divided(found.train, settled.classes, entry, seed)
        return replace(found, train=train, val=val)
    return _watching(found, laid, validate_on, seed)


def _divided(every: Listing, classes: Sequence[str], entry: Entry | None, seed: int) -> tuple[Listing, Listing]:
    return hold_out(every, classes, seed) if entry is None else divide_each(every, classes, entry.split, seed)


def _watching(layout: Layout, laid: Laid, validate_on: ValidateOn, seed: int) -> Layout:
    """With a validation side, whatever lies there."""
    if not layout.test.files:
        return layout
    if validate_on == "test":
        named_val = layout.val.files and Path(laid.called["val"]).stem == "val"
        return layout if named_val else _test_alone(layout, laid)
    if layout.val.files:
        return layout
    train, val = divide(layout.train, len(layout.folders), seed, SET_APART)
    note = f"a seeded tenth of every class of {laid.called['train']} is held out to validate on"
    return replace(layout, train=train, val=val, notes=(*layout.notes, note))


def _test_alone(layout: Layout, laid: Laid) -> Layout:
    """The test side as the one that is watched; what lies on a validation side is passed over."""
    if not layout.val.files:
        return replace(layout, val=layout.test)
    reason = f"in {laid.called['val']}, and {laid.called['test']} is watched"
    unused = [PassedOver(laid.home + file, reason) for file in layout.val.files]
    return replace(layout, val=layout.test, passed_over=bounded((*layout.passed_over, *unused)))


def _laid(tree: Tree, shown: str, entry: Entry | None) -> Laid:
    """The first layout that is there: side folders, lists, class folders."""
    top = grown(tree.pictures)
    places = list(top.below() if entry else top.wrapped())
    refusal = None
    for place in places:
        try:
            sides = sides_at(place, shown)
        except DataError:
            if entry is None:
                raise
            continue
        if isinstance(sides, Laid) and not (entry and "" in sides.sides):
            return sides
        refusal = refusal or (sides if isinstance(sides, str) else None)
    lists = (
        class_lists(tree, top)
        or side_lists(tree, top, all_named=entry is not None)
        or (None if entry else single_list(tree, top))
    )
    if lists:
        return lists
    if entry is None:
        if refusal:
            raise DataError(refusal)
        return _classes(places, top, shown)
    if entry.official:
        raise DataError(f"{shown}: the official split is not there; expected {entry.layout}")
    return class_folders(max(places, key=lambda place: _fit(place, entry)))


def _classes(places: list[Place], top: Place, shown: str) -> Laid:
    """Class folders, as far down as folders are wrapped around them."""
    home = next((place for place in places if len(place.folders) > 1), top)
    if each := sides_in_classes(home):
        return each
    nested = [place for place in home.below() if place is not home and isinstance(sides_at(place, shown), Laid)]
    if len(nested) == 1 and len(home.folders) == 2:
        found = sides_at(nested[0], shown)
        assert isinstance(found, Laid)
        return replace(found, notes=(*found.notes, f"read: {visible(nested[0].path)}, and nothing beside it"))
    if nested:
        listed = some([visible(place.path) for place in nested])
        raise DataError(f"{shown}: can be read in two ways: (1) the sides in {listed}; or (2) {len(home.folders)} "
                        f"classes, {some([visible(name) for name in home.folders])}. "
                        "Name the folder that is meant")  # fmt: skip
    return class_folders(home)


def _fit(place: Place, entry: Entry) -> int:
    """How many of the dataset's classes a place holds or, where these are not known, how many folders."""
    return len(set(place.folders) & set(entry.classes)) if entry.classes else len(place.folders)


def _found(tree: Tree, laid: Laid, settled: Settled) -> Layout:
    """The listings, and every file that is on none of them."""
    numbers = {name: number for number, name in enumerate(settled.classes)}
    listings = {}
    for side in SIDES:
        pairs = {file: numbers[name] for file, name in settled.sides.get(side, ())}
        files = tuple(file.removeprefix(laid.home) for file in pairs)
        listings[side] = Listing(files, tuple(pairs.values()))
    used = {file for pairs in settled.sides.values() for file, _ in pairs}
    used |= {one.file for one in settled.passed_over}
    unused = [PassedOver(file, laid.unused) for file in tree.pictures if file not in used]
    others = [one for one in tree.passed_over if one.file not in used]
    texts = [PassedOver(file, NO_PICTURE) for file in tree.texts if file not in laid.texts]
    passed_over = bounded(sorted((*others, *settled.passed_over, *unused, *texts), key=lambda one: one.file))
    return Layout(
        laid.layout, tree.root / laid.home, settled.classes, readable(settled.classes), **listings,
        missing=laid.missing, passed_over=passed_over, problems=(*laid.problems, *settled.problems),
        notes=(*laid.notes, *_bare(tree, laid), *settled.notes, *_encoded(tree)), root=tree.root,
    )  # fmt: skip


def _encoded(tree: Tree) -> list[str]:
    return [f"the archive's names were read as {ENCODINGS[tree.encoding]}"] if tree.encoding else []


def _bare(tree: Tree, laid: Laid) -> list[str]:
    """Folders beside the class folders that hold no picture."""
    if laid.layout != CLASS_FOLDERS:
        return []
    depth = laid.home.count("/")
    beside = [one for one in tree.folders if one.startswith(laid.home) and one.count("/") == depth]
    full = {file[: len(laid.home)] + file[len(laid.home) :].partition("/")[0] for file in tree.pictures}
    bare = [one for one in beside if one not in full]
    return [f"{visible(one)}/ holds no picture that can be read and is no class" for one in bare]


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
