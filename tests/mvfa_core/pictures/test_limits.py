"""How much memory the largest pictures take, each in a process of its own, and how many are decoded at once."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from mvfa_core.images import PictureError, read_picture
from mvfa_core.pictures import limits
from mvfa_core.pictures.plain import fitting

MIB = 2**20
MEASURE = """
import re, sys
from mvfa_core.images import read_picture
def kilobytes(name): return int(re.search(name + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = kilobytes("VmRSS")
found = read_picture(sys.argv[1])
print((kilobytes("VmHWM") - before) * 1024, *found.picture.size, *found.size_px)
"""


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph() -> bytes:
    return saved(Image.new("RGB", (12_000, 9_000), (200, 40, 40)), "JPEG", quality=30)


def floats() -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.full((8000, 8000), 0.5, np.float32), compression="zlib")
    return buffer.getvalue()


def see_through() -> bytes:
    return saved(Image.new("RGBA", (8000, 8000), (200, 40, 40, 128)), "PNG", compress_level=1)


@pytest.mark.skipif(sys.platform != "linux", reason="the process's memory is read from /proc")
@pytest.mark.parametrize(
    ("make", "most"),
    [(photograph, 200), (floats, 200), (see_through, 400)],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_memory_of_the_largest(tmp_path: Path, make: object, most: int) -> None:
    path = tmp_path / "large"
    path.write_bytes(make())  # type: ignore[operator]
    answer = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    grown, width, height, file_width, file_height = map(int, answer.stdout.split())
    assert grown < most * MIB
    assert width * height <= limits.KEPT_PIXELS and file_width * file_height >= 64_000_000


def test_limits_are_known_from_the_header() -> None:
    progressive = bytearray(saved(Image.new("RGB", (16, 16)), "JPEG", progressive=True))
    baseline = bytearray(saved(Image.new("RGB", (16, 16)), "JPEG"))
    for data, marker, told in ((progressive, b"\xff\xc2", "64 megapixels"), (baseline, b"\xff\xc0", "256 megapixels")):
        at = data.index(marker) + 5
        data[at : at + 4] = b"\xff\x00\xff\x00"
        with pytest.raises(PictureError, match=told):
            read_picture(bytes(data))


def test_small_enough_is_left_alone_and_large_is_just_below_the_limit() -> None:
    exact = Image.new("RGB", (2000, 2000), (9, 90, 200))
    found = read_picture(saved(exact, "PNG", compress_level=1))
    assert found.picture.size == found.size_px == (2000, 2000) and not found.notes
    for size in ((2001, 2000), (1, 5_000_000), (5_000_000, 1), (12_000, 9_000), (3, 10**7)):
        width, height = fitting(size, limits.KEPT_PIXELS)
        assert 0 < width * height <= limits.KEPT_PIXELS and (width <= size[0]) and (height <= size[1])
    thin = read_picture(saved(Image.new("RGB", (1, 5_000_000), (9, 90, 200)), "PNG", compress_level=1))
    assert thin.picture.size == (1, 4_000_000) and thin.picture.getpixel((0, 9)) == (9, 90, 200)


def test_large_pictures_wait_for_their_turn() -> None:
    """No more than `AT_ONCE` are inside at the same time; small ones never wait."""
    inside, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def decode() -> None:
        nonlocal inside, most
        with limits.turn(limits.LARGE):
            with lock:
                inside += 1
                most = max(most, inside)
                full = inside == limits.AT_ONCE
            if full:
                go.set()
            go.wait(30)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=decode) for _ in range(3 * limits.AT_ONCE)]
    for thread in threads:
        thread.start()
    with limits.turn(limits.LARGE - 1):
        pass
    for thread in threads:
        thread.join(60)
    assert most == limits.AT_ONCE and inside == 0
