"""CAM, Grad-CAM, top regions and contributions, against the equations."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import mvfa_core
from mvfa_core import GAP, MFA, maps
from mvfa_core.maps import cam, contribution_map, grad_cam, log_odds, top_regions
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import (
    CASES,
    DTYPES,
    EVERY_CASE,
    HEADS,
    C,
    Case,
    D,
    array,
    close,
    features,
    layer,
    refusal,
)

LINEAR_HEADS = ["linear", "prototype"]


def mfa_of(case: Case, head: str = "linear", dtype: torch.dtype = torch.float64) -> MFA:
    options = HEADS[head]
    return MFA(D, C, k=case.k, sizes=case.sizes, head=head.split()[-1], head_options=options).to(dtype)


def gap_of(head: str = "linear", dtype: torch.dtype = torch.float64) -> GAP:
    return GAP(D, C, head=head.split()[-1], head_options=HEADS[head]).to(dtype)


def boxes_of(stages: mvfa_core.Stages, b: int) -> list[oracles.Box]:
    return [tuple(box) for box in stages.boxes_BKR4[b].flatten(0, 1).tolist()]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_cam_is_the_weighted_sum_and_the_class_map_less_its_bias(case: Case, dtype: torch.dtype) -> None:
    F_BDHW, mfa = features(case, dtype), mfa_of(case, dtype=dtype)
    weight_CD, bias_C = layer(mfa.auxiliary)
    G_BCHW = mfa(F_BDHW).G_BCHW
    for c in range(C):
        map_BHW = cam(F_BDHW, mfa.auxiliary.weight[:, :, 0, 0], c)
        close(map_BHW, oracles.class_maps(array(F_BDHW), weight_CD, 0 * bias_C)[:, c], dtype)
        close(map_BHW, array(G_BCHW)[:, c] - bias_C[c], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_grad_cam_of_a_linear_head_is_cam_times_m_over_the_cells(case: Case, dtype: torch.dtype) -> None:
    """sum_p d ensemble_c / d F(p) = M W_c, wherever the regions are; for GAP, M = 1."""
    F_BDHW, cells = features(case, dtype), case.height * case.width
    mfa, gap = mfa_of(case, dtype=dtype), gap_of(dtype=dtype)
    views = case.k * len(case.sizes)
    for c in range(C):
        wanted = array(cam(F_BDHW, mfa.head.fc.weight, c)) * views / cells
        close(grad_cam(mfa, F_BDHW, c), wanted, dtype)
        close(grad_cam(gap, F_BDHW, c), array(cam(F_BDHW, gap.head.fc.weight, c)) / cells, dtype)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", ["mfa", "gap"])
def test_grad_cam_by_finite_differences(kind: str, head: str) -> None:
    """alpha_d = mean over cells of d logit / d F_d, the derivative taken by hand, one number after the other."""
    case = Case(2, 3, 2, (1, 3))
    F_BDHW = features(case, batch=1)
    pooling = mfa_of(case, head) if kind == "mfa" else gap_of(head)
    step, target, flat = 1e-6, 1, F_BDHW.flatten().clone()
    alpha_D = np.zeros(D)
    for i in range(len(flat)):
        sides = []
        for sign in (1, -1):
            moved = flat.clone()
            moved[i] += sign * step
            sides.append(float(pooling(moved.view_as(F_BDHW)).ensemble_BC[0, target].detach()))
        alpha_D[i // 6] += (sides[0] - sides[1]) / (2 * step) / 6
    wanted_HW = sum(alpha_D[d] * array(F_BDHW[0, d]) for d in range(D))
    np.testing.assert_allclose(array(grad_cam(pooling, F_BDHW, target)[0]), wanted_HW, rtol=1e-6, atol=1e-6)


def test_grad_cam_keeps_its_sign_and_leaves_nothing_behind() -> None:
    F_BDHW = features(CASES["wide"]).requires_grad_()
    mfa = mfa_of(CASES["wide"], "mlp")
    with torch.no_grad():
        map_BHW = grad_cam(mfa, F_BDHW, 2)
    assert map_BHW.shape == (3, 5, 8)
    assert float(map_BHW.min()) < 0 < float(map_BHW.max())
    assert not map_BHW.requires_grad
    assert F_BDHW.grad is None
    assert all(p.grad is None and p.requires_grad for p in mfa.parameters())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("head", LINEAR_HEADS)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_contributions_are_the_loop_and_sum_to_the_ensemble_logit(case: Case, head: str, dtype: torch.dtype) -> None:
    F_BDHW, mfa = features(case, dtype), mfa_of(case, head, dtype)
    stages, views = mfa(F_BDHW), case.k * len(case.sizes)
    weight_CD, bias_C = (array(value) for value in mfa.head.class_weights())
    for c in range(C):
        map_BHW, bias = contribution_map(stages, *mfa.head.class_weights(), c)
        assert bias == pytest.approx(views * bias_C[c], rel=1e-5)
        for b in range(3):
            close(map_BHW[b], oracles.contributions(array(F_BDHW[b]), weight_CD[c], boxes_of(stages, b)), dtype)
            rounding = 1e-10 if dtype == torch.float64 else 2e-4
            assert array(map_BHW[b]).sum() + bias == pytest.approx(array(stages.ensemble_BC)[b, c], abs=rounding)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("head", LINEAR_HEADS)
def test_contributions_of_the_gap_twin_sum_to_its_logit(head: str, dtype: torch.dtype) -> None:
    F_BDHW, gap = features(CASES["wide"], dtype), gap_of(head, dtype)
    stages = gap(F_BDHW)
    weight_CD, bias_C = (array(value) for value in gap.head.class_weights())
    for c in range(C):
        map_BHW, bias = contribution_map(stages, *gap.head.class_weights(), c)
        assert bias == pytest.approx(bias_C[c], rel=1e-5)
        for b in range(3):
            close(map_BHW[b], oracles.contributions(array(F_BDHW[b]), weight_CD[c], [(0, 0, 7, 4)]), dtype)
            assert array(map_BHW[b]).sum() + bias == pytest.approx(array(stages.ensemble_BC)[b, c], abs=1e-5)


@pytest.mark.parametrize("head", LINEAR_HEADS)
def test_the_difference_of_two_maps_says_why_a_and_not_b(head: str) -> None:
    F_BDHW, mfa = features(CASES["tall"]), mfa_of(CASES["tall"], head)
    stages = mfa(F_BDHW)
    (first, bias_a), (second, bias_b) = (contribution_map(stages, *mfa.head.class_weights(), c) for c in (3, 1))
    contrast_B = (first - second).sum(dim=(1, 2)) + (bias_a - bias_b)
    close(contrast_B, array(stages.ensemble_BC[:, 3] - stages.ensemble_BC[:, 1]))


def test_cells_that_no_region_covers_contribute_nothing() -> None:
    case = CASES["wide"]
    F_BDHW, mfa = features(case), mfa_of(case)
    stages = mfa(F_BDHW, k=1, sizes=(3,))
    map_BHW, _ = contribution_map(stages, *mfa.head.class_weights(), 0)
    for b in range(3):
        inside = set(oracles.cells_of(boxes_of(stages, b)[0]))
        outside = {(x, y) for x in range(8) for y in range(5)} - inside
        assert all(float(map_BHW[b, y, x].detach()) == 0 for x, y in outside)


@pytest.mark.parametrize("case", EVERY_CASE)
def test_top_regions_are_the_most_confident_views(case: Case) -> None:
    stages = mfa_of(case)(features(case))
    views = case.k * len(case.sizes)
    for target in range(C):
        top = top_regions(stages, target, views)
        for b in range(3):
            s = [oracles.softmax(g)[target] for g in array(stages.logits_BMC[b])]
            close(top.confidence_BN[b], sorted(s, reverse=True))
            close(top.confidence_BN[b], [s[m] for m in top.views_BN[b]])
            assert sorted(top.views_BN[b].tolist()) == list(range(views))
            assert top.boxes_BN4[b].tolist() == [list(boxes_of(stages, b)[m]) for m in top.views_BN[b]]


def test_equal_confidences_keep_the_order_of_the_views() -> None:
    case = CASES["tall"]
    stages = dataclasses.replace(mfa_of(case)(features(case)), logits_BMC=torch.zeros(3, 21, C))
    stages.logits_BMC[:, 4::5, 2] = 1.0
    top = top_regions(stages, 2, 21)
    first = [4, 9, 14, 19]
    assert top.views_BN[1].tolist() == first + [m for m in range(21) if m not in first]
    assert top_regions(stages, 2, 1).boxes_BN4.shape == (3, 1, 4)


def test_the_tools_have_their_public_names_too() -> None:
    for name in ("cam", "grad_cam", "top_regions", "contribution_map"):
        assert getattr(mvfa_core.explain, name) is getattr(maps, name)


@pytest.mark.parametrize("target", [-1, C, 1.0, True, None])
def test_classes_out_of_range(target: object) -> None:
    F_BDHW, mfa, gap = features(CASES["wide"]), mfa_of(CASES["wide"]), gap_of()
    with refusal("target", f"0 to {C - 1}", repr(target)):
        cam(F_BDHW, mfa.head.fc.weight, target)
    for pooling in (mfa, gap):
        with refusal("target", f"0 to {C - 1}"):
            grad_cam(pooling, F_BDHW, target)
        with refusal("target", f"0 to {C - 1}"):
            contribution_map(pooling(F_BDHW), *pooling.head.class_weights(), target)
    with refusal("target", f"0 to {C - 1}"):
        top_regions(mfa(F_BDHW), target, 1)


@pytest.mark.parametrize("n", [0, -1, 13, 2.0, None])
def test_more_or_fewer_regions_than_there_are(n: object) -> None:
    with refusal("n", "12", repr(n)):
        top_regions(mfa_of(CASES["wide"])(features(CASES["wide"])), 0, n)


def test_a_gap_model_has_no_regions() -> None:
    with refusal("stages", "MFA", "GAP"):
        top_regions(gap_of()(features(CASES["wide"])), 0, 1)


def test_weights_and_features_that_do_not_fit() -> None:
    F_BDHW = features(CASES["wide"])
    with refusal("weight_CD", f"(C, {D})", f"({C}, {D + 1})"):
        cam(F_BDHW, torch.zeros(C, D + 1), 0)
    with refusal("weight_CD", f"({C}, {D}, 1, 1)"):
        cam(F_BDHW, torch.zeros(C, D, 1, 1), 0)
    with refusal("F_BDHW", "(6, 5, 8)"):
        cam(F_BDHW[0], torch.zeros(C, D), 0)
    with refusal("F_BDHW", "(6, 5, 8)"):
        grad_cam(gap_of(), F_BDHW[0], 0)


def test_grad_cam_of_features_that_are_not_finite() -> None:
    F_BDHW = features(CASES["wide"])
    F_BDHW[0, 0, 0, 0] = float("nan")
    with refusal("F_BDHW"):
        grad_cam(gap_of(), F_BDHW, 0)


def test_log_odds_by_hand_and_where_confidence_rounds_to_one() -> None:
    logits = torch.tensor([[0.3, -1.2, 2.0], [1.0, 1.0, 1.0]], dtype=torch.float64)
    s = logits.softmax(-1)
    for target in range(3):
        torch.testing.assert_close(log_odds(logits, target), torch.log(s / (1 - s))[:, target])
    sure = torch.tensor([[60.0, 1.0, 0.0], [90.0, 1.0, 0.0]])
    assert torch.equal(sure.softmax(-1)[:, 0], torch.ones(2))  # no order left in the confidence
    torch.testing.assert_close(log_odds(sure, 0), torch.tensor([60.0, 90.0]) - math.log(math.e + 1))
