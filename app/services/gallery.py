"""The gallery of `mvfa_core.data.gallery` as the app shows it: with digests, thumbnails and data URLs."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection
from dataclasses import dataclass, replace

from PIL import Image

from app.base import settings
from mvfa_core.data import gallery as pictures
from mvfa_core.data.gallery import FIRST_SEED, PHOTOGRAPH, ids, scene, shows
from mvfa_core.data.synthetic import CLASSES
from mvfa_core.images import Reading, pixel_digest
from mvfa_core.pictures import Note

__all__ = [
    "DRAGGED",
    "OWN",
    "PHOTOGRAPH",
    "Picture",
    "data_url",
    "default",
    "from_picture",
    "from_reading",
    "ids",
    "scene",
    "shows",
    "specimen",
    "thumbnail",
]

OWN = "own"
DRAGGED = (FIRST_SEED + 22, CLASSES.index("square"))
"""Seed and shape of the scene whose object is drawn at every size: one where the size alone decides."""
ADDRESS = "gallery/{}.webp"
SHOWN_PX = 960


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to be looked at, with what is known about it.

    Attributes:
        id: its name in the address. picture: PIL, RGB. digest: of its pixels.
        file: the name of its file, if it came from one.
        file_px: (width, height) of the picture in its file, if that is larger than what was kept of it.
        notes: what its reader had to do to it.
        truth: the true class and scale: the share of the picture's side that the object spans; None if unknown.
    """

    id: str
    picture: Image.Image
    digest: str
    truth: str | None = None
    scale: float | None = None
    file: str | None = None
    file_px: tuple[int, int] | None = None
    notes: tuple[Note, ...] = ()

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) that coordinates are told in: those of its file."""
        return self.file_px or self.picture.size


def default() -> str:
    """The picture of an address that names none."""
    return settings.start().picture


def specimen(picture_id: str) -> Picture:
    """A picture of the gallery; `KeyError` for a name that is not in `ids()`."""
    return from_picture(picture_id, *pictures.picture(picture_id))


def is_known(picture: Picture, classes: Collection[str]) -> bool:
    """Whether one of these classes is surely what the picture shows."""
    shown = {name.casefold() for name in shows(picture.id)}
    return picture.truth in classes or not shown.isdisjoint(name.casefold() for name in classes)


def from_picture(
    picture_id: str,
    picture: Image.Image,
    truth: str | None = None,
    scale: float | None = None,
    file: str | None = None,
) -> Picture:
    """A specimen of any picture; the digest of its size and pixels is its key in the caches."""
    return Picture(picture_id, picture, pixel_digest(picture), truth, scale, file)


def from_reading(picture_id: str, reading: Reading, file: str | None = None) -> Picture:
    """A specimen of a picture that was read from a file. One of another size in its file is another one."""
    if reading.picture.size == reading.size_px:
        return replace(from_picture(picture_id, reading.picture, file=file), notes=reading.notes)
    digest = "{}x{}x{}".format(pixel_digest(reading.picture), *reading.size_px)
    return Picture(picture_id, reading.picture, digest, None, None, file, reading.size_px, reading.notes)


def data_url(picture: Image.Image, longest_px: int = SHOWN_PX) -> str:
    """The picture as a WebP data URL, its longer side at most `longest_px`."""
    small = picture.copy()
    small.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=86, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def thumbnail(picture: Image.Image, side_px: int = 152) -> str:
    """The middle square of a picture as a small data URL."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return data_url(square.resize((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=3.0))
