"""Every kind of file is read, or named for what it is, whatever it is called."""

from __future__ import annotations

import io
import math
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mvfa_core.images import PictureError, as_picture, looks_like_picture, open_picture, read_picture
from mvfa_core.pictures import kinds
from mvfa_core.pictures.png import bytes_of_png

Y, X = np.mgrid[0:48, 0:64]
RGB = np.stack([40 + 3 * X, 30 + 4 * Y, 200 - X - Y], -1).astype(np.uint8)
PICTURE = Image.fromarray(RGB)
READ = {
    "JPEG": ("JPEG", {"quality": 95}, 12), "MPO": ("JPEG", {"quality": 95}, 12), "PNG": ("PNG", {}, 0),
    "WEBP": ("WebP", {"lossless": True}, 0), "GIF": ("GIF", {}, 40), "BMP": ("BMP", {}, 0), "TIFF": ("TIFF", {}, 0),
    "AVIF": ("AVIF", {"quality": 95}, 16), "PPM": ("PNM", {}, 0),
}  # fmt: skip


def saved(kind: str, picture: Image.Image = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(PICTURE).save(buffer, quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [*READ, "HEIC"])
def test_what_is_read_under_any_name(tmp_path: Path, kind: str) -> None:
    name, options, limit = READ.get(kind, ("HEIC", {}, 16))
    data = heic() if kind == "HEIC" else saved(kind, **options)
    for ending in (".jfif", ".jpe", ".HEIC", ".txt", ""):
        path = tmp_path / f"picture{ending}"
        path.write_bytes(data)
        found = read_picture(path)
        assert np.abs(np.asarray(found.picture, int) - RGB).max() <= limit and not found.notes
        assert looks_like_picture(path) and looks_like_picture(data)
        assert kinds.kind_of_file(path) == kinds.kind_of(data) in kinds.READ and name in kinds.READ_SENTENCE
        assert kinds.kind_of(data).name == name


def test_heic_without_its_package_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic()
    for name in [name for name in sys.modules if name.partition(".")[0] == "pillow_heif"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r"HEIC needs one more package: pip install .*save the picture as JPEG"):
        open_picture(data)


NAMED = {
    "an icon": saved("ICO"), "a TGA picture": saved("TGA"), "a JPEG 2000 picture": saved("JPEG2000"),
    "a DDS texture": saved("DDS"), "a QOI picture": saved("QOI"),
    "a Photoshop document": b"8BPS\0\1" + bytes(60), "a JPEG XL picture": b"\xff\x0a" + bytes(60),
    "a JPEG XL picture ": b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG 2000 picture ": b"\xff\x4f\xff\x51" + bytes(60),
    "a raw photograph": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a raw photograph ": b"FUJIFILMCCD-RAW 0201",
    "a raw photograph  ": b"IIU\0\x18\0\0\0" + bytes(60), "a video": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "a video ": b"\x1a\x45\xdf\xa3" + bytes(60), "a sound or video": b"RIFF\x24\0\0\0AVI LIST",
    "an SVG drawing": b'\xef\xbb\xbf\n<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "a PDF document": b"%PDF-1.7\n", "a PostScript document": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "a web page": b"<!DOCTYPE html><html>", "a zip or office document": b"PK\x03\x04" + bytes(60),
    "an OpenEXR picture": b"v/1\x01" + bytes(60), "a Radiance HDR picture": b"#?RADIANCE\n",
    "a DICOM file": bytes(128) + b"DICM" + bytes(60), "a FITS file": b"SIMPLE  =                    T",
    "a NIfTI volume": bytes(344) + b"n+1\0" + bytes(60), "a NumPy array": b"\x93NUMPY\1\0",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\n",
    "a companion file of macOS": b"\0\5\x16\7\0\2\0\0Mac OS X        ", "a PFM picture": b"PF\n2 2\n-1.0\n" + bytes(48),
    "a compressed file": b"\x1f\x8b\x08\0", "a damaged JPEG": b"\xff\xd8\0\0",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_read_is_named_and_says_how_to_go_on(name: str) -> None:
    data = NAMED[name]
    with pytest.raises(PictureError) as caught:
        open_picture(data)
    sentence = str(caught.value)
    assert f"Can't open this file: This picture is {name.strip()}. " in sentence and sentence.count(". ") == 1
    assert not looks_like_picture(data)


@pytest.mark.parametrize("data", [b"", b"x", b"BM", b"BMW is a car maker, and this is a text.", b"P5", b"PK", b"RIFF",
                                  bytes(5000), b"II", b"\xff", b"Dear reader, this is a letter." * 9])  # fmt: skip
def test_what_nobody_knows(data: bytes) -> None:
    assert kinds.kind_of(data) is None and not looks_like_picture(data)
    with pytest.raises(PictureError, match=r"Can't open this file|is empty"):
        open_picture(data)


def test_brands_of_isobmff() -> None:
    def box(major: bytes, *others: bytes) -> bytes:
        return (16 + 4 * len(others)).to_bytes(4, "big") + b"ftyp" + major + bytes(4) + b"".join(others) + b"meta"

    assert kinds.kind_of(box(b"mif1", b"miaf", b"avif")) == kinds.AVIF
    assert kinds.kind_of(box(b"mif1", b"heic")) == kinds.kind_of(box(b"msf1", b"hevc")) == kinds.HEIC
    assert kinds.kind_of(box(b"avis", b"msf1")) == kinds.AVIF
    assert not kinds.kind_of(box(b"isom", b"avc1")).is_read


def test_places_that_are_no_files(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none", "a\0b"):
        assert not looks_like_picture(place)


def test_the_first_frame_of_an_animation_is_said() -> None:
    for kind in ("GIF", "WEBP", "PNG", "AVIF"):
        found = read_picture(saved(kind, save_all=True, append_images=[Image.new("RGB", PICTURE.size, "red")]))
        assert [str(note) for note in found.notes] == ["the first frame of an animation"]
        assert np.abs(np.asarray(found.picture, int) - RGB).mean() < 12


def test_a_picture_that_is_nearly_black_is_said() -> None:
    mask = Image.fromarray((np.asarray(PICTURE) > 100).astype(np.uint8) * 3)
    assert [str(note) for note in read_picture(saved("PNG", mask)).notes] == [
        "nearly black: the brightest value is 3 of 255"
    ]


def test_sixteen_bit_colours_of_fewer_bits() -> None:
    """What a camera of 12 bits wrote into a PNG or PPM of 16."""
    wide = RGB.astype(np.uint16) * 16
    full, clear = np.full((48, 64), 4095, np.uint16), np.full((48, 64), 65535, np.uint16)
    for ending, values in ((".png", wide), (".ppm", wide), (".png", np.dstack([wide, full])),
                           (".png", np.dstack([wide, clear]))):  # fmt: skip
        swapped = values[..., [2, 1, 0, *range(3, values.shape[2])]]
        found = read_picture(cv2.imencode(ending, swapped)[1].tobytes())
        assert np.abs(np.asarray(found.picture, float) - wide / 4095 * 255).max() <= 1
        assert [str(note) for note in found.notes] == ["values stretched from 0 to 4095"]
    bright = read_picture(cv2.imencode(".png", RGB[..., ::-1].astype(np.uint16) * 257)[1].tobytes())
    assert np.abs(np.asarray(bright.picture, int) - RGB).max() <= 1 and not bright.notes
    half = np.dstack([wide, full // 2])
    found = read_picture(cv2.imencode(".png", half[..., [2, 1, 0, 3]])[1].tobytes())
    assert np.abs(np.asarray(found.picture, float) - (wide / 4095 * 127.5 + 127.5)).max() <= 2


def test_grey_of_fewer_bits_in_sixteen() -> None:
    ramp = np.linspace(0, 4095, 48 * 64).reshape(48, 64).astype(np.uint16)
    pgm = b"P5 64 48 4095\n" + ramp.astype(">u2").tobytes()
    for data, notes in ((saved("PNG", Image.fromarray(ramp)), 1), (pgm, 0)):
        found = read_picture(data)
        assert np.abs(np.asarray(found.picture, float) - ramp[..., None] / 4095 * 255).max() <= 1
        assert len(found.notes) == notes
    with Image.open(io.BytesIO(saved("PNG", Image.fromarray(ramp)))) as opened:
        assert as_picture(opened).tobytes() == read_picture(saved("PNG", Image.fromarray(ramp))).picture.tobytes()


def test_a_png_without_its_last_chunk_and_one_without_its_last_rows() -> None:
    data = saved("PNG")
    assert open_picture(data[:-12]).tobytes() == PICTURE.tobytes()
    at = data.index(b"IDAT") - 4
    rows = [b"\0" + row.tobytes() for row in RGB]
    for left, taken in ((rows, True), (rows[:-1], False), ([*rows[:-1], rows[-1][:-3]], False), (rows[:3], False)):
        packed = zlib.compress(b"".join(left))
        chunk = struct.pack(">L", len(packed)) + b"IDAT" + packed + struct.pack(">L", zlib.crc32(b"IDAT" + packed))
        if taken:
            assert open_picture(data[:at] + chunk + data[-12:]).tobytes() == PICTURE.tobytes()
            continue
        with pytest.raises(PictureError, match="not all there"):
            open_picture(data[:at] + chunk + data[-12:])
    black = Image.new("RGB", (9, 7))
    assert open_picture(saved("PNG", black)).tobytes() == black.tobytes()


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_how_much_a_png_must_hold(depth: int) -> None:
    """The bytes of its rows, also of those of an interlaced one, for every size."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    for colour, channels in {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.items():
        for width, height in ((1, 1), (2, 9), (3, 5), (7, 8), (8, 3), (19, 2), (33, 1)):
            head = bytes(16) + struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
            assert bytes_of_png(head) == height * (1 + math.ceil(width * channels * depth / 8))
            sizes = [(len(range(x, width, dx)), len(range(y, height, dy))) for x, y, dx, dy in passes]
            expected = sum(rows * (1 + math.ceil(columns * channels * depth / 8)) for columns, rows in sizes if columns)
            assert bytes_of_png(head[:28] + b"\1") == expected
