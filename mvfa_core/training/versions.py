"""The version of a run folder, noted as `format` in its recipe.json: older ones are read, newer ones refused in words.

A folder is brought to today's version in memory, whenever it is read; it is written anew only when the run is changed.

0    no `format`; all that was made before formats were counted
1    `format`; the note in process.json tells a process by the ticks since the machine started, too
2    `validate_on`: which side of the data is watched; before, it was val/ where there was one, else test/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FORMAT = 2
KEY = "format"
Values = dict[str, Any]


class NewerError(ValueError):
    """A run folder of a version that is not known yet."""


def _from_0(values: Values) -> Values:
    """Nothing was named otherwise; fields that are missing take the defaults of the recipe."""
    return values


def _from_1(values: Values) -> Values:
    """Three sides were not told apart yet."""
    return {"validate_on": "held-out", **values}


STEPS: Mapping[int, Callable[[Values], Values]] = {0: _from_0, 1: _from_1}
"""What makes of a recipe of one version one of the next."""


def marked(values: Values) -> Values:
    """A recipe as it is written today."""
    return {KEY: FORMAT, **values}


def today(values: Any) -> Values:
    """A recipe of any version up to today's as one of today's.

    Raises:
        NewerError: it is newer. ValueError: it is none.
    """
    if not isinstance(values, dict):
        raise ValueError(f"expected the fields of a recipe, got {type(values).__name__}")
    version = values.get(KEY, 0)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise ValueError(f"{KEY}: expected a whole number, got {version!r:.40}")
    if version > FORMAT:
        raise NewerError(
            f"a newer version of this program made it (format {version}, this one reads up to {FORMAT}); update it"
        )
    values = {name: value for name, value in values.items() if name != KEY}
    for number in range(version, FORMAT):
        values = STEPS[number](values)
    return values
