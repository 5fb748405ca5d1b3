"""JPEG: how far the picture goes in its file, whether all of it is there, and decoding it no larger than it is kept."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from mvfa_core.pictures import PictureError, limits
from mvfa_core.pictures.plain import fitting

_END = b"\xff\xd9"
# Between the pixels an FF is followed by 00, by a restart marker or by another FF; anything else begins a segment.
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
_GREY = {"L": (128,), "RGB": (128, 128, 128)}
"""What libjpeg fills in for pixels that are not there."""
_FILLING = bytes((37 * i * i + 11 * i + 181) % 255 for i in range(4096))
"""Bytes that would be read as pixels if any were still missing. None of them is FF, and the first bit is set: where the
data ends, libjpeg goes on with zeros."""


@dataclass
class Outline:
    """What the segments of a JPEG say. end: where its picture ends in the file, behind the end marker if it has one.

    sent: for every component the coefficients (0-63) that have come with all of their bits.
    """

    size: tuple[int, int] = (0, 0)
    bits: int = 8
    frame: int = 0xC0
    components: tuple[int, ...] = ()
    scans: int = 0
    end: int = 0
    has_end: bool = False
    sent: dict[int, set[int]] = field(default_factory=dict)

    @property
    def is_progressive(self) -> bool:
        return self.frame in _PROGRESSIVE

    @property
    def all_sent(self) -> bool:
        """Whether every scan has begun that the whole picture needs."""
        return bool(self.components) and all(len(self.sent.get(one, ())) == 64 for one in self.components)


def outline(data: bytes) -> Outline:
    """Walk over the segments of a JPEG up to its end marker. What lies behind that, as a film behind the photograph, is
    not looked at; thumbnails lie inside segments and are stepped over. Takes time linear in the length."""
    found, at = Outline(end=len(data)), 2
    while (marker := _MARKER.search(data, at)) is not None:
        kind, at = data[marker.end() - 1], marker.end()
        if kind == 0xD9:
            found.end, found.has_end = at, True
            break
        if kind in (0x01, 0xD8):
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        segment = data[at + 2 : at + length]
        if kind in _FRAMES and len(segment) >= 6 and not found.components:
            found.frame, found.bits = kind, segment[0]
            found.size = (int.from_bytes(segment[3:5], "big"), int.from_bytes(segment[1:3], "big"))
            found.components = tuple(segment[6::3][: segment[5]])
        if kind == 0xDA:
            found.scans += 1
            _note_scan(found, segment)
            if found.scans > limits.MAX_SCANS:
                break
        at += max(length, 2)
    return found


def _note_scan(found: Outline, segment: bytes) -> None:
    count = segment[0] if segment else 0
    if len(segment) < 2 * count + 4:
        return
    first, last, low_bit = segment[2 * count + 1], segment[2 * count + 2], segment[2 * count + 3] & 15
    for component in segment[1 : 2 * count + 1 : 2]:
        coefficients = range(first, min(last, 63) + 1) if found.is_progressive else range(64)
        if low_bit == 0 or not found.is_progressive:
            found.sent.setdefault(component, set()).update(coefficients)


def read_jpeg(name: str, data: bytes) -> tuple[Image.Image, tuple[int, int]]:
    """(the picture as Pillow gives it, loaded, reduced by 2, 4 or 8 where it is larger than is kept; its size in the
    file).

    A file without its end marker is taken if all pixels are there. Raises `PictureError` where they are not, and for
    more scans or pixels than `limits` allows; Pillow's own errors come through.
    """
    found = outline(data)
    if found.scans > limits.MAX_SCANS:
        raise PictureError(
            f"{name} goes over its pixels more than {limits.MAX_SCANS} times. Save it anew as JPEG or PNG."
        )
    if found.bits != 8 or found.frame in _LOSSLESS:
        kind = "lossless" if found.frame in _LOSSLESS else f"{found.bits}-bit"
        raise PictureError(f"{name} is a {kind} JPEG, which is not read here. Save it as PNG or 8-bit JPEG.")
    limits.expect_pixels(name, found.size, limits.MAX_PIXELS if found.is_progressive else limits.MAX_STREAMED)
    body = data[: found.end - 2] if found.has_end else data.rstrip(b"\xff")
    with limits.turn(_decoded_pixels(found)):
        picture = _decoded(body + _END)
        if found.size != (0, 0) and not _is_whole(found, body, picture):
            raise PictureError(f"{name} is cut off: its pixels are not all there. Save or download it again.")
    return picture, found.size


def _decoded_pixels(found: Outline) -> int:
    """How large a picture the decoder holds: a progressive one is held whole before it is reduced."""
    width, height = found.size
    return width * height if found.is_progressive else min(width * height, 4 * limits.KEPT_PIXELS)


def _decoded(data: bytes) -> Image.Image:
    # the class itself: Image.open would look for further pictures behind this one, and refuses what is bounded above
    picture = JpegImageFile(io.BytesIO(data))
    picture.draft(picture.mode, fitting(picture.size, limits.KEPT_PIXELS))
    picture.load()
    return picture


def _is_whole(found: Outline, body: bytes, picture: Image.Image) -> bool:
    """Whether no pixel is missing. libjpeg fills in grey without a word where the data ends too soon, so where that may
    be, the file is decoded once more with other bytes behind its last one: they change nothing if all was there."""
    last = picture.getpixel((picture.width - 1, picture.height - 1))
    is_grey = _GREY.get(picture.mode) == (last if isinstance(last, tuple) else (last,))
    if found.has_end and not (is_grey and not found.is_progressive):
        return True
    if not found.has_end and not found.all_sent:
        return False
    return _decoded(body + _FILLING + _END).tobytes() == picture.tobytes()
