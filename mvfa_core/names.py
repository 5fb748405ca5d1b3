"""Names that strangers chose, made fit to be shown: of classes, files, runs and models.

A name is data, never an instruction: what cannot be seen, or turns round or piles up what stands beside it, is shown
by its number (`\\u202e`), every blank is a space, and what is too long to read is cut. Doing so twice changes nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence

LONGEST = 80
"""Characters of a name that anybody reads."""
MOST_MARKS = 4
"""Combining marks on one letter; no script piles up more."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BLANK = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and marks by their category, and nothing to the eye."""


def visible(text: str, longest: int | None = LONGEST) -> str:
    """The text in one line, with nothing hidden in it, of at most `longest` characters; None cuts nothing."""
    signs: list[str] = []
    marks = 0
    # a name of a gigabyte is no reason to look at all of it
    text = text if longest is None else text[: longest + 1]
    plain = text.isascii() and text.isprintable()  # as most are: nothing to look at
    for sign in () if plain else text:
        marks = marks + 1 if unicodedata.category(sign) in ("Mn", "Me") else 0
        blank = unicodedata.category(sign) == "Zs"  # all of them look like one
        signs.append(" " if blank else _number(sign) if _is_hidden(sign) or marks > MOST_MARKS else sign)
    shown = text if plain else "".join(signs)
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


def visible_names(names: Iterable[str], longest: int = LONGEST) -> tuple[str, ...]:
    """The names as `visible`, each still another one: those that look alike are numbered."""
    taken: set[str] = set()
    found: list[str] = []
    counts: dict[str, int] = {}  # a hundred thousand names may look alike
    for name in names:
        shown = visible(name, longest)
        short = visible(name, longest - 8) if shown in taken else ""
        while shown in taken:
            counts[short] = counts.get(short, 1) + 1
            shown = f"{short} ({counts[short]})"
        taken.add(shown)
        found.append(shown)
    return tuple(found)


def titles(names: Sequence[str]) -> Callable[[str], str]:
    """How names on offer are shown in a list: a function from the name to its `visible_names`."""
    shown = dict(zip(names, visible_names(names), strict=True))
    return lambda name: shown.get(name, visible(name))


def _is_hidden(sign: str) -> bool:
    return sign != " " and (unicodedata.category(sign) in _HIDDEN or sign in _BLANK)


def _number(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
