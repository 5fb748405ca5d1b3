"""From a decoded PIL picture of any mode to an upright, opaque 8-bit sRGB picture, and to one of fewer pixels."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image, ImageCms, ImageOps

from mvfa_core.pictures import DARK, Note
from mvfa_core.pictures.levels import levels_of

_BAND = 2**20
"""Pixels that are turned at a time: every step makes a copy of them."""
_NEARLY_BLACK = 16
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What undoes each value of the EXIF orientation."""


def plain_rgb(picture: Image.Image, most: int | None = None) -> tuple[Image.Image, tuple[Note, ...]]:
    """Upright, 8-bit, opaque, sRGB, of at most `most` pixels if given, and without leftovers of the file (a stale
    profile would be saved along); and what there is to say about it."""
    profile, turned = picture.info.get("icc_profile"), orientation(picture)
    notes: tuple[Note, ...] = ()
    # Pillow turns a TIFF that counts from white to black the right way round, but not at 16 bits.
    negative = picture.mode.startswith("I;16") and getattr(picture, "tag_v2", {}).get(262) == 0
    if picture.mode.startswith("I") or picture.mode == "F":
        picture, notes = _eight_bit(picture)
    picture = ImageOps.invert(picture) if negative else picture
    picture = reduced(picture, most) if most else picture
    picture = over_white(picture)
    if picture.mode in ("P", "HSV", "YCbCr", "RGBX", "1"):
        picture = picture.convert("RGB")
    picture = _to_srgb(picture, profile).convert("RGB")
    picture = turned_upright(picture, turned)
    picture.info = {}
    return picture, (*notes, *_dark(picture))


def reduced(picture: Image.Image, most: int) -> Image.Image:
    """The picture with at most so many pixels and its proportions; the same one if it has no more. What transparency
    hides is laid over white on the way."""
    if picture.width * picture.height <= most:
        return picture
    see_through = picture.mode not in ("L", "RGB", "CMYK", "LAB") or picture.has_transparency_data
    mode = "RGB" if see_through else picture.mode
    parts = ((top, over_white(band).convert(mode) if see_through else band) for top, band in bands(picture, most))
    return put_together(parts, mode, picture.size, most)


def put_together(parts: Iterable[tuple[int, Image.Image]], mode: str, size: tuple[int, int], most: int) -> Image.Image:
    """The picture of that size from its (first row, rows), reduced to at most so many pixels. Whole blocks of pixels
    are averaged band by band, so that nothing as large as the picture is needed; the parts begin as `bands` does."""
    to = fitting(size, most)
    step = _step(size, to)
    small = Image.new(mode, (math.ceil(size[0] / step), math.ceil(size[1] / step)))
    for top, part in parts:
        small.paste(part.reduce(step) if step > 1 else part, (0, top // step))
    if to == size:
        return small
    box = (0.0, 0.0, size[0] / step, size[1] / step)
    return small.resize(to, Image.Resampling.HAMMING, box=box, reducing_gap=2.0)


def starts(size: tuple[int, int], most: int) -> Iterator[tuple[int, int]]:
    """(first row, row after the last) of the bands in which a picture of that size is put together."""
    step = _step(size, fitting(size, most))
    rows = max(step, _BAND // size[0] // step * step)
    yield from ((top, min(top + rows, size[1])) for top in range(0, size[1], rows))


def _step(size: tuple[int, int], to: tuple[int, int]) -> int:
    return max(1, int(min(size[0] / to[0], size[1] / to[1])))


def bands(picture: Image.Image, most: int) -> Iterator[tuple[int, Image.Image]]:
    """(first row, rows) of the picture, as `starts`."""
    for top, end in starts(picture.size, most):
        yield top, picture.crop((0, top, picture.width, end))


def fitting(size: tuple[int, int], most: int) -> tuple[int, int]:
    """The size of the same proportions that has at most so many pixels."""
    width, height = size
    if width * height <= most:
        return size
    factor = math.sqrt(most / (width * height))
    small = (max(1, int(width * factor)), max(1, int(height * factor)))
    return min(small[0], max(1, most // small[1])), min(small[1], max(1, most // small[0]))


def upright_size(size: tuple[int, int], turned: object) -> tuple[int, int]:
    """(width, height) after the turn that the EXIF orientation asks for."""
    return (size[1], size[0]) if turned in (5, 6, 7, 8) else size


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation; 1, upright, where there is none. A broken EXIF block is no reason to refuse good pixels."""
    try:
        told = picture.getexif().get(0x0112, 1)
    except Exception:  # Pillow lets many kinds of error out of it
        return 1
    return told if isinstance(told, int) else 1


def turned_upright(picture: Image.Image, turned: object) -> Image.Image:
    """The picture after that turn."""
    return picture.transpose(_TURNS[turned]) if turned in _TURNS else picture


def brightest(picture: Image.Image) -> int:
    """The highest value of red, green and blue of a picture in mode RGB or RGBA."""
    return max(channel[1] for channel in picture.getextrema()[:3])  # type: ignore[index]


def _dark(picture: Image.Image) -> tuple[Note, ...]:
    value = brightest(picture)
    return (Note(DARK, {"value": value}),) if value < _NEARLY_BLACK else ()


def _eight_bit(picture: Image.Image) -> tuple[Image.Image, tuple[Note, ...]]:
    """Mode L from 16-bit, 32-bit or float grey; see `Levels`."""
    dtype = np.dtype({"I": np.int32, "F": np.float32}.get(picture.mode, np.uint16))
    whole = picture.width * picture.height
    levels = levels_of((np.asarray(band) for _, band in bands(picture, whole)), dtype)
    grey = Image.new("L", picture.size)
    for top, band in bands(picture, whole):
        grey.paste(Image.fromarray(levels.eight_bit(np.asarray(band))), (0, top))
    return grey, levels.notes()


def over_white(picture: Image.Image) -> Image.Image:
    """What transparency hides, laid over white; the same picture if it has none."""
    if not picture.has_transparency_data:
        return picture
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Follow the embedded profile to sRGB where it describes this picture; otherwise leave the picture as it is."""
    if picture.mode == "LAB":
        source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    elif profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            is_srgb = "srgb" in (source.profile.profile_description or "").lower()
        except (OSError, TypeError, ValueError, ImageCms.PyCMSError):
            return picture  # an unreadable profile is no reason to refuse good pixels
        if is_srgb or {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}.get(space) != picture.mode:
            return picture
    else:
        return picture
    try:
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:
        return picture
    return picture if converted is None else converted
