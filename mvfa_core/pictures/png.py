"""Whether all the rows of a PNG are in its file: Pillow leaves those that are missing black without a word."""

from __future__ import annotations

import struct
import zlib

from PIL import Image

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of each colour type."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and steps, of the seven passes of an interlaced one."""
_AT_ONCE = 2**22


def is_whole(data: bytes, picture: Image.Image) -> bool:
    """Whether the PNG holds all the rows of the picture that was read from it. Where the last one may be missing, they
    are unpacked once more to count them."""
    last = picture.crop((0, picture.height - 1, *picture.size))
    if data[28] == 0 and any(last.tobytes()):
        return True
    press, missing, at = zlib.decompressobj(), bytes_of_png(data), 8
    while missing > 0 and at + 8 <= len(data) and not press.eof:
        length, kind = struct.unpack_from(">L4s", data, at)
        rest = data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        while rest and missing > 0 and not press.eof:
            missing -= len(press.decompress(rest, _AT_ONCE))
            rest = press.unconsumed_tail
        at += 12 + length
    return missing - len(press.flush()) <= 0


def bytes_of_png(head: bytes) -> int:
    """How many bytes the rows of a PNG take, each with the one before it that names its filter."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">LLBBBBB", head, 16)
    bits = depth * _CHANNELS[colour]
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = ((-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes)
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0)
