"""A data set as training sees it: decoded pictures, labels and names, split into train, val and test.

N pictures · S side in px
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from mvfa_core.names import visible_names

Progress = Callable[[str, int, int], None]
"""Called as (what is being done, done so far, of how many)."""


def silent(what: str, done: int, total: int) -> None:
    """The progress listener that does not listen."""


class DataError(ValueError):
    """Data that cannot be used; the sentence says what was looked for, what was found and what to do."""


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures of one split, squashed to S x S px.

    Attributes:
        images: uint8 (N, S, S, 3), often a memory map.
        labels: int64 (N,).
        names: N names, unique within the split (a path below the folder, or a seed).
        scales: float (N,), the object's longer side as a fraction of the picture, where it is known.
        boxes_N4: float (N, 4) in px at S, where they are known.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    scales: np.ndarray | None = None
    boxes_N4: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)


NO_PICTURES = PictureSet(np.empty((0, 1, 1, 3), np.uint8), np.empty(0, np.int64), ())


@dataclass(frozen=True)
class PassedOver:
    """A file that was found and is not used: its path below the folder, and why as a sentence's end. Of very many files
    with the same reason the last entry stands for `count`."""

    file: str
    reason: str
    count: int = 1


class Unreadable(PassedOver):
    """A picture that cannot be decoded."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named set with its C classes and up to three sides.

    Attributes:
        train, val, test: the sides; one that the data has not, or that was not asked for, has no pictures.
        passed_over: the files that are not used, each with its reason, unreadable pictures of the loaded sides among
            them.
        notes: what a person should know about how the data was read, one sentence each.
        remarks: the files whose pixels are not shown as they are, by what was done to them.
    """

    name: str
    classes: tuple[str, ...]
    train: PictureSet
    val: PictureSet
    test: PictureSet = NO_PICTURES
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def unreadable(self) -> tuple[PassedOver, ...]:
        """The pictures that cannot be decoded."""
        return tuple(one for one in self.passed_over if isinstance(one, Unreadable))

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", visible_names(self.classes))
