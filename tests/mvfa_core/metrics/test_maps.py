"""Localisation figures on maps whose answer is known, and against loops and other packages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap
from skimage.measure import label, regionprops

from mvfa_core import build_model, explain
from mvfa_core.analysis.rectangles import best_box
from mvfa_core.draw import enlarge
from mvfa_core.explain import encode
from mvfa_core.metrics import MEANINGS, SCALE_EDGES, Truth, accuracy_by_scale, measure_picture
from mvfa_core.metrics.crosswise import crosswise, halves
from mvfa_core.metrics.intervals import mean_interval
from mvfa_core.metrics.localisation import (
    THRESHOLDS,
    best_iou,
    energy,
    locate,
    locate_box,
    pixel_precision,
    pointing,
    threshold_boxes,
)
from mvfa_core.metrics.meanings import FIGURES
from mvfa_core.metrics.methods import METHODS, centre, maps_of
from mvfa_core.metrics.truth import POINTS
from tests.mvfa_core.samples import refusal

GRID = (6, 10)
SIZE_PX = (200, 60)  # 20 px a cell to the right, 10 px downwards
BOX_PX = (60, 20, 140, 50)  # columns 3 to 6, rows 2 to 4


def truth(*boxes: tuple[float, ...], mask: np.ndarray | None = None) -> Truth:
    return Truth(np.array(boxes or (BOX_PX,)), SIZE_PX, mask)


def inside(value: float = 1.0, rest: float = 0.0) -> np.ndarray:
    map_HW = np.full(GRID, rest)
    map_HW[2:5, 3:7] = value
    return map_HW


def smooth(seed: int, grid: tuple[int, int] = (9, 13)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=grid)


def test_a_perfect_map() -> None:
    found = locate(inside(), truth())
    assert (found.pointing, found.energy) == (1, 1)
    assert found.iou_T.max() > 0.99  # at half height the enlarged edge lies on the box's own
    assert found.iou_T[THRESHOLDS.index(0.5)] == found.iou_T.max()


def test_an_inverted_map() -> None:
    found = locate(inside(0, 1), truth())
    assert (found.pointing, found.energy) == (0, 0)
    assert found.iou_T.max() == pytest.approx(12 / 60, abs=0.001)  # the box around the rest is the picture


def test_a_map_without_differences_knows_nothing() -> None:
    """Every figure is what the box's share of the picture, one fifth, gives."""
    mask = np.zeros((60, 200), bool)
    mask[20:50, 60:140] = True
    found = locate(np.full(GRID, 3.0), truth(mask=mask))
    wanted = 12 / 60
    assert [found.pointing, found.energy, found.energy_mask] == pytest.approx([wanted] * 3)
    assert found.pixel_ap == pytest.approx(wanted)
    np.testing.assert_allclose(found.iou_T, wanted)


def test_a_map_without_anything_positive_has_no_energy() -> None:
    assert locate(-inside() - 1, truth()).energy == 0


def test_only_energy_feels_a_constant_and_nothing_a_factor() -> None:
    map_HW = smooth(3)
    first, shifted, scaled = (locate(m, truth()) for m in (map_HW, map_HW + 5, map_HW * 7))
    assert first.pointing == shifted.pointing == scaled.pointing
    np.testing.assert_allclose(first.iou_T, shifted.iou_T)
    np.testing.assert_allclose(first.iou_T, scaled.iou_T)
    assert first.energy == pytest.approx(scaled.energy)
    assert first.energy != pytest.approx(shifted.energy)


def test_the_point_is_the_centre_of_the_largest_cell() -> None:
    """Cell (4, 1) has its centre at (90, 15) px."""
    map_HW = np.zeros(GRID)
    map_HW[1, 4] = 1
    assert pointing(map_HW, truth((89, 14, 91, 16))) == 1
    assert pointing(map_HW, truth((80, 10, 90, 20))) == 0  # half open: 90 is outside
    assert pointing(map_HW, truth((0, 0, 5, 5), (85, 10, 95, 20))) == 1


def test_energy_counts_two_boxes_once_where_they_overlap() -> None:
    once, twice = truth((0, 0, 40, 60)), truth((0, 0, 40, 60), (20, 0, 40, 60))
    assert energy(np.ones(GRID), once.coverage(GRID)) == energy(np.ones(GRID), twice.coverage(GRID)) == 0.2


def test_coverage_of_part_of_a_cell() -> None:
    """A box of a quarter of one cell: 10 x 5 px of 20 x 10."""
    coverage_HW = truth((20, 10, 30, 15)).coverage(GRID)
    assert coverage_HW[1, 1] == 0.25
    assert coverage_HW.sum() == 0.25


@pytest.mark.parametrize("seed", range(4))
def test_threshold_boxes_are_scikit_image_s(seed: int) -> None:
    map_HW = smooth(seed)
    points = enlarge(map_HW, (13 * POINTS, 9 * POINTS))
    points = (points - points.min()) / np.ptp(points)
    for t, box in zip(THRESHOLDS, threshold_boxes(map_HW), strict=True):
        largest = max(regionprops(label(points >= t, connectivity=2)), key=lambda part: part.area)
        y0, x0, y1, x1 = largest.bbox
        assert (box * POINTS).tolist() == [x0, y0, x1, y1]


def test_overlap_against_a_loop_over_points() -> None:
    rng = np.random.default_rng(1)
    corners = rng.integers(0, 20, (12, 2, 2))
    boxes = np.concatenate((corners.min(axis=1), corners.max(axis=1) + 1), axis=1).astype(float)

    def points(box: np.ndarray) -> set[tuple[int, int]]:
        x0, y0, x1, y1 = box.astype(int)
        return {(x, y) for x in range(x0, x1) for y in range(y0, y1)}

    wanted = [max(len(points(a) & points(b)) / len(points(a) | points(b)) for b in boxes[8:]) for a in boxes[:8]]
    np.testing.assert_allclose(best_iou(boxes[:8], boxes[8:]), wanted)


def test_a_box_of_cells() -> None:
    assert locate_box(np.array((3, 2, 6, 4)), truth(), GRID).iou_T.tolist() == [1]
    assert locate_box(np.array((3, 2, 6, 4)), truth((0, 0, 20, 10), BOX_PX), GRID).iou_T.tolist() == [1]


def test_pixel_precision_against_a_loop() -> None:
    """Precision at every distinct value, weighted by the share of the object found there; with and without ties."""
    rng = np.random.default_rng(2)
    points = rng.random((5 * POINTS, 4 * POINTS)) < 0.3
    for values in (
        rng.integers(0, 4, (5, 4)).astype(float),
        smooth(5, (5, 4)),
        points[::POINTS, ::POINTS].astype(float),
    ):
        seen = enlarge(values, (4 * POINTS, 5 * POINTS))
        wanted, recall = 0.0, 0.0
        for value in sorted(set(seen.ravel().tolist()), reverse=True):
            chosen = seen >= value
            now = (chosen & points).sum() / points.sum()
            wanted, recall = wanted + (now - recall) * (chosen & points).sum() / chosen.sum(), now
        assert pixel_precision(values, points) == pytest.approx(wanted)


def test_thresholds_come_from_the_other_half() -> None:
    """Each half wants another threshold; crosswise, both get the wrong one."""
    first, second = halves(10, seed=4)
    assert sorted([*first, *second]) == list(range(10))
    iou_NT = np.zeros((10, 3))
    iou_NT[first, 0], iou_NT[second, 2] = 0.9, 0.6
    score_N, places = crosswise(iou_NT, 0.5, seed=4)
    assert places == (2, 0)
    assert score_N.tolist() == [0] * 10
    iou_NT[:, 1] = 0.95  # now all agree
    assert crosswise(iou_NT, 0.5, seed=4)[0].tolist() == [1] * 10
    np.testing.assert_allclose(crosswise(iou_NT, None, seed=4)[0], 0.95)


def test_a_picture_s_own_overlap_never_chooses_its_threshold() -> None:
    iou_NT = np.random.default_rng(0).random((9, 5))
    first, _ = halves(9, seed=1)
    before = crosswise(iou_NT, seed=1)[1]
    iou_NT[first] = np.random.default_rng(1).random((len(first), 5))
    assert crosswise(iou_NT, seed=1)[1][0] == before[0]  # the threshold used on the first half


def test_a_threshold_needs_two_pictures_and_a_box_none() -> None:
    with refusal("two or more", "1"):
        crosswise(np.zeros((1, 3)))
    assert crosswise(np.full((1, 1), 0.7), 0.5)[0].tolist() == [1]


def test_intervals() -> None:
    values = np.random.default_rng(0).normal(3, 2, 400)
    mean, low, high = mean_interval(values)
    assert mean == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)  # the normal approximation
    assert mean_interval(values) == (mean, low, high)
    plain = bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(9)).confidence_interval
    assert (low, high) == pytest.approx(tuple(plain), abs=0.03)
    assert mean_interval(np.ones(5)) == (1, 1, 1)
    assert mean_interval(np.array([2.0])) == (2, 2, 2)


def test_the_centre_is_a_bump_on_any_grid() -> None:
    for grid in ((14, 14), (5, 9)):
        map_HW = centre(grid)
        np.testing.assert_allclose(map_HW, map_HW[::-1, ::-1])
        assert map_HW.shape == grid
        assert map_HW.argmax() in {(grid[0] - 1) // 2 * grid[1] + (grid[1] - 1) // 2}


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_the_record_of_a_picture(pooling: str) -> None:
    options = {"k": 4, "sizes": (1, 3)} if pooling == "mfa" else {}
    model = build_model("compact", pooling=pooling, num_classes=3, **options)
    model.side = 48
    picture = np.random.default_rng(0).integers(0, 255, (60, 200, 3), dtype=np.uint8)
    found = explain(model, picture, target=1)
    encoding = encode(model, picture)
    best = best_box(model.pooling.head, encoding.F_BDHW, encoding.F_BDHW.new_tensor([1]).long())
    record = measure_picture(found, truth(), best_box_4=best.boxes_B4[0].numpy(), threshold=0.4)
    assert set(record) == set(METHODS)
    for name, map_HW in maps_of(found).items():
        one = record[name]
        assert one["pointing"] == pointing(map_HW, truth())
        x0, y0, x1, y1 = one["box_px"]
        assert 0 <= x0 < x1 <= 200 and 0 <= y0 < y1 <= 60
        assert one["iou"] == pytest.approx(float(best_iou(np.array([one["box_px"]]), np.array([BOX_PX], float))[0]))
    assert record["best box"]["pointing"] is None
    assert set(record["CAM"]) - {"box_px"} <= set(MEANINGS)


def test_every_figure_has_one_sentence() -> None:
    for figure in FIGURES.values():
        assert figure.sentence.endswith(".") and figure.sentence.count(". ") == 0
        assert figure.better in ("higher", "lower")


def test_refusals() -> None:
    with refusal("map_HW", "(H, W)"):
        locate(np.zeros(5), truth())
    with refusal("finite"):
        locate(np.full(GRID, np.nan), truth())
    with refusal("x0 < x1"):
        truth((5, 5, 5, 9))
    with refusal("boxes_N4"):
        Truth(np.zeros((0, 4)), SIZE_PX)
    with refusal("size_px"):
        Truth(np.array([BOX_PX]), (0, 10))
    with refusal("mask"):
        truth(mask=np.zeros((4, 4), bool))


def test_parts_of_the_pictures_make_up_the_bands_of_all() -> None:
    """As several processes do it: every count is summed over them, also by one that holds nothing of a band."""
    rng = np.random.default_rng(3)
    scales_N, right_N = rng.uniform(0.14, 0.85, 60), rng.random(60) < 0.5
    parts = [slice(0, 20), slice(20, 21), slice(21, 60)]
    alone = [accuracy_by_scale(right_N[part], scales_N[part]) for part in parts]
    whole = accuracy_by_scale(right_N, scales_N)
    assert [band["n"] for band in whole] == [
        sum(band["n"] for found in alone for band in found if band["from"] == edge) for edge in SCALE_EDGES[:-1]
    ]
    asked: list[int] = []
    accuracy_by_scale(right_N[parts[1]], scales_N[parts[1]], lambda count: asked.append(count) or count)
    assert len(asked) == 2 * (len(SCALE_EDGES) - 1), "processes must ask alike, or one of them waits for ever"
