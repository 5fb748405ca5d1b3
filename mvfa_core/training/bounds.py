"""How large every number of a recipe may be, said here alone: `offered` for whoever sets a run up on a page, brings one
in or asks for it again; `possible` for anybody, on the command line too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mvfa_core.checks import expect

LARGEST = 2**40
"""Of any count or seed; no library here takes what has more than 64 bits."""
MOST_HIDDEN, MOST_RESTARTS, MOST_FILM = 16, 1_000, 12


@dataclass(frozen=True)
class Bound:
    """From `least` to `offered`, or where a person at the command line knows better, to `possible`."""

    least: float
    offered: float
    possible: float = LARGEST
    whole: bool = True

    def within(self, value: Any, most: float) -> bool:
        """Whether a value is a number of that kind and size; true and false are none."""
        number = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        return bool(number and self.least <= value <= most)


BOUNDS: Mapping[str, Bound] = {
    "steps": Bound(1, 10_000_000),
    "batch": Bound(1, 1_024, 2**20),
    "val_every": Bound(1, 100_000),
    "train_n": Bound(1, 1_000_000, 10**9),
    "patience": Bound(1, 10_000),
    "seed": Bound(0, 2**31 - 1),
    "film": Bound(0, MOST_FILM, MOST_FILM),
    "hidden": Bound(1, 8_192, 2**16),
    "restarts": Bound(1, LARGEST),
    "devices": Bound(1, 64, 4_096),
    "nodes": Bound(1, 1, 4_096),
    "lr": Bound(0.0, 1.0, math.inf, whole=False),
    "weight_decay": Bound(0.0, 1.0, math.inf, whole=False),
    "prototype_weight": Bound(0.0, 10.0, math.inf, whole=False),
}
"""A field that is a list has the bound of its members."""
OPTIONAL = ("train_n", "patience")
_LENGTHS = {"hidden": MOST_HIDDEN, "restarts": MOST_RESTARTS}


def expect_possible(recipe: Any) -> None:
    """Raise `ValueError` naming the field unless every number of a recipe is one that can be carried out at all."""
    for name, bound in BOUNDS.items():
        _expect(recipe, name, bound, bound.possible)


def expect_offered(recipe: Any, *, shared: bool = False) -> None:
    """Raise `ValueError` naming the field unless a page offers every number of a recipe.

    Args:
        shared: whether others use the machine too: a run then has one process.
    """
    for name, bound in BOUNDS.items():
        alone = shared and name in ("devices", "nodes")
        _expect(recipe, name, bound, 1 if alone else bound.offered)


def _expect(recipe: Any, name: str, bound: Bound, most: float) -> None:
    value = getattr(recipe, name)
    if value is None and name in OPTIONAL:
        return
    members = value if isinstance(value, tuple) else (value,)
    if name in _LENGTHS:
        expect(len(members) <= _LENGTHS[name], name, f"at most {_LENGTHS[name]:,} numbers", len(members))
    kind = "a whole number" if bound.whole else "a number"
    for one in members:
        expect(bound.within(one, most), name, f"{kind} from {bound.least:,} to {most:,}", f"{one!r:.60}")
