"""The classes of the sides compared: one list of classes, and what is missing or differs, in sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.names import visible

NAMED = 5
Pairs = Sequence[tuple[str, str]]
"""(picture, class)."""


@dataclass(frozen=True)
class Settled:
    """C classes in order, (picture, class) of each side, and what a person should know."""

    classes: tuple[str, ...]
    sides: Mapping[str, Pairs]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()


def settle(sides: Mapping[str, Pairs], called: Mapping[str, str], shown: str, *, join_names: bool = False) -> Settled:
    """Make the sides agree on their classes, which are those of train.

    A class that another side lacks is told. Pictures of a class that train lacks are passed over.

    Args:
        sides: train and perhaps val and test.
        called: what each side is called on disk.
        shown: what the folder is called in sentences.
        join_names: take names that differ only in capitals, blanks, underscores, hyphens and dots for one class.

    Raises:
        DataError: fewer than two classes; names that differ only in those; or sides that have no class in common.
    """
    sides, notes = (_joined(sides), []) if join_names else (dict(sides), [])
    classes = tuple(sorted({name for _, name in sides["train"]}))
    if len(classes) < 2:
        raise DataError(f"{shown}: expected a sub-folder for each of two or more classes, got {len(classes)}")
    if not join_names and (twins := _near(classes, classes)):
        notes.append(f"{_pairs(twins)} differ only in {_BY}; --join-names makes one class of them")
    problems: list[str] = []
    passed_over: list[PassedOver] = []
    known = set(classes)
    for side, pairs in sides.items():
        counts = Counter(name for _, name in pairs)
        strange = sorted(set(counts) - known)
        if near := _near(strange, classes):
            raise DataError(
                f"{shown}: {called['train']} and {called[side]} name {len(near)} classes alike but for {_BY}: "
                f"{_pairs(near)}; rename them, or take them as one with --join-names"
            )
        if len(strange) == len(counts):
            raise DataError(
                f"{shown}: {called['train']} and {called[side]} have no class in common; they have "
                f"{_shown(classes)} and {_shown(strange)}"
            )
        if strange:
            count = sum(counts[name] for name in strange)
            problems.append(
                f"{called[side]} has classes that {called['train']} lacks: {_shown(strange)}; "
                f"their {count:,} pictures are passed over"
            )
            reason = f"its class is not in {called['train']}"
            passed_over += (PassedOver(file, reason) for file, name in pairs if name not in known)
            sides[side] = [pair for pair in pairs if pair[1] in known]
        if absent := [name for name in classes if name not in counts]:
            problems.append(
                f"{called[side]} has no pictures of {_shown(absent)}; it is judged by the "
                f"{len(classes) - len(absent)} classes that are on both sides"
            )
    return Settled(classes, sides, tuple(problems), tuple(notes), tuple(passed_over))


def some(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _shown(names: Sequence[str]) -> str:
    return some([visible(name) for name in names])


_BY = "capitals, blanks, underscores, hyphens or dots"


def _key(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "", name).casefold()


def _near(names: Sequence[str], others: Sequence[str]) -> list[tuple[str, str]]:
    """(name, the other one) for every name that is nearly one of the others; of two in one list, once."""
    by_key: dict[str, str] = {}
    for other in others:
        by_key.setdefault(_key(other), other)
    return [(name, by_key[_key(name)]) for name in names if by_key.get(_key(name), name) != name]


def _pairs(near: Sequence[tuple[str, str]]) -> str:
    return some([f"{visible(name)} and {visible(other)}" for name, other in near])


def _joined(sides: Mapping[str, Pairs]) -> dict[str, Pairs]:
    """The same with one name for those that are nearly alike: that of train, the first where there are several."""
    first: dict[str, str] = {}
    for pairs in sides.values():
        for name in sorted({name for _, name in pairs}):
            first.setdefault(_key(name), name)
    return {side: [(file, first[_key(name)]) for file, name in pairs] for side, pairs in sides.items()}
