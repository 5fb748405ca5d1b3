"""The photographs that scikit-image brings with it: they are always there."""

from __future__ import annotations

from importlib.resources import files

from PIL import Image

from mvfa_core.images import open_picture

PHOTOGRAPHS = {"chelsea": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg", "astronaut": "astronaut.png"}


def photograph(name: str) -> Image.Image:
    """A photograph of `PHOTOGRAPHS`, RGB; `KeyError` for another name."""
    return open_picture((files("skimage") / "data" / PHOTOGRAPHS[name]).read_bytes())
