"""The photographs that scikit-image and scikit-learn bring with them: they are always there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from PIL import Image

from mvfa_core.images import open_picture

IMAGES = "skimage/data", "sklearn/datasets/images"
"""Where the two libraries keep them."""


@dataclass(frozen=True)
class Photograph:
    """A photograph that a library brings.

    Attributes:
        file: its path, the library first. credit: who made it and on what terms it may be shown.
        shows: what is on it, by every name that a list of classes may have for it.
    """

    file: str
    credit: str
    shows: tuple[str, ...]


_SKIMAGE, _SKLEARN = IMAGES
PHOTOGRAPHS = {
    "rocket": Photograph(f"{_SKIMAGE}/rocket.jpg", "SpaceX, public domain", ("rocket", "missile", "projectile")),
    "chelsea": Photograph(f"{_SKIMAGE}/chelsea.png", "Stefan van der Walt, CC0", ("cat", "tabby", "Egyptian cat")),
    "coffee": Photograph(
        f"{_SKIMAGE}/coffee.png",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0",
        ("coffee", "espresso", "cup", "coffee mug"),
    ),
    "camera": Photograph(f"{_SKIMAGE}/camera.png", "Lav Varshney, CC0", ("camera", "tripod")),
    "motorcycle": Photograph(
        f"{_SKIMAGE}/motorcycle_left.png",
        "Scharstein et al., Middlebury 2014 stereo benchmark",
        ("motorcycle", "motorbike", "moped"),
    ),
    "astronaut": Photograph(f"{_SKIMAGE}/astronaut.png", "NASA, public domain", ("astronaut", "person")),
    "china": Photograph(f"{_SKLEARN}/china.jpg", "danielbuechele, CC BY 2.0", ("temple", "palace")),
    "flower": Photograph(f"{_SKLEARN}/flower.jpg", "vultilion, CC BY 2.0", ("flower", "dahlia")),
}


def photograph(name: str) -> Image.Image:
    """A photograph of `PHOTOGRAPHS`, RGB; `KeyError` for another name."""
    library, _, path = PHOTOGRAPHS[name].file.partition("/")
    return open_picture(files(library).joinpath(*path.split("/")).read_bytes())
