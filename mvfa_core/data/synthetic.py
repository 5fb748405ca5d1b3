"""Drawn pictures with known answers: one shape of ten, small or large, over a photograph, among other marks.

Every picture follows from its seed alone: the same seed gives the same bytes in any process. Random numbers are drawn
in one fixed order whatever is overridden, so `draw_scene(7, scale=0.2)` and `draw_scene(7, scale=0.8)` show the same
photograph, marks, colour and turn, and the same place as far as the shape fits there.

Positions and sizes are fractions of the picture's side unless a name ends in `_px`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import cv2
import numpy as np

from mvfa_core.data.shapes import CLASSES, MARKS, SHAPES, fitted, paint
from mvfa_core.images import squash

__all__ = ["CLASSES", "SCALES", "SIDE", "Rendered", "Scene", "draw_scene", "render_chunks", "render_set"]

SIDE = 448
SCALES = (0.14, 0.85)
MARGIN = 0.02

# Photographs inside scikit-image's own wheel, so nothing is ever downloaded. The colour ones come up twice as often.
_COLOUR = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "motorcycle_left.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
    "retina.jpg",
    "ihc.png",
)
_GREY = ("camera.png", "brick.png", "grass.png", "gravel.png", "moon.png")
_DRAWN_FROM = _COLOUR + _COLOUR + _GREY
# Parts (x0, y0, x1, y1) in px to keep where the frame of the whole could pass for a shape.
_PARTS = {"retina.jpg": (220, 220, 1190, 1190)}
_LARGEST_SIDE_PX = 640
_SMALLEST_CROP_PX = 230

# A poster's inks rather than random RGB.
_INKS = (
    "e4572e ff7b6b f58a1f ffb627 f7e05e b5d94c 5fb04a 1f6b4a 8fe3bf 139a8b 0e5c63 6cc8ee 1e88c9 2750c4 "
    "1d2b64 b69cf0 7b4fd6 5b2a6e c9379d f79bc1 c2213a 7a1e34 fbf3dc 1c1f2b"
)
# Distances in 8-bit OpenCV Lab: of the shape's ink from nine in ten background pixels around it, of a mark's ink from
# the background under it, and of a mark's ink from the shape's.
_CONTRAST, _MARK_CONTRAST, _MARK_APART = 54.0, 42.0, 60.0
# Cells a side of the coarse background on which contrast is judged.
_COARSE = 28


@dataclass(frozen=True, eq=False)
class Scene:
    """One drawn picture and all that is known about it.

    picture: uint8 (side, side, 3) RGB. label: index into `CLASSES`. scale: the longer side of the shape's box as a
    fraction of the picture's side. box: (x0, y0, x1, y1) px, half-open, around the mask. mask: bool (side, side), the
    pixels of the shape.
    """

    picture: np.ndarray
    label: int
    scale: float
    box: tuple[int, int, int, int]
    mask: np.ndarray

    @property
    def name(self) -> str:
        return CLASSES[self.label]


class Rendered(NamedTuple):
    """N scenes as arrays: uint8 (N, side, side, 3), int64 (N,), float32 (N,), float32 (N, 4) px at `side`."""

    images: np.ndarray
    labels: np.ndarray
    scales: np.ndarray
    boxes: np.ndarray


def draw_scene(seed: int, *, label: int | None = None, scale: float | None = None, side: int = SIDE) -> Scene:
    """The scene of `seed`; `label` and `scale` replace only those two and leave everything else as it was.

    Raises `ValueError` for a negative seed, a label outside the ten, a scale outside `SCALES` or a side under 32 px.
    """
    _check(seed, label, scale, side)
    rng = np.random.Generator(np.random.Philox(int(seed)))
    canvas = _background(rng, side)
    own_label = int(rng.integers(len(CLASSES)))
    own_scale = float(rng.uniform(*SCALES))
    label = own_label if label is None else int(label)
    scale = own_scale if scale is None else float(scale)
    turn = float(rng.uniform(0, 2 * np.pi))
    centre = _inside(rng.random(2), own_scale)
    distance = _distances(canvas)
    ink = _ink(rng, distance, centre)
    _draw_marks(rng, canvas, distance, (centre, own_scale), ink)

    outline, _ = fitted(SHAPES[CLASSES[label]](), turn)
    half = scale / 2 + MARGIN
    placed = [(contour * scale + np.clip(centre, half, 1 - half)) * side for contour in outline]
    mask = paint(canvas, placed, _inks()[0][ink], shadow_px=side * (0.010 + 0.02 * scale))
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1)
    return Scene(canvas, label, scale, box, mask)


def render_chunks(seeds: Iterable[int], side: int = 112, *, chunk: int = 64) -> Iterator[Rendered]:
    """The scenes of `seeds`, drawn at 448 px and squashed to `side`, `chunk` at a time.

    Every scene depends on its seed alone, so several processes can each take a slice of the seeds.
    """
    waiting: list[int] = []
    for seed in seeds:
        waiting.append(seed)
        if len(waiting) == chunk:
            yield _render(waiting, side)
            waiting = []
    if waiting:
        yield _render(waiting, side)


def render_set(seeds: Sequence[int], side: int = 112) -> Rendered:
    """All the scenes of `seeds` at once: N * side * side * 3 bytes of memory."""
    return _render(seeds, side)


def _render(seeds: Sequence[int], side: int) -> Rendered:
    n = len(seeds)
    images = np.empty((n, side, side, 3), np.uint8)
    labels, scales, boxes = np.empty(n, np.int64), np.empty(n, np.float32), np.empty((n, 4), np.float32)
    for i, seed in enumerate(seeds):
        scene = draw_scene(seed)
        images[i] = squash(scene.picture, (side, side))
        labels[i], scales[i] = scene.label, scene.scale
        boxes[i] = np.array(scene.box) * (side / SIDE)
    return Rendered(images, labels, scales, boxes)


def _check(seed: int, label: int | None, scale: float | None, side: int) -> None:
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    if label is not None and not 0 <= label < len(CLASSES):
        raise ValueError(f"label must be 0 to {len(CLASSES) - 1} ({', '.join(CLASSES)}), got {label}")
    if scale is not None and not SCALES[0] <= scale <= SCALES[1]:
        raise ValueError(f"scale must be {SCALES[0]} to {SCALES[1]} of the picture's side, got {scale}")
    if side < 32:
        raise ValueError(f"side must be at least 32 px, got {side}")


@cache
def _photograph(name: str) -> np.ndarray:
    """uint8 (h, w, 3) RGB, at most `_LARGEST_SIDE_PX` on its shorter side."""
    data = files("skimage.data").joinpath(name).read_bytes()
    photo = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if photo is None:
        raise ValueError(f"scikit-image's {name} cannot be decoded; reinstall scikit-image")
    photo = cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)
    if part := _PARTS.get(name):
        x0, y0, x1, y1 = part
        photo = photo[y0:y1, x0:x1]
    shrink = _LARGEST_SIDE_PX / min(photo.shape[:2])
    if shrink < 1:
        photo = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    photo.flags.writeable = False
    return photo


def _background(rng: np.random.Generator, side: int) -> np.ndarray:
    """A square cut from a photograph, perhaps mirrored, a little muted and tinted: uint8 (side, side, 3)."""
    photo = _photograph(_DRAWN_FROM[int(rng.integers(len(_DRAWN_FROM)))])
    h, w = photo.shape[:2]
    crop = round(float(rng.uniform(_SMALLEST_CROP_PX, min(h, w))))
    x, y = int(rng.random() * (w - crop + 1)), int(rng.random() * (h - crop + 1))
    square = photo[y : y + crop, x : x + crop]
    way = cv2.INTER_AREA if crop > 1.5 * side else cv2.INTER_LINEAR  # linear is seven times faster, and enough below
    square = cv2.resize(square, (side, side), interpolation=way)
    if rng.random() < 0.5:
        square = cv2.flip(square, 1)

    # Saturation, gain and tint in one linear map of RGB; then a flatter contrast so that the shape carries the picture.
    saturation, gain, lift = rng.uniform(0.6, 0.95), rng.uniform(0.72, 0.92), rng.uniform(8, 34)
    tint = 1 + rng.uniform(-0.07, 0.07, 3)
    grey = np.full((3, 3), 1 / 3)
    matrix = np.diag(tint * gain) @ (saturation * np.eye(3) + (1 - saturation) * grey)
    return cv2.transform(square, np.column_stack([matrix, np.full(3, lift)]).astype(np.float32))


def _inside(where: np.ndarray, scale: float) -> np.ndarray:
    """A centre (x, y) from two numbers in [0, 1): the box of a shape of that scale stays inside the picture."""
    half = scale / 2 + MARGIN
    return half + where * (1 - 2 * half)


@cache
def _inks() -> tuple[np.ndarray, np.ndarray]:
    """The inks as RGB uint8 (N, 3) and as Lab float32 (N, 3)."""
    rgb = np.frombuffer(bytes.fromhex(_INKS), np.uint8).reshape(-1, 3)
    return rgb, _lab(rgb[None])[0]


def _lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)


def _distances(canvas: np.ndarray) -> np.ndarray:
    """How far every ink is from every cell of the coarse background: float32 (_COARSE, _COARSE, N)."""
    lab = _lab(cv2.resize(canvas, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA))
    inks = _inks()[1]
    squares = np.square(lab).sum(axis=-1, keepdims=True) - 2 * lab @ inks.T + np.square(inks).sum(axis=-1)
    return np.sqrt(np.maximum(squares, 0))


def _ink(rng: np.random.Generator, distance: np.ndarray, centre: np.ndarray) -> int:
    """The index of a random ink that stands out around `centre`, for a small shape and for a large one alike.

    Judged at every scale at once, so that dragging the scale of a scene cannot change its colour.
    """
    worst = np.full(distance.shape[-1], np.inf)
    for scale in (SCALES[0], 0.4, SCALES[1]):
        half = scale / 2 + MARGIN
        x, y = np.clip(centre, half, 1 - half)
        rows, columns = (slice(int((v - half) * _COARSE), int((v + half) * _COARSE) + 1) for v in (y, x))
        around = distance[rows, columns].reshape(-1, distance.shape[-1])
        tenth = len(around) // 10
        worst = np.minimum(worst, np.partition(around, tenth, axis=0)[tenth])
    return _choose(rng.random(), worst >= _CONTRAST, worst)


def _choose(u: float, good: np.ndarray, score: np.ndarray) -> int:
    """The index of the good one that u in [0, 1) falls on, or of the best scored where none is good."""
    chosen = np.flatnonzero(good)
    return int(chosen[int(u * len(chosen))]) if len(chosen) else int(score.argmax())


def _draw_marks(
    rng: np.random.Generator, canvas: np.ndarray, distance: np.ndarray, shape: tuple[np.ndarray, float], ink: int
) -> None:
    """Two to five marks in other inks, beside the shape (centre, scale) and each other where they fit, left out if not.

    They are drawn before the shape, so none ever lies on it.
    """
    side = len(canvas)
    rgb, inks = _inks()
    apart = np.linalg.norm(inks - inks[ink], axis=1)
    taken, reaches = [shape[0]], [shape[1] / 2 + 0.01]
    for _ in range(int(rng.integers(2, 6))):
        mark, turn = MARKS[int(rng.integers(len(MARKS)))](rng), rng.uniform(0, 2 * np.pi)
        extent = rng.uniform(0.07, 0.17)
        places = extent / 2 + rng.random((8, 2)) * (1 - extent)
        gaps = np.abs(places[:, None] - np.array(taken)).max(axis=-1) - extent / 2 - np.array(reaches)
        u = rng.random()
        free = np.flatnonzero((gaps > 0).all(axis=1))
        if not len(free):
            continue
        at = places[free[0]]
        taken.append(at)
        reaches.append(extent / 2)
        under = distance[int(at[1] * _COARSE), int(at[0] * _COARSE)]
        colour = rgb[_choose(u, (apart > _MARK_APART) & (under > _MARK_CONTRAST), np.minimum(apart, under))]
        outline, _ = fitted(mark, turn)
        paint(canvas, [(contour * extent + at) * side for contour in outline], colour, shadow_px=side * 0.008)
