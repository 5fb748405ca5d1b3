"""Kinds that are decoded whole: PNG, WebP, GIF, BMP, AVIF, HEIC and PNM, and TIFF whose compression only Pillow
knows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from mvfa_core.pictures import FIRST_FRAME, Note, PictureError, kinds, limits
from mvfa_core.pictures.kinds import Kind
from mvfa_core.pictures.levels import levels_of
from mvfa_core.pictures.plain import brightest, over_white, put_together, starts
from mvfa_core.pictures.png import is_whole

HEIC_ADVICE = "HEIC needs one more package: pip install pillow-heif. Or save the picture as JPEG."
_NEARLY_EMPTY = 64
"""The brightest of 255, below which sixteen bits may hold what was written with fewer."""


def read_common(name: str, data: bytes, kind: Kind) -> tuple[Image.Image, tuple[int, int], tuple[Note, ...]]:
    """(the picture as Pillow gives it, loaded; its size in the file; what there is to say about it).

    Raises `PictureError` for more pixels than `limits.MAX_PIXELS`; Pillow's own errors come through.
    """
    opened = _opener(name, kind)(io.BytesIO(data))
    size = opened.size
    limits.expect_pixels(name, size, limits.MAX_OF_KIND.get(kind, limits.MAX_PIXELS))
    with limits.turn(size[0] * size[1]):
        notes: tuple[Note, ...] = ()
        if kind != kinds.TIFF and getattr(opened, "is_animated", False):
            notes = (Note(FIRST_FRAME, {}),)
        opened.load()
        picture: Image.Image = opened
        if kind == kinds.PNG and not is_whole(data, picture):
            raise PictureError(f"{name} is cut off: its pixels are not all there. Save or download it again.")
        if kind == kinds.PNM and picture.mode == "I":
            picture = picture.convert("I;16")  # its values are 16-bit, whatever Pillow calls them
        if _has_sixteen_bits(data, kind) and picture.mode in ("RGB", "RGBA") and brightest(picture) < _NEARLY_EMPTY:
            info = picture.info
            del opened, picture  # so that only one of them is held at a time
            picture, more = _all_bits(data)
            picture.info = {key: value for key, value in info.items() if key != "transparency"}
            notes += more
    return picture, size, notes


def _opener(name: str, kind: Kind) -> Callable[[io.BytesIO], Image.Image]:
    """The class of the kind: Image.open would refuse by limits of its own."""
    if kind == kinds.HEIC:
        try:
            from pillow_heif.as_plugin import HeifImageFile
        except ImportError:
            raise PictureError(f"{name} is a HEIC picture. {HEIC_ADVICE}") from None
        return HeifImageFile
    return {
        kinds.PNG: PngImageFile, kinds.WEBP: WebPImageFile, kinds.GIF: GifImageFile, kinds.BMP: BmpImageFile,
        kinds.AVIF: AvifImageFile, kinds.PNM: PpmImageFile, kinds.TIFF: TiffImageFile,
    }[kind]  # fmt: skip


def _has_sixteen_bits(data: bytes, kind: Kind) -> bool:
    """Of each of several channels: Pillow reads the upper eight of them."""
    if kind == kinds.PNG:
        return data[24] == 16
    return kind == kinds.PNM and data[:2] in (b"P3", b"P6")


def _all_bits(data: bytes) -> tuple[Image.Image, tuple[Note, ...]]:
    """The picture from all sixteen bits, in mode RGB or RGBA and no larger than it is kept, where the upper eight are
    nearly empty: a camera of 12 bits may have written it."""
    wide = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if wide is None or wide.dtype != np.uint16 or wide.ndim != 3:
        raise ValueError("not the 16-bit picture that Pillow saw")
    size = (wide.shape[1], wide.shape[0])
    spans = list(starts(size, limits.KEPT_PIXELS))
    levels = levels_of((wide[top:end, :, :3] for top, end in spans), wide.dtype)
    alphas = levels_of((wide[top:end, :, 3:] for top, end in spans), wide.dtype)
    if alphas.high > levels.span()[1]:  # of as few bits as the colours, if it has no higher values than they can have
        alphas.high = 65535.0

    def parts() -> Iterator[tuple[int, Image.Image]]:
        for top, end in spans:
            band = levels.eight_bit(np.ascontiguousarray(wide[top:end, :, 2::-1]))
            if wide.shape[2] == 3:
                yield top, Image.fromarray(band)
                continue
            alpha = (levels if alphas.high < 65535 else alphas).eight_bit(np.ascontiguousarray(wide[top:end, :, 3:]))
            yield top, over_white(Image.fromarray(np.dstack([band, alpha])))

    return put_together(parts(), "RGB", size, limits.KEPT_PIXELS), levels.notes()
