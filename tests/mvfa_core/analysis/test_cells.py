"""A cell's story against the equations by hand: on a grid and a picture that are not square, for every head."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mvfa_core import build_model
from mvfa_core.analysis.cells import cell_story
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.model import Classifier
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, layer, oracle_head, refusal

GRID, SIZE_PX = (5, 8), (320, 150)
K, SIZES = 6, (1, 3, 5)
HEADS = {"linear": {}, "mlp": {"hidden": (9,)}, "prototype": {"gamma": 0.3}}
CELLS = [(0, 0), (7, 4), (7, 0), (3, 2), (1, 3)]


def make(head: str = "linear") -> Classifier:
    return build_model("compact", num_classes=4, k=K, sizes=SIZES, head=head, head_options=HEADS[head], seed=1)


@pytest.fixture
def encoding() -> Encoding:
    """A feature map of 5 x 8 cells of a picture of 320 x 150 px, without a backbone."""
    return Encoding(torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8)), SIZE_PX)


@pytest.mark.parametrize("cell", CELLS)
def test_the_terms_are_equation_2_at_this_cell(cell: tuple[int, int], encoding: Encoding) -> None:
    model = make()
    story = cell_story(model, encoding, cell)
    G_CHW = oracles.class_maps(array(encoding.F_BDHW), *layer(model.pooling.auxiliary))[0]
    f_C = oracles.auxiliary(G_CHW)
    x, y = cell
    np.testing.assert_allclose(story.f_C, f_C, atol=1e-5)
    np.testing.assert_allclose(story.G_C, G_CHW[:, y, x], atol=1e-4)
    np.testing.assert_allclose(story.terms_C, [f_C[c] * G_CHW[c, y, x] for c in range(4)], atol=1e-4)
    assert story.attention == pytest.approx(oracles.attention(G_CHW, f_C)[y, x], abs=1e-4)
    assert story.terms_C.astype(np.float64).sum() == pytest.approx(story.attention, abs=1e-5)


def test_ranks_are_the_order_of_the_anchors(encoding: Encoding) -> None:
    model = make()
    anchors_K2 = explain_encoding(model, encoding, k=40).anchors_K2
    assert [cell_story(model, encoding, tuple(cell)).rank for cell in anchors_K2.tolist()] == list(range(1, 41))


def test_equal_attention_ranks_in_row_major_order() -> None:
    flat = Encoding(torch.ones(1, 128, *GRID), SIZE_PX)
    assert [cell_story(make(), flat, cell).rank for cell in [(0, 0), (1, 0), (0, 1), (7, 4)]] == [1, 2, 9, 40]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_regions_and_their_votes_are_the_crops(head: str, cell: tuple[int, int], encoding: Encoding) -> None:
    model = make(head)
    story = cell_story(model, encoding, cell, sizes=(3, 9, 1))
    answer = oracle_head(model.pooling.head)
    assert [region.size for region in story.regions] == [3, 9, 1]
    for region in story.regions:
        box, half = oracles.region(cell, region.size, *GRID), (region.size - 1) // 2
        assert region.box == box
        assert region.unclamped == (cell[0] - half, cell[1] - half, cell[0] + half, cell[1] + half)
        assert region.box_px == pytest.approx(oracles.box_in_pixels(box, GRID, SIZE_PX), rel=1e-5)
        assert region.cells == len(oracles.cells_of(box))
        view = oracles.crop_mean(array(encoding.F_BDHW[0]), box)
        np.testing.assert_allclose(region.confidence_C, oracles.softmax(answer(view)), atol=1e-4)


def test_what_is_cut_off_is_counted_on_each_side(encoding: Encoding) -> None:
    corner, middle = (cell_story(make(), encoding, cell, sizes=(5,)).regions[0] for cell in [(7, 1), (3, 2)])
    assert corner.cut == (0, 1, 2, 0)
    assert middle.cut == (0, 0, 0, 0)
    assert (corner.cells, middle.cells) == (3 * 4, 25)


def test_an_anchor_tells_what_the_explanation_has(encoding: Encoding) -> None:
    model = make()
    found = explain_encoding(model, encoding)
    for k, cell in enumerate(found.anchors_K2.tolist()):
        story = cell_story(model, encoding, tuple(cell))
        for r, region in enumerate(story.regions):
            assert list(region.box) == found.boxes_KR4[k, r].tolist()
            np.testing.assert_allclose(region.confidence_C, found.confidence_MC[k * len(SIZES) + r], atol=1e-5)


def test_the_backbone_is_not_asked(encoding: Encoding) -> None:
    model = make()
    model.backbone = torch.nn.Identity()  # of a feature map it would make something else, or fail
    before = encoding.F_BDHW.clone()
    cell_story(model, encoding, (2, 2))
    assert torch.equal(encoding.F_BDHW, before)
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("cell", [(8, 0), (0, 5), (-1, 0), (0, -1)])
def test_a_cell_outside_the_grid(cell: tuple[int, int], encoding: Encoding) -> None:
    with refusal("cell", "8 x 5"):
        cell_story(make(), encoding, cell)


@pytest.mark.parametrize("sizes", [(), (2,), (0,), (3, 4)])
def test_sizes_that_are_no_sizes(sizes: tuple[int, ...], encoding: Encoding) -> None:
    with refusal("sizes"):
        cell_story(make(), encoding, (0, 0), sizes=sizes)


def test_a_gap_model_has_no_anchors(encoding: Encoding) -> None:
    with refusal("MFA"):
        cell_story(build_model("compact", pooling="gap", num_classes=4), encoding, (0, 0))
