"""How much of a picture is decoded and kept, and how many large ones are decoded at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mvfa_core.pictures import PictureError, kinds

KEPT_PIXELS = 4_000_000
"""A picture is kept with at most so many pixels. Networks see 224 x 224 and figures a few inches, so more would only
take memory: 4 megapixels are 12 MB, and many visitors keep theirs at once. Coordinates stay those of the file."""
MAX_PIXELS = 64_000_000
"""Of files that are decoded whole before they are reduced."""
MAX_OF_KIND = {kinds.WEBP: 48_000_000}
"""The same for a kind whose decoder takes more memory for a pixel. With these limits no picture takes more than about
800 MiB beside its file, and most of them far less."""
MAX_STREAMED = 256_000_000
"""Of those that are reduced while they are decoded: JPEG that is not progressive, and TIFF in strips or tiles."""
MAX_PIECE = 256 * 2**20
"""Bytes of one strip or tile of a TIFF, unpacked."""
MAX_SCANS = 100
"""Of a progressive JPEG: each goes over the whole picture, cameras write about ten."""
LARGE = 8_000_000
AT_ONCE = 2
"""So many pictures of `LARGE` pixels or more are decoded at the same time in one process; the others wait."""
_gate = threading.BoundedSemaphore(AT_ONCE)


def expect_pixels(name: str, size: tuple[int, int], most: int = MAX_PIXELS) -> None:
    """Raise `PictureError` for a picture of more pixels than the limit; known from its header, before decoding."""
    width, height = size
    if width * height > most:
        raise PictureError(
            f"{name} is {width} x {height} px, more than {megapixels(most)}, the limit for such a file. "
            "Save a smaller copy of it."
        )


def megapixels(pixels: int) -> str:
    """A limit in words."""
    return f"{pixels // 1_000_000} megapixels"


@contextmanager
def turn(pixels: int) -> Iterator[None]:
    """Around the decoding of a picture of so many pixels: a large one waits until fewer than `AT_ONCE` are decoded."""
    if pixels < LARGE:
        yield
        return
    with _gate:
        yield
