"""What a file is, told by its first bytes and never by its ending."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

HEAD = 4096
"""Bytes from the start of a file that tell its kind."""


@dataclass(frozen=True)
class Kind:
    """A kind of file. `advice` says how to go on with one that is not read here; it is empty for those that are."""

    name: str
    advice: str = ""

    @property
    def is_read(self) -> bool:
        return not self.advice


JPEG, PNG, WEBP, GIF, BMP = Kind("JPEG"), Kind("PNG"), Kind("WebP"), Kind("GIF"), Kind("BMP")
TIFF, AVIF, HEIC, PNM = Kind("TIFF"), Kind("AVIF"), Kind("HEIC"), Kind("PNM")
READ = (JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIC, PNM)
READ_SENTENCE = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC or PNM"

_SAVE = "Save it as PNG or JPEG."
_RAW = "Export it as TIFF or JPEG with a program for raw photographs."
_FRAME = "Save one frame of it as PNG or JPEG."
RAW = Kind("a raw photograph", _RAW)
_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\x8aMNG\r\n\x1a\n", Kind("an MNG animation", _FRAME)),
    (b"\x8bJNG\r\n\x1a\n", Kind("a JNG picture", _SAVE)),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Kind("a JPEG 2000 picture", _SAVE)),
    (b"\xff\x4f\xff\x51", Kind("a JPEG 2000 picture", _SAVE)),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Kind("a JPEG XL picture", _SAVE)),
    (b"\xff\x0a", Kind("a JPEG XL picture", _SAVE)),
    (b"\xff\xd8", Kind("a damaged JPEG", "Save or download it again.")),
    (b"II\xbc\x01", Kind("a JPEG XR picture", _SAVE)),
    (b"8BPS", Kind("a Photoshop document", "Export it as PNG or JPEG.")),
    (b"gimp xcf", Kind("a GIMP document", "Export it as PNG or JPEG.")),
    (b"DDS ", Kind("a DDS texture", _SAVE)),
    (b"qoif", Kind("a QOI picture", _SAVE)),
    (b"v/1\x01", Kind("an OpenEXR picture", "Tone-map it and save it as PNG or JPEG.")),
    (b"#?RADIANCE", Kind("a Radiance HDR picture", "Tone-map it and save it as PNG or JPEG.")),
    (b"#?RGBE", Kind("a Radiance HDR picture", "Tone-map it and save it as PNG or JPEG.")),
    (b"BPG\xfb", Kind("a BPG picture", _SAVE)),
    (b"FLIF", Kind("a FLIF picture", _SAVE)),
    (b"AT&TFORM", Kind("a DjVu document", "Export the page as PNG.")),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\0", RAW),
    (b"SIMPLE  =", Kind("a FITS file", "Save one plane of it as PNG or TIFF.")),
    (b"\x89HDF\r\n\x1a\n", Kind("an HDF5 file", "Save one array of it as PNG or TIFF.")),
    (b"\x93NUMPY", Kind("a NumPy array", "Save it as PNG or TIFF.")),
    (b"%!PS", Kind("a PostScript document", "Export it as PNG.")),
    (b"\xc5\xd0\xd3\xc6", Kind("a PostScript document", "Export it as PNG.")),
    (b"\xd7\xcd\xc6\x9a", Kind("a Windows metafile", "Export it as PNG.")),
    (b"\x1a\x45\xdf\xa3", Kind("a video", _FRAME)),
    (b"PK\x03\x04", Kind("a zip or office document", "Choose a picture in it.")),
    (b"Rar!\x1a\x07", Kind("an archive", "Choose a picture in it.")),
    (b"7z\xbc\xaf\x27\x1c", Kind("an archive", "Choose a picture in it.")),
    (b"\x1f\x8b", Kind("a compressed file", "Unpack it first.")),
    (b"\x28\xb5\x2f\xfd", Kind("a compressed file", "Unpack it first.")),
    (b"\0\5\x16\7", Kind("a companion file of macOS", "Choose the picture itself, without ._ before its name.")),
    (b"\0\5\x16\0", Kind("a companion file of macOS", "Choose the picture itself, without ._ before its name.")),
    (b"version https://git-lfs", Kind("a pointer of Git LFS", "Fetch the picture itself with git lfs pull.")),
)  # fmt: skip
_BRANDS = (
    ((b"avif", b"avis"), AVIF),
    ((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), HEIC),
    ((b"crx ",), RAW),
)
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)


def kind_of(head: bytes) -> Kind | None:
    """The kind of the file that begins with these bytes, `HEAD` of them or more; None for one that nobody knows."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return WEBP if head[8:12] == b"WEBP" else Kind("a sound or video", _FRAME) if head[8:12] else None
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return RAW if head[8:10] == b"CR" else TIFF
    if head[4:8] == b"ftyp":
        return _branded(head)
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free") and head[:2] == b"\0\0":
        return Kind("a video", _FRAME)
    if head[:2] == b"BM" and len(head) >= 18:
        return BMP if struct.unpack("<L", head[14:18])[0] in _BMP_HEADERS else _worded(head)
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b" ", b"\t", b"\n", b"\r", b"#"):
        return PNM
    if head[:3] in (b"PF\n", b"Pf\n", b"PF\r", b"Pf\r"):
        return Kind("a PFM picture", "Save it as TIFF or PNG.")
    if head[:2] == b"P7" and head[2:3] in (b"\n", b"\r"):
        return Kind("a PAM picture", _SAVE)
    if head[:3] == b"\0\0\1" and head[3:4] == b"\0" and head[4:6] != b"\0\0" and head[9:10] == b"\0":
        return Kind("an icon", "Save it as PNG.")
    if head[128:132] == b"DICM":
        return Kind("a DICOM file", "Export it as PNG or TIFF.")
    if head[344:348] in (b"n+1\0", b"ni1\0"):
        return Kind("a NIfTI volume", "Save one slice of it as PNG or TIFF.")
    return _worded(head) or _headless(head)


def kind_of_file(path: str | Path) -> Kind | None:
    """The kind of a file; None for one that nobody knows. Raises `OSError` where it cannot be opened."""
    with open(path, "rb") as file:
        return kind_of(file.read(HEAD))


def _branded(head: bytes) -> Kind | None:
    """ISO base media: the major brand says what it is, and where it only says "pictures", the compatible ones do."""
    size = min(max(int.from_bytes(head[:4], "big"), 16), HEAD)
    major, others = head[8:12], [head[i : i + 4] for i in range(16, size, 4)]
    for brand in (major, *(others if major in (b"mif1", b"msf1", b"mif2", b"1pic") else ())):
        for brands, kind in _BRANDS:
            if brand in brands:
                return kind
    return HEIC if major in (b"mif1", b"msf1", b"mif2") else Kind("a video", _FRAME)


def _worded(head: bytes) -> Kind | None:
    """Documents made of words, which may begin with a byte order mark and blanks."""
    words = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    if b"<svg" in words[:1024]:
        return Kind("an SVG drawing", "Export it as PNG.")
    if words.startswith(b"%pdf"):
        return Kind("a PDF document", "Export the page as PNG.")
    if words.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return Kind("a web page", "Download the picture itself.")
    return None


def _headless(head: bytes) -> Kind | None:
    """TGA has no first bytes of its own, only a header in which little is possible."""
    if len(head) < 18:
        return None
    mapped, form = head[1], head[2]
    width, height, depth = struct.unpack("<HHB", head[12:17])
    fits = (mapped, form) in ((1, 1), (1, 9), (0, 2), (0, 3), (0, 10), (0, 11)) and depth in (8, 15, 16, 24, 32)
    return Kind("a TGA picture", _SAVE) if fits and width and height and head[17] & 0xC0 == 0 else None
