"""The votes of the views against loops over the views, one after the other, in float64."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mvfa_core import build_model
from mvfa_core.analysis import votes
from mvfa_core.explain import Encoding, Explanation, explain_encoding
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, layer, oracle_head, refusal

GRID, SIZE_PX = (5, 8), (320, 150)
K, SIZES, C = 6, (1, 3, 5), 4


def explained(target: int | None = None, head: str = "linear", pooling: str = "mfa") -> Explanation:
    options = {"k": K, "sizes": SIZES} if pooling == "mfa" else {}
    model = build_model("compact", pooling=pooling, num_classes=C, head=head, seed=1, **options)
    F_BDHW = torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8))
    return explain_encoding(model, Encoding(F_BDHW, SIZE_PX), target=target)


@pytest.fixture
def found() -> Explanation:
    """Views with opinions: random logits, far apart, in place of those of an untrained model."""
    logits_MC = np.random.default_rng(3).normal(0, 3, (K * len(SIZES), C)).astype(np.float32)
    confidence_MC = np.array([oracles.softmax(g) for g in logits_MC.astype(float)], np.float32)
    return replace(explained(), logits_MC=logits_MC, confidence_MC=confidence_MC, logits_C=logits_MC.sum(axis=0))


def entropy_bits(p: np.ndarray) -> float:
    return -sum(float(v) * math.log2(v) for v in p if v > 0)


def test_the_logits_of_the_record_are_those_of_the_crops() -> None:
    model = build_model("compact", num_classes=C, k=K, sizes=SIZES, seed=1)
    F_BDHW = torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8))
    wanted = oracles.mfa(array(F_BDHW), layer(model.pooling.auxiliary), oracle_head(model.pooling.head), K, SIZES)
    np.testing.assert_allclose(explained().logits_MC, wanted.logits_BMC[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("target", range(C))
def test_pushes_sum_to_the_logit(target: int) -> None:
    result = explained()
    push_M = votes.pushes(result, target)
    assert push_M.shape == (K * len(SIZES),)
    assert push_M.astype(np.float64).sum() == pytest.approx(float(result.logits_C[target]), abs=1e-4)


def test_pushes_against_another_class_sum_to_the_lead(found: Explanation) -> None:
    push_M = votes.pushes(found, 2, 0)
    for m in range(len(push_M)):
        assert push_M[m] == found.logits_MC[m, 2] - found.logits_MC[m, 0]
    lead = float(found.logits_C[2]) - float(found.logits_C[0])
    assert push_M.astype(np.float64).sum() == pytest.approx(lead, abs=1e-4)


def test_winners_and_their_tally(found: Explanation) -> None:
    counted = [0] * C
    for m, g in enumerate(found.logits_MC.tolist()):
        assert votes.winners(found)[m] == g.index(max(g))
        counted[g.index(max(g))] += 1
    assert votes.tally(found).tolist() == counted
    assert sum(counted) == K * len(SIZES)


def test_an_anchor_is_won_by_the_sum_of_its_views(found: Explanation) -> None:
    for k, winner in enumerate(votes.anchor_winners(found).tolist()):
        sums = [sum(float(found.logits_MC[k * len(SIZES) + r, c]) for r in range(len(SIZES))) for c in range(C)]
        assert winner == sums.index(max(sums))


def test_the_profile_is_the_mean_over_the_views_of_a_size(found: Explanation) -> None:
    for c in range(C):
        for r, share in enumerate(votes.scale_profile(found, c).tolist()):
            mean = sum(float(found.confidence_MC[k * len(SIZES) + r, c]) for k in range(K)) / K
            assert share == pytest.approx(mean, abs=1e-6)


def test_the_entropy_splits_in_two(found: Explanation) -> None:
    probabilities = [oracles.softmax(g.astype(float)) for g in found.logits_MC]
    mean = sum(probabilities) / len(probabilities)
    split = votes.agreement(found)
    assert split.total == pytest.approx(entropy_bits(mean), abs=1e-6)
    assert split.unsure == pytest.approx(sum(entropy_bits(p) for p in probabilities) / len(probabilities), abs=1e-6)
    # Mutual information a second way: how far each view is from their mean (Kullback-Leibler), on average.
    apart = [sum(float(v) * math.log2(v / m) for v, m in zip(p, mean, strict=True)) for p in probabilities]
    assert split.disagree == pytest.approx(sum(apart) / len(apart), abs=1e-6)
    assert split.total == pytest.approx(split.unsure + split.disagree, abs=1e-9)


@pytest.mark.parametrize(
    ("logits", "total", "unsure", "disagree"),
    [
        ([[900.0, 0, 0, 0]] * 18, 0, 0, 0),  # sure and of one mind; 0 log 0 is 0
        ([[0.0, 0, 0, 0]] * 18, 2, 2, 0),  # each as unsure as can be
        ([[900.0, 0, 0, 0], [0, 900.0, 0, 0]] * 9, 1, 0, 1),  # sure, and of two minds
    ],
)
def test_the_split_of_clear_cases(
    logits: list, total: float, unsure: float, disagree: float, found: Explanation
) -> None:
    split = votes.agreement(replace(found, logits_MC=np.array(logits, np.float32)))
    assert (split.total, split.unsure, split.disagree) == pytest.approx((total, unsure, disagree), abs=1e-9)


def test_three_ways_of_counting(found: Explanation) -> None:
    rules = {verdict.rule: verdict for verdict in votes.verdicts(found)}
    probabilities = np.array([oracles.softmax(g.astype(float)) for g in found.logits_MC])
    wanted = {
        "logit-sum": oracles.softmax(found.logits_MC.astype(float).mean(axis=0)),
        "probability-mean": probabilities.mean(axis=0),
        "majority": votes.tally(found) / len(probabilities),
    }
    assert rules.keys() == wanted.keys()
    for rule, share_C in wanted.items():
        np.testing.assert_allclose(rules[rule].share_C, share_C, atol=1e-5)
        assert rules[rule].winner == share_C.argmax()


def test_the_contrast_sums_to_the_lead() -> None:
    a, b = explained(target=3), explained(target=1)
    map_HW, bias = votes.contrast(a, b)
    assert map_HW.shape == GRID
    lead = float(a.logits_C[3]) - float(a.logits_C[1])
    assert map_HW.astype(np.float64).sum() + bias == pytest.approx(lead, abs=1e-3)


def test_a_deep_head_has_no_contrast() -> None:
    deep = explained(head="mlp")
    with refusal("linear"):
        votes.contrast(deep, deep)


@pytest.mark.parametrize("ask", [votes.winners, votes.tally, votes.anchor_winners, votes.agreement, votes.verdicts])
def test_a_gap_model_has_no_votes(ask: object) -> None:
    with refusal("MFA", "gap"):
        ask(explained(pooling="gap"))


@pytest.mark.parametrize("target", [-1, C, True])
def test_a_class_out_of_range(target: object, found: Explanation) -> None:
    for ask in (votes.pushes, votes.scale_profile):
        with refusal("target"):
            ask(found, target)
    with refusal("target"):
        votes.pushes(found, 0, target)
