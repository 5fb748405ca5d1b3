"""The parts of a TIFF put together, averaged on the way where more pixels come than are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from mvfa_core.pictures import limits
from mvfa_core.pictures.strips import Layout

Part = tuple[int, int, list[int], np.ndarray]
"""(first row, first column, bands, samples): as `strips.parts` gives them."""


def divide(small: np.ndarray) -> None:
    """Undo, in place, that the colours were multiplied by the transparency."""
    for rows in np.array_split(small, max(1, small.shape[0] // 256)):
        alpha = rows[..., -1:].astype(np.float32)
        rows[..., :-1] = np.clip(np.rint(rows[..., :-1] * (255 / np.maximum(alpha, 1))), 0, 255)


def through_palette(parts: Iterator[Part], colormap: np.ndarray) -> Iterator[Part]:
    """The colours of the samples. Writers put 8 bits into the palette's 16 in three ways: as they are, times 256
    (Pillow) and times 257 (full range)."""
    times = 1 if colormap.max() < 256 else 256 if not (colormap % 256).any() else 257
    palette = np.rint(colormap.T / times).astype(np.uint8)
    for top, left, _, samples in parts:
        yield top, left, [0, 1, 2], palette[np.minimum(samples[..., 0], len(palette) - 1)]


def collected(
    parts: Iterable[Part], layout: Layout, bands: int, dtype: np.dtype, there: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """(rows, columns, bands) of all parts. Where more pixels come than are kept, blocks of them are averaged on the
    way; values that are not there do not count, and a block of nothing else is NaN."""
    step = max(1, math.isqrt(layout.width * layout.height // limits.KEPT_PIXELS))
    step = min(step, layout.width, layout.height)
    if step == 1:
        if dtype.itemsize > 4 and layout.width * layout.height > limits.KEPT_PIXELS:
            dtype = np.dtype(np.float32)
        whole = np.zeros((layout.height, layout.width, bands), dtype)
        for top, left, places, samples in parts:
            with np.errstate(over="ignore"):
                whole[top : top + samples.shape[0], left : left + samples.shape[1], places] = samples
        return whole
    shape = (math.ceil(layout.height / step), math.ceil(layout.width / step), bands)
    total, count = np.zeros(shape, np.float32), np.zeros(shape[:2], np.float32)
    for top, left, places, samples in parts:
        rows, columns = _cells(top, samples.shape[0], step), _cells(left, samples.shape[1], step)
        into = np.s_[top // step : top // step + len(rows), left // step : left // step + len(columns)]
        with np.errstate(over="ignore"):
            values = samples.astype(np.float32)
        good = (np.isfinite(values) & there(samples)).all(axis=-1)
        values[~good] = 0
        sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
        total[into][..., places] += sums
        if 0 in places:
            count[into] += np.add.reduceat(np.add.reduceat(good.astype(np.float32), rows, axis=0), columns, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        total /= count[..., None]
    return np.rint(total).astype(dtype) if dtype == np.uint8 else total


def _cells(start: int, length: int, step: int) -> np.ndarray:
    """Where, within so many rows or columns, those of the next block begin."""
    first = -start % step
    return np.unique(np.concatenate([[0], np.arange(first, length, step)]))
