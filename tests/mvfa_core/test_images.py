"""Opening pictures: real files of every kind, each compared with what it ought to look like."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, features

from mvfa_core import images
from mvfa_core.images import PictureError, as_picture, denormalise, normalise, open_picture, squash, to_tensor


@pytest.fixture
def picture() -> Image.Image:
    """64 x 48 px, every corner and both axes different, smooth enough for JPEG."""
    y, x = np.mgrid[0:48, 0:64]
    rgb = np.stack([40 + 3 * x, 30 + 4 * y, 200 - x - y], axis=-1).astype(np.uint8)
    return Image.fromarray(rgb)


def _apart(a: Image.Image, b: Image.Image) -> float:
    assert a.size == b.size
    return float(np.abs(np.asarray(a, int) - np.asarray(b.convert("RGB"), int)).max())


def _saved(picture: Image.Image, path: Path, **options: object) -> Image.Image:
    picture.save(path, **options)
    opened = open_picture(path)
    assert opened.mode == "RGB" and type(opened) is Image.Image and not opened.info
    return opened


@pytest.mark.parametrize(
    ("name", "options", "limit"),
    [
        ("a.jpg", {"quality": 95}, 12),
        ("a.JPEG", {"quality": 95, "progressive": True}, 12),
        ("a.png", {}, 0),
        ("a.bmp", {}, 0),
        ("a.tif", {}, 0),
        ("b.tiff", {"compression": "tiff_lzw"}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("b.webp", {"quality": 95}, 24),
    ],
)
def test_common_files(tmp_path: Path, picture: Image.Image, name: str, options: dict, limit: int) -> None:
    assert _apart(_saved(picture, tmp_path / name, **options), picture) <= limit


def test_path_text_bytes_and_file_objects_agree(tmp_path: Path, picture: Image.Image) -> None:
    path = tmp_path / "a.png"
    picture.save(path)
    stream = io.BytesIO(path.read_bytes())
    stream.read()  # an upload that was read before
    with path.open("rb") as file:
        for source in (str(path), path.read_bytes(), stream, file):
            assert _apart(open_picture(source), picture) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_exif_orientation(tmp_path: Path, picture: Image.Image, orientation: int, name: str) -> None:
    way = Image.Transpose
    stored_as = {
        1: None,
        2: way.FLIP_LEFT_RIGHT,
        3: way.ROTATE_180,
        4: way.FLIP_TOP_BOTTOM,
        5: way.TRANSPOSE,
        6: way.ROTATE_90,
        7: way.TRANSVERSE,
        8: way.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture if stored_as is None else picture.transpose(stored_as)
    opened = _saved(stored, tmp_path / name, exif=exif, quality=95)
    assert _apart(opened, picture) <= 24
    with Image.open(tmp_path / name) as lazy:
        assert _apart(as_picture(lazy), opened) == 0


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_broken_exif_does_not_cost_the_picture(tmp_path: Path, picture: Image.Image) -> None:
    exif = b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff\x00\x01"
    assert _apart(_saved(picture, tmp_path / "a.jpg", exif=exif, quality=95), picture) <= 12


def test_grey_and_one_bit(tmp_path: Path, picture: Image.Image) -> None:
    for i, stored in enumerate((picture.convert("L"), picture.convert("1"))):
        assert _apart(_saved(stored, tmp_path / f"{i}.png"), stored) == 0


def test_transparency_lies_over_white(tmp_path: Path, picture: Image.Image) -> None:
    alpha = Image.fromarray(np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1)))
    layer = picture.copy()
    layer.putalpha(alpha)
    weight = np.asarray(alpha, float)[..., None] / 255
    expected = np.asarray(picture) * weight + 255 * (1 - weight)
    for name, options in (("a.png", {}), ("a.tif", {}), ("a.webp", {"lossless": True, "exact": True})):
        assert np.abs(np.asarray(_saved(layer, tmp_path / name, **options)) - expected).max() <= 1.5

    grey = picture.convert("L")
    expected = np.asarray(grey, float) * weight[..., 0] + 255 * (1 - weight[..., 0])
    grey.putalpha(alpha)
    opened = np.asarray(_saved(grey, tmp_path / "la.png"))
    assert np.abs(opened - expected[..., None]).max() <= 1.5


def test_palette_and_its_transparent_entry(tmp_path: Path, picture: Image.Image) -> None:
    palette = picture.quantize(16)
    assert _apart(_saved(palette, tmp_path / "a.png"), palette) == 0
    hidden = int(np.asarray(palette)[0, 0])
    opened = np.asarray(_saved(palette, tmp_path / "b.png", transparency=hidden))
    where = np.asarray(palette) == hidden
    assert (opened[where] == 255).all()
    assert np.array_equal(opened[~where], np.asarray(palette.convert("RGB"))[~where])


def test_animations_give_their_first_frame(tmp_path: Path, picture: Image.Image) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    for name in ("a.gif", "a.webp", "a.png", "a.tif"):
        options = {"lossless": True} if name == "a.webp" else {}
        opened = _saved(frames[0], tmp_path / name, save_all=True, append_images=frames[1:], **options)
        assert opened.getpixel((5, 5)) == (255, 0, 0)


def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    for name in ("a.png", "a.tif"):
        opened = np.asarray(_saved(Image.fromarray(values), tmp_path / name))
        assert np.abs(opened[..., 0] - values / 257).max() <= 0.51
        assert (opened[..., 0] == opened[..., 2]).all()
    white_is_zero = np.asarray(_saved(Image.fromarray(values), tmp_path / "w.tif", tiffinfo={262: 0}))
    assert np.array_equal(white_is_zero, 255 - opened)


def test_float_and_32_bit_grey(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 64 * 48).reshape(48, 64)
    for i, (dtype, top) in enumerate([(np.float32, 1), (np.float32, 255), (np.float32, 65535), (np.int32, 65535)]):
        opened = np.asarray(_saved(Image.fromarray((ramp * top).astype(dtype)), tmp_path / f"{i}.tif"))
        assert np.abs(opened[..., 0] - ramp * 255).max() <= 1
    below_zero = np.asarray(_saved(Image.fromarray((ramp * 8 - 5).astype(np.float32)), tmp_path / "s.tif"))[..., 0]
    assert below_zero.min() == 0 and below_zero.max() == 255
    holes = ramp.astype(np.float32)
    holes[:2] = np.nan
    holes[2] = np.inf
    assert (np.asarray(_saved(Image.fromarray(holes), tmp_path / "n.tif"))[:3] == 0).all()
    flat = Image.fromarray(np.full((4, 5), np.nan, np.float32))
    assert (np.asarray(_saved(flat, tmp_path / "f.tif")) == 0).all()
    same = Image.fromarray(np.full((4, 5), -3, np.float32))
    assert _saved(same, tmp_path / "c.tif").size == (5, 4)


def test_cmyk_without_a_profile(tmp_path: Path, picture: Image.Image) -> None:
    assert _apart(_saved(picture.convert("CMYK"), tmp_path / "a.jpg", quality=95), picture) <= 14
    assert _apart(_saved(picture.convert("CMYK"), tmp_path / "a.tif"), picture) <= 1


def test_cmyk_with_a_profile_follows_it(tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """No CMYK profile is free to carry along, so the engine is watched instead: it gets the picture and the profile."""
    asked = []

    class Profile:
        profile = SimpleNamespace(xcolor_space="CMYK", profile_description="Coated paper")

        def __init__(self, data: io.BytesIO) -> None:
            asked.append(data.read() if isinstance(data, io.BytesIO) else data)

    def convert(image: Image.Image, source: object, target: object, **options: object) -> Image.Image:
        asked.append((image.mode, type(source), options))
        return Image.new("RGB", image.size, (1, 2, 3))

    monkeypatch.setattr(ImageCms, "ImageCmsProfile", Profile)
    monkeypatch.setattr(ImageCms, "profileToProfile", convert)
    opened = _saved(picture.convert("CMYK"), tmp_path / "a.jpg", icc_profile=b"a profile")
    assert asked == [b"a profile", ("CMYK", Profile, {"outputMode": "RGB"})]
    assert opened.getpixel((0, 0)) == (1, 2, 3)


def _swapped_profile() -> bytes:
    """sRGB's own profile with its red and green primaries exchanged and another name: effects are easy to foresee."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
    return data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be")).replace(b"sRGB", b"test")


def test_a_foreign_rgb_profile_is_followed(tmp_path: Path) -> None:
    stored = Image.new("RGB", (8, 8), (200, 40, 40))
    opened = _saved(stored, tmp_path / "a.png", icc_profile=_swapped_profile())
    red, green, blue = opened.getpixel((4, 4))
    assert abs(red - 40) <= 4 and abs(green - 200) <= 4 and abs(blue - 40) <= 4


def test_srgb_and_broken_profiles_change_nothing(tmp_path: Path, picture: Image.Image) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for i, profile in enumerate((srgb, b"not a profile", srgb[:200])):
        assert _apart(_saved(picture, tmp_path / f"{i}.png", icc_profile=profile), picture) == 0
    grey = picture.convert("L")
    assert _apart(_saved(grey, tmp_path / "g.png", icc_profile=_swapped_profile()), grey) == 0


def test_lab_tiff(tmp_path: Path, picture: Image.Image) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    opened = _saved(stored, tmp_path / "a.tif")
    assert np.abs(np.asarray(opened, int) - np.asarray(picture, int)).mean() <= 2  # 8-bit Lab is coarse


def _png(width: int, height: int, pixels: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("empty.png", b"", "is empty"),
        ("notes.jpg", b"Dear reader, this is a letter.\n" * 20, "no picture.* Use JPEG, PNG"),
        ("a.svg", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing.*PNG"),
        ("svg.png", b'\n <svg viewBox="0 0 1 1"></svg>', "SVG drawing"),
        ("a.pdf", b"%PDF-1.7\n", "PDF"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        ("huge.png", _png(30_000, 30_000), "64 megapixels"),
        ("large.png", _png(12_000, 9_000), "64 megapixels"),
        ("just.png", _png(9_000, 8_000), "9000 x 8000 px, more than 64 megapixels"),
        ("hollow.png", _png(64, 64), "damaged or cut off"),
        ("zero.png", _png(0, 10), "damaged|no picture"),
        ("head.png", b"\x89PNG\r\n\x1a\n", "damaged|no picture"),
        ("head.gif", b"GIF89a", "damaged|no picture"),
        ("head.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 ", "damaged|no picture"),
        ("icon.ico", b"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00\x68\x04\x00\x00", "is an icon"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_refusals_say_what_was_wrong(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(PictureError, match=told) as caught:
        open_picture(path)
    assert str(tmp_path) not in str(caught.value) and name in str(caught.value)
    with pytest.raises(PictureError, match=told):
        open_picture(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "gif", "bmp", "tif"])
def test_cut_off_files_are_refused(tmp_path: Path, kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8))
    path = tmp_path / f"a.{kind}"
    noise.save(path)
    whole = path.read_bytes()
    for part in (0.5, 0.1):
        with pytest.raises(PictureError):
            open_picture(whole[: int(len(whole) * part)])


def test_missing_files_folders_and_text_streams(tmp_path: Path) -> None:
    for source, told in (
        (tmp_path / "no.png", 'no file "no.png"'),
        (tmp_path, "is a folder"),
        ("a\0b.png", "be opened"),
    ):
        with pytest.raises(PictureError, match=told) as caught:
            open_picture(source)
        assert str(tmp_path.parent) not in str(caught.value)
    with pytest.raises(PictureError, match="binary mode"):
        open_picture(io.StringIO("text"))  # type: ignore[arg-type]


def test_files_over_the_size_limit_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 2**20)
    with pytest.raises(PictureError, match="larger than 1 MiB"):
        open_picture(b"\x89PNG" + bytes(2**20))


def test_as_picture_takes_pictures_and_arrays(picture: Image.Image) -> None:
    array = np.asarray(picture)
    assert as_picture(picture) is picture
    assert _apart(as_picture(array), picture) == 0
    assert _apart(as_picture(array[:, ::-1]), picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 0
    assert as_picture(array[..., 0]).getpixel((3, 2)) == (array[2, 3, 0],) * 3
    clear = np.dstack([array, np.zeros(array.shape[:2], np.uint8)])
    assert np.asarray(as_picture(clear)).min() == 255
    for wrong in (array.astype(float), array[..., :2], array[None], array[:0], "a.png", None):
        with pytest.raises(PictureError, match=r"expected .*got"):
            as_picture(wrong)  # type: ignore[arg-type]


def test_squash_neither_crops_nor_keeps_the_aspect() -> None:
    wide = np.zeros((50, 400, 3), np.uint8)
    wide[:, 200:] = 255
    small = squash(wide, (30, 20))
    assert small.shape == (30, 20, 3) and small.dtype == np.uint8 and small.flags.writeable
    assert (small[:, :9] == 0).all() and (small[:, 11:] == 255).all()
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(squash(stripes, (8, 8)).astype(int) - 127).max() < 12  # antialiased: no moire
    for wrong in ((0, 4), (4, -1)):
        with pytest.raises(ValueError, match="at least 1 px, got"):
            squash(wide, wrong)


def test_to_tensor_against_torchvision(picture: Image.Image) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    weights = transforms.Compose(
        [
            transforms.Resize((40, 30)),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    image_13SS = to_tensor(picture, (40, 30))
    assert image_13SS.shape == (1, 3, 40, 30) and image_13SS.dtype == torch.float32 and image_13SS.is_contiguous()
    assert torch.allclose(image_13SS[0], weights(picture), atol=1e-6)
    assert to_tensor(picture, 28).shape == (1, 3, 28, 28)


def test_normalise_and_back() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (3, 5, 7, 3), dtype=torch.uint8, generator=generator)
    assert torch.equal(denormalise(normalise(pictures)), pictures)
    assert denormalise(torch.full((1, 3, 2, 2), 99.0)).min() == 255
    assert denormalise(torch.full((1, 3, 2, 2), -99.0)).max() == 0
    for wrong in (pictures.float(), pictures[0], pictures.permute(0, 3, 1, 2)):
        with pytest.raises(ValueError, match=r"expected .*got"):
            normalise(wrong)
    for wrong in (pictures.permute(0, 3, 1, 2), normalise(pictures)[0], normalise(pictures).permute(0, 2, 3, 1)):
        with pytest.raises(ValueError, match=r"expected .*got"):
            denormalise(wrong)


def test_every_promised_format_can_be_decoded_here() -> None:
    assert features.check("webp") and features.check("jpg") and features.check("zlib") and features.check("libtiff")
