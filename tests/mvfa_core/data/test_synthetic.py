"""The drawn pictures: the same for the same seed, exact about where the shape is, and never ambiguous."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mvfa_core.data import shapes, synthetic
from mvfa_core.data.synthetic import CLASSES, SCALES, draw_scene, render_chunks, render_set
from mvfa_core.images import squash

ROOT = Path(synthetic.__file__).parents[2]


def _digest(seeds: range) -> str:
    total = hashlib.sha256()
    for seed in seeds:
        scene = draw_scene(seed)
        total.update(scene.picture.tobytes() + scene.mask.tobytes() + repr((scene.label, scene.box)).encode())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = """
import hashlib
from mvfa_core.data.synthetic import draw_scene
total = hashlib.sha256()
for seed in range(5):
    s = draw_scene(seed)
    total.update(s.picture.tobytes() + s.mask.tobytes() + repr((s.label, s.box)).encode())
print(total.hexdigest())
"""
    environment = dict(os.environ, PYTHONHASHSEED="7")
    other = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.split() == [_digest(range(5))]


def test_order_of_drawing_does_not_matter_and_seeds_differ() -> None:
    forward = {seed: draw_scene(seed).picture for seed in range(4)}
    for seed in (3, 1, 0, 2):
        assert np.array_equal(draw_scene(seed).picture, forward[seed])
    assert not np.array_equal(forward[0], forward[1])


def test_box_and_scale_follow_the_mask() -> None:
    for seed in range(60):
        scene = draw_scene(seed)
        assert scene.picture.shape == (448, 448, 3) and scene.picture.dtype == np.uint8
        assert scene.mask.shape == (448, 448) and scene.mask.dtype == bool
        ys, xs = np.nonzero(scene.mask)
        assert scene.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        x0, y0, x1, y1 = scene.box
        assert min(x0, y0) > 0 and max(x1, y1) < 448
        assert SCALES[0] <= scene.scale <= SCALES[1]
        # The tip of a star or a bolt covers less than half of its last pixels.
        assert -4 <= max(x1 - x0, y1 - y0) - scene.scale * 448 <= 1.5


def test_the_mask_is_the_shape_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Painting the shape in another ink changes the mask's pixels and, but for a blended rim, no others."""
    paint = synthetic.paint
    for seed in range(12):
        scene = draw_scene(seed)
        painted = []
        with monkeypatch.context() as patch:
            patch.setattr(synthetic, "paint", lambda *a, seen=painted, **k: seen.append(k) or paint(*a, **k))
            draw_scene(seed)
            last = painted[-1]["shadow_px"]  # the shape comes after the marks

            def other_ink(canvas, contours, ink, *, shadow_px, last=last):
                return paint(canvas, contours, 255 - ink if shadow_px == last else ink, shadow_px=shadow_px)

            patch.setattr(synthetic, "paint", other_ink)
            changed = (draw_scene(seed).picture != scene.picture).any(axis=2)
        rim = cv2.dilate(scene.mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        assert (changed & ~rim).sum() <= 0.002 * scene.mask.sum() + 8  # the tips of a star or a crescent
        assert (changed & scene.mask).sum() > 0.99 * scene.mask.sum()


def test_marks_never_lie_on_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(20):
        scene = draw_scene(seed)
        with monkeypatch.context() as patch:
            patch.setattr(synthetic, "_draw_marks", lambda *_: None)
            bare = draw_scene(seed)
        assert bare.label == scene.label and bare.box == scene.box and np.array_equal(bare.mask, scene.mask)
        inside = cv2.erode(scene.mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        assert np.array_equal(bare.picture[inside], scene.picture[inside])
        assert not np.array_equal(bare.picture, scene.picture) or scene.scale > 0.5


def test_all_classes_and_all_scales_come_up() -> None:
    labels, scales = zip(*((s.label, s.scale) for s in (draw_scene(seed, side=64) for seed in range(600))), strict=True)
    counts = np.bincount(labels, minlength=len(CLASSES))
    assert counts.min() > 30 and counts.max() < 95  # 60 each, 4.7 standard deviations away
    octiles = np.histogram(scales, bins=8, range=SCALES)[0]
    assert octiles.min() > 45 and octiles.max() < 110


def test_an_override_keeps_everything_else() -> None:
    for seed in range(12):
        own = draw_scene(seed)
        small, large = draw_scene(seed, scale=0.14), draw_scene(seed, scale=0.4)
        other = draw_scene(seed, label=(own.label + 1) % len(CLASSES))
        assert small.label == large.label == own.label and other.label != own.label
        assert (small.scale, large.scale, other.scale) == (0.14, 0.4, own.scale)
        for scene in (small, large, other):
            reach = 100  # px of shadow and of marks half hidden
            near = cv2.dilate((own.mask | scene.mask).astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool)
            assert np.array_equal(scene.picture[~near], own.picture[~near])
        centres = [np.array([s.box[0] + s.box[2], s.box[1] + s.box[3]]) / 2 for s in (own, small)]
        if own.name == small.name:  # a smaller one always fits where the larger was
            assert np.abs(centres[0] - centres[1]).max() <= 2
        inks = [np.median(s.picture[s.mask], axis=0) for s in (own, small, other)]
        assert max(np.abs(inks[0] - ink).max() for ink in inks) < 24  # one ink under the same light
    own = draw_scene(5)
    assert np.array_equal(draw_scene(5, label=own.label, scale=own.scale).picture, own.picture)


def test_the_shape_stands_out_from_what_surrounds_it() -> None:
    for seed in range(40):
        for scale in (0.14, 0.85):
            scene = draw_scene(seed, scale=scale)
            near = cv2.dilate(scene.mask.astype(np.uint8), np.ones((21, 21), np.uint8)).astype(bool) & ~scene.mask
            lab = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2LAB).astype(float)
            ink, around = np.median(lab[scene.mask], axis=0), lab[near]
            assert np.median(np.linalg.norm(around - ink, axis=1)) > 30


def _silhouette(name: str, turn: float, side: int = 48) -> np.ndarray:
    outline, _ = shapes.fitted(shapes.SHAPES[name](), turn)
    return shapes.coverage([(contour * 0.9 + 0.5) * side for contour in outline], (side, side)) / 255.0


def test_no_shape_can_be_turned_into_another() -> None:
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    turned = {name: np.stack([_silhouette(name, turn) for turn in turns]) for name in CLASSES}
    for a in CLASSES:
        for b in CLASSES:
            if a != b:
                shared = np.minimum(turned[a][:12, None], turned[b][None]).sum(axis=(2, 3))
                union = np.maximum(turned[a][:12, None], turned[b][None]).sum(axis=(2, 3))
                assert (shared / union).max() < 0.85, f"{a} and {b} overlap too well"


def test_outlines_fit_the_unit_box() -> None:
    rng = np.random.default_rng(0)
    outlines = [shape() for shape in shapes.SHAPES.values()] + [mark(rng) for mark in shapes.MARKS for _ in range(5)]
    for outline in outlines:
        fitted, (width, height) = shapes.fitted(outline, 0.7)
        points = np.concatenate(fitted)
        assert np.allclose(np.ptp(points, axis=0), (width, height)) and max(width, height) == pytest.approx(1)
        assert np.allclose(points.max(axis=0), -points.min(axis=0))


def test_other_sides_show_the_same_scene() -> None:
    large, small = draw_scene(11, side=896), draw_scene(11, side=224)
    assert large.picture.shape == (896, 896, 3) and (large.label, large.scale) == (small.label, small.scale)
    assert np.abs(np.array(large.box) / 4 - np.array(small.box)).max() <= 2
    shrunk = cv2.resize(large.picture, (224, 224), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small.picture).mean() < 12


def test_render_set_is_the_squashed_scenes() -> None:
    images, labels, scales, boxes = render_set([3, 9, 4], side=112)
    assert images.shape == (3, 112, 112, 3) and images.dtype == np.uint8 and labels.dtype == np.int64
    scene = draw_scene(9)
    assert (labels[1], scales[1]) == (scene.label, np.float32(scene.scale))
    assert np.array_equal(images[1], squash(scene.picture, (112, 112)))
    assert np.allclose(boxes[1], np.array(scene.box) / 4)


def test_render_chunks_stream_the_same_rows() -> None:
    whole = render_set(range(7), side=56)
    chunks = list(render_chunks(iter(range(7)), 56, chunk=3))
    assert [len(part.labels) for part in chunks] == [3, 3, 1]
    for i, column in enumerate(whole):
        assert np.array_equal(np.concatenate([part[i] for part in chunks]), column)
    assert render_set([], side=56).images.shape == (0, 56, 56, 3) and not list(render_chunks([], 56))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"seed": 0, "label": 10}, "0 to 9 .*got 10"),
        ({"seed": 0, "scale": 0.05}, "0.14 to 0.85 .*got 0.05"),
        ({"seed": 0, "scale": float("nan")}, "got nan"),
        ({"seed": 0, "side": 16}, "at least 32 px, got 16"),
    ],
)
def test_wrong_requests_say_what_was_expected(wrong: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        draw_scene(**wrong)
