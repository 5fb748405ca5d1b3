"""What holds of one explained picture, whatever its features are: maps, votes and boxes against plain loops."""

from __future__ import annotations

import json
import math

import numpy as np
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from mvfa_core.adacam import attention_map, covered_cells, label_dial, softened
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.analysis.cells import cell_story
from mvfa_core.analysis.other_methods import OTHER_MAPS, other_map
from mvfa_core.analysis.rectangle_answers import ask, best_rectangle
from mvfa_core.analysis.rectangles import areas, best_box, rectangle_means, rectangles
from mvfa_core.analysis.similarity import map_similarity
from mvfa_core.analysis.stability import prediction_path, prediction_stability
from mvfa_core.explain import explain, explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.maps import cam, contribution_map, grad_cam, gradient_map, log_odds, top_regions
from mvfa_core.regions import cells_to_pixels
from tests.corpus.drawn import (
    CLASSES,
    HEADS,
    ODD,
    POOLINGS,
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
    tensor,
)  # fmt: skip


def close(got: object, wanted: object, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=tolerance, atol=tolerance)


# --- class maps ---


@few
@given(SMALL, SEEDS, st.floats(1e-45, 1e30) | st.sampled_from([5e-324, math.inf, 1.0]))
@example((1, 2), 0, 5e-324)
def test_the_dial_lies_between_the_class_maps(grid: Grid, seed: int, temperature: float) -> None:
    """From the likeliest class's map to the mean of all; T = 1 is AdaCAM."""
    G_BCHW = tensor(seed, 2, 3, *grid)
    dial_BHW = label_dial(G_BCHW, temperature)
    assert torch.isfinite(dial_BHW).all()
    assert (dial_BHW <= G_BCHW.amax(1) + 1e-5).all() and (dial_BHW >= G_BCHW.amin(1) - 1e-5).all()
    torch.testing.assert_close(label_dial(G_BCHW, 1.0), attention_map(G_BCHW)[0])
    torch.testing.assert_close(softened(G_BCHW.mean((-2, -1)), temperature).sum(1), torch.ones(2))
    if temperature == math.inf:
        torch.testing.assert_close(dial_BHW, G_BCHW.mean(1))
    first_B = G_BCHW.mean((-2, -1)).argmax(1)
    torch.testing.assert_close(label_dial(G_BCHW, 1e-30), G_BCHW[[0, 1], first_B])


@few
@given(SMALL, SEEDS, st.floats(1e-3, 1e3), st.floats(-50, 50))
def test_covered_cells(grid: Grid, seed: int, factor: float, added: float) -> None:
    """A whole number of cells that neither a factor nor a constant changes; n cells of one height are n."""
    values = torch.from_numpy(map_of(seed, grid))[None]
    cells = int(covered_cells(values)[0])
    assert 1 <= cells <= values.numel()
    level = torch.zeros_like(values).flatten(1)
    n = 1 + seed % values.numel()
    level[0, :n] = 1
    if n < values.numel():
        assert int(covered_cells(level.reshape(values.shape) * factor + added)[0]) == n


@few
@given(SMALL, SEEDS, st.lists(st.floats(0.01, 100), min_size=1, max_size=3), POOLINGS, HEADS)
def test_atlas(grid: Grid, seed: int, temperatures: list[float], pooling: str, head: str) -> None:
    found = class_atlas(small_model(pooling, head), encoding(seed, grid), temperatures)
    assert found.G_CHW.shape == (CLASSES, *grid) and found.dial_THW.shape == (len(temperatures), *grid)
    close(found.f_C.sum(), 1)
    close(found.weights_TC.sum(1), np.ones(len(temperatures)))
    close(np.einsum("tc,chw->thw", found.weights_TC, found.G_CHW), found.dial_THW)
    assert (np.take_along_axis(found.G_CHW, found.winner_HW[None], 0)[0] == found.G_CHW.max(0)).all()


@few
@given(SMALL, SEEDS, st.integers(-2, 6))
def test_cam_and_grad_cam(grid: Grid, seed: int, target: int) -> None:
    """CAM is a weighted sum; of a linear head over a mean, Grad-CAM is CAM over the number of cells."""
    model, one = small_model("gap"), encoding(seed, grid)
    weight_CD = model.pooling.head.fc.weight.detach()
    with refused(0 <= target < CLASSES):
        map_BHW = cam(one.F_BDHW, weight_CD, target)
        by_hand = sum(weight_CD[target, d] * one.F_BDHW[0, d] for d in range(weight_CD.shape[1]))
        close(map_BHW[0], by_hand, 1e-3)
        gradient = grad_cam(model.pooling, one.F_BDHW, target)
        close(gradient * grid[0] * grid[1], map_BHW, 1e-3)
        leaf = one.F_BDHW.clone().requires_grad_()
        close(gradient_map(model.pooling(leaf).ensemble_BC[0, target], leaf), gradient, 1e-5)


@fewer
@given(SMALL, SEEDS, st.sampled_from(sorted(OTHER_MAPS)), st.integers(0, CLASSES - 1), POOLINGS)
def test_other_maps(grid: Grid, seed: int, method: str, target: int, pooling: str) -> None:
    """On the grid and finite; HiResCAM is the plain product of gradient and features."""
    model, one = small_model(pooling), encoding(seed, grid)
    found = other_map(model, one, method, target)
    assert found.shape == grid and np.isfinite(found).all()
    if method == "HiResCAM" and pooling == "gap":
        close(found * grid[0] * grid[1], explain_encoding(model, one, target=target).cam_HW, 1e-3)


# --- one picture ---


@few
@given(SMALL, SEEDS, POOLINGS, HEADS, st.integers(-1, 30), ODD, st.integers(-1, CLASSES))
def test_explanations(grid: Grid, seed: int, pooling: str, head: str, k: int, sizes: list[int], target: int) -> None:
    """Shapes, shares that sum to 1, contributions that sum to the logit, boxes in the picture, JSON without NaN."""
    options = {"k": k, "sizes": sizes} if pooling == "mfa" else {}
    fits = 0 <= target < CLASSES and (pooling == "gap" or 1 <= k <= grid[0] * grid[1])
    with refused(fits):
        found = explain_encoding(small_model(pooling, head), encoding(seed, grid), target=target, **options)
        expect_whole(found, grid, pooling)


def expect_whole(found: Explanation, grid: Grid, pooling: str) -> None:
    close(found.ensemble_C.sum(), 1)
    assert found.predicted == int(found.logits_C.argmax()) == int(found.ensemble_C.argmax())
    for map_HW in (found.adacam_HW, found.grad_cam_HW, found.cam_HW, found.contribution_HW):
        assert map_HW is None or (map_HW.shape == grid and np.isfinite(map_HW).all())
    if found.contribution_HW is not None:
        close(found.contribution_HW.sum() + found.contribution_bias, found.logits_C[found.target], 1e-3)
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert told["views"] == (0 if pooling == "gap" else len(found.logits_MC))
    if pooling == "gap":
        assert found.top(5) == () and found.logits_MC is None
        return
    close(found.logits_MC.astype(np.float64).sum(0), found.logits_C, 1e-3)
    close(found.confidence_MC.sum(1), np.ones(len(found.confidence_MC)))
    assert (found.boxes_px_KR4 >= 0).all() and (found.boxes_px_KR4 <= np.array(SIZE_PX * 2) + 1e-4).all()
    ranked = found.top(len(found.logits_MC))
    odds = [found.log_odds(found.target)[one.view] for one in ranked]
    assert odds == sorted(odds, reverse=True) and sorted(one.view for one in ranked) == list(range(len(odds)))
    apart = found.top(3, distinct=True)
    assert apart[0] == ranked[0] and len({one.box for one in apart}) == len(apart)


@fewer
@given(st.integers(1, 40), st.integers(1, 40), SEEDS)
def test_whole_pictures(height: int, width: int, seed: int) -> None:
    """From the pixels of any size: the model sees its own side, boxes are meant for the picture."""
    picture = rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = explain(small_model(), picture)
    assert found.size_px == (width, height)
    assert (found.boxes_px_KR4 <= np.array((width, height) * 2) + 1e-4).all()


@few
@given(SMALL, SEEDS, st.integers(-1, 40), st.integers(-1, CLASSES), st.integers(1, 4))
def test_top_regions(grid: Grid, seed: int, n: int, target: int, k: int) -> None:
    """The same order as that of an explanation, and the map of the contributions by a plain loop."""
    model, one, k = small_model(), encoding(seed, grid), min(k, grid[0] * grid[1])
    with torch.no_grad():
        stages = model.pooling(one.F_BDHW, k=k)
    views = stages.logits_BMC.shape[1]
    with refused(0 <= target < CLASSES and 1 <= n <= views):
        found = top_regions(stages, target, n)
        same = explain_encoding(model, one, target=target, k=k).top(n)
        assert found.views_BN[0].tolist() == [region.view for region in same]
        assert found.boxes_BN4[0].tolist() == [list(region.box) for region in same]
        odds = log_odds(stages.logits_BMC, target)
        share = stages.logits_BMC.double().softmax(-1)[..., target]
        close(odds.double().sigmoid(), share)
        map_BHW, bias = contribution_map(stages, *model.pooling.head.class_weights(), target)
        close(float(map_BHW.sum()) + bias, stages.ensemble_BC[0, target], 1e-3)


@few
@given(SMALL, SEEDS, HEADS, st.tuples(*[st.integers(-1, 5)] * 2), ODD)
def test_stories_of_cells(grid: Grid, seed: int, head: str, cell: tuple[int, int], sizes: list[int]) -> None:
    """The terms sum to A, ranks are all different, and an anchor's views are those of the explanation."""
    model, one = small_model("mfa", head), encoding(seed, grid)
    with refused(0 <= cell[0] < grid[1] and 0 <= cell[1] < grid[0]):
        story = cell_story(model, one, cell, sizes=sizes)
        close(story.terms_C.sum(), story.attention, 1e-3)
        assert 1 <= story.rank <= grid[0] * grid[1]
        found = explain_encoding(model, one, k=grid[0] * grid[1], sizes=sizes)
        assert found.anchors_K2[story.rank - 1].tolist() == list(cell)
        for place, region in enumerate(story.regions):
            assert region.cells == (region.box[2] - region.box[0] + 1) * (region.box[3] - region.box[1] + 1)
            assert region.size**2 >= region.cells and min(region.cut) >= 0
            assert region.box == tuple(found.boxes_KR4[story.rank - 1, place])
            close(region.confidence_C, found.confidence_MC[(story.rank - 1) * len(sizes) + place], 1e-3)


# --- any rectangle ---


@few
@given(SMALL, SEEDS)
def test_all_rectangles(grid: Grid, seed: int) -> None:
    boxes_N4 = rectangles(*grid)
    h, w = grid
    assert len(boxes_N4) == h * (h + 1) // 2 * (w * (w + 1) // 2) == len({tuple(one) for one in boxes_N4.tolist()})
    maps = tensor(seed, 1, 2, h, w)
    means = rectangle_means(maps, boxes_N4)
    for place in {0, len(boxes_N4) // 2, len(boxes_N4) - 1}:
        x0, y0, x1, y1 = boxes_N4[place].tolist()
        assert int(areas(boxes_N4)[place]) == (x1 - x0 + 1) * (y1 - y0 + 1)
        close(means[0, place], maps[0, :, y0 : y1 + 1, x0 : x1 + 1].mean((-2, -1)))


@few
@given(SMALL, SEEDS, POOLINGS, HEADS, st.lists(st.integers(-1, 5), min_size=4, max_size=4))
def test_asked_boxes(grid: Grid, seed: int, pooling: str, head: str, box: list[int]) -> None:
    model, one = small_model(pooling, head), encoding(seed, grid)
    x0, y0, x1, y1 = box
    with refused(0 <= x0 <= x1 < grid[1] and 0 <= y0 <= y1 < grid[0]):
        asked = ask(model, one, box)
        close(asked.confidence_C.sum(), 1)
        part = one.F_BDHW[..., y0 : y1 + 1, x0 : x1 + 1].mean((-2, -1), keepdim=True)
        with torch.no_grad():
            by_hand = model.pooling.head.finish(model.pooling.head.maps(part)[..., 0, 0])[0]
        close(asked.logits_C, by_hand, 1e-3)
        close(asked.box_px, cells_to_pixels(torch.tensor(box), grid, SIZE_PX[::-1]))
    target = seed % CLASSES
    found = best_box(model.pooling.head, one.F_BDHW, torch.tensor([target]))
    chosen = best_rectangle(model, one, target)
    assert list(chosen.box) == found.boxes_B4[0].tolist()
    close(chosen.confidence_C[target], found.confidence_B[0], 1e-3)
    close(found.log_odds_B.sigmoid(), found.confidence_B)
    whole = ask(model, one, (0, 0, grid[1] - 1, grid[0] - 1))
    assert chosen.confidence_C[target] >= whole.confidence_C[target] - 1e-4


# --- how firmly ---


@few
@given(SMALL, SEEDS, HEADS, ODD)
def test_paths_of_answers(grid: Grid, seed: int, head: str, sizes: list[int]) -> None:
    """The answer for every K is what the model says with that K."""
    model, one = small_model("mfa", head), encoding(seed, grid)
    path = prediction_path(model, one, sizes=sizes)
    close(path.share_NC.sum(1), np.ones(grid[0] * grid[1]))
    k = 1 + seed % len(path.winner_N)
    close(path.share_NC[k - 1], explain_encoding(model, one, k=k, sizes=sizes).ensemble_C, 1e-3)
    assert all(path.winner_N[at - 1] != path.winner_N[at - 2] for at in path.changes())


@few
@given(SMALL, SEEDS, st.floats(0.01, 40), st.integers(1, 20), st.sampled_from([0.0, 2.0, 9.0]))
@example((2, 3), 0, 1.0, 5, 9.0)
def test_firmness(grid: Grid, seed: int, scale: float, k: int, sure: float) -> None:
    """Without the views that overturn it the answer is not ahead, and with one less it still is; those that carry it
    outweigh all against it."""
    found = explain_encoding(small_model(), encoding(seed, grid), k=min(k, grid[0] * grid[1]))
    logits = tensor(seed, *found.logits_MC.shape, scale=scale).numpy()
    logits[:, 0] += sure * scale
    logits *= 10.0 ** rng(seed).integers(-9, 1, (len(logits), 1))  # large beside small, where sums round
    predicted = int(logits.astype(np.float64).sum(0).argmax())
    made = Explanation(**{**vars(found), "logits_MC": logits, "predicted": predicted})
    firm = prediction_stability(made)
    lead = logits[:, predicted].astype(np.float64) - logits[:, firm.rival]
    slack = 1e-9 * np.abs(lead).sum()
    assert firm.rival != predicted
    left = [math.fsum(np.delete(lead, firm.overturn[:n])) for n in (len(firm.overturn), len(firm.overturn) - 1)]
    assert left[0] <= slack and left[1] >= -slack, left
    carried, against = math.fsum(lead[list(firm.carry)]), -math.fsum(lead[lead < 0])
    assert carried >= against - slack and len(set(firm.carry)) == len(firm.carry)


@few
@given(SMALL, SEEDS, SEEDS, st.integers(-1, 30))
def test_likeness(grid: Grid, a: int, b: int, k: int) -> None:
    """The same both ways round, 1 with itself, and deaf to any scale that keeps the order."""
    first, second = map_of(a, grid), map_of(b, grid)
    with refused(1 <= k <= first.size):
        found, back = map_similarity(first, second, k), map_similarity(second, first, k)
        assert found.shared == back.shared and 0 <= found.shared <= 1
        assert math.isnan(found.rank) or -1.000001 <= found.rank <= 1.000001
        np.testing.assert_allclose(found.rank, back.rank, atol=1e-12)
        assert map_similarity(first, 3 * first + 1, k).shared == 1
        if np.ptp(first) > 0:
            close(map_similarity(first, first, k).rank, 1)
