"""The modules, whole, against the crop-by-crop loop of Eq. 2-8, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core import GAP, MFA, Stages, build_model
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
    oracle_head,
    refusal,
)


def module(case: Case, head: str = "linear", dtype: torch.dtype = torch.float64, seed: int = 5) -> MFA:
    torch.manual_seed(seed)
    options = HEADS[head]
    return MFA(D, C, k=case.k, sizes=case.sizes, head=head.split()[-1], head_options=options).to(dtype)


def passage(mfa: MFA, F_BDHW: torch.Tensor, k: int, sizes: tuple[int, ...]) -> oracles.Passage:
    return oracles.mfa(array(F_BDHW), layer(mfa.auxiliary), oracle_head(mfa.head), k, sizes)


def same(stages: Stages, wanted: oracles.Passage, dtype: torch.dtype = torch.float64) -> None:
    """Every stage equals the loop's; indices exactly."""
    close(stages.G_BCHW, wanted.G_BCHW, dtype)
    close(stages.f_BC, wanted.f_BC, dtype)
    close(stages.A_BHW, wanted.A_BHW, dtype)
    assert stages.anchors_BK2.tolist() == [[list(point) for point in points] for points in wanted.anchors_BK2]
    boxes = [[[list(box) for box in regions] for regions in picture] for picture in wanted.boxes_BKR4]
    assert stages.boxes_BKR4.tolist() == boxes
    close(stages.views_BMD, wanted.views_BMD, dtype)
    close(stages.logits_BMC, wanted.logits_BMC, dtype)
    summed = 1e-11 if dtype == torch.float64 else 1e-4
    np.testing.assert_allclose(array(stages.ensemble_BC), wanted.ensemble_BC, rtol=summed, atol=summed)
    assert stages.ensemble_BC.argmax(dim=1).tolist() == wanted.prediction_B


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("head", ["linear", "mlp", "deep mlp"])
@pytest.mark.parametrize("case", EVERY_CASE)
def test_the_module_is_the_crop_by_crop_loop(case: Case, head: str, dtype: torch.dtype) -> None:
    F_BDHW, mfa = features(case, dtype), module(case, head, dtype)
    stages = mfa(F_BDHW)
    same(stages, passage(mfa, F_BDHW, case.k, case.sizes), dtype)
    assert stages.ensemble_BC.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EVERY_CASE)
def test_with_prototypes_it_is_the_loop_up_to_what_all_classes_share(case: Case, dtype: torch.dtype) -> None:
    F_BDHW, mfa = features(case, dtype), module(case, "prototype", dtype)
    stages, wanted = mfa(F_BDHW), passage(mfa, F_BDHW, case.k, case.sizes)
    left_out_BM1 = 0.3 * (wanted.views_BMD**2).sum(axis=2, keepdims=True)
    logits_BMC = wanted.logits_BMC + left_out_BM1
    ensemble_BC = wanted.ensemble_BC + left_out_BM1.sum(axis=1)
    same(stages, wanted._replace(logits_BMC=logits_BMC, ensemble_BC=ensemble_BC), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ties_are_broken_as_in_the_loop(dtype: torch.dtype) -> None:
    """Whole numbers and equal classes make f = 1/4 and A exact, with three different values in forty cells."""
    case = CASES["wide"]
    mfa = module(case, dtype=dtype)
    F_BDHW = torch.randint(0, 3, (3, D, 5, 8), generator=torch.Generator().manual_seed(2)).to(dtype)
    with torch.no_grad():
        mfa.auxiliary.weight.zero_()
        mfa.auxiliary.weight[:, 1] = 1.0
        mfa.auxiliary.bias.fill_(-1.0)
    stages = mfa(F_BDHW, k=25)
    assert set(stages.A_BHW.unique().tolist()) == {-1.0, 0.0, 1.0}
    same(stages, passage(mfa, F_BDHW, 25, case.sizes), dtype)


def test_a_map_without_any_preference_takes_the_first_cells() -> None:
    mfa = module(CASES["wide"])
    nn.init.zeros_(mfa.auxiliary.weight)
    nn.init.zeros_(mfa.auxiliary.bias)
    anchors = mfa(features(CASES["wide"]), k=10).anchors_BK2
    assert anchors[2].tolist() == [[x, 0] for x in range(8)] + [[0, 1], [1, 1]]


def test_k_and_sizes_of_a_call_win_and_are_not_kept() -> None:
    case = CASES["wide"]
    F_BDHW, mfa = features(case), module(case)
    same(mfa(F_BDHW, k=2, sizes=(9, 1)), passage(mfa, F_BDHW, 2, (9, 1)))
    same(mfa(F_BDHW), passage(mfa, F_BDHW, case.k, case.sizes))
    assert mfa(F_BDHW, sizes=[9, 1]).sizes == (9, 1)


def test_a_picture_does_not_depend_on_its_neighbours_in_the_batch() -> None:
    F_BDHW, mfa = features(CASES["tall"]), module(CASES["tall"])
    together = mfa(F_BDHW)
    for b in range(3):
        alone = mfa(F_BDHW[b : b + 1])
        assert torch.equal(alone.anchors_BK2[0], together.anchors_BK2[b])
        close(alone.ensemble_BC[0], array(together.ensemble_BC[b]))


def test_a_bias_that_all_classes_share_cannot_change_the_anchors() -> None:
    F_BDHW, mfa = features(CASES["wide"]), module(CASES["wide"])
    before = mfa(F_BDHW)
    with torch.no_grad():
        mfa.auxiliary.bias += 3.0
    after = mfa(F_BDHW)
    assert torch.equal(before.anchors_BK2, after.anchors_BK2)
    close(after.A_BHW, array(before.A_BHW) + 3.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("head", HEADS)
def test_the_gap_twin_is_the_head_on_the_mean(head: str, dtype: torch.dtype) -> None:
    F_BDHW = features(CASES["wide"], dtype)
    gap = GAP(D, C, head=head.split()[-1], head_options=HEADS[head]).to(dtype)
    means = [[oracles.global_mean(F_HW) for F_HW in F_DHW] for F_DHW in array(F_BDHW)]
    by_hand = oracle_head(gap.head)
    shared = [[0.3 * sum(v * v for v in a)] if head == "prototype" else [0.0] for a in means]
    wanted = [by_hand(np.array(a)) + s for a, s in zip(means, shared, strict=True)]
    close(gap(F_BDHW).ensemble_BC, wanted, dtype)


def test_a_region_that_holds_the_whole_grid_makes_mfa_its_twin() -> None:
    case = CASES["wide"]
    F_BDHW, mfa, gap = features(case), module(case), GAP(D, C).double()
    gap.head.load_state_dict(mfa.head.state_dict())
    stages = mfa(F_BDHW, k=4, sizes=(99,))
    close(stages.ensemble_BC / 4, array(gap(F_BDHW).ensemble_BC))


def test_the_classifier_is_its_backbone_and_then_its_pooling() -> None:
    model = build_model("compact", num_classes=C, k=5, sizes=(1, 3), seed=4).eval()
    image_B3SS = torch.randn(2, 3, 48, 64)
    with torch.no_grad():
        stages, F_BDHW = model(image_B3SS), model.backbone(image_B3SS)
        assert torch.equal(stages.F_BDHW, F_BDHW)
        assert F_BDHW.shape == (2, 128, 6, 8)
        assert torch.equal(stages.ensemble_BC, model.pooling(F_BDHW).ensemble_BC)
    same(stages, passage(model.pooling, F_BDHW, 5, (1, 3)), torch.float32)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", [MFA, GAP])
def test_features_that_are_not_finite(kind: type, bad: float) -> None:
    F_BDHW = features(CASES["wide"])
    F_BDHW[1, 0, 4, 7] = bad
    with refusal("F_BDHW", "1 NaN"):
        kind(D, C).double()(F_BDHW)


@pytest.mark.parametrize("shape", [(D, 5, 8), (3, D, 40), (0, D, 5, 8), (3, D, 0, 8), (3, D + 1, 5, 8)])
@pytest.mark.parametrize("kind", [MFA, GAP])
def test_features_of_the_wrong_dimensions(kind: type, shape: tuple[int, ...]) -> None:
    """The last one has a channel too many."""
    options = {"k": 3} if kind is MFA else {}
    with refusal("F_BDHW", str(shape)):
        kind(D, C, **options)(torch.zeros(shape))


@pytest.mark.parametrize("k", [0, -1, True, 2.0, "3", None])
def test_k_that_no_module_takes(k: object) -> None:
    with refusal("k", repr(k)):
        MFA(D, C, k=k)
    with refusal("k", repr(k)):
        build_model("compact", k=k)


@pytest.mark.parametrize("k", [0, 41, True, 2.0])
def test_k_that_no_call_takes(k: object) -> None:
    with refusal("k", "40", repr(k)):
        module(CASES["wide"])(features(CASES["wide"]), k=k)


def test_more_anchors_than_cells_are_refused_at_the_call() -> None:
    with refusal("k", "40", "50"):
        MFA(D, C, k=50).double()(features(CASES["wide"]))


@pytest.mark.parametrize("sizes", [(), (2,), (3, -5), (3.0,), (0,)])
def test_sizes_that_are_refused(sizes: tuple) -> None:
    with refusal("sizes"):
        MFA(D, C, sizes=sizes)
    with refusal("sizes"):
        build_model("compact", sizes=sizes)
    with refusal("sizes"):
        module(CASES["wide"])(features(CASES["wide"]), sizes=sizes)


def test_unknown_names_list_the_known_ones() -> None:
    with refusal("'vgg17'", "compact", "vgg16", "resnet50", "resnet41", "mobilenet24"):
        build_model("vgg17")
    with refusal("'max'", "mfa", "gap"):
        build_model("compact", pooling="max")
    with refusal("'svm'", "linear", "mlp", "prototype"):
        build_model("compact", head="svm")


def test_classes_must_be_as_many_as_said() -> None:
    with refusal("classes", "3 names", "2 names"):
        build_model("compact", num_classes=3, classes=("a", "b"))
    assert build_model("compact", num_classes=2, classes=["a", "b"]).classes == ("a", "b")
    assert build_model("compact", num_classes=3).classes == ("0", "1", "2")


def test_the_paper_s_choice_is_the_default() -> None:
    mfa = build_model("compact").pooling
    assert (mfa.k, mfa.sizes) == (50, (3, 5, 7, 9))
