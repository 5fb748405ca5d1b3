"""How the file of a picture becomes an 8-bit sRGB picture, kind by kind. The door to it is `mvfa_core.images`.

`kinds` tells by the first bytes what a file is, `jpeg`, `tiff` and `common` decode, `levels` brings other numbers than
0-255 into that range, `plain` turns a decoded picture upright, opaque and sRGB, and `limits` bounds pixels and memory.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mvfa_core.i18n import N_


class PictureError(ValueError):
    """A picture that cannot be used; the message says what was wrong and what to do about it."""


class Note(NamedTuple):
    """Something about a picture that was read that its viewer should know, as a sentence with values in it."""

    text: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.text.format(**self.values)


STRETCHED = N_("values stretched from {low:g} to {high:g}")
NOT_FINITE = N_("values that are not numbers are shown black: {count:,}")
FIRST_PAGE = N_("the first of {count:,} pages")
FIRST_FRAME = N_("the first frame of an animation")
REDUCED = N_("reduced from {width:,} x {height:,} px")
BANDS = N_("bands {bands} of {count} shown as red, green and blue")
DARK = N_("nearly black: the brightest value is {value} of 255")
NOTES = (STRETCHED, NOT_FINITE, FIRST_PAGE, FIRST_FRAME, REDUCED, BANDS, DARK)
"""Templates of the notes; whoever translates them finds them by their English."""
