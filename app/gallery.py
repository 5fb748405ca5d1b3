"""The pictures that are always there: drawn scenes with known answers, and scikit-image's bundled photographs."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from importlib.resources import files

from PIL import Image

from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.images import open_picture

SCENE = "scene"
PHOTOGRAPH = "photo"
OWN = "own"

# Seeds that no training or validation set reaches; shapes from nearly the whole picture down to a few cells.
FIRST_SEED = 2_000_000_000
SCENES = {
    **{15: "ring", 46: "crescent", 44: "cross", 23: "star", 58: "arrow"},
    **{27: "heart", 22: "square", 35: "ring", 14: "cross"},
}
PHOTOGRAPHS = {"chelsea": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg", "astronaut": "astronaut.png"}
DEFAULT = f"{SCENE}-23"
ADDRESS = "gallery/{}.webp"
SHOWN_PX = 960


@dataclass(frozen=True, eq=False)
class Specimen:
    """A picture to be looked at, with what is known about it.

    Attributes:
        id: its name in the address. picture: PIL, RGB. digest: of its pixels.
        truth: the true class and scale: the share of the picture's side that the object spans; None if unknown.
    """

    id: str
    picture: Image.Image
    digest: str
    truth: str | None = None
    scale: float | None = None


def ids() -> list[str]:
    """The names of all pictures of the gallery, in the order they are shown."""
    return [f"{SCENE}-{number}" for number in SCENES] + [f"{PHOTOGRAPH}-{name}" for name in PHOTOGRAPHS]


def specimen(picture_id: str) -> Specimen:
    """A picture of the gallery; `KeyError` for a name that is not in `ids()`."""
    if picture_id not in ids():
        raise KeyError(picture_id)
    kind, _, name = picture_id.partition("-")
    if kind == PHOTOGRAPH:
        file = files("skimage") / "data" / PHOTOGRAPHS[name]
        return from_picture(picture_id, open_picture(file.read_bytes()))
    scene = draw_scene(FIRST_SEED + int(name), label=CLASSES.index(SCENES[int(name)]))
    return from_picture(picture_id, Image.fromarray(scene.picture), scene.name, scene.scale)


def from_picture(
    picture_id: str, picture: Image.Image, truth: str | None = None, scale: float | None = None
) -> Specimen:
    """A specimen of any picture; the digest of its size and pixels is its key in the caches."""
    digest = hashlib.blake2b(f"{picture.size}".encode() + picture.tobytes(), digest_size=12).hexdigest()
    return Specimen(picture_id, picture, digest, truth, scale)


def data_url(picture: Image.Image, longest_px: int = SHOWN_PX) -> str:
    """The picture as a WebP data URL, its longer side at most `longest_px`."""
    small = picture.copy()
    small.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=86, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def thumbnail(picture: Image.Image, side_px: int = 152) -> str:
    """The middle square of a picture as a small data URL."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return data_url(square.resize((side_px, side_px), Image.Resampling.LANCZOS))
