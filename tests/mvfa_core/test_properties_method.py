"""What holds of the method for everything that can be drawn: shapes, sums and places, or a `ValueError`."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mvfa_core.adacam import attention_map
from mvfa_core.losses import mfa_loss
from mvfa_core.regions import cells_to_pixels, region_boxes, top_anchors
from mvfa_core.stages import Stages
from mvfa_core.views import pool_views, region_weights
from tests.corpus.drawn import GRIDS, SIZES, few


@few
@given(GRIDS, st.integers(1, 3), st.integers(-1, 70), SIZES, st.integers(0, 2**32))
def test_regions_and_views(grid: tuple[int, int], b: int, k: int, sizes: list[int], seed: int) -> None:
    """Every box lies in the grid and holds its anchor; every row of weights sums to 1 over exactly its box."""
    h, w = grid
    A_BHW = torch.rand(b, h, w, generator=torch.Generator().manual_seed(seed)).mul(4).round()  # with equal values
    try:
        anchors = top_anchors(A_BHW, k)
        boxes = region_boxes(anchors, sizes, grid)
    except ValueError:
        assert not 1 <= k <= h * w or not sizes or any(r < 1 or r % 2 == 0 for r in sizes)
        return
    assert anchors.shape == (b, k, 2) and boxes.shape == (b, k, len(sizes), 4)
    assert len({tuple(one) for one in anchors[0].tolist()}) == k
    values = A_BHW[0][anchors[0, :, 1], anchors[0, :, 0]]
    assert (values[:-1] >= values[1:]).all()
    left, top, right, bottom = boxes.unbind(-1)
    x, y = anchors[..., 0, None], anchors[..., 1, None]
    assert ((left >= 0) & (left <= x) & (x <= right) & (right < w)).all()
    assert ((top >= 0) & (top <= y) & (y <= bottom) & (bottom < h)).all()
    weights = region_weights(boxes, grid)
    assert weights.shape == (b, k * len(sizes), h, w) and (weights >= 0).all()
    torch.testing.assert_close(weights.sum((-2, -1)), torch.ones(weights.shape[:2]))
    area = ((right - left + 1) * (bottom - top + 1)).flatten(1)
    assert ((weights > 0).sum((-2, -1)) == area).all()
    F_BDHW = torch.rand(b, 2, h, w)
    views = pool_views(weights, F_BDHW)
    low, high = F_BDHW.amin((-2, -1))[:, None] - 1e-5, F_BDHW.amax((-2, -1))[:, None] + 1e-5
    assert ((views >= low) & (views <= high)).all()
    pixels = cells_to_pixels(boxes, grid, (h * 8, w * 16))
    assert (pixels[..., 2] <= w * 16).all() and (pixels[..., 3] <= h * 8).all() and (pixels >= 0).all()


@few
@given(GRIDS, st.integers(1, 5), st.floats(-1e30, 1e30), st.booleans())
def test_attention(grid: tuple[int, int], classes: int, height: float, spoilt: bool) -> None:
    """A is the mean of the class maps by their probabilities, however large they are; NaN is refused."""
    G_BCHW = torch.rand(2, classes, *grid) * height
    if spoilt:
        G_BCHW[0, 0, 0, 0] = float("nan")
        with pytest.raises(ValueError, match="finite"):
            attention_map(G_BCHW)
        return
    A_BHW, f_BC = attention_map(G_BCHW)
    torch.testing.assert_close(f_BC.sum(1), torch.ones(2))
    assert A_BHW.shape == (2, *grid)
    assert (G_BCHW.amax(1) + abs(height) * 1e-5 >= A_BHW).all() and (G_BCHW.amin(1) - abs(height) * 1e-5 <= A_BHW).all()


@few
@given(st.integers(1, 3), st.integers(1, 5), st.integers(2, 4), st.lists(st.integers(-2, 5), min_size=1, max_size=4))
def test_losses(b: int, views: int, classes: int, labels: list[int]) -> None:
    """Sum is M times mean, both add up, none is below nothing; labels that do not fit are refused."""
    logits_BMC = torch.randn(b, views, classes)
    G_BCHW = torch.randn(b, classes, 1, 1)
    stages = Stages(torch.rand(b, 1, 1, 1), ensemble_BC=logits_BMC.sum(1), G_BCHW=G_BCHW, logits_BMC=logits_BMC)
    try:
        summed, mean = (mfa_loss(stages, torch.tensor(labels), local=how) for how in ("sum", "mean"))
    except ValueError:
        assert len(labels) != b or not all(0 <= label < classes for label in labels)
        return
    assert summed.local is not None and mean.local is not None
    torch.testing.assert_close(summed.local, mean.local * views)
    torch.testing.assert_close(summed.total, summed.global_ + summed.local)
    assert min(summed.global_, summed.local, mean.local) >= 0
