"""Small folders of pictures whose class can be told from their colour, for the tests that read, train and explain."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"brick": (200, 60, 40), "leaf": (50, 170, 60), "sea": (40, 80, 210)}
SIZE = (26, 20)


def noisy(rgb: Iterable[int], seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture of (width, height) px around one colour, another one for every seed."""
    width, height = size
    noise = np.random.default_rng(seed).integers(-25, 26, (height, width, 3))
    return Image.fromarray((np.array(rgb) + noise).clip(0, 255).astype(np.uint8))


def fill(folder: Path, each: int, first: int = 0, colours: Mapping[str, tuple[int, int, int]] = COLOURS) -> Path:
    """<folder>/<class>/<number>.png, `each` a class."""
    for place, (name, rgb) in enumerate(colours.items()):
        (folder / name).mkdir(parents=True)
        for number in range(first, first + each):
            noisy(rgb, 1000 * place + number).save(folder / name / f"{number:02}.png")
    return folder


def split_folder(root: Path, each: int = 6, held_out: int = 3, other: str = "val") -> Path:
    """`train/` and `val/` (or another name) with the three colours as classes."""
    fill(root / "train", each)
    fill(root / other, held_out, first=each)
    return root


def colour_of(image: np.ndarray) -> str:
    """The class whose colour is nearest to the mean of a picture."""
    mean = image.reshape(-1, 3).mean(axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))


def old_zip(path: Path, classes: Iterable[str], encoding: str, each: int = 3) -> Path:
    """A zip of pictures in class folders, whose names are in an encoding and do not say so, as Windows makes them."""
    names = [f"{name}/{number}.png".encode(encoding) for name in classes for number in range(each)]
    with zipfile.ZipFile(path, "w") as file:
        for number, name in enumerate(names):
            buffer = io.BytesIO()
            noisy((number, 80, 160), number).save(buffer, "PNG")
            file.writestr(zipfile.ZipInfo(f"{number:03}".ljust(len(name), "X")), buffer.getvalue())
    data = bytearray(path.read_bytes())
    for sign, offset in ((b"PK\3\4", 30), (b"PK\1\2", 46)):
        at = 0
        for name in names:
            at = data.index(sign, at)
            data[at + offset : at + offset + len(name)] = name
            at += 4
    path.write_bytes(data)
    return path
