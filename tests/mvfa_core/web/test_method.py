"""The method in the browser against the Python of the same model: equal inputs, answers within 1e-5.

Numbers are compared relative to the largest of their array, at least to 1: a logit of Eq. 8 is a sum over hundreds of
views. Choices are compared as choices: of views or classes that Python's own numbers leave within that distance of each
other, either may come first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mvfa_core.adacam import label_dial
from mvfa_core.analysis import votes
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.heads import pointwise
from mvfa_core.model import MFA, Classifier
from mvfa_core.web.payload import payload_of
from tests.mvfa_core.web import drawn
from tests.mvfa_core.web.conftest import Method
from tests.mvfa_core.web.differences import TOLERANCE, Differences, best_by, same

pytestmark = pytest.mark.browser

MODELS, EACH = 63, 16


def compare(
    got: dict[str, np.ndarray], model: Classifier, encoding: Encoding, options: dict[str, Any], seen: Differences
) -> None:
    """One answer of `explain` against everything that Python says."""
    target = int(got["classIndex"][0])
    wanted = explain_encoding(model, encoding, target=options["classIndex"], k=options["k"], sizes=options["sizes"])
    best_by(wanted.logits_C, int(got["predicted"][0]), "predicted")
    if options["classIndex"] is None and target != wanted.target:  # as good an answer: explain that one
        wanted = explain_encoding(model, encoding, target=target, k=options["k"], sizes=options["sizes"])
    assert target == wanted.target
    assert wanted.k is not None and wanted.anchors_K2 is not None and wanted.boxes_KR4 is not None
    width = wanted.grid[1]
    same("k", got["k"], [wanted.k])
    same("anchors", got["anchors"], wanted.anchors_K2[:, 1] * width + wanted.anchors_K2[:, 0])
    same("boxes", got["boxes"], wanted.boxes_KR4)
    same("attention", got["attention"], wanted.adacam_HW)
    same("probabilities", got["probabilities"], wanted.auxiliary_C)
    seen.see("CAM", got["cam"], wanted.cam_HW)
    seen.see("contribution", got["contribution"], wanted.contribution_HW)
    seen.see("contribution bias", got["contributionBias"], [wanted.contribution_bias])
    seen.see("adds up", [got["contribution"].sum() + got["contributionBias"][0]] * np.ones(1), [got["logits"][target]])
    seen.see("logits of Eq. 8", got["logits"], wanted.logits_C)
    seen.see("ensemble", got["ensemble"], wanted.ensemble_C)
    seen.see("label dial", got["dial"], dial(model, encoding, options["temperature"]))
    compare_votes(got, wanted, target, seen)
    compare_regions(got, wanted, options["hideOverlaps"])
    compare_rule(got, wanted, options["rule"], seen)


def dial(model: Classifier, encoding: Encoding, temperature: float) -> np.ndarray:
    """In double precision: at T = 0.01 the last bit of float32 logits is seen in the map."""
    assert isinstance(model.pooling, MFA)
    auxiliary = model.pooling.auxiliary
    with torch.no_grad():
        G_BCHW = pointwise(encoding.F_BDHW, auxiliary.weight.flatten(1), auxiliary.bias)
        return label_dial(G_BCHW.double(), temperature)[0].numpy()


def compare_votes(got: dict[str, np.ndarray], wanted: Explanation, target: int, seen: Differences) -> None:
    assert wanted.logits_MC is not None and wanted.confidence_MC is not None
    seen.see("view logits", got["logit"], wanted.logits_MC[:, target])
    seen.see("view confidences", got["confidence"], wanted.confidence_MC[:, target])
    seen.see("scale profile", got["scaleProfile"], votes.scale_profile(wanted, target))
    log_odds_M = wanted.log_odds(target)
    seen.see("log-odds", got["logOdds"], log_odds_M)
    order = got["order"].astype(int)
    assert sorted(order) == list(range(len(log_odds_M)))
    if np.isfinite(log_odds_M).all():
        seen.see("log-odds in order", log_odds_M[order], np.sort(log_odds_M)[::-1])
    winners = got["winners"].astype(int)
    for view in np.flatnonzero(winners != votes.winners(wanted)):
        best_by(wanted.logits_MC[view], winners[view], "winner")
    same("tally", got["tally"], np.bincount(winners, minlength=len(wanted.classes)))


def compare_regions(got: dict[str, np.ndarray], wanted: Explanation, hide: bool) -> None:
    """The order was compared; the choice from it, and what is told about every region, are exact."""
    assert wanted.boxes_KR4 is not None and wanted.boxes_px_KR4 is not None
    assert wanted.sizes is not None and wanted.anchors_K2 is not None
    order = got["order"].astype(int).tolist()
    boxes_M4 = wanted.boxes_KR4.reshape(-1, 4)
    top = apart(boxes_M4, order)[:10] if hide else order[:10]
    same("top", got["top"], top)
    same("top rank", got["topRank"], range(1, len(top) + 1))
    same("top anchor", got["topAnchor"], wanted.anchors_K2[np.array(top) // len(wanted.sizes)])
    same("top size", got["topSize"], np.array(wanted.sizes)[np.array(top) % len(wanted.sizes)])
    same("top box", got["topBox"], boxes_M4[top])
    same("top box px", got["topBoxPx"], wanted.boxes_px_KR4.reshape(-1, 4)[top])
    same("top confidence", got["topConfidence"], got["confidence"][top])


def apart(boxes_M4: np.ndarray, order: list[int]) -> list[int]:
    """The views in order, without those that share more than half of their union with one before them; cells counted
    one by one."""
    cells = [{(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)} for x0, y0, x1, y1 in boxes_M4.tolist()]
    chosen: list[int] = []
    for view in order:
        if all(2 * len(cells[view] & cells[other]) <= len(cells[view] | cells[other]) for other in chosen):
            chosen.append(view)
        if len(chosen) == 10:
            break
    return chosen


def compare_rule(got: dict[str, np.ndarray], wanted: Explanation, rule: str, seen: Differences) -> None:
    verdict = next(verdict for verdict in votes.verdicts(wanted) if verdict.rule == rule)
    shares_C = verdict.share_C
    if rule == "majority":  # of the winners here: those that differ were compared one by one
        shares_C = got["tally"] / got["tally"].sum()
    seen.see(rule, got["shares"], shares_C)
    best_by(shares_C, int(got["winner"][0]), rule)


def test_equal_inputs_are_answered_alike(method: Method, capsys: pytest.CaptureFixture[str]) -> None:
    seen, cases = Differences(), 0
    for place in range(MODELS):
        rng = np.random.default_rng(1000 + place)
        model, encoding = drawn.case(place)
        method.take(payload_of(model, encoding).to_bytes(most_error=0))
        asked = [drawn.options(rng, model, encoding) for _ in range(EACH)]
        for got, options in zip(method.answers([("explain", one) for one in asked]), asked, strict=True):
            compare(got, model, encoding, options, seen)
            cases += 1
    with capsys.disabled():
        print(f"\nThe method in the browser and in Python: {seen.told(cases)}")
    assert cases >= 1000
    assert max(seen.largest.values()) <= TOLERANCE, seen.told(cases)
