"""The best box against a loop over every rectangle, written with slices and means."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from mvfa_core.analysis.rectangles import areas, best_box, rectangle_means, rectangles
from mvfa_core.heads import HEADS as BUILDERS
from mvfa_core.heads import LinearHead
from tests.mvfa_core.samples import CASES, EVERY_CASE, HEADS, C, Case, D, array, close, features, oracle_head, refusal


def every_rectangle(height: int, width: int) -> set[tuple[int, int, int, int]]:
    found = product(range(width), range(height), range(width), range(height))
    return {(x0, y0, x1, y1) for x0, y0, x1, y1 in found if x0 <= x1 and y0 <= y1}


@pytest.mark.parametrize("case", EVERY_CASE)
def test_every_rectangle_stands_there_once(case: Case) -> None:
    boxes = [tuple(box) for box in rectangles(case.height, case.width).tolist()]
    assert len(boxes) == len(set(boxes))
    assert set(boxes) == every_rectangle(case.height, case.width)


def test_a_grid_of_14_by_14_has_11025() -> None:
    boxes_N4 = rectangles(14, 14)
    assert len(boxes_N4) == 11_025
    assert (int(areas(boxes_N4).min()), int(areas(boxes_N4).max())) == (1, 196)


def test_means_are_those_of_slices() -> None:
    F_BDHW = features(CASES["wide"], torch.float64)
    boxes_N4 = rectangles(*F_BDHW.shape[-2:])
    wanted = [F_BDHW[:, :, y0 : y1 + 1, x0 : x1 + 1].mean(dim=(-2, -1)) for x0, y0, x1, y1 in boxes_N4.tolist()]
    close(rectangle_means(F_BDHW, boxes_N4), array(torch.stack(wanted, dim=1)))


@pytest.mark.parametrize("power", [0, 0.5, 1])
@pytest.mark.parametrize("name", ["linear", "mlp", "prototype"])
def test_the_best_box_is_the_loop_s(name: str, power: float) -> None:
    """Features are pooled before the head here and after its first layer there."""
    case = CASES["wide"]
    head = BUILDERS[name](D, C, **HEADS[name]).double()
    F_BDHW, targets_B = features(case, torch.float64), torch.tensor([2, 0, 3])
    best = best_box(head, F_BDHW, targets_B, power=power)
    judge = oracle_head(head)
    for F, target, box, odds in zip(
        array(F_BDHW), targets_B.tolist(), best.boxes_B4.tolist(), best.log_odds_B.tolist(), strict=True
    ):
        scores, whole = {}, _odds(judge(F.mean(axis=(1, 2))), target)
        for x0, y0, x1, y1 in every_rectangle(case.height, case.width):
            odds_here = _odds(judge(F[:, y0 : y1 + 1, x0 : x1 + 1].mean(axis=(1, 2))), target)
            cells = (x1 - x0 + 1) * (y1 - y0 + 1)
            scores[x0, y0, x1, y1] = (odds_here, (odds_here - whole) * cells**power)
        winner = max(scores, key=lambda key: scores[key][1])
        assert tuple(box) == winner
        assert odds == pytest.approx(scores[winner][0], abs=1e-9)


def _odds(logits: np.ndarray, target: int) -> float:
    return float(logits[target] - np.log(np.exp(np.delete(logits, target)).sum()))


def test_a_constant_for_a_class_moves_no_box() -> None:
    """A model that is unsure everywhere still has a place where it is least so."""
    head, F_BDHW = LinearHead(D, 2).double(), features(CASES["wide"], torch.float64)
    before = best_box(head, F_BDHW, torch.tensor([0, 0, 0]))
    with torch.no_grad():
        head.fc.bias[0] -= 50
    after = best_box(head, F_BDHW, torch.tensor([0, 0, 0]))
    assert after.boxes_B4.tolist() == before.boxes_B4.tolist()
    close(after.log_odds_B, array(before.log_odds_B) - 50)


def test_a_drawn_rectangle_is_found() -> None:
    """Cells inside speak for class 0, cells outside against it."""
    head = LinearHead(1, 2)
    with torch.no_grad():
        head.fc.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        head.fc.bias.zero_()
    F_BDHW = torch.full((1, 1, 7, 10), -1.0)
    F_BDHW[0, 0, 2:5, 3:9] = 1
    best = best_box(head, F_BDHW, torch.tensor([0]))
    assert best.boxes_B4.tolist() == [[3, 2, 8, 4]]
    assert float(best.confidence_B[0]) == pytest.approx(1 / (1 + np.exp(-2)))


def test_the_mean_alone_always_chooses_one_cell() -> None:
    """Which is why the score has the area in it: for two classes the mean of a box never beats its best cell."""
    best = best_box(LinearHead(D, 2).double(), features(CASES["tall"], torch.float64), torch.tensor([0, 1, 0]), power=0)
    assert areas(best.boxes_B4).tolist() == [1, 1, 1]


def test_refusals() -> None:
    head = LinearHead(D, C)
    F_BDHW = features(CASES["wide"], torch.float32)
    with refusal("targets_B", "3"):
        best_box(head, F_BDHW, torch.tensor([0]))
    with refusal("target"):
        best_box(head, F_BDHW, torch.tensor([0, C, 1]))
    with refusal("F_BDHW"):
        best_box(head, F_BDHW[0], torch.tensor([0]))
    with refusal("NaN"):
        best_box(head, F_BDHW * float("nan"), torch.tensor([0, 1, 2]))
