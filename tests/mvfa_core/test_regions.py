"""Attention to anchors to boxes to pixels, Eq. 3-5, against loops."""

from __future__ import annotations

import pytest
import torch

from mvfa_core.regions import all_cells, cells_to_pixels, region_boxes, top_anchors
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import CASES, DTYPES, EVERY_CASE, Case, array, refusal


def random_attention(case: Case, dtype: torch.dtype, *, levels: int | None = None) -> torch.Tensor:
    """A_BHW; with `levels` only so many different values, so that most of them are tied."""
    generator = torch.Generator().manual_seed(1)
    shape = (3, case.height, case.width)
    if levels:
        return torch.randint(-levels // 2, levels // 2, shape, generator=generator).to(dtype)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("levels", [None, 2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_anchors_are_the_loop_with_and_without_ties(case: Case, dtype: torch.dtype, levels: int | None) -> None:
    A_BHW = random_attention(case, dtype, levels=levels)
    anchors_BK2 = top_anchors(A_BHW, case.k)
    assert anchors_BK2.dtype == torch.int64
    assert not anchors_BK2.requires_grad
    assert anchors_BK2.tolist() == [[list(p) for p in oracles.anchors(array(A), case.k)] for A in A_BHW]


@pytest.mark.parametrize("value", [0.0, -3.5])
def test_a_flat_map_gives_row_major_order(value: float) -> None:
    anchors_BK2 = top_anchors(torch.full((2, 3, 5), value), 15)
    assert anchors_BK2[1].tolist() == [[x, y] for y in range(3) for x in range(5)]


def test_both_zeros_are_equal() -> None:
    A_BHW = torch.tensor([[[-0.0, 0.0, 1.0, -0.0]]])
    assert top_anchors(A_BHW, 4).tolist() == [[[2, 0], [0, 0], [1, 0], [3, 0]]]


def test_ties_in_a_large_map_stay_in_order() -> None:
    A_BHW = torch.zeros(1, 40, 50)
    A_BHW[0, 20:] = 1.0
    wanted = [[x, y] for y in [*range(20, 40), *range(20)] for x in range(50)]
    assert top_anchors(A_BHW, 2000)[0].tolist() == wanted


def test_anchors_are_x_first() -> None:
    A_BHW = torch.zeros(1, 2, 7)
    A_BHW[0, 1, 5] = 1.0
    assert top_anchors(A_BHW, 1).tolist() == [[[5, 1]]]


def test_more_anchors_only_add_to_fewer() -> None:
    A_BHW = random_attention(CASES["wide"], torch.float64, levels=4)
    every = top_anchors(A_BHW, 40)
    for k in range(1, 40):
        assert torch.equal(top_anchors(A_BHW, k), every[:, :k])


def test_no_gradient_flows_through_the_choice() -> None:
    A_BHW = random_attention(CASES["wide"], torch.float64).requires_grad_()
    assert not top_anchors(A_BHW, 3).requires_grad


@pytest.mark.parametrize("k", [0, -2, 41, True, 3.0, None])
def test_k_out_of_range(k: object) -> None:
    with refusal("k", "40", repr(k)):
        top_anchors(random_attention(CASES["wide"], torch.float32), k)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_attention_that_is_not_finite(bad: float) -> None:
    A_BHW = random_attention(CASES["wide"], torch.float32)
    A_BHW[2, 0, 1] = bad
    with refusal("A_BHW", "1 NaN"):
        top_anchors(A_BHW, 3)


@pytest.mark.parametrize("shape", [(3, 4), (1, 2, 3, 4), (2, 0, 4)])
def test_attention_of_the_wrong_dimensions(shape: tuple[int, ...]) -> None:
    with refusal("A_BHW", str(shape)):
        top_anchors(torch.zeros(shape), 1)


@pytest.mark.parametrize("case", EVERY_CASE)
def test_boxes_around_every_cell_are_eq_5(case: Case) -> None:
    """Every cell as a centre: corners, borders and inside."""
    H, W = case.height, case.width
    centres = [(x, y) for y in range(H) for x in range(W)]
    boxes_BKR4 = region_boxes(torch.tensor([centres, centres[::-1]]), case.sizes, (H, W))
    assert boxes_BKR4.dtype == torch.int64
    wanted = [[list(oracles.region(centre, r, H, W)) for r in case.sizes] for centre in centres]
    assert boxes_BKR4[0].tolist() == wanted
    assert boxes_BKR4[1].tolist() == wanted[::-1]


def test_boxes_written_out() -> None:
    """H = 4, W = 6: a corner, the opposite corner, and the inside."""
    boxes = region_boxes(torch.tensor([[[0, 0], [5, 3], [2, 1]]]), (1, 3, 9), (4, 6))
    assert boxes[0].tolist() == [
        [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 4, 3]],
        [[5, 3, 5, 3], [4, 2, 5, 3], [1, 0, 5, 3]],
        [[2, 1, 2, 1], [1, 0, 3, 2], [0, 0, 5, 3]],
    ]


@pytest.mark.parametrize("sizes", [(2,), (3, 6), (-3,), (0,), (), (3.0,), (True,)])
def test_sizes_that_are_refused(sizes: tuple) -> None:
    with refusal("sizes"):
        region_boxes(torch.zeros(1, 1, 2, dtype=torch.int64), sizes, (4, 5))


@pytest.mark.parametrize("outside", [(6, 0), (0, 4), (-1, 0), (0, -1), (4, 5)])
def test_anchors_outside_the_grid(outside: tuple[int, int]) -> None:
    """(4, 5) would be inside if x and y were exchanged."""
    with refusal("anchors_BK2", "4 rows x 6 columns"):
        region_boxes(torch.tensor([[[0, 0], outside]]), (3,), (4, 6))


@pytest.mark.parametrize("shape", [(3, 2), (1, 3, 3), (1, 0, 2), (1, 1, 1, 2)])
def test_anchors_of_the_wrong_dimensions(shape: tuple[int, ...]) -> None:
    with refusal("anchors_BK2", str(shape)):
        region_boxes(torch.zeros(shape, dtype=torch.int64), (3,), (4, 6))


@pytest.mark.parametrize("grid", [(4, 6), (7, 3), (14, 14), (1, 5)])
@pytest.mark.parametrize("size_px", [(224, 224), (640, 480), (101, 333)])
def test_boxes_in_pixels_by_hand(grid: tuple[int, int], size_px: tuple[int, int]) -> None:
    """`size_px` is (width, height) here; the function takes (height, width)."""
    centres = all_cells(*grid)[None]
    boxes = region_boxes(centres, (1, 3, 5), grid)
    pixels = cells_to_pixels(boxes, grid, size_px[::-1])
    assert pixels.is_floating_point()
    for box, pixel in zip(boxes.flatten(0, 2).tolist(), pixels.flatten(0, 2).tolist(), strict=True):
        assert pixel == pytest.approx(oracles.box_in_pixels(tuple(box), grid, size_px), rel=1e-6)


def test_single_cells_tile_the_picture() -> None:
    pixels = cells_to_pixels(region_boxes(all_cells(3, 5)[None], (1,), (3, 5)), (3, 5), (90, 200))[0, :, 0]
    painted = torch.zeros(90, 200, dtype=torch.int64)
    for x0, y0, x1, y1 in pixels.round().long().tolist():
        painted[y0:y1, x0:x1] += 1
    assert (painted == 1).all()


def test_the_whole_grid_is_the_whole_picture() -> None:
    assert cells_to_pixels(torch.tensor([0, 0, 4, 2]), (3, 5), (97, 211)).tolist() == pytest.approx([0, 0, 211, 97])


def test_boxes_without_four_corners() -> None:
    with refusal("boxes", "four", "(2, 3)"):
        cells_to_pixels(torch.zeros(2, 3), (3, 5), (30, 50))


def test_all_cells_is_row_major() -> None:
    assert all_cells(2, 3).tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
