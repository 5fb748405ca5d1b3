"""Boxes to weights to views, against crops, a summed-area table, average pooling and roi_align."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as nnf
from torchvision.ops import roi_align

from mvfa_core.regions import all_cells, region_boxes
from mvfa_core.views import pool_views, region_weights
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import CASES, DTYPES, EVERY_CASE, Case, D, array, close, features, refusal


def boxes_everywhere(case: Case, batch: int = 3) -> torch.Tensor:
    """Regions around every cell of the grid, in another order for every picture."""
    cells = all_cells(case.height, case.width)
    order = torch.stack([cells.roll(shift, dims=0) for shift in range(batch)])
    return region_boxes(order, case.sizes, (case.height, case.width))


def boxes_of_any_shape(height: int, width: int) -> torch.Tensor:
    """Every rectangle of the grid as (1, K, 1, 4)."""
    columns = [(a, b) for a in range(width) for b in range(a, width)]
    rows = [(a, b) for a in range(height) for b in range(a, height)]
    return torch.tensor([[[[x0, y0, x1, y1]] for x0, x1 in columns for y0, y1 in rows]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_views_are_the_means_of_crops(case: Case, dtype: torch.dtype) -> None:
    F_BDHW, boxes_BKR4 = features(case, dtype), boxes_everywhere(case)
    views_BMD = pool_views(region_weights(boxes_BKR4, (case.height, case.width), dtype), F_BDHW)
    assert views_BMD.dtype == dtype
    for b in range(3):
        boxes = [tuple(box) for box in boxes_BKR4[b].flatten(0, 1).tolist()]  # anchor-major: m = k*R + r
        close(views_BMD[b], [oracles.crop_mean(array(F_BDHW[b]), box) for box in boxes], dtype)
        close(views_BMD[b], [oracles.integral_mean(array(F_BDHW[b]), box) for box in boxes], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_views_are_average_pooling_that_ignores_the_padding(case: Case, dtype: torch.dtype) -> None:
    F_BDHW, grid = features(case, dtype), (case.height, case.width)
    cells = all_cells(*grid).expand(3, -1, -1)
    for r in case.sizes:
        views_BMD = pool_views(region_weights(region_boxes(cells, (r,), grid), grid, dtype), F_BDHW)
        pad = (r - 1) // 2
        # a window of r needs the padded map to be at least r wide: two halves and one cell are
        pooled = nnf.avg_pool2d(F_BDHW, r, stride=1, padding=pad, count_include_pad=False)
        close(views_BMD, array(pooled.flatten(2).mT), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_views_are_roi_align_with_one_sample_a_cell(case: Case, dtype: torch.dtype) -> None:
    """One bin a cell and one sample a bin, at the centre: half-pixel centres read the cells themselves."""
    F_BDHW, grid = features(case, dtype, batch=2), (case.height, case.width)
    boxes_BKR4 = boxes_everywhere(case, batch=2)
    views_BMD = pool_views(region_weights(boxes_BKR4, grid, dtype), F_BDHW)
    for b in range(2):
        for m, (x0, y0, x1, y1) in enumerate(boxes_BKR4[b].flatten(0, 1).tolist()):
            rois = torch.tensor([[0, x0, y0, x1 + 1, y1 + 1]], dtype=dtype)
            bins = (y1 - y0 + 1, x1 - x0 + 1)
            sampled = roi_align(F_BDHW[b : b + 1], rois, bins, sampling_ratio=1, aligned=True)
            close(views_BMD[b, m], array(sampled.mean(dim=(2, 3))[0]), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_rectangle_of_a_grid(dtype: torch.dtype) -> None:
    F_BDHW, boxes = features(CASES["wide"], dtype, batch=1), boxes_of_any_shape(5, 8)
    views_MD = pool_views(region_weights(boxes, (5, 8), dtype), F_BDHW)[0]
    assert len(views_MD) == 15 * 36
    wanted = [oracles.integral_mean(array(F_BDHW[0]), tuple(box)) for box in boxes[0, :, 0].tolist()]
    close(views_MD, wanted, dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_are_shares_of_a_region(dtype: torch.dtype) -> None:
    boxes_BKR4 = boxes_everywhere(CASES["tall"])
    weights_BMHW = region_weights(boxes_BKR4, (9, 4), dtype)
    assert weights_BMHW.shape == (3, 36 * 3, 9, 4)
    assert weights_BMHW.dtype == dtype
    boxes = boxes_BKR4[1].flatten(0, 1).tolist()
    for weights_HW, (x0, y0, x1, y1) in zip(weights_BMHW[1].double(), boxes, strict=True):
        inside = torch.zeros(9, 4, dtype=torch.bool)
        inside[y0 : y1 + 1, x0 : x1 + 1] = True
        assert (weights_HW[~inside] == 0).all()
        assert weights_HW[inside].tolist() == pytest.approx([1 / int(inside.sum())] * int(inside.sum()), rel=1e-2)
        assert float(weights_HW.sum()) == pytest.approx(1.0, abs=1e-6 if dtype.itemsize > 2 else 2e-2)


def test_weights_have_the_default_type_and_no_gradient() -> None:
    weights_BMHW = region_weights(boxes_everywhere(CASES["wide"]), (5, 8))
    assert weights_BMHW.dtype == torch.get_default_dtype()
    assert not weights_BMHW.requires_grad


def test_a_region_of_the_whole_grid_is_global_average_pooling() -> None:
    F_BDHW = features(CASES["wide"])
    whole = torch.tensor([0, 0, 7, 4]).expand(3, 1, 1, 4)
    close(pool_views(region_weights(whole, (5, 8)), F_BDHW)[:, 0], array(F_BDHW.mean(dim=(2, 3))), torch.float32)


def test_pooling_has_the_right_gradient() -> None:
    case = CASES["one size"]
    weights = region_weights(boxes_everywhere(case, batch=2)[:, :5], (6, 5), torch.float64)
    F_BDHW = features(case, batch=2)[:, :2].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda F: pool_views(weights, F), (F_BDHW,))


def test_memory_layout_does_not_matter() -> None:
    F_BDHW, boxes_BKR4 = features(CASES["wide"]), boxes_everywhere(CASES["wide"])
    weights = region_weights(boxes_BKR4, (5, 8), torch.float64)
    other = F_BDHW.to(memory_format=torch.channels_last)
    assert not other.is_contiguous()
    close(pool_views(weights, other), array(pool_views(weights, F_BDHW)))


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 2, 3, 5), (1, 0, 3, 4), (1, 1, 2, 3, 4)])
def test_boxes_of_the_wrong_dimensions(shape: tuple[int, ...]) -> None:
    with refusal("boxes_BKR4", str(shape)):
        region_weights(torch.zeros(shape, dtype=torch.int64), (5, 8))


@pytest.mark.parametrize("shape", [(2, D, 5, 8), (3, D, 8, 5), (3, D, 5, 7), (D, 5, 8)])
def test_maps_that_do_not_fit_the_weights(shape: tuple[int, ...]) -> None:
    """(8, 5) has as many cells as (5, 8), and is refused all the same."""
    weights = region_weights(boxes_everywhere(CASES["wide"]), (5, 8))
    with refusal("F_BDHW", str(shape)):
        pool_views(weights, torch.zeros(shape))


def test_weights_of_the_wrong_dimensions() -> None:
    with refusal("weights_BMHW", "(3, 40)"):
        pool_views(torch.zeros(3, 40), torch.zeros(3, D, 5, 8))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_maps_that_are_not_finite(bad: float) -> None:
    F_BDHW = features(CASES["wide"])
    F_BDHW[0, 0, 4, 7] = bad
    with refusal("F_BDHW", "1 NaN"):
        pool_views(region_weights(boxes_everywhere(CASES["wide"]), (5, 8)), F_BDHW)
