"""How a field of a recipe is declared: once, at its place in `recipes.Recipe`, with what kind of value it holds, how
large it may be, and a sentence about it.

All else follows from the declaration: what a recipe refuses (`expect_possible`), what a page offers and a stranger's
recipe may hold (`expect_offered`), the options of the command line (`cli/recipe_options.py`), the set-up form, the
comparison of runs, and the table in docs/recipes.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from mvfa_core.checks import expect, expect_choice

LARGEST = 2**40
"""Of any count or seed; no library here takes what has more than 64 bits."""
LONGEST = 4_096
"""Letters of a text."""
ON_OFF = ("on", "off")
_KEY = "declared"


@dataclass(frozen=True)
class Bound:
    """From `least` to `offered`, or where a person at the command line knows better, to `possible`; with `above` the
    least is not reached."""

    least: float
    offered: float
    possible: float = LARGEST
    whole: bool = True
    above: bool = False

    def within(self, value: Any, most: float) -> bool:
        """Whether a value is a number of that kind and size; true and false are none."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        low = self.least < value if self.above else self.least <= value
        return bool(low and value <= most and value < math.inf)

    def expected(self, most: float) -> str:
        """The same in words."""
        kind = "a whole number" if self.whole else "a number"
        if most in (LARGEST, math.inf):
            return f"{kind} {'>' if self.above else '>='} {_figure(self.least)}"
        return f"{kind} {self.span(most)}"

    def span(self, most: float) -> str:
        """From where to where, in figures."""
        return f"{'above' if self.above else 'from'} {_figure(self.least)} to {_figure(most)}"


@dataclass(frozen=True)
class Declared:
    """What is known of a field.

    Attributes:
        kind: "text", "choice", "switch" (on or off), "whole", "number" or "wholes", a list of whole numbers.
        help: what it is, in a few words, for the command line and the table of fields.
        bound: of a number, or of the members of a list. choices: the values there are. optional: whether None is one.
        most: members that a list may have.
        metavar: the value's name on the command line. option: whether it is an option there at all.
        alone: whether a shared server lets it be 1 only.
        of_views: whether it means nothing to a model without views. decides: whether it has a part in what is learned.
        label, tab: its name on the set-up form, and the group of the form that shows it among its last fields; without
            a label the form has a place of its own for it, or none.
    """

    kind: str
    help: str
    bound: Bound | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    most: int = 1
    metavar: str | None = None
    option: bool = True
    alone: bool = False
    of_views: bool = False
    decides: bool = True
    label: str = ""
    tab: str = ""


def declare(kind: str, default: Any, help: str, **more: Any) -> Any:
    """A field of a dataclass with that default, declared so; see `Declared` for what can be said of it."""
    return field(default=default, metadata={_KEY: Declared(kind, help, **more)})


def text(default: str | None, help: str, **more: Any) -> Any:
    """Letters: a name, or a place on the disk."""
    return declare("text", default, help, **more)


def choice(default: str, choices: Sequence[str], help: str, **more: Any) -> Any:
    """One of a few names."""
    return declare("choice", default, help, choices=tuple(choices), **more)


def switch(default: str, help: str, **more: Any) -> Any:
    """Either "on" or "off"."""
    return declare("switch", default, help, choices=ON_OFF, **more)


def whole(default: int | None, help: str, bound: Bound, **more: Any) -> Any:
    """A whole number."""
    return declare("whole", default, help, bound=bound, **more)


def number(default: float | None, help: str, bound: Bound, **more: Any) -> Any:
    """A number with digits after the point."""
    return declare("number", default, help, bound=bound, **more)


def wholes(default: tuple[int, ...], help: str, bound: Bound, most: int, **more: Any) -> Any:
    """A list of at most `most` whole numbers."""
    return declare("wholes", default, help, bound=bound, most=most, **more)


def declared(recipe_class: type) -> Mapping[str, Declared]:
    """All fields of a class of recipes, in order.

    Raises:
        TypeError: one of them is not declared.
    """
    for recipe_field in fields(recipe_class):
        if _KEY not in recipe_field.metadata or recipe_field.default is MISSING:
            raise TypeError(
                f"{recipe_class.__name__}.{recipe_field.name}: declare it with a default; see recipe_fields"
            )
    return MappingProxyType({recipe_field.name: recipe_field.metadata[_KEY] for recipe_field in fields(recipe_class)})


def expect_possible(recipe: Any) -> None:
    """Raise `ValueError` naming the field unless every value of a recipe is one that can be carried out at all."""
    for name, about in declared(type(recipe)).items():
        value = getattr(recipe, name)
        if value is None and about.optional:
            continue
        if about.kind == "text":
            fits = isinstance(value, str) and value.strip() and "\0" not in value and len(value) <= LONGEST
            expect(bool(fits), name, f"1 to {LONGEST:,} letters", f"{value!r:.60}")
        elif about.choices:
            expect_choice(value, about.choices, name)
        elif about.bound:
            _expect_number(name, value, about, about.bound.possible)


def expect_offered(recipe: Any, *, shared: bool = False) -> None:
    """Raise `ValueError` naming the field unless a page offers every number of a recipe.

    Args:
        shared: whether others use the machine too: a run then has one process.
    """
    for name, about in declared(type(recipe)).items():
        value = getattr(recipe, name)
        if about.bound and not (value is None and about.optional):
            _expect_number(name, value, about, 1 if shared and about.alone else about.bound.offered)


def _expect_number(name: str, value: Any, about: Declared, most: float) -> None:
    assert about.bound
    members = value if isinstance(value, tuple) else (value,)
    if about.kind == "wholes":
        expect(len(members) <= about.most, name, f"at most {about.most:,} numbers", len(members))
    for member in members:
        expect(about.bound.within(member, most), name, about.bound.expected(most), f"{member!r:.60}")


def document(recipe_class: type) -> str:
    """The page of all fields in Markdown, docs/recipes.md."""
    lines = [
        "# Fields of a recipe",
        "",
        "Written by `python -m mvfa_core train --fields` from what `mvfa_core/training/recipes.py` declares. The app,",
        "and runs that are brought in, keep to what is offered; the command line may go further.",
        "",
        "| field | values | default | offered by the app | what it is |",
        "|---|---|---|---|---|",
    ]
    for recipe_field in fields(recipe_class):
        about = declared(recipe_class)[recipe_field.name]
        cells = (f"`{recipe_field.name}`", _values(about), _shown(recipe_field.default), _offered(about), about.help)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _values(about: Declared) -> str:
    if about.choices:
        return ", ".join(about.choices)
    kind = {"whole": "whole number", "wholes": f"up to {about.most:,} whole numbers"}.get(about.kind, about.kind)
    return f"{kind}, or none" if about.optional else kind


def _offered(about: Declared) -> str:
    if about.bound is None or about.bound.offered == LARGEST:
        return ""
    return about.bound.span(about.bound.offered).removeprefix("from ")


def _figure(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(map(str, default))
    return "" if default is None else f"{default:,}" if isinstance(default, int) else str(default)
