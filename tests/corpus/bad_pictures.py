"""Pictures: bombs, lies, leftovers, and odd ones that must be taken all the same."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tests.corpus.corpus import Shelf

SCRIPT = "<script>alert(1)</script>"


def fill(shelf: Shelf) -> None:
    """All of them."""
    _no_pictures(shelf)
    _bombs(shelf)
    _odd(shelf)
    _places(shelf)
    for kind, name in (("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("GIF", "a.gif"), ("BMP", "a.bmp"),
                       ("TIFF", "a.tif"), ("AVIF", "a.avif"), ("PPM", "a.ppm")):  # fmt: skip
        shelf.spoil(f"a {kind}", name, saved(picture(), kind), cuts=7, flips=8)
        shelf.put(f"a {kind} called .txt", "a.txt", saved(picture(), kind), True)


def picture(mode: str = "RGB", size: tuple[int, int] = (24, 18)) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    return Image.fromarray(noise).convert(mode)


def saved(one: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    one.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of any claim, its chunks with the right checksums."""
    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    body = b"".join(
        struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _no_pictures(shelf: Shelf) -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>'
    for what, name, data in (
        ("nothing", "empty.png", b""),
        ("one byte", "one.jpg", b"\xff"),
        ("a JPEG's first bytes", "start.jpg", b"\xff\xd8\xff\xe0"),
        ("words", "words.png", b"this is no picture"),
        ("a web page", "page.jpg", f"<html>{SCRIPT}</html>".encode()),
        ("an SVG with a script", "drawing.svg", svg.encode()),
        ("an SVG called PNG", "drawing.png", svg.encode()),
        ("an SVG behind a byte order mark", "drawing.webp", b"\xef\xbb\xbf \n" + svg.encode()),
        ("an SVG with entities", "lol.svg", f'<!DOCTYPE svg [<!ENTITY a "aaa">]>{svg}'.encode()),
        ("a PDF", "page.png", b"%PDF-1.7\n1 0 obj"),
        ("PostScript", "page.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        ("a HEIC file", "phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("a film", "film.png", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        ("an icon", "favicon.ico", saved(picture(), "ICO")),
        ("a Photoshop document", "plain.psd", b"8BPS\0\1" + bytes(60)),
        ("a program", "program.png", b"\x7fELF" + bytes(60)),
        ("a zip", "zip.png", b"PK\x03\x04" + bytes(60)),
        ("a GIF's first bytes before a script", "both.gif", b"GIF89a/*" + SCRIPT.encode()),
        ("zeros", "zeros.bmp", bytes(5_000)),
        ("a WebP's frame around nothing", "a.webp", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24)),
        ("a TIFF whose directory is itself", "loop.tif", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
        ("a TIFF whose directory lies outside", "far.tif", b"II*\0\xff\xff\xff\x7f"),
    ):
        shelf.put(what, name, data)


def _bombs(shelf: Shelf) -> None:
    zeros = zlib.compress(bytes(2**16), 9)
    for width, height in ((30_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1), (64_000_001, 1), (0, 0), (0, 9)):
        shelf.put(f"a PNG that claims {width} x {height} px", "claim.png", png(width, height, (b"IDAT", zeros)))
    press = zlib.compressobj(9)
    row = bytes(1 + 30_000 // 8)
    whole = b"".join(press.compress(row * 500) for _ in range(60)) + press.flush()
    shelf.put(
        "30,000 x 30,000 px that are all there", "bomb.png", png(30_000, 30_000, (b"IDAT", whole), depth=1, colour=0)
    )
    text = b"k\0\0" + zlib.compress(bytes(80 * 2**20), 9)
    shelf.put(
        "80 MiB of text in a PNG", "text.png", png(1, 1, (b"zTXt", text), (b"IDAT", zlib.compress(b"\0abc"))), None
    )
    profile = b"p\0\0" + zlib.compress(bytes(80 * 2**20), 9)
    shelf.put(
        "80 MiB of profile in a PNG", "icc.png", png(1, 1, (b"iCCP", profile), (b"IDAT", zlib.compress(b"\0abc"))), None
    )
    bmp = bytearray(saved(picture(), "BMP"))
    for width, height in ((30_000, 30_000), (2**31 - 1, 1), (24, -(2**31)), (-24, 18)):
        bmp[18:26] = struct.pack("<ll", width, height)
        shelf.put(f"a BMP that claims {width} x {height} px", "claim.bmp", bytes(bmp))
    gif = bytearray(saved(picture("P"), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    shelf.put("a GIF that claims 65,535 x 65,535 px", "claim.gif", bytes(gif))
    tiff = saved(picture(), "TIFF")
    place = tiff.index(struct.pack("<HHLL", 256, 4, 1, 24)) if struct.pack("<HHLL", 256, 4, 1, 24) in tiff else -1
    if place >= 0:
        shelf.put("a TIFF that is 4 billion px wide", "wide.tif", tiff[: place + 8] + b"\xff" * 4 + tiff[place + 12 :])
    progressive = saved(picture(size=(64, 64)), "JPEG", progressive=True)
    last = progressive.rindex(b"\xff\xda")
    shelf.put("a JPEG of 500 scans", "scans.jpg", progressive[:-2] + progressive[last:-2] * 500 + b"\xff\xd9")
    large = shelf.place("large.png")
    with large.open("wb") as file:
        file.write(saved(picture(), "PNG"))
        file.truncate(129 * 2**20)  # sparse: it takes no room
    shelf.note("a picture and 129 MiB of nothing", large)


def _odd(shelf: Shelf) -> None:
    frames = [picture(size=(20, 20)), picture(size=(20, 20)).rotate(90)] * 6
    for kind, name in (("GIF", "many.gif"), ("WEBP", "many.webp"), ("PNG", "many.png"), ("TIFF", "many.tif")):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        shelf.put(f"a {kind} of twelve frames", name, data, True)
    for mode, kind in (("CMYK", "JPEG"), ("CMYK", "TIFF"), ("L", "JPEG"), ("1", "PNG"), ("P", "PNG"), ("LA", "PNG"),
                       ("RGBA", "WEBP"), ("I;16", "PNG"), ("I;16", "TIFF"), ("F", "TIFF"),
                       ("LAB", "TIFF")):  # fmt: skip
        one = picture("I").point(lambda value: value * 256).convert("I;16") if mode == "I;16" else None
        one = one or (picture("L").convert("F") if mode == "F" else _lab() if mode == "LAB" else picture(mode))
        shelf.put(f"a {kind} of mode {mode}", f"mode.{kind.lower()}", saved(one, kind), True)
    floats = Image.fromarray(np.array([[np.nan, np.inf, -np.inf], [1e38, -1e38, 0]], np.float32))
    shelf.put("a TIFF of NaN and infinity", "nan.tif", saved(floats, "TIFF"), True)
    for turned in (0, 1, 3, 6, 8, 9, 65_535):
        exif = Image.Exif()
        exif[0x0112] = turned
        shelf.put(f"EXIF orientation {turned}", "turned.jpg", saved(picture(), "JPEG", exif=exif), True)
    exif = Image.Exif()
    for tag in (0x010E, 0x013B, 0x8298):
        exif[tag] = SCRIPT + "\u202e\x1b[31m"
    shelf.put("EXIF with scripts", "script.jpg", saved(picture(), "JPEG", exif=exif), True)
    jpeg = saved(picture(), "JPEG")
    block = b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(40)
    shelf.put(
        "EXIF that points outside",
        "exif.jpg",
        jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:],
        True,
    )
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for what, profile in (("no profile at all", b"none"), ("half a profile", srgb[:200]), ("a grey profile", srgb)):
        shelf.put(f"{what} as its ICC profile", "icc.jpg", saved(picture("L"), "JPEG", icc_profile=profile), True)
    shelf.put("a PPM", "plain.ppm", saved(picture(), "PPM"), True)
    shelf.put("a picture without its end", "open.jpg", jpeg[:-2], True)
    shelf.put("a picture before 3 MiB of a film", "motion.jpg", jpeg + b"\xff\xda" * (3 * 2**19), True)
    shelf.put("a picture before a zip", "both.jpg", jpeg + b"PK\x03\x04" + bytes(40), True)
    shelf.put("a name that turns round", "a\u202egpj.png", saved(picture(), "PNG"), True)
    shelf.put("a name with markup", "![x](evil) <b>`x`.png", saved(picture(), "PNG"), True)
    shelf.put("a name with colours", "\x1b[31mred\x1b[0m.png", saved(picture(), "PNG"), True)
    shelf.put("a name of 240 letters", "n" * 236 + ".png", saved(picture(), "PNG"), True)
    shelf.put("a name of accents", "a" + "\u0301" * 60 + ".png", saved(picture(), "PNG"), True)
    shelf.put("1 x 1 px", "one.png", saved(picture(size=(1, 1)), "PNG"), True)
    shelf.put("1 x 3,000 px", "thin.png", saved(picture(size=(1, 3_000)), "PNG"), True)


def _lab() -> Image.Image:
    return ImageCms.profileToProfile(
        picture(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )


def _places(shelf: Shelf) -> None:
    folder = shelf.place("folder.png")
    folder.mkdir()
    shelf.note("a folder", folder)
    loop = shelf.place("loop.png")
    loop.symlink_to(loop)
    shelf.note("a link to itself", loop)
    pipe = shelf.place("pipe.png")
    os.mkfifo(pipe)
    shelf.note("a pipe, which never ends", pipe)
    shelf.note("no file", shelf.place("gone.png"))
    shelf.note("a device that never ends", Path("/dev/zero"))
    shelf.note("a name of 10,000 letters", shelf.folder / ("n" * 10_000))
    shelf.note("a path with a zero in it", shelf.folder / "a\0b.png")
