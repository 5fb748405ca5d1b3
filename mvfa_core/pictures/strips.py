"""The strips and tiles of a TIFF as NumPy arrays, one after the other, so that a large picture is never held whole.

tifffile reads the directory. It unpacks LZW and PackBits only with a further package, and DEFLATE without a bound, so
the bytes are unpacked here by zlib and by libtiff, which Pillow brings along.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL.TiffImagePlugin import TiffImageFile

from mvfa_core.pictures import limits

NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD = 1, 5, 8, 32946, 32773, 34925, 50000
COMPRESSIONS = (NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD)
PREDICTORS = (1, 2, 3)
_ROWS_OF = 2**22
"""Bytes that are unpacked at a time where that is possible."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class DamagedError(ValueError):
    """Strips or tiles that are not all there."""


class PieceError(ValueError):
    """A strip or tile that is larger than `limits.MAX_PIECE`."""


@dataclass(frozen=True)
class Layout:
    """Where the samples of a picture lie in its file.

    kind: "u", "i" or "f". bits: of one sample. piece: (rows, columns) of one strip or tile. apart: whether every band
    has its own pieces. order: "<" or ">". mirrored: whether the lowest bit of a byte comes first. offsets, counts: of
    the pieces, those of the first band first.
    """

    width: int
    height: int
    bands: int
    apart: bool
    kind: str
    bits: int
    compression: int
    predictor: int
    order: str
    mirrored: bool
    piece: tuple[int, int]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype:
        """Of the samples once they are unpacked, in the order of this machine."""
        size = next(size for size in (8, 16, 32, 64) if self.bits <= size)
        return np.dtype(f"{self.kind}{size // 8}")


def parts(data: bytes, layout: Layout, wanted: tuple[int, ...]) -> Iterator[tuple[int, int, list[int], np.ndarray]]:
    """(first row, first column, places in `wanted`, samples (rows, columns, bands)) of all of the picture, cropped to
    it.

    Raises `DamagedError` where bytes are missing.
    """
    rows, columns = layout.piece
    across, down = math.ceil(layout.width / columns), math.ceil(layout.height / rows)
    held = 1 if layout.apart else layout.bands
    if rows * columns * held * layout.dtype.itemsize > limits.MAX_PIECE and not _comes_in_rows(layout):
        raise PieceError
    for plane in range(layout.bands if layout.apart else 1):
        places = [i for i, band in enumerate(wanted) if band == plane] if layout.apart else list(range(len(wanted)))
        if not places:
            continue
        for number in range(across * down):
            top, left = number // across * rows, number % across * columns
            high, wide = min(rows, layout.height - top), min(columns, layout.width - left)
            piece = plane * across * down + number
            # a tile is always stored whole, the last strip only as far as the picture goes
            stored = rows if across > 1 or columns != layout.width else high
            for first, samples in _piece(data, layout, piece, stored, high, held):
                shown = samples[:, :wide]
                yield top + first, left, places, shown if layout.apart else shown[..., list(wanted)]


def _comes_in_rows(layout: Layout) -> bool:
    return layout.compression in (NONE, DEFLATE, OLD_DEFLATE)


def _piece(
    data: bytes, layout: Layout, piece: int, stored: int, needed: int, held: int
) -> Iterator[tuple[int, np.ndarray]]:
    """(first row within the piece, samples (rows, columns of the piece, held)), as many rows as are needed."""
    columns = layout.piece[1]
    line = math.ceil(columns * held * layout.bits / 8)
    if piece >= len(layout.offsets) or piece >= len(layout.counts):
        raise DamagedError
    offset, count = layout.offsets[piece], layout.counts[piece]
    if count == 0:  # sparse: nothing was ever written there
        yield 0, np.zeros((needed, columns, held), layout.dtype)
        return
    packed = data[offset : offset + count]
    if layout.mirrored:
        packed = packed.translate(_MIRRORED)
    at_once = max(1, _ROWS_OF // line)
    first = 0
    for chunk in _unpacked(packed, layout.compression, line, stored, at_once):
        chunk = chunk[: (needed - first) * line]
        rows = len(chunk) // line
        if rows:
            yield first, _samples(chunk[: rows * line], layout, rows, columns, held)
        first += rows
        if first >= needed:
            return
    raise DamagedError


def _unpacked(packed: bytes, compression: int, line: int, rows: int, at_once: int) -> Iterator[bytes]:
    """The bytes of a piece in order, whole rows at a time; never more than the piece can have."""
    if compression == NONE:
        yield from (packed[i * line : (i + at_once) * line] for i in range(0, rows, at_once))
    elif compression in (DEFLATE, OLD_DEFLATE):
        press, rest = zlib.decompressobj(), packed
        for start in range(0, rows, at_once):
            wanted = min(at_once, rows - start) * line
            try:
                chunk = press.decompress(rest, wanted)
            except zlib.error:
                raise DamagedError from None
            rest = press.unconsumed_tail
            yield chunk
            if len(chunk) < wanted:
                return
    else:
        yield _by_libtiff(packed, compression, line, rows)


def _by_libtiff(packed: bytes, compression: int, line: int, rows: int) -> bytes:
    """The bytes, as the pixels of a grey picture of one strip that is made around them."""
    tags = [(256, line), (257, rows), (258, 8), (259, compression), (262, 1), (273, 0), (277, 1), (278, rows),
            (279, len(packed))]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    directory = b"".join(struct.pack("<HHLL", tag, 4, 1, start if tag == 273 else value) for tag, value in tags)
    file = b"II*\0" + struct.pack("<LH", 8, len(tags)) + directory + bytes(4) + packed
    try:
        picture = TiffImageFile(io.BytesIO(file))
        return picture.tobytes()
    except (OSError, SyntaxError, ValueError, EOFError):
        raise DamagedError from None


def _samples(chunk: bytes, layout: Layout, rows: int, columns: int, held: int) -> np.ndarray:
    """(rows, columns, held) of the layout's dtype, the differences of a predictor summed up again."""
    bits, dtype = layout.bits, layout.dtype
    if layout.predictor == 3:
        return _summed_bytes(chunk, dtype, rows, columns, held)
    if bits in (8, 16, 32, 64):
        found = np.frombuffer(chunk, dtype.newbyteorder("<" if layout.order == "<" else ">")).astype(dtype, copy=False)
    else:
        every = np.unpackbits(np.frombuffer(chunk, np.uint8).reshape(rows, -1), axis=1)
        every = every[:, : columns * held * bits].reshape(rows, columns * held, bits)
        found = np.zeros((rows, columns * held), dtype)
        for place in range(bits):
            found |= every[..., place].astype(dtype) << dtype.type(bits - 1 - place)
    found = found.reshape(rows, columns, held)
    if layout.predictor == 2:
        as_integers = found.view(f"u{dtype.itemsize}")
        return np.cumsum(as_integers, axis=1, dtype=as_integers.dtype).view(dtype)
    return found


def _summed_bytes(chunk: bytes, dtype: np.dtype, rows: int, columns: int, held: int) -> np.ndarray:
    """Predictor 3: the bytes of a row by weight, the highest of all its samples first, as differences."""
    lines = np.frombuffer(chunk, np.uint8).reshape(rows, -1, held)
    summed = np.cumsum(lines, axis=1, dtype=np.uint8).reshape(rows, dtype.itemsize, columns * held)
    whole = np.ascontiguousarray(summed.transpose(0, 2, 1)).view(dtype.newbyteorder(">"))
    return whole.astype(dtype).reshape(rows, columns, held)
