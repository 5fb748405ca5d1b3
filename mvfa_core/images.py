"""Open a picture safely, and carry pictures to tensors and back.

    B images · S image side in px

Whatever the file was (grey, CMYK, 16-bit, transparent, turned by its EXIF tag, wide-gamut), what comes out of this
room is an upright 8-bit sRGB picture, or a `PictureError` whose sentence can be shown to the person who chose the file.
How each kind of file is decoded stands in `mvfa_core.pictures`.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mvfa_core.names import visible
from mvfa_core.pictures import REDUCED, Note, PictureError, kinds, limits
from mvfa_core.pictures.common import read_common
from mvfa_core.pictures.jpeg import read_jpeg
from mvfa_core.pictures.kinds import Kind
from mvfa_core.pictures.plain import orientation, over_white, plain_rgb, upright_size
from mvfa_core.pictures.tiff import read_tiff

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")
"""Pillow's names for what is read here and by Pillow alone."""
FORMATS_SENTENCE = kinds.READ_SENTENCE
MAX_BYTES = 128 * 2**20

# Channel statistics of ImageNet, the convention of every pretrained backbone offered here.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

Picture = Image.Image | np.ndarray


class Reading(NamedTuple):
    """A picture that was read from a file.

    Attributes:
        picture: PIL, mode RGB, upright, at most `limits.KEPT_PIXELS` pixels.
        size_px: (width, height) of the upright picture in its file; coordinates in the file are in these px.
        notes: what its viewer should know, such as that its values were stretched.
    """

    picture: Image.Image
    size_px: tuple[int, int]
    notes: tuple[Note, ...]


def read_picture(source: str | Path | bytes | BinaryIO, *, bands: tuple[int, int, int] | None = None) -> Reading:
    """An upright 8-bit sRGB picture from a path, the bytes of a file, or a binary file object, decided by content.

    Animations and files of several pages give their first picture, transparency lies over white, embedded colour
    profiles are followed, the EXIF orientation is applied, numbers that are no 8 bits are brought to 0-255 (see
    `pictures.levels`), and what has more than `limits.KEPT_PIXELS` pixels is reduced. A seekable file object is read
    from its start, wherever it stood.

    Args:
        bands: for a TIFF, the numbers (from 1) of the bands to be shown as red, green and blue.

    Raises:
        PictureError: anything that is not one whole picture within the limits; the sentence names what it is.
    """
    name, data = _read(source)
    if not data:
        raise PictureError(f"{name} is empty (0 bytes). Save or download it again.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"{name} is larger than {MAX_BYTES // 2**20} MiB, the limit for one file. Save a smaller copy of it."
        )
    kind = kinds.kind_of(data[: kinds.HEAD])
    if kind is None:
        raise PictureError(f"Can't open this file: {name} is no picture. Use {FORMATS_SENTENCE}.")
    if not kind.is_read:
        raise PictureError(f"Can't open this file: {name} is {kind.name}. {kind.advice}")
    if bands is not None and kind != kinds.TIFF:
        raise PictureError(f"{name} is a {kind.name} picture; bands are chosen of a TIFF only.")
    try:
        return _decoded(name, data, kind, bands)
    except PictureError:
        raise
    except MemoryError:
        raise PictureError(f"{name} takes more memory than there is. Save a smaller copy of it.") from None
    except Exception:  # Pillow and tifffile let many kinds of error out of a malformed file
        raise PictureError(
            f"{name} is a {kind.name} picture that is damaged or cut off: its pixels are not all there. "
            "Save or download it again."
        ) from None


def open_picture(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """The picture of `read_picture` alone (PIL, mode RGB)."""
    return read_picture(source).picture


def looks_like_picture(source: str | Path | bytes) -> bool:
    """Whether a file, or the first bytes of one, is of a kind that `read_picture` reads, whatever it is called.
    Nothing is decoded. False for what cannot be opened."""
    try:
        kind = kinds.kind_of(source) if isinstance(source, bytes) else kinds.kind_of_file(source)
    except (OSError, ValueError):
        return False
    return kind is not None and kind.is_read


def as_picture(picture: Picture) -> Image.Image:
    """A PIL picture in mode RGB from a PIL picture of any mode or a uint8 array (H, W), (H, W, 3) or (H, W, 4).

    A PIL picture gets what `open_picture` would have done to its file, so that both ways give the same pixels.
    Raises `PictureError` for any other type, dtype or shape.
    """
    if isinstance(picture, Image.Image):
        if picture.mode == "RGB" and not picture.info and not picture.getexif():
            return picture
        return plain_rgb(picture)[0]
    if not isinstance(picture, np.ndarray):
        raise PictureError(f"expected a PIL picture or a uint8 array, got {type(picture).__name__}")
    is_image = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (3, 4))
    if picture.dtype != np.uint8 or not is_image or 0 in picture.shape:
        raise PictureError(
            f"expected a uint8 array (H, W), (H, W, 3) or (H, W, 4), got {picture.dtype} {tuple(picture.shape)}"
        )
    return over_white(Image.fromarray(np.ascontiguousarray(picture))).convert("RGB")


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


def _decoded(name: str, data: bytes, kind: Kind, bands: tuple[int, int, int] | None) -> Reading:
    notes: tuple[Note, ...] = ()
    if kind == kinds.JPEG:
        picture, size_px = read_jpeg(name, data)
    elif kind == kinds.TIFF:
        picture, size_px, notes = read_tiff(name, data, bands)
    else:
        picture, size_px, notes = read_common(name, data, kind)
    size_px = upright_size(size_px, orientation(picture))
    with limits.turn(picture.width * picture.height):
        picture, more = plain_rgb(picture, limits.KEPT_PIXELS)
    if picture.size != size_px:
        notes += (Note(REDUCED, {"width": size_px[0], "height": size_px[1]}),)
    return Reading(picture, size_px, (*notes, *more))
