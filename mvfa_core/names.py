"""Names that strangers chose, made fit to be shown: of classes, files, runs and models.

A name is data, never an instruction: what cannot be seen, or turns round or piles up what stands beside it, is shown
by its number (`\\u202e`), every blank is a space, and what is too long to read is cut. Doing so twice changes nothing.
Signs without a width that belong to how a name is written stay: the joiners of Persian, Indic scripts and emoji, and
variation selectors, each only between the signs on which it acts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

LONGEST = 80
"""Characters of a name that anybody reads."""
MOST_MARKS = 4
"""Combining marks on one letter; no script piles up more."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BLANK = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and marks by their category, and nothing to the eye."""


_NON_JOINER, _JOINER, _VIRAMA = "\u200c", "\u200d", 9
_NO_WIDTH = _NON_JOINER + _JOINER + "\ufe0e\ufe0f"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_UNSEEN = re.compile(f"[{_NON_JOINER}{_JOINER}{_SELECTORS}]+")
_JOINED_SCRIPTS = ("ARABIC LETTER", "SYRIAC LETTER", "MONGOLIAN LETTER", "NKO LETTER", "MANDAIC LETTER")
"""Scripts whose letters change with their neighbours; Unicode names begin so."""


def visible(text: str, longest: int | None = LONGEST) -> str:
    """The text in one line, with nothing hidden in it, of at most `longest` characters; None cuts nothing."""
    signs: list[str] = []
    marks = 0
    # a name of a gigabyte is no reason to look at all of it
    text = text if longest is None else text[: longest + 1]
    plain = text.isascii() and text.isprintable()  # as most are: nothing to look at
    for place, sign in enumerate("" if plain else text):
        marks = marks + 1 if unicodedata.category(sign) in ("Mn", "Me") else 0
        blank = unicodedata.category(sign) == "Zs"  # all of them look like one
        numbered = place > 0 and signs[-1] != text[place - 1]  # then there is nothing for a joiner to act on
        hidden = _is_hidden(text, place, numbered) or marks > MOST_MARKS
        signs.append(" " if blank else _number(sign) if hidden else sign)
    shown = text if plain else "".join(signs)
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1].rstrip(_NO_WIDTH) + "…"


def visible_names(names: Iterable[str], longest: int = LONGEST) -> tuple[str, ...]:
    """The names as `visible`, each still another one: those that look alike are numbered."""
    taken: set[str] = set()
    found: list[str] = []
    counts: dict[str, int] = {}  # a hundred thousand names may look alike
    for name in names:
        shown = visible(name, longest)
        bare = _bare(shown)
        short = visible(name, longest - 8) if bare in taken else ""
        while bare in taken:
            counts[short] = counts.get(short, 1) + 1
            shown = f"{short} ({counts[short]})"
            bare = _bare(shown)
        taken.add(bare)
        found.append(shown)
    return tuple(found)


def titles(names: Sequence[str]) -> Callable[[str], str]:
    """How names on offer are shown in a list: a function from the name to its `visible_names`."""
    shown = dict(zip(names, visible_names(names), strict=True))
    return lambda name: shown.get(name, visible(name))


def _is_hidden(text: str, place: int, numbered: bool) -> bool:
    """numbered: whether the sign before it is shown by its number."""
    sign = text[place]
    if sign in (_NON_JOINER, _JOINER):
        return numbered or not _joins(text, place)
    if _selects(sign):
        return not (place and not numbered and _varies(text[place - 1], sign, text[place + 1 : place + 2]))
    return sign != " " and (unicodedata.category(sign) in _HIDDEN or sign in _BLANK)


def _joins(text: str, place: int) -> bool:
    """Whether a joiner acts there: in a script whose letters join, beside the sign that leaves out a vowel (RFC 5892,
    A.1 and A.2), or between two emoji."""
    before, after = text[max(0, place - MOST_MARKS - 1) : place], text[place + 1 : place + 2]
    if not before:
        return False
    if unicodedata.combining(before[-1]) == _VIRAMA:
        return True
    if text[place] == _JOINER and after:
        if _is_emoji(after) and (_is_emoji(before[-1]) or (before[-1] == "\ufe0f" and _is_emoji(before[-2:-1]))):
            return True
        if unicodedata.combining(after) == _VIRAMA and unicodedata.category(before[-1]) == "Lo":
            return True
    letters = "".join(sign for sign in before if unicodedata.category(sign) != "Mn")  # marks lie on a letter
    script = _joined_script(letters[-1:])
    return script != "" and script == _joined_script(after)


def _joined_script(sign: str) -> str:
    name = unicodedata.name(sign, "") if sign else ""
    return next((script for script in _JOINED_SCRIPTS if name.startswith(script)), "")


def _is_emoji(sign: str) -> bool:
    """Pictures, and the arrows and marks that emoji are made with."""
    drawn = sign != "" and ord(sign) > 0x2000 and unicodedata.category(sign) in ("So", "Sm", "Sk")
    return drawn or (sign != "" and sign in "©®‼⁉〰")


def _selects(sign: str) -> bool:
    return _SELECTOR.fullmatch(sign) is not None


def _varies(base: str, selector: str, after: str) -> bool:
    """Whether a variation selector acts on that sign."""
    if "\ufe00" <= selector <= "\ufe0f" and (_is_emoji(base) or (base in "#*0123456789" and after == "\u20e3")):
        return True
    script = "MONGOLIAN LETTER" if selector < "\ufe00" else "CJK "
    return unicodedata.name(base, "").startswith(script)


def _bare(shown: str) -> str:
    """What two names that look alike have in common: a joiner changes nothing to the eye where a font does not know
    it."""
    return shown if shown.isascii() else _UNSEEN.sub("", shown)


def _number(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
