"""JPEG: where it ends, whether it is whole, and how it is reduced."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mvfa_core.images import PictureError, open_picture, read_picture
from mvfa_core.pictures import limits
from mvfa_core.pictures.jpeg import outline

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8))
GREY = Image.new("RGB", (90, 70), (128, 128, 128))
FORMS = [
    {}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}, {"optimize": True}, {"quality": 30},
    {"mode": "L"}, {"mode": "L", "progressive": True}, {"mode": "CMYK"}, {"keep_rgb": True},
]  # fmt: skip


def jpeg(picture: Image.Image = NOISE, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_without_the_end_marker_all_pixels_are_there(form: dict) -> None:
    for picture in (NOISE, GREY):
        data = jpeg(picture, **form)
        whole = open_picture(data)
        for cut in (data[:-2], data[:-1], data[:-2] + b"\xff", data[:-2] + b"\xff\xff"):
            assert same(open_picture(cut), whole)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_truly_cut_off_ones_are_refused(form: dict) -> None:
    """At any place, also where an end marker was put behind what is left. A progressive one that was cut between two
    scans shows every pixel, and less of it: it is refused where its end marker is missing, too."""
    data = jpeg(**form)
    start = data.index(b"\xff\xda") + 12
    for part in (0.0, 0.1, 0.5, 0.9, 0.99):
        cut = data[: start + int((len(data) - 10 - start) * part)]
        with pytest.raises(PictureError, match="not all there"):
            open_picture(cut)
        if not form.get("progressive") and form.get("mode") != "CMYK":
            with pytest.raises(PictureError, match="not all there"):
                open_picture(cut.rstrip(b"\xff") + b"\xff\xd9")


def test_a_progressive_one_between_two_scans() -> None:
    data = jpeg(progressive=True)
    places = [i for i in range(len(data)) if data[i : i + 2] == b"\xff\xda"]
    assert len(places) > 4
    for place in places[1:]:
        header = data.rindex(b"\xff\xc4", 0, place) if b"\xff\xc4" in data[places[0] : place] else place
        with pytest.raises(PictureError, match="not all there"):
            open_picture(data[:header])


def test_grey_that_is_meant_is_taken() -> None:
    for form in FORMS:
        assert np.ptp(np.asarray(open_picture(jpeg(GREY, **form)))) <= 2


def test_what_lies_behind_the_end_is_not_looked_at() -> None:
    data = jpeg()
    whole = open_picture(data)
    film = b"\0\0\0\x18ftypmp42" + np.random.default_rng(1).bytes(2**21)
    for more in (film, b"\xff\xda" * 5000, data * 3, b"\xff\xd8\xff" * 100, b"PK\x03\x04", b"\0"):
        assert same(open_picture(data + more), whole)


def test_scans_are_counted_in_the_stream_alone() -> None:
    """Not in a thumbnail, a comment or the pixels, and not behind the end."""
    marker = b"\xff\xda"
    data = jpeg(progressive=True)
    comment = b"\xff\xfe" + (2 + 200 * len(marker)).to_bytes(2, "big") + marker * 200
    assert outline(data[:2] + comment + data[2:] + marker * 200).scans == outline(data).scans == data.count(marker)
    assert same(open_picture(data[:2] + comment + data[2:]), open_picture(data))
    last = data.rindex(marker)
    for count in (50, 500):
        bomb = data[:-2] + data[last:-2] * count + data[-2:]
        assert outline(bomb).scans == min(outline(data).scans + count, limits.MAX_SCANS + 1)
    with pytest.raises(PictureError, match="goes over its pixels more than 100 times"):
        open_picture(bomb)


def test_the_first_picture_of_several_as_phones_and_3d_cameras_write_them() -> None:
    buffer = io.BytesIO()
    NOISE.save(buffer, "MPO", save_all=True, append_images=[GREY, GREY])
    with Image.open(io.BytesIO(buffer.getvalue())) as opened:
        assert opened.format == "MPO" and opened.n_frames == 3
    assert same(open_picture(buffer.getvalue()), open_picture(jpeg()))


def test_twelve_bits_and_lossless_are_named() -> None:
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 4] = 12
    with pytest.raises(PictureError, match=r"12-bit JPEG.*Save it as PNG"):
        open_picture(bytes(data))
    data[at + 1], data[at + 4] = 0xC3, 8
    with pytest.raises(PictureError, match="lossless JPEG"):
        open_picture(bytes(data))


def test_a_large_photograph_is_reduced_while_it_is_decoded() -> None:
    y, x = np.mgrid[0:3000, 0:4000]
    ramp = np.stack([x * 255 // 3999, y * 255 // 2999, np.full_like(x, 90)], -1).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, "JPEG", quality=95, exif=exif)
    found = read_picture(buffer.getvalue())
    assert found.size_px == (3000, 4000) and [str(note) for note in found.notes] == ["reduced from 3,000 x 4,000 px"]
    width, height = found.picture.size
    assert width * height <= 4_000_000 < (width + 1) * (height + 2) and abs(width / height - 0.75) < 0.001
    turned = Image.fromarray(ramp).transpose(Image.Transpose.ROTATE_270).resize((width, height), Image.Resampling.BOX)
    assert np.abs(np.asarray(found.picture, int) - np.asarray(turned, int)).max() <= 6


def test_what_a_network_sees_of_a_reduced_picture_is_the_same() -> None:
    from mvfa_core.images import squash

    sharp = np.kron(
        np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8), np.ones((40, 40, 1), np.uint8)
    )
    buffer = io.BytesIO()
    Image.fromarray(sharp).save(buffer, "PNG", compress_level=1)
    found = read_picture(buffer.getvalue())
    assert found.size_px == (3200, 2400) and found.picture.size < found.size_px
    apart = np.abs(squash(found.picture, (224, 224)).astype(int) - squash(sharp, (224, 224)))
    assert apart.mean() < 0.5 and apart.max() <= 6
