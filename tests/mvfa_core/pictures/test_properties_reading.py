"""What holds of every file of a picture: it is read as it was written, or refused in words, whatever it is."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import tifffile
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from app.services.gallery import Picture, from_reading
from mvfa_core.images import PictureError, looks_like_picture, open_picture, read_picture
from mvfa_core.pictures import Note, kinds, limits
from mvfa_core.pictures.common import read_common
from mvfa_core.pictures.gather import collected, divide, through_palette
from mvfa_core.pictures.jpeg import Outline, outline, read_jpeg
from mvfa_core.pictures.kinds import Kind, kind_of, kind_of_file
from mvfa_core.pictures.levels import Levels, levels_of
from mvfa_core.pictures.paths import NO_PICTURE, Pictures, answer_names, pictures_of
from mvfa_core.pictures.plain import (
    bands,
    brightest,
    fitting,
    orientation,
    over_white,
    plain_rgb,
    put_together,
    reduced,
    starts,
    turned_upright,
    upright_size,
)
from mvfa_core.pictures.png import bytes_of_png, is_whole
from mvfa_core.pictures.strips import Layout, parts
from mvfa_core.pictures.system_files import HIDDEN, system_reason
from mvfa_core.pictures.tiff import pages, read_tiff
from tests.corpus.drawn import SEEDS, few, rng

SIDES = st.integers(1, 40)
SIZES = st.tuples(st.integers(1, 3000), st.integers(1, 3000))


def pixels(seed: int, height: int, width: int, channels: int = 3) -> np.ndarray:
    return rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@few
@given(SEEDS, SIDES, SIDES, st.sampled_from(["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"]),
       st.sampled_from([1, 3, 4]), st.booleans(), st.sampled_from([None, (16, 16), (32, 16)]),
       st.sampled_from([None, "zlib", "lzma"]), st.booleans(), st.sampled_from("<>"), st.booleans(), st.integers(1, 9),
       st.sampled_from([None, 10, 12, 14]))  # fmt: skip
def test_every_tiff(
    seed: int, height: int, width: int, kind: str, channels: int, planes: bool, tile: tuple[int, int] | None,
    compression: str | None, predicted: bool, order: str, big: bool, rows: int, bits: int | None,
) -> None:  # fmt: skip
    """Against the array that was written, and as tifffile reads it where it can."""
    dtype = np.dtype(kind)
    full = 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)
    full = float(2**bits - 1) if bits and kind in ("u2", "i4") else full
    shares = rng(seed).random((height, width, channels))
    shares[0, 0, 0] = 1
    values = (shares * full).astype(dtype)
    shown = values / full
    shape = values[..., 0] if channels == 1 else np.moveaxis(values, -1, 0) if planes else values
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, shape, photometric="minisblack" if channels == 1 else "rgb", tile=tile, compression=compression,
        planarconfig="separate" if planes and channels > 1 else None, byteorder=order, bigtiff=big,
        extrasamples=["unassalpha"] if channels == 4 else None, rowsperstrip=None if tile else rows,
        predictor=2 if predicted and compression and dtype.kind != "f" else None,
    )  # fmt: skip
    if not (predicted and compression):
        assert (tifffile.imread(io.BytesIO(buffer.getvalue())) == shape).all()
    found = read_picture(buffer.getvalue())
    expected = shown[..., :3] * 255
    if channels == 4:
        expected = expected * shown[..., 3:] + 255 * (1 - shown[..., 3:])
    assert np.abs(np.asarray(found.picture, float) - expected).max() <= (1.6 if channels == 4 else 1.001)
    assert read_tiff("it", buffer.getvalue())[1] == found.size_px == (width, height)
    assert pages(buffer.getvalue()) == 1


@few
@given(SEEDS, SIDES, SIDES, st.sampled_from(["PNG", "BMP", "PPM", "TIFF", "WEBP"]),
       st.sampled_from(["RGB", "L", "1", "P", "RGBA", "LA"]), st.binary(max_size=40))  # fmt: skip
def test_every_lossless_picture(seed: int, height: int, width: int, kind: str, mode: str, behind: bytes) -> None:
    """Pixel for pixel as Pillow has them over white; what lies behind changes nothing."""
    transparent = (kind, mode) != ("TIFF", "P")  # the palette of a TIFF has no place for transparency
    picture = Image.fromarray(pixels(seed, height, width, 4 if transparent else 3)).convert(mode)
    assume(kind in ("PNG", "TIFF") or mode in ("RGB", "L") or (kind, mode) == ("WEBP", "RGBA"))
    data = saved(picture, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    expected = over_white(picture).convert("RGB")
    found = read_picture(data + (b"" if kind == "WEBP" else behind))
    assert np.abs(np.asarray(found.picture, int) - np.asarray(expected, int)).max() <= (1 if mode == "LA" else 0)
    assert found.size_px == (width, height) and looks_like_picture(data)
    if kind not in ("TIFF",):
        assert read_common("it", data, kind_of(data))[1] == (width, height)
    one: Picture = from_reading("own", found, "its name")
    assert one.size_px == (width, height) and one.picture is found.picture and one.notes == found.notes
    larger = from_reading("own", found._replace(size_px=(99, 98)))
    assert larger.size_px == (99, 98) and larger.digest != one.digest
    if kind == "PNG":
        assert bytes_of_png(data) > 0 and is_whole(data, Image.open(io.BytesIO(data)))


@few
@given(SEEDS, st.integers(8, 60), st.integers(8, 60), st.booleans(), st.integers(0, 2), st.integers(0, 2),
       st.binary(max_size=200), st.floats(0, 0.98))  # fmt: skip
def test_every_jpeg(
    seed: int, height: int, width: int, progressive: bool, subsampling: int, marker: int, behind: bytes, part: float
) -> None:
    """Whole with and without its end marker, the same with anything behind it, and refused where it is cut."""
    picture = Image.fromarray(pixels(seed, height, width))
    data = saved(picture, "JPEG", progressive=progressive, subsampling=subsampling, quality=90)
    with Image.open(io.BytesIO(data)) as opened:
        expected = opened.convert("RGB").tobytes()
    assert open_picture(data[: len(data) - marker]).tobytes() == expected
    assert open_picture(data + behind).tobytes() == expected
    told: Outline = outline(data + behind)
    assert told.end == len(data) and told.has_end and told.size == (width, height) and told.all_sent
    assert told.is_progressive == progressive and read_jpeg("it", data)[1] == (width, height)
    start = data.index(b"\xff\xda") + 14
    try:
        open_picture(data[: start + int((len(data) - start) * part)])
    except PictureError as error:
        assert "not all there" in str(error)
    else:
        raise AssertionError("a part of the pixels was taken for all")


@few
@given(st.binary(max_size=300), SEEDS, st.sampled_from(["JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "AVIF", "PPM"]),
       st.integers(0, 400), st.integers(0, 255))  # fmt: skip
def test_any_bytes(data: bytes, seed: int, kind: str, place: int, byte: int) -> None:
    """A picture or a sentence, also with one byte changed."""
    spoilt = bytearray(saved(Image.fromarray(pixels(seed, 12, 15)), kind))
    spoilt[place % len(spoilt)] = byte
    for one in (data, bytes(spoilt), bytes(spoilt[:place])):
        known: Kind | None = kind_of(one)
        assert known is None or (known.name and known.is_read == (known in kinds.READ))
        try:
            found = read_picture(one)
        except PictureError as error:
            assert str(error).endswith(".") and "\n" not in str(error)
        else:
            assert looks_like_picture(one) and found.picture.mode == "RGB" and found.picture.info == {}
            assert all(isinstance(note, Note) and "{" not in str(note) for note in found.notes)


@few
@given(st.binary(max_size=60))
def test_kinds_of_files(tmp_path: Any, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    assert kind_of_file(tmp_path / "file") == kind_of(data)


@few
@given(st.lists(st.floats(width=32), min_size=1, max_size=40), st.sampled_from([None, 0.0, -9999.0]))
def test_levels(numbers: list[float], nodata: float | None) -> None:
    """The order of the values is kept, the ends of the span are black and white, and nothing bright becomes black."""
    values = np.array(numbers, np.float64)
    levels = Levels("f", 64, nodata=nodata)
    levels.see(values)
    low, high = levels.span()
    shown = levels.eight_bit(values)
    there = levels.there(values)
    assert low <= high and levels.holes == (~there).sum() and (shown[~there] == 0).all()
    order = np.argsort(values[there], kind="stable")
    assert (np.diff(shown[there][order].astype(int)) >= 0).all()
    if there.any() and values[there].max() > max(values[there].min(), 0):
        assert shown.max() >= 63
    assert all("{" not in str(note) for note in levels.notes())
    whole = levels_of([np.array([[0, 65535]], np.uint16)], np.dtype(np.uint16))
    assert whole.span() == (0, 65535) and not whole.notes()


@few
@given(SIZES, st.integers(1, 10**7))
def test_fitting(size: tuple[int, int], most: int) -> None:
    small = fitting(size, most)
    assert small[0] * small[1] <= most and 1 <= small[0] <= size[0] and 1 <= small[1] <= size[1]
    assert small == size or size[0] * size[1] > most
    spans = list(starts(size, most))
    assert [top for top, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert spans[0][0] == 0 and spans[-1][1] == size[1]
    if size[0] * size[1] > limits.KEPT_PIXELS:
        assert "megapixels" in limits.megapixels(most * 10**6)
        try:
            limits.expect_pixels("it", size, limits.KEPT_PIXELS)
        except PictureError as error:
            assert f"{size[0]} x {size[1]} px" in str(error)
        else:
            raise AssertionError("taken")


@few
@given(SEEDS, SIDES, SIDES, st.sampled_from(["RGB", "L", "RGBA", "P", "CMYK"]), st.integers(1, 400), st.integers(1, 8))
def test_reduced(seed: int, height: int, width: int, mode: str, most: int, turned: int) -> None:
    """No more pixels than asked for, and the same mean; turning comes after and back."""
    picture = Image.fromarray(pixels(seed, height, width, 4)).convert(mode)
    with limits.turn(limits.LARGE):
        small = reduced(picture, most)
    assert small.size == fitting(picture.size, most)
    assert sum(band.height for _, band in bands(picture, most)) == height
    again = put_together(bands(picture.convert("RGB"), most), "RGB", picture.size, most)
    assert again.size == small.size
    plain, _ = plain_rgb(picture, most)
    assert plain.mode == "RGB" and plain.size == small.size and brightest(plain) <= 255
    assert turned_upright(plain, turned).size == upright_size(plain.size, turned) and orientation(plain) == 1
    if most >= height * width:
        assert plain.tobytes() == plain_rgb(picture)[0].tobytes()


@few
@given(SEEDS, st.integers(1, 30), st.integers(1, 30), st.integers(1, 9), st.integers(1, 9), st.booleans(),
       st.integers(1, 3))  # fmt: skip
def test_parts(seed: int, height: int, width: int, rows: int, columns: int, apart: bool, count: int) -> None:
    """Pieces of any size put together are the picture, once averaged too."""
    values = pixels(seed, height, width, count)
    down, across = -(-height // rows), -(-width // columns)
    padded = np.zeros((down * rows, across * columns, count), np.uint8)
    padded[:height, :width] = values
    tiles = [
        padded[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns] for i in range(down) for j in range(across)
    ]
    pieces = (
        [tile[..., band].tobytes() for band in range(count) for tile in tiles]
        if apart
        else [t.tobytes() for t in tiles]
    )
    offsets = tuple(int(n) for n in np.cumsum([0, *map(len, pieces[:-1])]))
    layout = Layout(
        width, height, count, apart, "u", 8, 1, 1, "<", False, (rows, columns), offsets, (*map(len, pieces),)
    )
    data, every = b"".join(pieces), tuple(range(count))
    whole = collected(parts(data, layout, every), layout, count, layout.dtype, np.isfinite)
    assert (whole == values).all()
    palette = rng(seed).integers(0, 256, (3, 256), dtype=np.uint16)
    coloured = list(through_palette(parts(data, layout, (0,)), palette))
    assert all((shown == palette.T[values[top : top + shown.shape[0], left : left + shown.shape[1], 0]]).all()
               for top, left, _, shown in coloured)  # fmt: skip
    layer = np.dstack([values[..., :1] // 2, np.full((height, width, 1), 128, np.uint8)])
    divide(layer)
    assert np.abs(layer[..., 0].astype(int) - np.minimum(values[..., 0] // 2 * (255 / 128), 255)).max() <= 1


FILES = st.lists(
    st.from_regex(r"(u/|U/)?[xX]{1,2}(-cam|-2)?(\.jpg|\.png|\.JPG|\.jpg\.png)?", fullmatch=True),
    max_size=8,
    unique=True,
)


@few
@given(FILES, st.sets(st.sampled_from(["x-cam.png", "x.json", "X"])))
def test_names_of_answers(names: list[str], taken: set[str]) -> None:
    """One a picture, and no two of its files the same, also where capitals make no difference."""
    endings = (".json", "-cam.png", "-2-cam.png")
    found = answer_names(names, endings, taken)
    files = [(name + ending).casefold() for name in found for ending in endings]
    assert len(found) == len(names) and len(set(files)) == len(files)
    assert not {name.casefold() for name in taken} & set(files)
    assert all(one.rpartition("/")[0] == name.rpartition("/")[0] for one, name in zip(found, names, strict=True))


@few
@given(
    st.dictionaries(
        st.from_regex(r"(u/)?\.?[a-c]{1,2}(\.png|\.txt)?", fullmatch=True), st.booleans(), min_size=1, max_size=6
    )
)
def test_pictures_of_a_folder(tmp_path_factory: Any, files: dict[str, bool]) -> None:
    """Every picture, and what is called one, once and in order; the others are counted, each for its reason."""
    folder = tmp_path_factory.mktemp("folder")
    png = saved(Image.new("RGB", (2, 2)), "PNG")
    for name, is_picture in files.items():
        if (folder / name).is_dir() or (folder / name).parent.is_file():
            return
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(png if is_picture else b"words")
    seen = [name for name in files if system_reason(name) is None]
    assert seen == [name for name in files if not name.rpartition("/")[2].startswith(".")]
    wanted = [name for name in seen if files[name] or name.endswith(".png")]
    try:
        found: Pictures = pictures_of([folder, *(folder / name for name in wanted[:1])])
    except PictureError as error:
        assert not wanted and "no pictures in this folder" in str(error)
        return
    assert sorted(name for _, name in found.files) == sorted(wanted)
    reasons = {HIDDEN: len(files) - len(seen), NO_PICTURE: len(seen) - len(wanted)}
    assert found.passed_over == {reason: count for reason, count in reasons.items() if count}
    assert found.told().count(",") == max(0, len(found.passed_over) - 1)
