"""Layouts that lists of pictures make: a list for every side, one list, or two lists for every class."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from mvfa_core.data.folder import SUFFIXES
from mvfa_core.data.label_lists import Row, Table, labelled, paths_of, read_list
from mvfa_core.data.places import Place, composed
from mvfa_core.data.sets import DataError
from mvfa_core.data.side_folders import Laid
from mvfa_core.data.side_names import is_plain, readings, said, side_of
from mvfa_core.data.tree import NO_PICTURE, Tree
from mvfa_core.names import visible

CLASS_LISTS = "ImageSplits"
DEEPEST_LIST = 3
MOST_STRIPPED = 2
"""Folders at the head of a listed path that may be missing: the list was written from above the data set."""
NOT_LISTED = "no list names it"


class Index:
    """The files of a tree by how lists may write them: in composed letters, with or without their ending."""

    def __init__(self, tree: Tree) -> None:
        others = [one.file for one in tree.passed_over if one.reason == NO_PICTURE]
        self.paths: dict[str, str] = {}
        self.names: set[str] = set()
        endings = sorted(SUFFIXES)
        for file in sorted((*tree.pictures, *others), key=lambda file: _rank(file, endings)):
            plain = composed(file)
            stem = plain.removesuffix(PurePosixPath(plain).suffix)
            for way in (plain, stem):
                self.paths.setdefault(way, file)
                self.names.add(way.rpartition("/")[2])

    def may_be(self, path: str) -> bool:
        """Whether a picture has this name."""
        return composed(path.replace("\\", "/")).rpartition("/")[2] in self.names

    def find(self, base: str, strip: int, path: str) -> str | None:
        """The file that a list means, counted from a folder, without the first parts of the path."""
        parts = composed(path).split("/")
        return self.paths.get(base + "/".join(parts[strip:])) if len(parts) > strip else None


def _rank(file: str, endings: Sequence[str]) -> tuple[int, str]:
    ending = PurePosixPath(file).suffix.lower()
    return endings.index(ending) if ending in endings else len(endings), file


def class_lists(tree: Tree, top: Place) -> Laid | None:
    """ImageSplits/<class>_train.txt and <class>_test.txt."""
    lists = [file for file in tree.texts if PurePosixPath(file).parent.name == CLASS_LISTS]
    if not lists:
        return None
    place = str(PurePosixPath(lists[0]).parent)
    names = sorted(PurePosixPath(file).name.removesuffix("_train.txt") for file in lists if file.endswith("_train.txt"))
    if len(names) < 2:
        raise DataError(f"{visible(tree.root.name)}: {CLASS_LISTS}/ has no <class>_train.txt lists")
    wanted: dict[str, list[tuple[str, str]]] = {"train": [], "test": []}
    for side, pairs in wanted.items():
        for name in names:
            file = f"{place}/{name}_{side}.txt"
            if file not in lists:
                raise DataError(f"{visible(tree.root.name)}: {CLASS_LISTS}/ has no {visible(name)}_{side}.txt")
            pairs += ((path, composed(name)) for path in paths_of(tree.root / file))
    called = {side: f"{CLASS_LISTS}/<class>_{side}.txt" for side in wanted}
    return _laid("image lists for every class", tree, top, place, wanted, called, lists)


def side_lists(tree: Tree, top: Place, *, all_named: bool = False) -> Laid | None:
    """A list for every side, beside or above the pictures, or one in every side's folder. A side whose list names no
    class is left out, unless `all_named` says that each has to."""
    index = Index(tree)
    found: list[tuple[float, dict[str, str], dict[str, Table]]] = []
    for reading in _pairs_of_lists(tree.texts):
        every = {side: read_list(tree.root / file, index.may_be) for side, file in reading.items()}
        tables = {side: table for side, table in every.items() if side == "train" or all_named or _names_classes(table)}
        if len(tables) > 1 and all(table.known > 0 or _looks_listed(table) for table in tables.values()):
            read = {side: reading[side] for side in tables}
            found.append((min(table.known for table in tables.values()), read, tables))
    if not found:
        return None
    best = max(found, key=lambda one: one[0])
    if rivals := [one for one in found if one[0] >= best[0] / 2 and one[2] != best[2] and best[0] > 0]:
        both = " or ".join(said(one[1], "") for one in (best, rivals[0]))
        raise DataError(f"{visible(tree.root.name)}: lists can be read in two ways: {both}. Keep one")
    _, reading, tables = best
    wanted = {side: labelled(tree.root / reading[side], table.rows) for side, table in tables.items()}
    called = {side: visible(PurePosixPath(file).name) for side, file in reading.items()}
    stems = {side: PurePosixPath(file).stem for side, file in reading.items()}
    notes = () if is_plain(stems) else (f"read: {said(reading, '')}",)
    layout = f"image lists ({' and '.join(called.values())})"
    parent = str(PurePosixPath(reading["train"]).parent)
    return _laid(layout, tree, top, parent, wanted, called, list(reading.values()), notes)


def _pairs_of_lists(texts: Iterable[str]) -> Iterable[dict[str, str]]:
    """Side -> list, for all lists of one folder whose names are sides', and for one list in every side's folder."""
    groups: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    inside: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for text in texts:
        path = PurePosixPath(text)
        if len(path.parts) > DEEPEST_LIST + 1:
            continue
        groups[str(path.parent), path.suffix.lower()][path.name] = text
        if len(path.parts) > 1:
            inside[str(path.parent.parent)][path.parent.name].append(text)
    for (_, ending), files in sorted(groups.items(), key=lambda item: (item[0][0].count("/"), item[0])):
        stems = {name[: -len(ending)]: text for name, text in files.items()}
        yield from ({side: stems[stem] for side, stem in one.items()} for one in readings(stems))
    for folders in inside.values():
        for one in readings(folders):
            if all(len(folders[folder]) == 1 for folder in one.values()):
                yield {side: folders[folder][0] for side, folder in one.items()}


def _names_classes(table: Table) -> bool:
    """Whether a list says the class of any picture; that of a contest's test side does not."""
    return any(row.label or "/" in row.path for row in table.rows)


def _looks_listed(table: Table) -> bool:
    """Whether most rows of a list are paths of pictures, though none is there."""
    paths = [row.path for row in table.rows]
    listed = sum(PurePosixPath(path).suffix.lower() in SUFFIXES for path in paths)
    return bool(paths) and listed * 2 > len(paths)


def single_list(tree: Tree, top: Place) -> Laid | None:
    """One list with a class for every picture, whose sides, if it has any, are a column."""
    index = Index(tree)
    has_folders = any(len(place.folders) > 1 for place in top.wrapped())
    found: list[tuple[int, str, Table]] = []
    for text in tree.texts:
        path = PurePosixPath(text)
        if len(path.parts) > DEEPEST_LIST + 1:
            continue
        try:
            table = read_list(tree.root / text, index.may_be)
        except DataError:  # whatever it is, it is no list
            continue
        names = {row.label for row in table.rows}
        if table.known < 0.5 or "" in names or not 1 < len(names) < len(table.rows):
            continue
        of_train = side_of(path.stem) == "train"
        if has_folders and not (table.sure or of_train):  # any table of names, beside folders that may be classes
            continue
        rank = 0 if of_train else 1 if "label" in path.stem.casefold() else 2
        found.append((rank, text, table))
    if not found:
        return None
    first = min(rank for rank, _, _ in found)
    best = [one for one in found if one[0] == first]
    if any({*one[2].rows} != {*best[0][2].rows} for one in best[1:]):
        both = " or ".join(visible(one[1]) for one in best[:2])
        raise DataError(f"{visible(tree.root.name)}: two lists name classes: {both}. Keep one")
    _, text, table = best[0]
    return _of_one(tree, top, text, table)


def _of_one(tree: Tree, top: Place, text: str, table: Table) -> Laid:
    shown = visible(PurePosixPath(text).name)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        rows["" if row.side is None else row.side].append(row)
    strange = sorted(side for side in rows if side not in ("", "train", "val", "test"))
    notes = [f"read: classes from {shown}"]
    if strange:
        count = sum(len(rows.pop(side)) for side in strange)
        notes.append(f"{count:,} rows of {shown} are on no known side ({', '.join(map(visible, strange[:3]))})")
    if "" in rows and len(rows) > 1:
        rows["train"] += rows.pop("")
    if set(rows) == {"train"} or "train" not in rows:
        rows = {"": [row for side in rows.values() for row in side]}
    wanted = {side: labelled(tree.root / text, listed) for side, listed in rows.items()}
    called = {side: f"{side or 'the list'} of {shown}" if side else shown for side in wanted}
    parent = str(PurePosixPath(text).parent)
    return _laid(f"image list ({shown})", tree, top, parent, wanted, called, [text], tuple(notes))


def _laid(
    layout: str,
    tree: Tree,
    top: Place,
    parent: str,
    wanted: dict[str, list[tuple[str, str]]],
    called: dict[str, str],
    texts: list[str],
    notes: tuple[str, ...] = (),
) -> Laid:
    """The listed pictures, wherever below the folder they are counted from."""
    index = Index(tree)
    every = [path for pairs in wanted.values() for path, _ in pairs]
    base = _base(index, top, parent, every)
    missing: list[str] = []
    problems: list[str] = []
    sides: dict[str, list[tuple[str, str]]] = {}
    for side, pairs in wanted.items():
        paths = [path for path, _ in pairs]
        own = base if _count(index, base, paths) == len(paths) else _base(index, top, parent, paths)
        text = PurePosixPath(texts[min(len(sides), len(texts) - 1)]).parent.as_posix()
        beside = ("" if text == "." else f"{text}/", 0)
        if _count(index, beside, paths) == len(paths):  # a list in every side's folder may name the same files
            own = beside
        named: dict[str, str] = {}
        twice: list[str] = []
        for path, name in pairs:
            file = index.find(*own, path)
            if file is None:
                missing.append(path)
                continue
            if named.setdefault(file, name) != name:
                twice.append(file)
            named[file] = name
        if twice:
            problems.append(f"{called[side]} names {len(twice)} pictures with two classes, first {visible(twice[0])}")
        sides[side] = list(named.items())
    files = [file for pairs in sides.values() for file, _ in pairs]
    home = base[0] if all(file.startswith(base[0]) for file in files) else _common(files)
    kept = {side: pairs for side, pairs in sides.items() if pairs or side == "train"}
    return Laid(
        layout, home, dict(kept), called, notes, NOT_LISTED, tuple(missing), tuple(texts), tuple(problems)
    )  # fmt: skip


def _base(index: Index, top: Place, parent: str, paths: list[str]) -> tuple[str, int]:
    """(folder, parts to leave out) from which most of a sample of the paths are there; the nearest first."""
    near = "" if parent == "." else f"{parent}/"
    places = [near, *(place.path for place in top.below())]
    sample = paths[:: max(1, len(paths) // 20)]
    for strip in range(MOST_STRIPPED + 1):
        best = max(((place, strip) for place in places), key=lambda way: _count(index, way, sample))
        if _count(index, best, sample):
            return best
    return near, 0


def _count(index: Index, way: tuple[str, int], paths: list[str]) -> int:
    return sum(index.find(*way, path) is not None for path in paths)


def _common(files: list[str]) -> str:
    shared = os.path.commonpath([str(Path(file).parent) for file in files]) if files else ""
    return f"{shared}/" if shared not in ("", ".") else ""
