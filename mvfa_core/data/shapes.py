"""The ten shapes to be told apart, the marks that are none of them, and the brush that paints either.

An outline is a list of closed contours (N, 2) in a y-down plane, in any unit: `fitted` turns it and scales it so that
the longer side of its bounding box is 1. Contours overlap by the even-odd rule, so an inner one is a hole.

The ten were chosen to stay apart under any turn: no two of them are a turn, a mirror or a blur of each other.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Outline = list[np.ndarray]


def _arc(radius: float, start: float, stop: float, n: int = 96) -> np.ndarray:
    angle = np.linspace(start, stop, n)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _points(*xy: tuple[float, float]) -> np.ndarray:
    return np.array(xy, dtype=np.float64)


def circle() -> Outline:
    return [_arc(1.0, 0, 2 * np.pi)]


def triangle() -> Outline:
    return [_arc(1.0, -np.pi / 2, 1.5 * np.pi, 4)[:3]]


def square() -> Outline:
    return [_points((-1, -1), (1, -1), (1, 1), (-1, 1))]


def star() -> Outline:
    angle = -np.pi / 2 + np.arange(10) * np.pi / 5
    radius = np.where(np.arange(10) % 2 == 0, 1.0, 0.42)
    return [np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)]


def cross() -> Outline:
    a = 0.33
    return [
        _points(
            (-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a), (-1, a), (-1, -a), (-a, -a)
        )
    ]


def ring() -> Outline:
    return [_arc(1.0, 0, 2 * np.pi), _arc(0.56, 0, 2 * np.pi)]


def crescent() -> Outline:
    # Two circles, the inner one moved by d: their meeting points bound both arcs.
    d, r = 0.46, 0.78
    x = (1 - r * r + d * d) / (2 * d)
    y = np.sqrt(1 - x * x)
    outer = np.arctan2(y, x)
    inner = np.arctan2(y, x - d)
    return [np.concatenate([_arc(1.0, outer, 2 * np.pi - outer), _arc(r, 2 * np.pi - inner, inner) + np.array([d, 0])])]


def heart() -> Outline:
    t = np.linspace(0, 2 * np.pi, 160)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [np.stack([x, y], axis=1)]


def arrow() -> Outline:
    return [_points((-1, -0.27), (0.1, -0.27), (0.1, -0.8), (1, 0), (0.1, 0.8), (0.1, 0.27), (-1, 0.27))]


def bolt() -> Outline:
    return [_points((0.25, -1), (-0.62, 0.16), (-0.08, 0.16), (-0.3, 1), (0.62, -0.3), (0.06, -0.3), (0.5, -1))]


SHAPES: dict[str, Callable[[], Outline]] = {
    shape.__name__: shape for shape in (circle, triangle, square, star, cross, ring, crescent, heart, arrow, bolt)
}
CLASSES: tuple[str, ...] = tuple(SHAPES)


def _ribbon(spine: np.ndarray, width: float) -> np.ndarray:
    """A band of even width around a spine (N, 2)."""
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * width / 2
    return np.concatenate([spine + side, (spine - side)[::-1]])


def bar(rng: np.random.Generator) -> Outline:
    """A long thin straight bar."""
    half = 0.07 + 0.05 * rng.random()
    return [_points((-1, -half), (1, -half), (1, half), (-1, half))]


def wave(rng: np.random.Generator) -> Outline:
    """A ribbon along one and a half to two and a half periods of a sine."""
    x = np.linspace(-1, 1, 72)
    y = 0.22 * np.sin(x * np.pi * (1.5 + rng.random()))
    return [_ribbon(np.stack([x, y], axis=1), 0.15 + 0.06 * rng.random())]


def rails(rng: np.random.Generator) -> Outline:
    """Two or three parallel bars."""
    n = 2 + int(rng.random() < 0.5)
    y_rails = (np.arange(n) - n / 2) * 0.36
    half = 0.08
    return [_points((-1, y - half), (1, y - half), (1, y + half), (-1, y + half)) for y in y_rails]


def peanut(rng: np.random.Generator) -> Outline:
    """A long soft body with a waist, one end thicker than the other."""
    t = np.linspace(0, 2 * np.pi, 72)
    thickness = (0.36 + 0.16 * np.cos(2 * t)) * (1 + (0.1 + 0.25 * rng.random()) * np.cos(t))
    return [np.stack([np.cos(t), np.sin(t) * thickness], axis=1)]


MARKS: tuple[Callable[[np.random.Generator], Outline], ...] = (bar, wave, rails, peanut)


def fitted(outline: Outline, turn: float) -> tuple[Outline, tuple[float, float]]:
    """The outline turned by `turn` radians, its box centred on 0 and 1 long; and that box's (width, height)."""
    c, s = np.cos(turn), np.sin(turn)
    turned = [contour @ np.array([[c, s], [-s, c]]) for contour in outline]
    points = np.concatenate(turned)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = high - low
    scale = 1 / extent.max()
    width, height = (float(v) for v in extent * scale)
    return [(contour - (low + high) / 2) * scale for contour in turned], (width, height)


def paint(canvas: np.ndarray, contours_px: Outline, ink: np.ndarray, *, shadow_px: float) -> np.ndarray:
    """Blend a filled outline and its soft shadow into the canvas, in place; its mask, bool (side, side)."""
    side = len(canvas)
    reach = int(3 * shadow_px) + 2
    points = np.concatenate(contours_px)
    x0, y0 = np.maximum(np.floor(points.min(axis=0)).astype(int) - reach, 0)
    x1, y1 = np.minimum(np.ceil(points.max(axis=0)).astype(int) + reach, side)
    alpha = coverage([contour - (x0, y0) for contour in contours_px], (y1 - y0, x1 - x0))
    patch = canvas[y0:y1, x0:x1]
    cv2.multiply(patch, _shadow(alpha, shadow_px), dst=patch, scale=1 / 255)
    paint = _shaded(ink, contours_px, (x0, y0, x1, y1))
    covered = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
    patch[:] = cv2.add(cv2.multiply(patch, 255 - covered, scale=1 / 255), cv2.multiply(paint, covered, scale=1 / 255))
    mask = np.zeros((side, side), bool)
    mask[y0:y1, x0:x1] = alpha > 127
    return mask


def coverage(contours_px: Outline, size: tuple[int, int]) -> np.ndarray:
    """How much of each pixel the outline covers, 0-255: uint8 (h, w). Sampled 4 x 4 times a pixel."""
    h, w = size
    fine: np.ndarray = np.zeros((4 * h, 4 * w), np.uint8)
    # OpenCV's integer coordinates are pixel centres, hence the half pixel; 4 more bits keep the fraction.
    cv2.fillPoly(fine, [np.rint((contour * 4 - 0.5) * 16).astype(np.int32) for contour in contours_px], 255, shift=4)
    for size_px in ((2 * w, 2 * h), (w, h)):  # halving twice is exact, and faster than quartering
        fine = cv2.resize(fine, size_px, interpolation=cv2.INTER_AREA)
    return fine


def _shadow(alpha: np.ndarray, shadow_px: float) -> np.ndarray:
    """What is left of the light below and right of the shape: uint8 (h, w, 3), 255 where there is no shadow."""
    h, w = alpha.shape
    step = max(1, int(shadow_px / 1.5))
    small = cv2.GaussianBlur(np.ascontiguousarray(alpha[::step, ::step]), (0, 0), max(0.5, shadow_px / step))
    move = np.array([[step, 0, 0.4 * shadow_px], [0, step, 0.9 * shadow_px]])
    moved = cv2.warpAffine(small, move, (w, h), flags=cv2.INTER_LINEAR)
    return cv2.cvtColor(cv2.convertScaleAbs(moved, alpha=-0.5, beta=255), cv2.COLOR_GRAY2RGB)


def _shaded(ink: np.ndarray, contours_px: Outline, window: tuple[int, int, int, int]) -> np.ndarray:
    """The ink under a light from above: a little brighter at the top of the shape, a little darker at its foot."""
    x0, y0, x1, y1 = window
    ys = np.concatenate(contours_px)[:, 1]
    height = np.clip((np.arange(y0, y1) - ys.min()) / (np.ptp(ys) + 1e-9), 0, 1)[:, None]
    column = ink * (1.10 - 0.24 * height) + 14 * (1 - height)
    column = np.clip(column, 0, 255).astype(np.uint8)[:, None]
    return cv2.resize(column, (int(x1 - x0), int(y1 - y0)), interpolation=cv2.INTER_NEAREST)
