"""TIFF: any number of bits and bands, in strips or tiles, bands together or apart, from cameras, scanners,
microscopes and satellites. What its directory says decides; pixels come from `strips`, or from Pillow where only
that can unpack them."""

from __future__ import annotations

import io
import logging
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tifffile
from PIL import Image

from mvfa_core.pictures import BANDS, FIRST_PAGE, Note, PictureError, gather, kinds, limits, plain, strips
from mvfa_core.pictures.common import read_common
from mvfa_core.pictures.levels import Levels
from mvfa_core.pictures.strips import COMPRESSIONS, PREDICTORS, DamagedError, Layout, PieceError

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # what it finds wrong is told in our own words

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8
_MOSAICS = (32803, 34892)
"""Pixels of a sensor behind its colour filters, and those before they are developed."""
_BY_PILLOW = (2, 3, 4, 6, 7, 50001, 34927)
"""Compressions that Pillow's libtiff turns into pixels: fax, JPEG and WebP."""
_PREMULTIPLIED, _ALPHA = 1, 2
_MOST_PAGES = 10_000
_DNG, _SUB_DIRECTORIES, _PROFILE, _NODATA, _ORIENTATION = 50706, 330, 34675, 42113, 274
_MOST_VALUES = (281, 341)
"""Tags of the highest value: MaxSampleValue, SMaxSampleValue."""

Read = tuple[Image.Image, tuple[int, int], tuple[Note, ...]]


@dataclass(frozen=True)
class _Meaning:
    """Which bands are colours or grey, which one is transparency, and whether its colours were multiplied by it."""

    colours: tuple[int, ...]
    alpha: int | None
    premultiplied: bool
    note: tuple[Note, ...] = ()


def read_tiff(name: str, data: bytes, bands: tuple[int, int, int] | None = None) -> Read:
    """(the picture, at most as large as is kept; its size in the file; what there is to say about it).

    bands: the numbers, from 1, of those to be shown as red, green and blue. Raises `PictureError`; other errors mean
    that the file is damaged.
    """
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        count = pages(data)
        page = _main_page(file, count)
        if _is_raw(file):
            raise PictureError(f"Can't open this file: {name} is {kinds.RAW.name}. {kinds.RAW.advice}")
        limits.expect_pixels(name, (page.imagewidth, page.imagelength), limits.MAX_STREAMED)
        if 0 in (page.imagewidth, page.imagelength):
            raise DamagedError
        count = count if page.imagedepth == 1 else page.imagedepth
        notes = (Note(FIRST_PAGE, {"count": count}),) if count > 1 else ()
        if _only_by_pillow(page) and bands is None:
            picture, _, more = read_common(name, data, kinds.TIFF)  # which turns it upright
            return picture, picture.size, (*notes, *more)
        layout = _layout(name, page)
        meaning = _meaning(name, page, layout, bands)
        try:
            with limits.turn(min(layout.width * layout.height, 4 * limits.KEPT_PIXELS)):
                picture, more = _picture(page, data, layout, meaning)
        except PieceError:
            raise PictureError(
                f"{name} is stored in one piece of more than {limits.MAX_PIECE // 2**20} MiB. "
                "Save it in strips or tiles, or as PNG."
            ) from None
        turned = page.tags.valueof(_ORIENTATION)
        picture = plain.turned_upright(picture, turned if isinstance(turned, int) else 1)
        picture.info = _info(page)
        return picture, plain.upright_size((layout.width, layout.height), turned), (*notes, *meaning.note, *more)


def pages(data: bytes) -> int:
    """How many directories follow one another in the file; a chain that ends in itself ends there."""
    order, wide = "<" if data[:2] == b"II" else ">", data[2:4] in (b"+\0", b"\0+")
    word, entry, few = ("Q", 20, "Q") if wide else ("L", 12, "H")
    found: set[int] = set()
    try:
        (at,) = struct.unpack_from(order + word, data, 8 if wide else 4)
        while at and at not in found and len(found) < _MOST_PAGES:
            (entries,) = struct.unpack_from(order + few, data, at)
            found.add(at)
            (at,) = struct.unpack_from(order + word, data, at + struct.calcsize(order + few) + entry * entries)
    except struct.error:
        pass
    return len(found)


def _main_page(file: tifffile.TiffFile, count: int) -> tifffile.TiffPage:
    """The first page that is no thumbnail and no mask."""
    first = file.pages.first
    for number in range(1, min(count, 16) if first.subfiletype & 5 else 1):
        page = file.pages[number]
        if isinstance(page, tifffile.TiffPage) and not page.subfiletype & 5:
            return page
    return first


def _is_raw(file: tifffile.TiffFile) -> bool:
    first = file.pages.first
    if _DNG in first.tags or first.photometric in _MOSAICS:
        return True
    return _SUB_DIRECTORIES in first.tags and any(
        page.photometric in _MOSAICS for page in first.pages or () if isinstance(page, tifffile.TiffPage)
    )


def _only_by_pillow(page: tifffile.TiffPage) -> bool:
    return page.compression in _BY_PILLOW or (page.photometric in (YCBCR, CIELAB) and page.bitspersample == 8)


def _layout(name: str, page: tifffile.TiffPage) -> Layout:
    """Where the samples lie. Raises `PictureError` with the words for what cannot be read."""
    if page.compression not in COMPRESSIONS:
        told = getattr(page.compression, "name", f"number {page.compression}").replace("_", " ")
        raise PictureError(f"{name} is a TIFF with the compression {told}, which is not read here. "
                           "Save it with LZW or DEFLATE, or as PNG.")  # fmt: skip
    kind = {1: "u", 2: "i", 3: "f"}.get(page.sampleformat)
    bits, numbers = page.bitspersample, _numbers(page)
    fits = isinstance(bits, int) and (
        (kind == "f" and bits in (16, 32, 64)) or (kind == "i" and bits in (8, 16, 32, 64)) or
        (kind == "u" and (1 <= bits <= 32 or bits == 64))
    )  # fmt: skip
    if not fits or page.predictor not in PREDICTORS or (page.predictor > 1 and bits not in (8, 16, 32, 64)):
        raise PictureError(f"{name} is a TIFF of {numbers}, which are not read here. "
                           "Save it with 8 or 16 bits or 32-bit floating-point numbers.")  # fmt: skip
    rows = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    columns = page.tilewidth if page.is_tiled else page.imagewidth
    if rows < 1 or columns < 1:
        raise DamagedError
    assert kind is not None
    return Layout(
        page.imagewidth, page.imagelength, page.samplesperpixel, page.planarconfig == 2 and page.samplesperpixel > 1,
        kind, bits, int(page.compression), int(page.predictor), page.parent.byteorder, page.fillorder == 2,
        (rows, columns), tuple(page.dataoffsets), tuple(page.databytecounts),
    )  # fmt: skip


def _numbers(page: tifffile.TiffPage) -> str:
    """The kind of number in words."""
    kind = {
        1: "integers",
        2: "signed integers",
        3: "floating-point numbers",
        5: "complex integers",
        6: "complex numbers",
    }
    bits = page.bitspersample
    told = f"{bits}-bit" if isinstance(bits, int) else "/".join(map(str, bits)) + "-bit"
    return f"{told} {kind.get(page.sampleformat, 'numbers of an unknown kind')}"


def _meaning(name: str, page: tifffile.TiffPage, layout: Layout, bands: tuple[int, int, int] | None) -> _Meaning:
    """What the bands are. Raises `PictureError` where that cannot be told and none were chosen."""
    count = layout.bands
    if bands is not None:
        if not all(1 <= band <= count for band in bands):
            raise PictureError(f"{name} has {count} bands: expected three numbers from 1 to {count}, got {bands}.")
        colours = (bands[0] - 1, bands[1] - 1, bands[2] - 1)
        return _Meaning(colours, None, False, _told(bands, count))
    extra = {count - len(page.extrasamples) + i: int(kind) for i, kind in enumerate(page.extrasamples)}
    alpha = next((band for band, kind in extra.items() if kind in (_PREMULTIPLIED, _ALPHA)), None)
    premultiplied = alpha is not None and extra[alpha] == _PREMULTIPLIED
    expected = {RGB: 3, CMYK: 4, PALETTE: 1, BLACK_IS_ZERO: 1, WHITE_IS_ZERO: 1}.get(page.photometric)
    if expected is None or (page.photometric == PALETTE and page.colormap is None):
        told = getattr(page.photometric, "name", f"number {page.photometric}").replace("_", " ")
        raise PictureError(f"{name} is a TIFF of {_numbers(page)} in the colours {told}, which are not read here. "
                           "Save it as RGB.")  # fmt: skip
    unknown = count - expected - (alpha is not None)
    if unknown <= 0 and count >= expected:
        return _Meaning(tuple(range(expected)), alpha, premultiplied)
    if count == 3 or (
        page.photometric == RGB and count > 3
    ):  # grey with two bands more is how much software writes RGB
        return _Meaning((0, 1, 2), alpha, premultiplied, _told((1, 2, 3), count))
    raise PictureError(
        f"{name} is a TIFF of {count} bands of {_numbers(page)}, and it does not say which of them are red, green and "
        "blue. Name three of them, as in mvfa explain ... --bands 4 3 2, or save three of them as an RGB picture."
    )


def _told(bands: tuple[int, int, int], count: int) -> tuple[Note, ...]:
    return (Note(BANDS, {"bands": ", ".join(map(str, bands)), "count": count}),)


def _picture(
    page: tifffile.TiffPage, data: bytes, layout: Layout, meaning: _Meaning
) -> tuple[Image.Image, tuple[Note, ...]]:
    """The picture in mode L, LA, RGB, RGBA or CMYK, reduced by a whole step where it is larger than is kept."""
    wanted = meaning.colours + (() if meaning.alpha is None else (meaning.alpha,))
    levels, alpha_levels = _levels(page, layout), _levels(page, layout)
    if page.photometric == PALETTE and page.colormap is not None and meaning.colours == (0,):
        shown = gather.through_palette(strips.parts(data, layout, (0,)), page.colormap)
        return _as_picture(gather.collected(shown, layout, 3, np.dtype(np.uint8), np.isfinite), "RGB"), ()
    colours = len(meaning.colours)

    def seen() -> Iterator[gather.Part]:
        for part in strips.parts(data, layout, wanted):
            for i, place in enumerate(part[2]):
                (levels if place < colours else alpha_levels).see(part[3][..., min(i, part[3].shape[2] - 1)])
            yield part

    values = gather.collected(seen(), layout, len(wanted), layout.dtype, levels.there)
    notes: tuple[Note, ...] = ()
    if layout.kind == "u" and (layout.bits <= 8 or page.photometric == CMYK):  # little ink is no dark picture
        small = (
            np.rint(values * np.float32(255 / (2**layout.bits - 1))).astype(np.uint8) if layout.bits != 8 else values
        )
    else:
        small, notes = _eight_bit(values, levels, alpha_levels, colours)
    if page.photometric == WHITE_IS_ZERO:
        small[..., :colours] = 255 - small[..., :colours]
    if meaning.premultiplied:
        gather.divide(small)
    if colours == 4:
        return _as_picture(small[..., :4], "CMYK"), notes
    return _as_picture(small, ("L" if colours == 1 else "RGB") + ("" if meaning.alpha is None else "A")), notes


def _levels(page: tifffile.TiffPage, layout: Layout) -> Levels:
    told = [page.tags.valueof(tag) for tag in _MOST_VALUES]
    told = [max(one) if isinstance(one, tuple) and one else one for one in told]
    highest = next((float(one) for one in told if isinstance(one, int | float) and math.isfinite(one)), None)
    try:
        nodata = float(page.tags.valueof(_NODATA))
    except (TypeError, ValueError):
        nodata = None
    return Levels(layout.kind, layout.bits, told=highest, nodata=nodata)


def _eight_bit(
    values: np.ndarray, levels: Levels, alpha_levels: Levels, colours: int
) -> tuple[np.ndarray, tuple[Note, ...]]:
    small = np.empty(values.shape, np.uint8)
    for band in range(values.shape[2]):
        if band < colours:
            small[..., band] = levels.eight_bit(values[..., band])
        else:  # of as few bits as the colours, if it has no higher values than they can have
            fits = alpha_levels.high <= levels.span()[1]
            small[..., band] = (levels if fits else alpha_levels).eight_bit(values[..., band])
    return small, levels.notes()


def _as_picture(values: np.ndarray, mode: str) -> Image.Image:
    whole = np.ascontiguousarray(values if values.shape[2] > 1 else values[..., 0])
    height, width = whole.shape[:2]
    return Image.frombytes(mode, (width, height), whole.tobytes())


def _info(page: tifffile.TiffPage) -> dict:
    profile = page.tags.valueof(_PROFILE)
    return {"icc_profile": bytes(profile)} if isinstance(profile, bytes) else {}
