"""A data set as training sees it: decoded pictures, labels and names, split into train and val.

N pictures · S side in px
"""

from __future__ import annotations

from collections.abc import Callable
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


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named set with its C classes and two splits; `skipped` names the files that could not be read."""

    name: str
    classes: tuple[str, ...]
    train: PictureSet
    val: PictureSet
    skipped: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", visible_names(self.classes))
