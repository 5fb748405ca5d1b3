"""Doubts against the votes of one picture, and their figures against loops over pairs and over random orders."""

from __future__ import annotations

import numpy as np
import pytest

from mvfa_core import build_model, explain
from mvfa_core.analysis.votes import winners
from mvfa_core.data.sets import PictureSet
from mvfa_core.metrics import intervals
from mvfa_core.metrics.localisation import locate, locate_box
from mvfa_core.metrics.meanings import DOUBTS
from mvfa_core.metrics.methods import METHODS, maps_of
from mvfa_core.metrics.sets import Measured, explained, measured, summary
from mvfa_core.metrics.truth import Truth
from mvfa_core.metrics.uncertainty import aurc, auroc, doubts, risk_coverage


def sample(seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    doubt = rng.integers(0, 6, 40) / 6 if ties else rng.random(40)
    return doubt, rng.random(40) < 0.2 + 0.5 * doubt


@pytest.mark.parametrize("ties", [False, True])
def test_auroc_is_a_count_of_pairs(ties: bool) -> None:
    doubt, wrong = sample(1, ties)
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in doubt[wrong] for b in doubt[~wrong]]
    assert auroc(doubt, wrong) == pytest.approx(sum(pairs) / len(pairs))


def test_risk_and_coverage_against_a_loop() -> None:
    doubt, wrong = sample(2, ties=False)
    order = sorted(range(40), key=lambda i: doubt[i])
    wanted = [sum(wrong[i] for i in order[:n]) / n for n in range(1, 41)]
    np.testing.assert_allclose(risk_coverage(doubt, wrong), wanted)
    assert aurc(doubt, wrong) == pytest.approx(sum(wanted) / 40)


def test_equal_doubts_give_what_random_orders_give_on_average() -> None:
    doubt, wrong = sample(3, ties=True)
    rng = np.random.default_rng(0)
    orders = [aurc(doubt + 1e-6 * rng.random(40), wrong) for _ in range(4000)]
    assert aurc(doubt, wrong) == pytest.approx(np.mean(orders), abs=4 * np.std(orders) / np.sqrt(4000))


def test_known_answers() -> None:
    wrong = np.array([False] * 6 + [True] * 2)
    assert auroc(wrong.astype(float), wrong) == 1
    assert auroc(-wrong.astype(float), wrong) == 0
    assert auroc(np.zeros(8), wrong) == 0.5
    assert aurc(np.zeros(8), wrong) == pytest.approx(0.25)  # knowing nothing leaves the share of errors
    assert aurc(wrong.astype(float), wrong) == pytest.approx((1 / 7 + 2 / 8) / 8)  # both errors come last
    assert np.isnan(auroc(np.arange(3.0), np.zeros(3, bool)))
    assert aurc(np.arange(3.0), np.zeros(3, bool)) == 0


def test_doubts_of_one_picture() -> None:
    model = build_model("compact", num_classes=4, k=5, sizes=(1, 3)).eval()
    found = explain(model, np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    doubt = doubts(found)
    assert list(doubt) == list(DOUBTS)
    p_MC = np.exp(found.logits_MC.astype(float))
    p_MC /= p_MC.sum(axis=1, keepdims=True)
    mean_C = p_MC.mean(axis=0)
    unsure = np.mean([-sum(p * np.log2(p) for p in p_C) for p_C in p_MC])
    assert doubt["confidence"] == pytest.approx(1 - found.ensemble_C.max(), abs=1e-6)
    assert doubt["entropy"] == pytest.approx(unsure)
    assert doubt["disagreement"] == pytest.approx(-sum(p * np.log2(p) for p in mean_C) - unsure, abs=1e-9)
    assert doubt["tally"] == pytest.approx((winners(found) != found.predicted).mean())
    gap = build_model("compact", pooling="gap", num_classes=4).eval()
    assert list(doubts(explain(gap, np.zeros((48, 64, 3), np.uint8)))) == ["confidence"]


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    rng = np.random.default_rng(5)
    images = rng.integers(0, 255, (7, 48, 48, 3), dtype=np.uint8)
    return PictureSet(images, rng.integers(0, 3, 7), tuple("abcdefg"))


def test_a_batch_is_explained_as_each_picture_alone(pictures: PictureSet) -> None:
    model = build_model("compact", num_classes=3, k=4, sizes=(1, 3)).eval()
    model.side = 48
    index = np.array([1, 2, 5])
    for i, (found, box_4) in zip(index, explained(model, pictures.images, index, pictures.labels[index]), strict=True):
        alone = explain(model, pictures.images[i], target=int(pictures.labels[i]))
        for name, map_HW in maps_of(alone).items():
            np.testing.assert_allclose(maps_of(found)[name], map_HW, atol=1e-5)
        assert (found.target, found.predicted) == (alone.target, alone.predicted)
        assert (box_4[:2] <= box_4[2:]).all()


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_the_summary_is_the_mean_of_its_pictures(
    pooling: str, pictures: PictureSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 60)
    options = {"k": 4, "sizes": (1, 3)} if pooling == "mfa" else {}
    model = build_model("compact", pooling=pooling, num_classes=3, **options).eval()
    model.side = 48
    truths = [Truth(np.array([[4, 8, 20 + 3 * i, 40]]), (48, 48)) for i in range(7)]
    index = np.arange(7)
    what = ("boxes", "uncertainty", *(("deletion",) if pooling == "gap" else ()))
    each = list(measured(model, pictures, index, what=what, truths=truths))
    rows = {(row.method, row.figure): row for row in summary(each)}
    assert {method for method, _ in rows} >= set(METHODS)
    alone = [
        explain(model, picture, target=int(y)) for picture, y in zip(pictures.images, pictures.labels, strict=True)
    ]
    for figure in ("pointing", "energy"):
        wanted = np.mean([getattr(locate(e.adacam_HW, t), figure) for e, t in zip(alone, truths, strict=True)])
        assert rows["AdaCAM", figure].value == pytest.approx(wanted, abs=1e-5)
    boxes = [box for _, box in explained(model, pictures.images, index, pictures.labels)]
    fits = [float(locate_box(b, t, alone[0].grid).iou_T[0]) for b, t in zip(boxes, truths, strict=True)]
    assert rows["best box", "iou"].value == pytest.approx(np.mean(fits))
    assert rows["best box", "box30"].value == pytest.approx(np.mean(np.array(fits) >= 0.3))
    for row in rows.values():
        assert row.low - 1e-9 <= row.value <= row.high + 1e-9 and row.n == 7
    if pooling == "gap":  # one linear head: three names for one order
        assert rows["CAM", "deletion"].value == rows["Grad-CAM", "deletion"].value


def test_no_auroc_without_an_error() -> None:
    each = [Measured(right=True, doubts={"confidence": 0.1 * i}) for i in range(4)]
    assert [row.figure for row in summary(each)] == ["aurc"]
