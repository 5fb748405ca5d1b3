"""Dividing pictures among sides by a seed, class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mvfa_core.data.catalogue import Split
from mvfa_core.data.folder import Listing, subset
from mvfa_core.data.sets import DataError
from mvfa_core.names import visible

HELD_OUT = 0.2
"""Of every class of a folder without sides, as val."""
SET_APART = 0.1
"""Of every class of train, as val, where only a test side comes with the data."""


def divide(listing: Listing, classes: int, seed: int, part: float) -> tuple[Listing, Listing]:
    """(the rest, a part of every class, at least one picture); which ones depends on the seed alone. A class of one
    picture is not divided."""
    labels = np.array(listing.labels)
    taken = np.zeros(len(labels), dtype=bool)
    rng = np.random.default_rng(seed)
    for label in range(classes):
        members = rng.permutation(np.flatnonzero(labels == label))
        taken[members[: max(1, round(part * len(members))) if len(members) > 1 else 0]] = True
    return _apart(listing, taken)


def divide_each(listing: Listing, names: Sequence[str], split: Split, seed: int) -> tuple[Listing, Listing]:
    """(train, val) as the catalogue says.

    Raises:
        DataError: a class that is too small for its split.
    """
    labels = np.array(listing.labels)
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
    return _apart(listing, held_out)


def hold_out(listing: Listing, names: Sequence[str], seed: int) -> tuple[Listing, Listing]:
    """(train, val): a fifth of every class, at least one picture, is held out.

    Raises:
        DataError: a class of one picture.
    """
    labels = np.array(listing.labels)
    counts = np.bincount(labels, minlength=len(names))
    if (counts < 2).any():
        shown = visible(names[int(np.argmax(counts < 2))])
        raise DataError(f"class {shown} has one picture; two are needed, one to train on and one to hold out")
    return divide(listing, len(names), seed, HELD_OUT)


def _apart(listing: Listing, taken: np.ndarray) -> tuple[Listing, Listing]:
    return subset(listing, np.flatnonzero(~taken)), subset(listing, np.flatnonzero(taken))
