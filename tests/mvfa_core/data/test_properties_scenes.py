"""What holds of drawn scenes and their shapes, and of arrays that are kept on disk."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mvfa_core.data import shapes
from mvfa_core.data.cache import cached_arrays, digest
from mvfa_core.data.synthetic import SCALES, draw_scene, render_chunks, render_set
from tests.corpus.drawn import SEEDS, few, fewer, rarely, refused, rng


@fewer
@given(SEEDS, st.none() | st.integers(-1, 10), st.none() | st.floats(0.05, 1), st.sampled_from([32, 64]))
def test_scenes(seed: int, label: int | None, scale: float | None, side: int) -> None:
    """The same again for the same seed; the object fills its box, at the scale that was asked for."""
    fits = (label is None or 0 <= label < 10) and (scale is None or SCALES[0] <= scale <= SCALES[1])
    with refused(fits):
        found = draw_scene(seed, label=label, scale=scale, side=side)
        again = draw_scene(seed, label=label, scale=scale, side=side)
        assert (found.picture == again.picture).all() and found.picture.shape == (side, side, 3)
        assert label is None or found.label == label
        assert SCALES[0] - 1e-6 <= found.scale <= SCALES[1] + 1e-6 and (
            scale is None or abs(found.scale - scale) < 1e-6
        )
        x0, y0, x1, y1 = found.box
        assert 0 <= x0 < x1 <= side and 0 <= y0 < y1 <= side and found.mask[y0:y1, x0:x1].sum() == found.mask.sum() > 0


@rarely
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=3), st.integers(1, 2))
def test_rendered_sets(seeds: list[int], chunk: int) -> None:
    whole = render_set(seeds, 32)
    parts = list(render_chunks(seeds, 32, chunk=chunk))
    assert (np.concatenate([part.images for part in parts]) == whole.images).all() and len(whole.labels) == len(seeds)
    assert ((whole.boxes[:, 2:] > whole.boxes[:, :2]) & (whole.boxes[:, :2] >= 0)).all()


@few
@given(st.integers(0, 13), SEEDS, st.floats(-10, 10))
def test_outlines(place: int, seed: int, turn: float) -> None:
    """Turned and fitted, the longer side of the box is 1; what it covers lies in its box."""
    outlines = [shapes.circle, shapes.triangle, shapes.square, shapes.star, shapes.cross, shapes.ring, shapes.crescent,
                shapes.heart, shapes.arrow, shapes.bolt]  # fmt: skip
    marks = [shapes.bar, shapes.wave, shapes.rails, shapes.peanut]
    outline = outlines[place]() if place < 10 else marks[place - 10](rng(seed))
    contours, (width, height) = shapes.fitted(outline, turn)
    points = np.concatenate(contours)
    np.testing.assert_allclose(max(width, height), 1)
    np.testing.assert_allclose(np.ptp(points, axis=0), (width, height), atol=1e-9)
    np.testing.assert_allclose(points.min(0) + points.max(0), 0, atol=1e-9)
    in_px = [contour * 20 + 16 for contour in contours]
    covered = shapes.coverage(in_px, (32, 32))
    assert covered.shape == (32, 32) and covered.max() > 0
    rows, columns = np.nonzero(covered)
    assert abs(np.ptp(columns) + 1 - 20 * width) <= 3 and abs(np.ptp(rows) + 1 - 20 * height) <= 3
    canvas = np.full((32, 32, 3), 128, np.uint8)
    mask = shapes.paint(canvas, in_px, np.array([250.0, 10, 10]), shadow_px=1.0)
    assert mask.shape == (32, 32) and (mask == (covered > 127)).mean() > 0.98 and (canvas[mask] != 128).any()


@few
@given(st.integers(1, 9), SEEDS, st.lists(st.integers() | st.text(max_size=5), max_size=4))
def test_arrays_that_are_kept(count: int, seed: int, parts: list[int | str]) -> None:
    """What was made is what is read, and it is made once."""
    values, made = rng(seed).integers(0, 9, (count, 2)), Counter[int]()

    def make(start: int, stop: int) -> dict[str, np.ndarray]:
        made[start] += 1
        return {"values": values[start:stop]}

    key = f"test-{digest([count, seed, *parts])}"
    for _ in range(2):
        found = cached_arrays(key, count, {"values": ((2,), np.int64)}, make, what="making")
        assert (found["values"] == values).all()
    assert all(times <= 1 for times in made.values()) and digest(parts) == digest(list(parts))
