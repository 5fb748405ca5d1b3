"""Layouts of folders: sides with class folders, class folders with sides, class folders alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from mvfa_core.data.places import Place
from mvfa_core.data.sets import DataError
from mvfa_core.data.settled import Pairs
from mvfa_core.data.side_names import Reading, is_plain, readings, said, side_of
from mvfa_core.names import visible

SIDE_FOLDERS = "train and held-out folders"
CLASS_FOLDERS = "class folders"
BOTH = "class folders with train and held-out folders in each"
NO_CLASS = "lies in no class folder"


@dataclass(frozen=True)
class Laid:
    """A layout as it lies: pairs of (picture, class) for each side; "" is the side of pictures that are not divided.

    Attributes:
        home: the path of the folder that holds it. called: what each side is called on disk.
        unused: why pictures that are on no side are passed over. missing: files that a list names and that are not
            there. texts: the lists that were read.
    """

    layout: str
    home: str
    sides: dict[str, Pairs]
    called: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unused: str = NO_CLASS
    missing: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def sides_at(place: Place, shown: str) -> Laid | str | None:
    """The side folders in a place; None where there are none; a sentence where they have no classes.

    Raises:
        DataError: the folders can be read in two ways; both are named.
    """
    options = readings(place.folders)
    labelled = [one for one in options if place.folders[one["train"]].labelled()]
    if len(labelled) > 1:
        raise _two(shown, [f"{said(one)}" for one in labelled])
    if labelled:
        return _read(place, labelled[0], shown)
    if options:
        return _without_classes(place, options[0], shown)
    return _train_alone(place, shown)


def _read(place: Place, reading: Reading, shown: str) -> Laid:
    """Side folders of which train has class folders."""
    train = _classes(place.folders[reading["train"]])
    names = {name for _, name in train}
    sides, notes, bare = {"train": train}, [], []
    for side, folder in reading.items():
        if side == "train":
            continue
        inside = place.folders[folder]
        found = _classes(inside, names)
        if found:
            sides[side] = found
        else:
            bare.append(folder)
            notes.append(f"{visible(folder)}/ has no class folders: its {len(inside.every):,} pictures are left out")
    others = [name for name in place.folders if name not in reading.values()]
    shared = [folder for side, folder in reading.items() if side != "train" and side in sides]
    if others and not any(names & {name for _, name in sides[side]} for side in sides if side != "train"):
        beside = ", ".join(f"{visible(name)}/" for name in others[:3])
        raise _two(shown, [f"{said(reading)}, without {beside}", f"{len(place.folders)} classes, among them "
                           f"{', '.join(visible(name) for name in reading.values())}"])  # fmt: skip
    called = {side: f"{visible(reading[side])}/" for side in sides}
    if not is_plain(reading):
        notes.insert(0, f"read: {said(reading)}")
    notes += (f"{visible(name)}/ lies beside the sides and is left out" for name in others)
    if not shared:
        notes.append(f"there is no other side with classes beside {called['train']}: a part of every class is held out")
        return Laid(SIDE_FOLDERS, place.path, {"": train}, {"": called["train"]}, tuple(notes))
    return Laid(SIDE_FOLDERS, place.path, sides, called, tuple(notes))


def _classes(place: Place, known: set[str] | None = None) -> Pairs:
    """(picture, class) of a side; none where its pictures have no class, as in a test side for a contest. One folder
    alone is a class if train has such a class."""
    inside = place.labelled()
    if inside is not None:
        return inside.classes()
    for inner in place.wrapped():
        pairs = inner.classes()
        if known and {name for _, name in pairs} & known:
            return pairs
    return []


def _without_classes(place: Place, reading: Reading, shown: str) -> Laid | str | None:
    """Folders that are called like sides and of which train has pictures and no class folders."""
    others = [folder for side, folder in reading.items() if side != "train" and place.folders[folder].labelled()]
    train = f"{visible(reading['train'])}/"
    if others:
        return f"{shown}: {train} has no class folders, {visible(others[0])}/ has; put its pictures into class folders"
    if not place.folders[reading["train"]].pictures and len(place.folders) == len(reading):
        return f"{shown}: expected a sub-folder for each of two or more classes below {train}, got 1"
    if len(place.folders) > len(reading):
        return None  # classes among others
    named = " and ".join(f"{visible(name)}/" for name in reading.values())
    sides = f"{named} as sides, whose pictures have no class: put them into class folders or add a list (path,label)"
    return str(_two(shown, [sides, f"{named} as classes: name them otherwise"]))


def _train_alone(place: Place, shown: str) -> Laid | str | None:
    """A folder called train with class folders, and no other side."""
    named = [name for name in place.folders if side_of(name)]
    if not named or any(place.folders[name].labelled() is None for name in named):
        return None
    others = [name for name in place.folders if name not in named]
    if [side_of(name) for name in named] != ["train"]:
        listed = " and ".join(f"{visible(name)}/" for name in named)
        if len(named) == 1 and not others:
            return None  # a folder that the classes are wrapped in
        return f"{shown}: has {listed} and no training side; add train/, or name {listed} otherwise if it is a class"
    train = named[0]
    if not others:
        return _read(place, {"train": train}, shown)
    names = {name for _, name in _classes(place.folders[train])}
    if alike := [name for name in others if names & {c for _, c in _classes(place.folders[name])}]:
        other = f"{visible(alike[0])}/"
        return (
            f"{shown}: {visible(train)}/ and {other} hold the same classes; if {other} is a side, call it val or test"
        )
    raise _two(shown, [f"{visible(train)}/ as train, without {visible(others[0])}/",
                       f"{len(place.folders)} classes, among them {visible(train)}"])  # fmt: skip


def sides_in_classes(place: Place) -> Laid | None:
    """<class>/train and <class>/val or test, the same in every class."""
    if len(place.folders) < 2:
        return None
    sides: dict[str, list[tuple[str, str]]] = {}
    names: set[tuple[tuple[str, str], ...]] = set()
    for name, inside in place.folders.items():
        found = readings(inside.folders)
        if len(found) != 1 or any(inside.folders[folder].folders for folder in found[0].values()):
            return None
        names.add(tuple(sorted((side, folder) for side, folder in found[0].items())))
        for side, folder in found[0].items():
            sides.setdefault(side, []).extend((file, name) for file in inside.folders[folder].every)
    if len(names) != 1:
        return None
    reading = dict(names.pop())
    called = {side: f"<class>/{visible(folder)}/" for side, folder in reading.items()}
    return Laid(BOTH, place.path, dict(sides), called, (f"read: {said(reading)}, in every class folder",))


def class_folders(place: Place) -> Laid:
    """<class>/*, not divided."""
    notes = []
    if len(place.folders) > 1:
        inner = [set(child.folders) for child in place.folders.values()]
        if all(len(names) > 1 for names in inner) and (common := set.intersection(*inner)):
            notes.append(
                f"read: {', '.join(visible(name) for name in list(place.folders)[:3])} as classes; the folders in each "
                f"of them ({', '.join(sorted(map(visible, common))[:3])}) are not read as classes"
            )
    sided = [name for name in place.folders if side_of(name)]
    if sided and len(place.folders) > 1:
        notes.append(f"read: {', '.join(map(visible, sided))} as {'a class' if len(sided) == 1 else 'classes'}")
    return Laid(CLASS_FOLDERS, place.path, {"": place.classes()}, {"": "the folder"}, tuple(notes))


def _two(shown: str, both: list[str]) -> DataError:
    told = "; or ".join(f"({number}) {one}" for number, one in enumerate(both, start=1))
    return DataError(f"{shown}: can be read in two ways: {told}. Rename or move folders so that one is left")
