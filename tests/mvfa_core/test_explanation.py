"""The record of an explained picture, made here by hand: its rankings and what does not overlap."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from mvfa_core.explanation import Explanation
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import refusal

GRID, SIZE_PX = (5, 8), (320, 150)
SIZES = (3, 1, 5)
ANCHORS = [(0, 0), (7, 4), (3, 2), (4, 2), (1, 0)]
CLASSES = ("ant", "bee", "cat")


def record(confidence_MC: np.ndarray | None = None) -> Explanation:
    boxes = [[oracles.region(anchor, r, *GRID) for r in SIZES] for anchor in ANCHORS]
    pixels = [[oracles.box_in_pixels(box, GRID, SIZE_PX) for box in regions] for regions in boxes]
    if confidence_MC is None:
        scores = np.random.default_rng(6).random((len(ANCHORS) * len(SIZES), 3))
        confidence_MC = scores / scores.sum(axis=1, keepdims=True)
    map_HW = np.arange(40, dtype=np.float32).reshape(GRID)
    return Explanation(
        classes=CLASSES,
        target=1,
        predicted=2,
        pooling="mfa",
        size_px=SIZE_PX,
        grid=GRID,
        cam_HW=map_HW,
        grad_cam_HW=map_HW,
        adacam_HW=map_HW,
        ensemble_C=np.array([0.2, 0.3, 0.5], np.float32),
        logits_C=np.array([1.0, 2.0, 3.0], np.float32),
        contribution_HW=None,
        contribution_bias=0.0,
        auxiliary_C=np.array([0.2, 0.3, 0.5], np.float32),
        k=len(ANCHORS),
        sizes=SIZES,
        anchors_K2=np.array(ANCHORS),
        boxes_KR4=np.array(boxes),
        boxes_px_KR4=np.array(pixels, np.float32),
        confidence_MC=confidence_MC.astype(np.float32),
        logits_MC=np.log(confidence_MC + 1e-30).astype(np.float32),
    )


def gap_record() -> Explanation:
    fields = ("auxiliary_C", "k", "sizes", "anchors_K2", "boxes_KR4", "boxes_px_KR4", "confidence_MC", "logits_MC")
    return dataclasses.replace(record(), pooling="gap", **dict.fromkeys(fields))


@pytest.mark.parametrize("target", [None, 0, 1, 2])
@pytest.mark.parametrize("n", [1, 10, 15])
def test_the_top_regions_are_sorted_and_say_where_they_are(n: int, target: int | None) -> None:
    result = record()
    regions = result.top(n, target)
    scores = result.confidence_MC[:, 1 if target is None else target]
    assert [region.confidence for region in regions] == sorted((float(s) for s in scores), reverse=True)[:n]
    assert [region.rank for region in regions] == list(range(1, n + 1))
    for region in regions:
        k, r = region.view // len(SIZES), region.view % len(SIZES)
        assert region.confidence == float(scores[region.view])
        assert (region.anchor, region.size) == (ANCHORS[k], SIZES[r])
        assert region.box == oracles.region(ANCHORS[k], SIZES[r], *GRID)
        assert region.box_px == pytest.approx(oracles.box_in_pixels(region.box, GRID, SIZE_PX))


def test_equal_confidences_keep_the_order_of_the_views() -> None:
    regions = record(np.full((15, 3), 1 / 3)).top(15)
    assert [region.view for region in regions] == list(range(15))


@pytest.mark.parametrize("n", [1, 3, 10, 99])
@pytest.mark.parametrize("seed", range(5))
def test_distinct_regions_are_chosen_greedily(n: int, seed: int) -> None:
    result = record(np.random.default_rng(seed).random((15, 3)))
    everyone, chosen = result.top(15), []
    for region in everyone:
        if len(chosen) < n and all(oracles.overlap(region.box, other.box) <= 0.5 for other in chosen):
            chosen.append(region)
    distinct = result.top(n, distinct=True)
    assert [region.view for region in distinct] == [region.view for region in chosen]
    assert [region.rank for region in distinct] == list(range(1, len(chosen) + 1))


def test_two_regions_that_share_exactly_half_are_distinct() -> None:
    """(0, 0) with r = 3 is 2 x 2 cells in the corner; r = 1 its first; (1, 0) with r = 3 is 3 x 2 cells."""
    scores = np.zeros((15, 3))
    scores[0, 1], scores[12, 1], scores[1, 1] = 0.9, 0.8, 0.7
    views = [region.view for region in record(scores).top(2, distinct=True)]
    assert oracles.overlap((0, 0, 1, 1), (0, 0, 2, 1)) == pytest.approx(2 / 3)
    assert views == [0, 1]
    assert oracles.overlap((0, 0, 1, 1), (0, 0, 0, 1)) == 0.5
    halves = dataclasses.replace(
        record(scores),
        boxes_KR4=np.array([[[0, 0, 1, 1], [0, 0, 0, 1], [7, 4, 7, 4]]] * 5),
    )
    assert [region.view for region in halves.top(2, distinct=True)] == [0, 1]


def test_more_than_there_are_gives_all_there_are() -> None:
    assert len(record().top(1000)) == 15
    assert record().top(0) == ()
    assert record().top(0, distinct=True) == ()


def test_the_gap_twin_has_no_regions() -> None:
    assert gap_record().top(10) == ()
    assert gap_record().top(10, distinct=True) == ()


def test_of_a_single_class_every_view_is_certain() -> None:
    """No class stands against it, so its odds have no end, and the views keep their order."""
    single = dataclasses.replace(
        record(), classes=("ant",), target=0, predicted=0,
        confidence_MC=np.ones((15, 1), np.float32), logits_MC=np.arange(15, dtype=np.float32)[:, None],
    )  # fmt: skip
    assert np.isposinf(single.log_odds(0)).all()
    assert [region.view for region in single.top(15)] == list(range(15))


@pytest.mark.parametrize("target", [-1, 3, 1.0, True])
def test_a_class_out_of_range(target: object) -> None:
    with refusal("target", "0 to 2", repr(target)):
        record().top(1, target)


def test_a_record_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        record().target = 0


@pytest.mark.parametrize("make", [record, gap_record])
def test_the_json_form_is_json(make) -> None:
    result = make()
    kept = json.loads(json.dumps(result.to_json(top=3)))
    assert kept["predicted_class"] == "cat"
    assert kept["target_class"] == "bee"
    assert kept["adacam_HW"] == result.adacam_HW.tolist()
    assert kept["size_px"] == list(SIZE_PX)
    assert len(kept["top_regions"]) == (3 if result.pooling == "mfa" else 0)
    for region, shown in zip(result.top(3), kept["top_regions"], strict=True):
        assert shown["box"] == list(region.box)
        assert shown["confidence"] == pytest.approx(region.confidence)
