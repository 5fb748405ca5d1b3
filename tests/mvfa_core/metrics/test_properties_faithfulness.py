"""What holds of deletion, insertion and ROAD, and of the figures of a whole set."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mvfa_core.data.sets import PictureSet
from mvfa_core.metrics.faithfulness import STEPS, area, confidences, exchanged, faithfulness, order_of
from mvfa_core.metrics.objects import objects_of, picture_size
from mvfa_core.metrics.road import road
from mvfa_core.metrics.sets import explained, measured, summary
from mvfa_core.metrics.truth import Truth
from tests.corpus.drawn import SEEDS, SMALL, TEXT, Grid, few, fewer, map_of, rarely, refused, rng, small_model

BOX = st.lists(st.integers(-2, 100) | st.sampled_from([math.nan, math.inf]), min_size=4, max_size=4)


@few
@given(SMALL, SEEDS, st.integers(0, 4), st.integers(0, 4))
def test_cells_are_exchanged_in_order(grid: Grid, seed: int, more_h: int, more_w: int) -> None:
    """From all of one picture to all of the other, never back; whole cells at a time."""
    map_HW = map_of(seed, grid)
    order = order_of(map_HW)
    assert sorted(order) == list(range(map_HW.size)) and (np.diff(map_HW.ravel()[order]) <= 0).all()
    image, other = np.zeros((grid[0] + more_h, grid[1] + more_w, 3), np.uint8), np.full(3, 255, np.uint8)
    versions = exchanged(image, np.broadcast_to(other, image.shape), order, grid)
    shares = versions.reshape(STEPS + 1, -1).astype(int)
    assert versions.shape == (STEPS + 1, *image.shape) and not shares[0].any() and (shares[-1] == 255).all()
    assert (np.diff(shares, axis=0) >= 0).all()


@few
@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_area(values: list[float]) -> None:
    found = area(np.array(values))
    assert min(values) - 1e-9 <= found <= max(values) + 1e-9
    np.testing.assert_allclose(found, np.trapezoid(values, np.linspace(0, 1, len(values))))


@fewer
@given(SEEDS, st.sampled_from(["mfa", "gap"]))
def test_faithfulness(seed: int, pooling: str) -> None:
    """Maps that order the cells alike are told the same; an order and its reverse are ROAD's opposites in sign."""
    model, target = small_model(pooling), seed % 4
    image = rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    map_HW = rng(seed).permutation(16).reshape(4, 4).astype(np.float32)
    told = faithfulness(model, image, {"a": map_HW, "b": 2 * map_HW + 1}, target)
    assert told["a"] == told["b"] and all(0 <= value <= 1 for value in told["a"].values())
    share = confidences(model, image[None], target)
    assert share.shape == (1,) and 0 <= share[0] <= 1
    if seed % 4 == 0:
        back = road(model, image, {"a": map_HW}, target, seed=seed)
        assert -0.5 <= back["a"]["road"] <= 0.5 and back == road(model, image, {"a": map_HW}, target, seed=seed)


# --- a whole set ---


@rarely
@given(st.integers(1, 4), SEEDS, st.booleans())
def test_measuring_sets(count: int, seed: int, of_label: bool) -> None:
    """A row for every figure, its interval around it, over as many pictures as there are."""
    draw = rng(seed)
    images = draw.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    pictures = PictureSet(images, draw.integers(0, 4, 5), tuple("abcde"))
    index = np.arange(count)
    truths = [Truth(np.array([[1 + i, 2, 20, 30]]), (32, 32)) for i in index]
    each = list(
        measured(small_model(), pictures, index, what=("boxes", "uncertainty"), truths=truths, of_label=of_label)
    )
    targets = pictures.labels[index] if of_label else None
    same = list(explained(small_model(), images, index, targets, boxes=False))
    assert len(each) == count == len(same) and all(box is None for _, box in same)
    assert [one.right for one in each] == [f.predicted == pictures.labels[i] for i, (f, _) in enumerate(same)]
    with refused(count >= 2):
        for row in summary(each, seed):
            assert row.n == count and (math.isnan(row.value) or row.low - 1e-9 <= row.value <= row.high + 1e-9)


@fewer
@given(st.lists(st.tuples(st.sampled_from(["a.png", "b.png", "x/a.png", "no"]), BOX), min_size=1, max_size=3), TEXT)
def test_objects_of_a_set(tmp_path: Path, rows: list[tuple[str, list[float]]], text: str) -> None:
    """Boxes of a stranger's file: an object inside each picture they mark, or a sentence."""
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    assert picture_size(tmp_path / "a.png") == (40, 30)
    lines = ["file,x0,y0,x1,y1,width,height", *(f"{name},{','.join(map(str, box))},40,30" for name, box in rows)]
    (tmp_path / "boxes.csv").write_text("\n".join(lines))
    pictures = PictureSet(np.zeros((2, 8, 8, 3), np.uint8), np.zeros(2, np.int64), ("a.png", "b.png"))
    try:
        index, truths = objects_of(pictures, str(tmp_path), tmp_path / "boxes.csv")
    except ValueError as error:
        assert len(str(error)) > 10
        return
    assert len(index) == len(truths or ()) > 0
    assert all((one.boxes_N4 >= 0).all() and (one.boxes_N4[:, 2:] <= (40, 30)).all() for one in truths or ())
