"""Stages and pictures -> pictures, with OpenCV and NumPy: heat maps, overlays, anchors, boxes.

H W grid in cells · all pictures uint8 (height, width, 3) RGB
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import cv2
import matplotlib
import numpy as np

from mvfa_core.checks import expect, expect_choice

PALETTES = {"inferno": "inferno", "cividis": "cividis", "diverging": "RdBu_r"}
ANCHOR_RGB = (255, 158, 27)
SIZE_RGB = ((189, 215, 231), (107, 174, 214), (49, 130, 189), (8, 81, 156))
"""Region sizes from small to large: four steps of one sequential scale."""


@cache
def palette(name: str) -> np.ndarray:
    """A colour map as uint8 (256, 3) RGB: "inferno", "cividis" for one sign, "diverging" for two.

    Raises:
        ValueError: another name.
    """
    expect_choice(name, PALETTES, "palette")
    colours = matplotlib.colormaps[PALETTES[name]](np.linspace(0, 1, 256))[:, :3]
    return (colours * 255).round().astype(np.uint8)


def enlarge(map_HW: np.ndarray, size_px: tuple[int, int], *, smooth: bool = True) -> np.ndarray:
    """A map at picture size (width, height): cell x covers the pixels [x*s, (x+1)*s), half-pixel centres."""
    expect(map_HW.ndim == 2, "map_HW", "(H, W)", map_HW.shape)
    method = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    values = np.ascontiguousarray(map_HW, dtype=np.float32)
    large = cv2.resize(values, size_px, interpolation=method)
    low, high = values.min(), values.max()
    # rounding would make a map without differences one with a few, which whoever scales it to 0-1 would see
    return large.clip(low, high) if np.isfinite(low) and np.isfinite(high) else large


def heat(values: np.ndarray, limits: tuple[float, float], name: str = "inferno") -> np.ndarray:
    """Values -> colours over the given limits; values outside take the end colours.

    Raises:
        ValueError: NaN or infinity among the values: those have no colour.
    """
    bad = int((~np.isfinite(values)).sum())
    expect(bad == 0, "values", "finite numbers", f"{bad} NaN or infinite of {values.size}")
    low, high = limits
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return palette(name)[(share.clip(0, 1) * 255).round().astype(np.uint8)]


def overlay(
    picture: np.ndarray,
    map_HW: np.ndarray,
    limits: tuple[float, float],
    *,
    opacity: float = 0.55,
    name: str = "inferno",
    smooth: bool = True,
) -> np.ndarray:
    """A heat map over a picture, enlarged to it, in the colours of the palette `name`."""
    size_px = (picture.shape[1], picture.shape[0])
    colours = heat(enlarge(map_HW, size_px, smooth=smooth), limits, name)
    return cv2.addWeighted(colours, opacity, picture, 1 - opacity, 0)


def anchors(picture: np.ndarray, anchors_K2: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Dots at the centres of the anchor cells, the first ones larger."""
    drawn = picture.copy()
    step_x, step_y = picture.shape[1] / grid[1], picture.shape[0] / grid[0]
    radius = max(2, min(step_x, step_y) / 4)
    for rank, (x, y) in reversed(list(enumerate(anchors_K2))):
        centre = (round((x + 0.5) * step_x), round((y + 0.5) * step_y))
        share = 1 - 0.5 * rank / len(anchors_K2)
        cv2.circle(drawn, centre, round(radius * share) + 1, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.circle(drawn, centre, round(radius * share), ANCHOR_RGB, -1, cv2.LINE_AA)
    return drawn


def size_colour(size: int, sizes: Sequence[int]) -> tuple[int, int, int]:
    """The colour of a region size among the sizes in use, small to large."""
    place = sorted(sizes).index(size)
    return SIZE_RGB[round(place * (len(SIZE_RGB) - 1) / max(len(sizes) - 1, 1))]


def boxes(
    picture: np.ndarray, boxes_px: Iterable[Sequence[float]], colours: Iterable[tuple[int, int, int]]
) -> np.ndarray:
    """Rectangles, the first on top; each with a dark rim so that it shows on any picture."""
    drawn = picture.copy()
    width = max(1, round(min(picture.shape[:2]) / 160))
    for box, colour in reversed(list(zip(boxes_px, colours, strict=True))):
        x0, y0, x1, y1 = (round(float(v)) for v in box)
        cv2.rectangle(drawn, (x0, y0), (x1 - 1, y1 - 1), (20, 20, 20), width + 2)
        cv2.rectangle(drawn, (x0, y0), (x1 - 1, y1 - 1), colour, width)  # not smoothed: thin lines would lose colour
    return drawn
