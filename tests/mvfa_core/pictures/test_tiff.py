"""TIFF of every kind, against the arrays that were written and against tifffile."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from mvfa_core.images import PictureError, Reading, open_picture, read_picture
from mvfa_core.pictures import limits
from mvfa_core.pictures.tiff import pages

H, W = 37, 53
Y, X = np.mgrid[0:H, 0:W]
RGB = np.stack([X * 4, Y * 6, 255 - X - Y], -1).astype(np.uint8)
RAMP = np.linspace(0, 65535, H * W).reshape(H, W).astype(np.uint16)


def tiff(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def saved(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", **options)
    return buffer.getvalue()


def apart(found: Reading | Image.Image, expected: np.ndarray) -> float:
    picture = found.picture if isinstance(found, Reading) else found
    wanted = expected if expected.ndim == 3 else expected[..., None]
    return float(np.abs(np.asarray(picture, float) - wanted).max())


def told(found: Reading) -> list[str]:
    return [str(note) for note in found.notes]


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("order", "<>")
def test_bands_together_and_apart(kind: str, tile: tuple[int, int] | None, order: str) -> None:
    dtype = np.dtype(kind)
    full = 1 if dtype.kind == "f" else np.iinfo(dtype).max
    values = (RGB / 255 * full).astype(dtype)
    for planes, compression in ((False, None), (False, "zlib"), (True, None), (True, "zlib")):
        data = tiff(
            np.moveaxis(values, -1, 0) if planes else values, photometric="rgb", tile=tile, byteorder=order,
            planarconfig="separate" if planes else "contig", compression=compression, bigtiff=planes,
            predictor=2 if compression and dtype.kind != "f" else None, rowsperstrip=None if tile else 7,
        )  # fmt: skip
        found = read_picture(data)
        assert apart(found, RGB) <= 1 and not found.notes and found.size_px == (W, H)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "lzma", "zstd", "raw"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_what_pillow_writes(compression: str, mode: str) -> None:
    picture = Image.fromarray(RGB).convert(mode)
    expected = picture.convert("L" if mode == "LA" else "RGB").convert("RGB")
    data = saved(picture, compression=compression)
    if (mode, compression) == ("YCbCr", "raw") and int(Image.__version__.partition(".")[0]) < 13:
        pytest.skip("Pillow before 13 calls the raw YCbCr that it writes itself cut off")
    assert apart(read_picture(data), np.asarray(expected)) <= 1


def test_fax_and_jpeg_inside() -> None:
    stripes = Image.fromarray((X % 7 < 3).astype(np.uint8) * 255).convert("1")
    for compression in ("group3", "group4", "tiff_ccitt"):
        found = read_picture(saved(stripes, compression=compression))
        assert apart(found, np.asarray(stripes.convert("RGB"))) == 0
    assert apart(read_picture(saved(Image.fromarray(RGB), compression="jpeg", quality=95)), RGB) <= 12


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_fewer_bits_than_the_numbers_hold(compression: str) -> None:
    """Never black without a word: 10, 12 and 14 bits in 16 fill the range from black to white, and it is said."""
    for bits in (10, 12, 14):
        found = read_picture(saved(Image.fromarray(RAMP >> (16 - bits)), compression=compression))
        assert apart(found, RAMP / 257) <= 1 and told(found) == [f"values stretched from 0 to {2**bits - 1}"]


def test_twelve_bits_in_colours_with_lzw_and_a_predictor() -> None:
    values = RGB.astype(np.uint16) * 16
    written, data = cv2.imencode(".tif", values[..., ::-1])
    with tifffile.TiffFile(io.BytesIO(data.tobytes())) as file:
        assert written and file.pages.first.compression == 5 and file.pages.first.predictor == 2
    assert apart(read_picture(data.tobytes()), values / 4095 * 255) <= 1


def test_what_the_file_says_of_its_highest_value_is_white() -> None:
    data = tiff(RAMP // 64, extratags=[(281, "H", 1, 2000, True)])
    found = read_picture(data)
    assert apart(found, RAMP // 64 / 2000 * 255) <= 1 and told(found) == ["values stretched from 0 to 2000"]
    dark = read_picture(tiff(RAMP // 64, extratags=[(281, "H", 1, 65535, True)]))  # it lies: all would be black
    assert np.asarray(dark.picture).max() == 255


def packed(values: np.ndarray, bits: int, photometric: int = 1, mirrored: bool = False) -> bytes:
    """A TIFF of one strip whose values lie bit by bit behind each other."""
    rows = [
        np.unpackbits(row.astype(">u4").view(np.uint8)).reshape(-1, 32)[:, 32 - bits :].reshape(-1) for row in values
    ]
    body = b"".join(np.packbits(row).tobytes() for row in rows)
    body = bytes(int(f"{byte:08b}"[::-1], 2) for byte in body) if mirrored else body
    height, width = values.shape
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, photometric), (266, 2 if mirrored else 1),
            (273, 8), (277, 1), (278, height), (279, len(body))]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<L", 8 + len(body)) + body + directory + bytes(4)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 15, 20, 24, 31])
def test_numbers_of_any_bits(bits: int) -> None:
    values = np.rint(RAMP / 65535 * (2**bits - 1)).astype(np.uint32)
    for photometric, mirrored in ((1, False), (0, False), (1, True)):
        found = read_picture(packed(values, bits, photometric, mirrored))
        expected = values / (2**bits - 1) * 255
        assert apart(found, expected if photometric else 255 - expected) <= 1
        assert bool(found.notes) == (bits > 8)


def test_floating_point_numbers_of_other_ranges() -> None:
    ramp = RAMP / 65535
    for low, high in ((0, 1.02), (0, 0.01), (-5, 3), (290, 310), (0, 1e30), (-9e307, 9e307), (0, 4095)):
        values = ramp * high + (1 - ramp) * low
        found = read_picture(tiff(values))
        assert apart(found, ramp * 255) <= 1 and len(found.notes) == 1 and "stretched from" in told(found)[0]
    for top in (1, 255, 65535):
        found = read_picture(tiff((ramp * top).astype(np.float32)))
        assert apart(found, ramp * 255) <= 1 and not found.notes


def test_numbers_that_are_none() -> None:
    values = (RAMP / 65535).astype(np.float32)
    values[0] = np.nan
    found = read_picture(tiff(values))
    expected = RAMP / 257
    expected[0] = 0
    assert apart(found, expected) <= 1 and told(found) == [f"values that are not numbers are shown black: {W}"]
    values[0] = -9999
    nodata = read_picture(tiff(values, extratags=[(42113, "s", 0, "-9999", True)]))
    assert apart(nodata, expected) <= 1 and nodata.notes == found.notes


def test_signed_integers() -> None:
    found = read_picture(tiff((RAMP.astype(int) - 32768).astype(np.int16)))
    assert apart(found, RAMP / 257) <= 1 and told(found) == ["values stretched from -32768 to 32767"]


def test_white_is_zero_at_any_depth() -> None:
    for values in (RAMP, RAMP >> 4, (RAMP >> 8).astype(np.uint8)):
        assert apart(read_picture(tiff(values, photometric="miniswhite")), 255 - RAMP / 257) <= 1.5


def test_transparency_multiplied_and_not() -> None:
    alpha = np.linspace(0, 255, W).astype(np.uint8) * np.ones((H, 1), np.uint8)
    share = alpha[..., None] / 255
    expected = RGB * share + 255 * (1 - share)
    straight = tiff(np.dstack([RGB, alpha]), photometric="rgb", extrasamples=["unassalpha"])
    assert apart(read_picture(straight), expected) <= 1.5
    multiplied = np.rint(RGB * share).astype(np.uint8)
    premultiplied = tiff(np.dstack([multiplied, alpha]), photometric="rgb", extrasamples=["assocalpha"])
    assert apart(read_picture(premultiplied), expected) <= 2
    twelve = np.dstack([RGB.astype(np.uint16) * 16, np.full((H, W), 4095, np.uint16)])
    assert apart(read_picture(tiff(twelve, photometric="rgb", extrasamples=["unassalpha"])), RGB / 4095 * 16 * 255) <= 1


def test_palettes_of_8_and_16_bits() -> None:
    palette = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint16)
    values = (X + Y).astype(np.uint8)
    for colormap in (palette, palette * 256, palette * 257):
        found = read_picture(tiff(values, photometric="palette", colormap=colormap))
        assert apart(found, palette.T[values]) == 0


def test_ink_is_not_stretched() -> None:
    pale = np.full((H, W, 4), 9, np.uint8)
    eight = read_picture(tiff(pale, photometric="separated", planarconfig="contig"))
    sixteen = read_picture(tiff(pale.astype(np.uint16) * 257, photometric="separated", planarconfig="contig"))
    assert np.asarray(eight.picture).min() > 230 and not eight.notes
    assert apart(sixteen, np.asarray(eight.picture)) <= 1 and not sixteen.notes


def test_many_bands_are_named_and_chosen() -> None:
    bands = np.dstack([RGB.astype(np.uint16) * 16] * 4 + [RAMP])
    for options in ({"planarconfig": "contig"}, {"planarconfig": "separate"}):
        values = bands if options["planarconfig"] == "contig" else np.moveaxis(bands, -1, 0)
        data = tiff(values, photometric="minisblack", **options)
        with pytest.raises(PictureError, match=r"TIFF of 13 bands of 16-bit integers.*--bands 4 3 2"):
            read_picture(data)
        found = read_picture(data, bands=(6, 5, 4))
        assert apart(found, RGB[..., ::-1] / 4095 * 16 * 255) <= 1
        assert told(found)[0] == "bands 6, 5, 4 of 13 shown as red, green and blue"
        grey = read_picture(data, bands=(13, 13, 13))
        assert apart(grey, RAMP / 257) <= 1
        with pytest.raises(PictureError, match="13 bands: expected three numbers from 1 to 13"):
            read_picture(data, bands=(1, 2, 14))
    with pytest.raises(PictureError, match="2 bands of 8-bit"):
        read_picture(tiff(RGB[..., :2], photometric="minisblack", planarconfig="contig"))
    png = io.BytesIO()
    Image.fromarray(RGB).save(png, "PNG")
    with pytest.raises(PictureError, match="PNG picture; bands are chosen of a TIFF only"):
        read_picture(png.getvalue(), bands=(1, 2, 3))


def test_three_bands_without_a_meaning_and_more_than_three_colours_are_said() -> None:
    found = read_picture(tiff(RGB, photometric="minisblack", planarconfig="contig"))
    assert apart(found, RGB) == 0 and "bands 1, 2, 3 of 3" in told(found)[0]
    infrared = read_picture(tiff(np.dstack([RGB, RGB[..., :1]]), photometric="rgb", extrasamples=["unspecified"]))
    assert apart(infrared, RGB) == 0 and "bands 1, 2, 3 of 4" in told(infrared)[0]


def test_the_first_of_several_pages_is_said() -> None:
    stack = np.stack([RGB[..., 0]] + [RGB[..., 1]] * 4)
    for options in ({}, {"ome": True}, {"imagej": True}, {"volumetric": True, "tile": (1, 16, 16)}):
        found = read_picture(tiff(stack, photometric="minisblack", **options))
        assert apart(found, RGB[..., 0]) == 0 and told(found) == ["the first of 5 pages"]
    loop = b"II*\0\x08\0\0\0\x00\0\x08\0\0\0"
    assert pages(loop) == 1 and pages(b"II*\0") == 0


def test_a_thumbnail_before_the_picture_is_not_taken_for_it() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(RGB[::4, ::4], photometric="rgb", subfiletype=1)
        writer.write(RGB, photometric="rgb")
    assert apart(read_picture(buffer.getvalue()), RGB) == 0


def test_raw_photographs_are_named_and_never_read_as_their_thumbnail() -> None:
    dng = tiff(RGB, photometric="rgb", extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])
    mosaic = tiff(
        RAMP, photometric="cfa", extratags=[(33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True)]
    )
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(RGB[::4, ::4], photometric="rgb", subfiletype=1, subifds=1)
        writer.write(RAMP, photometric="cfa")
    canon = b"II*\0\x10\0\0\0CR\2\0" + tiff(RGB)[12:]
    for data in (dng, mosaic, buffer.getvalue(), canon):
        with pytest.raises(PictureError, match=r"is a raw photograph. Export it as TIFF or JPEG"):
            read_picture(data)


def test_what_cannot_be_read_is_named() -> None:
    for data, words in (
        (tiff(RAMP.astype(np.complex64)), "64-bit complex numbers"),
        (patched(tiff(RAMP), 259, 34712), "compression JPEG.*2000"),
        (patched(tiff(RAMP), 259, 34887), "compression LERC"),
        (patched(tiff(RAMP), 259, 4242), "compression number 4242"),
        (patched(tiff(RAMP), 262, 32844), "colours LOGL"),
    ):
        with pytest.raises(PictureError, match=words) as caught:
            read_picture(data)
        assert "Save it" in str(caught.value)


def patched(data: bytes, tag: int, value: int) -> bytes:
    """The TIFF with another value of one tag."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        at = file.pages.first.tags[tag].valueoffset
    return data[:at] + struct.pack("<H", value) + data[at + 2 :]


def test_cut_off_and_spoilt_files_are_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 65535, (H, W, 3), dtype=np.uint16)
    for options in ({}, {"compression": "zlib"}, {"tile": (16, 16)}):
        data = tiff(noise, photometric="rgb", **options)
        for part in (0.9, 0.5, 0.1, *(() if "tile" in options else (0.99,))):  # the last tile is padded
            with pytest.raises(PictureError):
                read_picture(data[: int(len(data) * part)])
    lzw = saved(Image.fromarray(noise[..., 0]), compression="tiff_lzw")
    with pytest.raises(PictureError, match="damaged or cut off"):
        read_picture(lzw[:8] + bytes(400) + lzw[408:])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int) -> None:
    for compression in (None, "jpeg"):
        found = read_picture(saved(Image.fromarray(RGB), tiffinfo={274: orientation}, compression=compression))
        expected = Image.fromarray(RGB)
        expected.getexif()[274] = orientation
        buffer = io.BytesIO()
        expected.save(buffer, "PNG", exif=expected.getexif())
        assert found.size_px == found.picture.size
        assert apart(found, np.asarray(open_picture(buffer.getvalue()))) <= (60 if compression else 0)


def test_a_large_one_is_reduced_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means of blocks, in strips and tiles that do not fit the blocks, are what Pillow's are; nothing is shifted."""
    monkeypatch.setattr(limits, "KEPT_PIXELS", 400)
    for tile in (None, (16, 32)):
        for values in (RGB, RGB.astype(np.uint16) * 257, (RGB / 255).astype(np.float32)):
            data = tiff(values, photometric="rgb", tile=tile, rowsperstrip=None if tile else 5, compression="zlib")
            found = read_picture(data)
            expected = Image.fromarray(RGB).resize(found.picture.size, Image.Resampling.BOX)
            assert found.size_px == (W, H) and found.picture.width * found.picture.height <= 400
            assert told(found)[0] == f"reduced from {W} x {H} px" and apart(found, np.asarray(expected)) < 25
            assert np.abs(np.asarray(found.picture, float).mean((0, 1)) - RGB.mean((0, 1))).max() < 3
    holes = (RAMP / 65535).astype(np.float32)
    holes[::2, ::2] = np.nan
    assert np.abs(np.asarray(read_picture(tiff(holes)).picture, float).mean() - 127.5) < 4


def test_one_piece_that_is_too_large_is_refused() -> None:
    data = tiff(np.zeros((4, 4), np.uint8), tile=(16, 16), compression="lzma")
    assert read_picture(data).picture.size == (4, 4)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        places = [file.pages.first.tags[tag].valueoffset for tag in (322, 323)]
    for place in places:
        data = data[:place] + struct.pack("<L", 2**15)[:2] + data[place + 2 :]
    with pytest.raises(PictureError, match="in one piece of more than 256 MiB"):
        read_picture(data)
