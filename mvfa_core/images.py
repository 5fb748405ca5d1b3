"""Open a picture safely, and carry pictures to tensors and back.

    B images · S image side in px

Whatever the file was (grey, CMYK, 16-bit, transparent, turned by its EXIF tag, wide-gamut), what comes out of this
room is an upright 8-bit sRGB picture, or a `PictureError` whose sentence can be shown to the person who chose the file.
"""

from __future__ import annotations

import hashlib
import io
import stat
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from mvfa_core.names import visible

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
FORMATS_SENTENCE = "JPEG, PNG, WebP, GIF, BMP or TIFF"
MAX_PIXELS = 64_000_000
MAX_BYTES = 128 * 2**20
MAX_SCANS = 100
"""Of a progressive JPEG: each goes over the whole picture, cameras write about ten."""

# Channel statistics of ImageNet, the convention of every pretrained backbone offered here.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

Picture = Image.Image | np.ndarray


class PictureError(ValueError):
    """A picture that cannot be used; the message says what was wrong and what to do about it."""


def open_picture(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """An upright 8-bit sRGB picture (PIL, mode RGB) from a path, the bytes of a file, or a binary file object.

    Animations give their first frame, transparency lies over white, embedded colour profiles are followed, and the
    EXIF orientation is applied. A seekable file object is read from its start, wherever it stood.

    Raises `PictureError` for anything that is not one whole picture of at most `MAX_BYTES` and `MAX_PIXELS`.
    """
    name, data = _read(source)
    if not data:
        raise PictureError(f"{name} is empty (0 bytes). Save or download it again.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"{name} is larger than {MAX_BYTES // 2**20} MiB, the limit for one file. Save a smaller copy of it."
        )
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise PictureError(f"{name} {_unknown(data)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{name} claims far more than {_megapixels()}. Save a smaller copy of it.") from None
    except Exception:  # Pillow lets many kinds of error out of a malformed header
        raise PictureError(f"{name} is damaged: its header cannot be read. Save or download it again.") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureError(
            f"{name} is {picture.width} x {picture.height} px, more than {_megapixels()}. Save a smaller copy of it."
        )
    if picture.format == "JPEG" and data.count(b"\xff\xda") > MAX_SCANS:
        raise PictureError(f"{name} goes over its pixels more than {MAX_SCANS} times. Save it anew as JPEG or PNG.")
    try:
        picture.load()
    except MemoryError:
        raise PictureError(f"{name} takes more memory than there is. Save a smaller copy of it.") from None
    except Exception:  # as above, for the pixels
        raise PictureError(
            f"{name} is damaged or cut off: its pixels are not all there. Save or download it again."
        ) from None
    try:
        return _plain_rgb(picture)
    except Exception as error:  # what is odd about the pixels shows here, in as many ways
        kind = type(error).__name__
        raise PictureError(f"{name} cannot be turned into RGB ({kind}). Save it as an 8-bit RGB PNG.") from None


def as_picture(picture: Picture) -> Image.Image:
    """A PIL picture in mode RGB from a PIL picture of any mode or a uint8 array (H, W), (H, W, 3) or (H, W, 4).

    A PIL picture gets what `open_picture` would have done to its file, so that both ways give the same pixels.
    Raises `PictureError` for any other type, dtype or shape.
    """
    if isinstance(picture, Image.Image):
        if picture.mode == "RGB" and not picture.info and not picture.getexif():
            return picture
        return _plain_rgb(picture)
    if not isinstance(picture, np.ndarray):
        raise PictureError(f"expected a PIL picture or a uint8 array, got {type(picture).__name__}")
    is_image = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4))
    if picture.dtype != np.uint8 or not is_image or 0 in picture.shape:
        raise PictureError(
            f"expected a uint8 array (H, W), (H, W, 3) or (H, W, 4), got {picture.dtype} {tuple(picture.shape)}"
        )
    return _over_white(Image.fromarray(np.ascontiguousarray(picture))).convert("RGB")


def pixel_digest(picture: Image.Image) -> str:
    """A short name for the size and the pixels of a picture: what was shown, whatever file it came from."""
    return hashlib.blake2b(f"{picture.size}".encode() + picture.tobytes(), digest_size=12).hexdigest()


def squash(picture: Picture, size: tuple[int, int]) -> np.ndarray:
    """The whole picture pressed into `size` = (h, w) px: uint8 (h, w, 3). Neither crops nor keeps the aspect.

    Bilinear with antialiasing. Raises `ValueError` unless both sides are at least 1 px.
    """
    h, w = size
    if h < 1 or w < 1:
        raise ValueError(f"size must be (h, w) of at least 1 px, got {size}")
    return np.array(as_picture(picture).resize((int(w), int(h)), Image.Resampling.BILINEAR))


def to_tensor(picture: Picture, size: int | tuple[int, int]) -> Tensor:
    """image_13SS: float32 (1, 3, h, w), the picture squashed to `size` (one side, or (h, w), in px) and normalised."""
    hw = (size, size) if isinstance(size, int) else size
    return normalise(torch.from_numpy(squash(picture, hw))[None])


def normalise(images_BHWC: Tensor) -> Tensor:
    """image_B3SS: float32 (B, 3, H, W) with ImageNet's statistics, from uint8 (B, H, W, 3), on the tensor's device.

    Raises `ValueError` for another dtype or shape.
    """
    if images_BHWC.dtype != torch.uint8 or images_BHWC.ndim != 4 or images_BHWC.shape[-1] != 3:
        raise ValueError(f"expected uint8 (B, H, W, 3), got {images_BHWC.dtype} {tuple(images_BHWC.shape)}")
    mean, std = _statistics(images_BHWC.device)
    image_B3SS = images_BHWC.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
    # in place: on a CPU fresh memory for every operation costs more than the operations
    return image_B3SS.div_(255).sub_(mean).div_(std)


def denormalise(image_B3SS: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) from image_B3SS, the inverse of `normalise`; values outside 0-255 are clamped.

    Raises `ValueError` for another shape or an integer dtype.
    """
    if not image_B3SS.is_floating_point() or image_B3SS.ndim != 4 or image_B3SS.shape[1] != 3:
        raise ValueError(f"expected floating-point (B, 3, H, W), got {image_B3SS.dtype} {tuple(image_B3SS.shape)}")
    mean, std = _statistics(image_B3SS.device)
    values = (image_B3SS.detach().float() * std + mean) * 255
    return values.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _statistics(device: torch.device) -> tuple[Tensor, Tensor]:
    # non_blocking: made on the device, six numbers would hold up the program until the device has nothing left to do
    mean, std = (torch.tensor(values).view(1, 3, 1, 1).to(device, non_blocking=True) for values in (MEAN, STD))
    return mean, std


def _read(source: str | Path | bytes | BinaryIO) -> tuple[str, bytes]:
    """(what to call it in a message, at most MAX_BYTES + 1 of its bytes). Only the file's own name is ever told."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "This picture", bytes(source)
    if isinstance(source, (str, Path)):
        path = Path(source)
        name = f'"{visible(path.name)}"'
        try:
            if stat.S_ISDIR(path.stat().st_mode):
                raise PictureError(f"{name} is a folder. Choose one picture in it.")
            if not path.is_file():  # a pipe or a device would never end
                raise PictureError(f"{name} is not a file. Choose a {FORMATS_SENTENCE} file.")
            with path.open("rb") as file:
                return name, file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise PictureError(f"There is no file {name}. Check its name and folder.") from None
        except (OSError, ValueError) as error:
            if isinstance(error, PictureError):
                raise
            raise PictureError(f"{name} cannot be opened. Check its name and that you may read it.") from None
    given = getattr(source, "name", None)
    name = f'"{visible(Path(given).name)}"' if isinstance(given, str) and given else "This picture"
    try:
        if source.seekable():
            source.seek(0)  # an uploaded file may have been read before
        data = source.read(MAX_BYTES + 1)
    except (AttributeError, OSError, ValueError):
        raise PictureError(f"{name} cannot be read. Choose the file again.") from None
    if not isinstance(data, bytes):
        raise PictureError(f"{name} was opened as text. Open it in binary mode.")
    return name, data


def _unknown(data: bytes) -> str:
    """The rest of a sentence about a file that is none of `FORMATS`."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "is an SVG drawing, which has no pixels. Export it as PNG."
    if data[4:8] == b"ftyp":
        return "is a HEIC, AVIF or video file. Save it as JPEG or PNG."
    if head.startswith(b"%pdf"):
        return "is a PDF document. Export the page as PNG."
    return f"is not a picture that can be read here. Use {FORMATS_SENTENCE}."


def _megapixels() -> str:
    return f"{MAX_PIXELS // 1_000_000} megapixels, the limit for one picture"


def _plain_rgb(picture: Image.Image) -> Image.Image:
    """Upright, 8-bit, opaque, sRGB, and without leftovers of the file (a stale profile would be saved along)."""
    profile = picture.info.get("icc_profile")
    # Pillow turns a TIFF that counts from white to black the right way round, but not at 16 bits.
    negative = picture.mode.startswith("I;16") and getattr(picture, "tag_v2", {}).get(262) == 0
    picture = _upright(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _eight_bit(picture)
    picture = ImageOps.invert(picture) if negative else picture
    picture = _over_white(picture)
    if picture.mode in ("P", "HSV", "YCbCr", "RGBX", "1"):
        picture = picture.convert("RGB")
    picture = _to_srgb(picture, profile).convert("RGB")
    picture.info = {}
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # a broken EXIF block is no reason to refuse good pixels
        return picture


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Mode L from 16-bit, 32-bit or float grey. The range of the type is kept, never clipped.

    16-bit: 0-65535. Float: 0-1, 0-255 or 0-65535, the smallest of them that holds the values; 32-bit: the same but for
    0-1. Anything else is stretched between its lowest and highest value. Values that are not finite become black.
    """
    values = np.asarray(picture).astype(np.float32 if picture.mode.startswith("I;16") else np.float64)
    finite = np.isfinite(values)
    low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
    if picture.mode.startswith("I;16"):
        ranges = [65535.0]
    else:
        ranges = [1.0, 255.0, 65535.0] if picture.mode == "F" else [255.0, 65535.0]
    fitting = [top for top in ranges if low >= 0 and high <= top]
    bottom, top = (0.0, fitting[0]) if fitting else (low, high)
    scaled = (np.where(finite, values, bottom) - bottom) * (255 / ((top - bottom) or 1.0))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _over_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Follow the embedded profile to sRGB where it describes this picture; otherwise leave the picture as it is."""
    if picture.mode == "LAB":
        source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    elif profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            is_srgb = "srgb" in (source.profile.profile_description or "").lower()
        except (OSError, TypeError, ValueError, ImageCms.PyCMSError):
            return picture  # an unreadable profile is no reason to refuse good pixels
        if is_srgb or {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}.get(space) != picture.mode:
            return picture
    else:
        return picture
    try:
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:
        return picture
    return picture if converted is None else converted
