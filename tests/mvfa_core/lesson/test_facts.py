"""Every number that an equation of the lesson shows, against loops from the paper's equations."""

from __future__ import annotations

import numpy as np
import pytest

from app.services import gallery
from mvfa_core import build_model, load_model
from mvfa_core.checkpoints import bundled
from mvfa_core.explain import encode
from mvfa_core.lesson import LessonFacts, lesson_facts
from mvfa_core.model import Classifier
from tests.mvfa_core import oracles
from tests.mvfa_core.lesson.by_hand import ByHand, by_hand, loss_of
from tests.mvfa_core.samples import array, layer, oracle_head

SIZES, K = (3, 5, 9), 12
PICTURE = gallery.specimen("scene-23").picture
CASES = {"bundled": 10, "twenty-one classes": 21, "two classes": 2, "mlp": 4, "prototype": 4}


def made(case: str) -> Classifier:
    if case == "bundled":
        return load_model(bundled()["compact_mfa"])
    head = case if case in ("mlp", "prototype") else "linear"
    return build_model("compact", "mfa", CASES[case], head=head, seed=3).eval()


@pytest.fixture(scope="module", params=CASES)
def both(request: pytest.FixtureRequest) -> tuple[LessonFacts, ByHand, Classifier]:
    model = made(request.param)
    found = lesson_facts(model, encode(model, PICTURE), k=K, sizes=SIZES, truth=1)
    return found, by_hand(model, PICTURE, K, SIZES), model


def near(got: object, wanted: object, rel: float = 2e-4, abs_: float = 2e-4) -> None:
    np.testing.assert_allclose(got, wanted, rtol=rel, atol=abs_)


def test_features_maps_and_belief(both: tuple[LessonFacts, ByHand, Classifier]) -> None:
    found, hand, _ = both
    weight_CD, bias_C = hand.aux
    H, W = found.grid
    near(found.F_PHW, hand.F_DHW[list(found.channel_P)])
    near(found.u_P, [oracles.global_mean(hand.F_DHW[d]) for d in found.channel_P])
    near(found.G_THW, hand.passage.G_BCHW[0][list(found.told)])
    near(found.z_T, hand.z_C[list(found.told)])
    near(found.f_T, hand.passage.f_BC[0][list(found.told)])
    assert found.term_NQ is not None and found.weight_NQ is not None and found.feature_NQ is not None
    assert found.rest_N is not None
    for x, y in [(0, 0), (4, 8), (W - 1, H - 1)]:
        terms = {d: weight_CD[found.target, d] * hand.F_DHW[d, y, x] for d in range(len(hand.F_DHW))}
        at = y * W + x
        largest = sorted(terms, key=lambda d: -abs(terms[d]))[:3]
        near(np.abs(found.weight_NQ[at] * found.feature_NQ[at]), [abs(terms[d]) for d in largest])
        for q, d in enumerate(found.term_NQ[at]):
            near(found.weight_NQ[at, q], weight_CD[found.target, d])
            near(found.feature_NQ[at, q], hand.F_DHW[d, y, x])
        rest = sum(value for d, value in terms.items() if d not in found.term_NQ[at].tolist())
        near(found.rest_N[at], rest)
        near(found.bias, bias_C[found.target])
        told = float((found.weight_NQ[at] * found.feature_NQ[at]).sum())
        near(told + found.rest_N[at] + found.bias, hand.passage.G_BCHW[0, found.target, y, x])


def test_attention_and_its_order(both: tuple[LessonFacts, ByHand, Classifier]) -> None:
    found, hand, _ = both
    A_HW = hand.passage.A_BHW[0]
    near(found.A_HW, A_HW)
    for x, y in [(0, 0), (7, 3)]:
        told = sum(found.f_T[i] * found.G_THW[i, y, x] for i in range(min(3, len(found.told))))
        near(told + found.A_rest_N[y * found.grid[1] + x], A_HW[y, x])
        assert found.rank_HW[y, x] == 1 + sum(
            value > found.A_HW[y, x] or (value == found.A_HW[y, x] and place < y * found.grid[1] + x)
            for place, value in enumerate(found.A_HW.ravel())
        )
    assert found.views
    near([A_HW[y, x] for x, y in found.views.order_N2[:K]], [A_HW[y, x] for x, y in hand.passage.anchors_BK2[0]])


def test_cam_is_the_class_map(both: tuple[LessonFacts, ByHand, Classifier]) -> None:
    found, hand, _ = both
    weight_CD, bias_C = hand.aux
    assert found.cam
    cam_HW = np.zeros(found.grid)
    for d in range(len(hand.F_DHW)):
        cam_HW += weight_CD[found.target, d] * hand.F_DHW[d]
    near(found.cam.cam_HW, cam_HW)
    near(found.cam.bias, bias_C[found.target])
    means = [oracles.global_mean(map_HW) for map_HW in hand.F_DHW]
    logit = float(sum(weight_CD[found.target, d] * means[d] for d in range(len(means))) + bias_C[found.target])
    near((found.cam.logit_fc, found.cam.logit_conv), logit)
    assert found.cam.most == pytest.approx(np.abs(found.cam.left_HW).max()) and found.cam.most < 1e-3


def test_regions_views_and_votes(both: tuple[LessonFacts, ByHand, Classifier]) -> None:
    found, hand, _ = both
    views, passage = found.views, hand.passage
    assert views
    H, W = found.grid
    for y in range(H):
        for x in range(W):
            assert [tuple(b) for b in views.boxes_NR4[y * W + x].tolist()] == [
                oracles.region((x, y), r, H, W) for r in SIZES
            ]
    near(views.pooled_MP, passage.views_BMD[0][:, list(found.channel_P)])
    told = list(found.told)
    g_MC = passage.logits_BMC[0]
    # a prototype's logits share a term per view that no softmax can see and that the library leaves out
    near(views.logits_MT - views.logits_MT[:, :1], g_MC[:, told] - g_MC[:, told[:1]], abs_=1e-3)
    loss_MT = np.array([[loss_of(g_C, c) for c in told] for g_C in g_MC])
    near(views.loss_MT, loss_MT, abs_=1e-6, rel=1e-3)
    near(views.local_T, loss_MT.sum(axis=0), rel=1e-3)
    near(views.global_T, [loss_of(hand.z_C, c) for c in told], rel=1e-3, abs_=1e-6)
    sums_C = np.array(passage.ensemble_BC[0])
    near(views.sums_T - views.sums_T[0], sums_C[told] - sums_C[told[0]], abs_=1e-2)
    near(found.answer_T, oracles.softmax(sums_C / len(g_MC))[told])
    assert found.target == passage.prediction_B[0] == views.path_winner_N[K - 1]
    assert views.winner_M.tolist() == g_MC.argmax(axis=1).tolist()


def test_one_anchor_and_every_cell(both: tuple[LessonFacts, ByHand, Classifier]) -> None:
    found, hand, model = both
    views = found.views
    assert views
    head = oracle_head(model.pooling.head)
    H, W = found.grid
    for n in (1, 3):
        boxes = [oracles.region((int(x), int(y)), r, H, W) for x, y in views.order_N2[:n] for r in SIZES]
        sums_C = np.sum([head(oracles.crop_mean(hand.F_DHW, box)) for box in boxes], axis=0)
        near(views.path_NT[n - 1], oracles.softmax(sums_C / len(boxes))[list(found.told)])
        assert views.path_winner_N[n - 1] == sums_C.argmax()
    again = lesson_facts(model, encode(model, PICTURE), k=H * W, sizes=SIZES)
    near(again.answer_T, [views.path_NT[-1][found.told.index(c)] if c in found.told else a
                          for c, a in zip(again.told, again.answer_T, strict=True)])  # fmt: skip


@pytest.mark.parametrize("head", ["linear", "prototype", "mlp"])
def test_a_gap_model_has_what_it_has(head: str) -> None:
    model = build_model("compact", "gap", 5, head=head, seed=2).eval()
    found = lesson_facts(model, encode(model, PICTURE), truth=4)
    F_BDHW = array(encode(model, PICTURE).F_BDHW)
    by_head = oracle_head(model.pooling.head)
    answer_C = by_head(np.array([oracles.global_mean(F_HW) for F_HW in F_BDHW[0]]))
    assert found.views is None and found.target == answer_C.argmax() and 4 in found.told
    near(found.answer_T, oracles.softmax(answer_C)[list(found.told)])
    near(found.loss_T, [loss_of(answer_C, c) for c in found.told], rel=1e-3)
    assert (found.cam is None) == (found.term_NQ is None) == (head == "mlp")
    if head == "linear":
        near(found.G_THW, oracles.class_maps(F_BDHW, *layer(model.pooling.head.fc))[0][list(found.told)])


def test_anchors_that_cover_begin_alike_for_every_k() -> None:
    model = build_model("compact", "mfa", 3, seed=0, anchors="covering").eval()
    found = lesson_facts(model, encode(model, PICTURE), k=7)
    few = model.pooling(encode(model, PICTURE).F_BDHW, k=7).anchors_BK2[0].tolist()
    assert found.views and found.views.k == 7 and found.views.order_N2[:7].tolist() == few


def test_many_classes_are_summed_up() -> None:
    model = build_model("compact", "mfa", 1000, seed=0, k=1, sizes=(1,)).eval()
    found = lesson_facts(model, encode(model, PICTURE))
    assert len(found.told) <= 11 and found.f_T.sum() + found.f_rest == pytest.approx(1, abs=1e-6)
    assert found.views and len(found.views.loss_MT) == 1


@pytest.mark.parametrize(("rule", "count"), [("random", 7), ("all", 196), ("label", 7)])
def test_ablations_keep_to_one_choice_of_anchors(rule: str, count: int) -> None:
    model = build_model("compact", "mfa", 3, seed=0, anchors=rule)  # in training mode, which it is left in
    found = lesson_facts(model, encode(model, PICTURE), k=7)
    assert found.views and found.views.k == count and model.pooling.training
    assert len({tuple(cell) for cell in found.views.order_N2.tolist()}) == 196


@pytest.mark.parametrize("k", [0, 197])
def test_k_out_of_range_is_refused(k: int) -> None:
    model = build_model("compact", "mfa", 3, seed=0).eval()
    with pytest.raises(ValueError, match="got"):
        lesson_facts(model, encode(model, PICTURE), k=k)
