"""Fonts by what people call them, looked up on this machine, with a second one for the signs that the first lacks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

ALIASES = {
    "sans": ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"),
    "serif": ("DejaVu Serif",),
    "times": ("Times New Roman", "Liberation Serif", "STIXGeneral"),
}
"""The last of each comes with Matplotlib, so every name can be had everywhere."""
CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans CJK JP",
    "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "SimHei", "SimSun", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip
"""Families that hold Chinese, best first; one of them that is installed is taken."""


def installed() -> set[str]:
    """The families Matplotlib knows on this machine."""
    return {entry.name for entry in font_manager.fontManager.ttflist}


def resolve(font: str) -> str:
    """A family that is there, for a family's name or one of `ALIASES`.

    Raises:
        ValueError: no such font on this machine.
    """
    here = installed()
    for family in ALIASES.get(font, (font,)):
        if family in here:
            return family
    raise ValueError(f"font: no {font!r} on this machine; take sans, serif or times, or install it")


def families(font: str, texts: Iterable[str]) -> tuple[list[str], str]:
    """(the families to draw the texts with, the signs that none of them has)."""
    first = resolve(font)
    lacking = missing(first, texts)
    if not lacking:
        return [first], ""
    for family in CHINESE:
        if family in installed() and not missing(family, [lacking]):
            return [first, family], ""
    return [first, *CHINESE[:3], "sans-serif"], lacking


def missing(family: str, texts: Iterable[str]) -> str:
    """The signs of the texts that a family does not have, each once, in order."""
    signs = sorted({char for text in texts for char in text if not char.isspace()})
    known = _signs(family)
    return "".join(char for char in signs if ord(char) not in known)


@cache
def _signs(family: str) -> frozenset[int]:
    file = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
    return frozenset(FT2Font(file).get_charmap())
