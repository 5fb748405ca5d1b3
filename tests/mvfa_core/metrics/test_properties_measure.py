"""What holds of the figures that judge maps and doubts, against plain loops and what each must be by its meaning."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from mvfa_core.explain import explain_encoding
from mvfa_core.metrics.crosswise import crosswise, halves
from mvfa_core.metrics.intervals import interval, mean_interval
from mvfa_core.metrics.localisation import (
    best_iou,
    energy,
    locate,
    locate_box,
    pixel_precision,
    pointing,
    threshold_boxes,
)  # fmt: skip
from mvfa_core.metrics.methods import centre, maps_of
from mvfa_core.metrics.picture import located, measure_picture
from mvfa_core.metrics.scales import accuracy_by_scale
from mvfa_core.metrics.truth import Truth
from mvfa_core.metrics.uncertainty import aurc, auroc, doubts, risk_coverage
from tests.corpus.drawn import (  # fmt: skip
    SEEDS,
    SIZE_PX,
    SMALL,
    Grid,
    encoding,
    few,
    fewer,
    map_of,
    refused,
    rng,
    small_model,
)

BOX = st.lists(st.integers(-2, 100) | st.sampled_from([math.nan, math.inf]), min_size=4, max_size=4)
SHARES = st.lists(st.integers(0, 4).map(lambda n: n / 4), min_size=1, max_size=12)


def truth_of(seed: int, *, mask: bool = False) -> Truth:
    """One or two boxes somewhere in the picture of `SIZE_PX`."""
    draw = rng(seed)
    low = draw.uniform(0, 0.8, (1 + seed % 2, 2)) * SIZE_PX
    high = np.minimum(low + draw.uniform(1, 60, low.shape), SIZE_PX)
    pixels = None
    if mask:
        pixels = np.zeros(SIZE_PX[::-1], bool)
        x0, y0, x1, y1 = np.ceil([*low[0], *high[0]]).astype(int)
        pixels[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] = True
    return Truth(np.hstack([low, high]), SIZE_PX, pixels)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    shared = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


# --- where the object is ---


@few
@given(st.lists(BOX, max_size=3), st.tuples(st.integers(-1, 50), st.integers(-1, 50)), SMALL)
def test_truths(boxes: list[list[float]], size_px: tuple[int, int], grid: Grid) -> None:
    """Boxes that are some, or a sentence; what they cover is a share of every cell."""
    whole = all(all(map(math.isfinite, one)) and one[0] < one[2] and one[1] < one[3] for one in boxes)
    with refused(bool(boxes) and whole and min(size_px) > 0):
        truth = Truth(np.array(boxes, dtype=float).reshape(-1, 4), size_px)
        cells = truth.in_cells(grid)
        np.testing.assert_allclose(cells * np.tile((size_px[0] / grid[1], size_px[1] / grid[0]), 2), boxes, atol=1e-9)
        covered = truth.coverage(grid)
        assert covered.shape == grid and covered.min() >= 0 and covered.max() <= 1
        assert truth.mask_points(grid) is None and truth.mask_coverage(grid) is None


@few
@given(SMALL, SEEDS, SEEDS, st.floats(0.01, 100), st.floats(-10, 10), st.booleans())
@example((1, 1), 0, 0, 1.0, 0.0, True)
def test_locating(grid: Grid, seed: int, where: int, factor: float, added: float, mask: bool) -> None:
    """Shares from 0 to 1 that no factor changes; a map that is the object itself points at it with all its energy."""
    map_HW, truth = map_of(seed, grid), truth_of(where, mask=mask)
    found = locate(map_HW, truth)
    for value in (found.pointing, found.energy, *((found.energy_mask, found.pixel_ap) if mask else ())):
        assert 0 <= value <= 1 + 1e-9
    assert ((found.iou_T >= 0) & (found.iou_T <= 1 + 1e-9)).all()
    assert (found.boxes_T4[:, :2] >= 0).all() and (found.boxes_T4[:, 2:] <= grid[::-1]).all()
    sizes = (found.boxes_T4[:, 2:] - found.boxes_T4[:, :2]).prod(1)
    assert (sizes > 0).all()
    np.testing.assert_allclose(best_iou(found.boxes_T4, truth.in_cells(grid)), found.iou_T)
    by_hand = max(iou(found.boxes_T4[0], one) for one in truth.in_cells(grid))
    np.testing.assert_allclose(found.iou_T[0], by_hand, atol=1e-12)
    assert pointing(map_HW * np.float32(2), truth) == found.pointing
    np.testing.assert_allclose(energy(map_HW * factor, truth.coverage(grid)), found.energy, atol=1e-9)
    assert pointing((map_HW + 8).round(), truth) == found.pointing
    assert threshold_boxes(np.full(grid, added, np.float32)).tolist() == [[0, 0, grid[1], grid[0]]] * len(found.iou_T)
    if (covered := truth.coverage(grid)).max() == 1:
        np.testing.assert_allclose(energy((covered == 1).astype(float), covered), 1)


@few
@given(SMALL, st.floats(-3e38, 3e38) | st.sampled_from([math.nan, math.inf, 1e300]))
@example((1, 2), 3e38)
def test_only_finite_maps_are_located(grid: Grid, value: float) -> None:
    map_HW = np.zeros(grid, np.float64)
    map_HW[0, 0] = value
    map_HW[-1, -1] = -value
    with refused(math.isfinite(value) and value < 1e299):
        assert np.isfinite(locate(map_HW, truth_of(1)).iou_T).all()


@few
@given(SMALL, SEEDS, SEEDS)
def test_pixel_precision(grid: Grid, seed: int, where: int) -> None:
    """1 for the mask itself, its share for a map without differences."""
    points = truth_of(where, mask=True).mask_points(grid)
    if points is None or not points.any():
        return
    assert 0 < pixel_precision(map_of(seed, grid), points) <= 1 + 1e-9
    np.testing.assert_allclose(pixel_precision(np.ones(grid), points), points.mean())
    np.testing.assert_allclose(pixel_precision(points.astype(np.float32), points), 1)


@few
@given(SMALL, SEEDS, SEEDS, st.sampled_from(["mfa", "gap"]), st.floats(-0.5, 1.5))
def test_measuring_a_picture(grid: Grid, seed: int, where: int, pooling: str, threshold: float) -> None:
    found, truth = explain_encoding(small_model(pooling), encoding(seed, grid)), truth_of(where)
    box_4 = np.array([0, 0, grid[1] - 1, grid[0] - 1])
    with refused(0 < threshold <= 1):
        told = measure_picture(found, truth, best_box_4=box_4, threshold=threshold)
        assert list(told) == [*maps_of(found), "best box"] == list(located(found, truth, box_4))
        for one in told.values():
            x0, y0, x1, y1 = one["box_px"]
            assert 0 <= x0 < x1 <= SIZE_PX[0] + 1e-6 and 0 <= y0 < y1 <= SIZE_PX[1] + 1e-6 and 0 <= one["iou"] <= 1.0001
    whole = locate_box(box_4, truth, grid)
    np.testing.assert_allclose(whole.iou_T[0], max(iou(np.array([0, 0, *grid[::-1]]), b) for b in truth.in_cells(grid)))
    bump = centre(grid)
    np.testing.assert_allclose(bump, bump[::-1, ::-1])
    assert bump.shape == grid and 0 < bump.max() <= 1


# --- thresholds, intervals, scales ---


@few
@given(st.integers(-1, 30), SEEDS)
def test_halves(count: int, seed: int) -> None:
    with refused(count >= 2):
        first, second = halves(count, seed)
        assert sorted([*first, *second]) == list(range(count)) and abs(len(first) - len(second)) <= 1


@few
@given(st.integers(2, 12), st.integers(1, 5), SEEDS, st.none() | st.sampled_from([0.3, 0.5]))
def test_crosswise(count: int, thresholds: int, seed: int, wanted: float | None) -> None:
    """The threshold of each half is the best on the other, by a loop."""
    iou_NT = rng(seed).integers(0, 5, (count, thresholds)) / 4
    score_N, places = crosswise(iou_NT, wanted, seed)
    score_NT = iou_NT if wanted is None else (iou_NT >= wanted).astype(float)
    assert score_N.shape == (count,) and score_N.max() <= score_NT.max()
    if thresholds > 1:
        for own, other, place in zip(halves(count, seed), halves(count, seed)[::-1], places, strict=True):
            means = score_NT[other].mean(0)
            assert means[place] >= means.max() - 1e-12
            np.testing.assert_array_equal(score_N[own], score_NT[own, place])


@fewer
@given(SHARES, SEEDS)
def test_intervals(values: list[float], seed: int) -> None:
    """Around the figure, inside the values, and the same every time."""
    array = np.array(values)
    value, low, high = mean_interval(array, seed)
    assert value == array.mean() and min(values) <= low <= high <= max(values)
    assert mean_interval(array, seed) == (value, low, high)
    undefined = interval(lambda _: math.nan, array, seed=seed)
    assert all(map(math.isnan, undefined))


@few
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=30))
def test_accuracy_by_scale(pictures: list[tuple[bool, float]]) -> None:
    """Every picture is in one band, and the right ones add up."""
    right, scales = np.array([p[0] for p in pictures], bool), np.array([p[1] for p in pictures])
    bands = accuracy_by_scale(right, scales)
    assert sum(one["n"] for one in bands) == len(pictures)
    np.testing.assert_allclose(sum(one["n"] * one["accuracy"] for one in bands), right.sum())
    assert [one["from"] for one in bands] == sorted(one["from"] for one in bands)


# --- doubts ---


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=14), SEEDS)
def test_doubts_that_rank_errors(pictures: list[tuple[int, bool]], seed: int) -> None:
    """AUROC by all pairs; no figure depends on the order of the pictures; knowing the errors is the best there is."""
    doubt, wrong = np.array([float(p[0]) for p in pictures]), np.array([p[1] for p in pictures])
    pairs = [(a > b) + 0.5 * (a == b) for a in doubt[wrong] for b in doubt[~wrong]]
    np.testing.assert_allclose(auroc(doubt, wrong), np.mean(pairs) if pairs else math.nan)
    risk = risk_coverage(doubt, wrong)
    np.testing.assert_allclose(risk[-1], wrong.mean())
    order = rng(seed).permutation(len(doubt))
    np.testing.assert_allclose(risk_coverage(doubt[order], wrong[order]), risk)
    np.testing.assert_allclose(aurc(doubt, wrong), risk.mean())
    assert aurc(wrong, wrong) <= aurc(doubt, wrong) + 1e-12
    np.testing.assert_allclose(aurc(np.zeros(len(doubt)), wrong), wrong.mean())


@few
@given(SMALL, SEEDS, st.sampled_from(["mfa", "gap"]))
def test_doubts_of_a_picture(grid: Grid, seed: int, pooling: str) -> None:
    told = doubts(explain_encoding(small_model(pooling), encoding(seed, grid)))
    assert next(iter(told)) == "confidence" and len(told) == (1 if pooling == "gap" else 4)
    assert all(value >= -1e-6 for value in told.values()) and told["confidence"] <= 1 and told.get("tally", 0) <= 1
