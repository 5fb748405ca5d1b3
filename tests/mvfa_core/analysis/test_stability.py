"""The answer for every K, and the fewest views, against one explanation a K and a search over all subsets."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from mvfa_core import build_model
from mvfa_core.analysis.stability import prediction_path, prediction_stability
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.explanation import Explanation

GRID, SIZES = (3, 4), (1, 3)


@pytest.fixture
def encoding() -> Encoding:
    return Encoding(torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8)), (40, 30))


@pytest.mark.parametrize("head", ["linear", "mlp", "prototype"])
def test_the_path_is_one_explanation_for_each_k(head: str, encoding: Encoding) -> None:
    model = build_model("compact", num_classes=4, k=3, sizes=SIZES, head=head, seed=1)
    path = prediction_path(model, encoding)
    for k in range(1, 13):
        found = explain_encoding(model, encoding, k=k)
        np.testing.assert_allclose(path.share_NC[k - 1], found.ensemble_C, atol=1e-5)
        assert path.winner_N[k - 1] == found.predicted
    assert path.changes() == [k for k in range(2, 13) if path.winner_N[k - 1] != path.winner_N[k - 2]]


def test_other_sizes(encoding: Encoding) -> None:
    model = build_model("compact", num_classes=4, k=3, sizes=SIZES, seed=1)
    found = explain_encoding(model, encoding, k=5, sizes=(3,))
    np.testing.assert_allclose(prediction_path(model, encoding, sizes=(3,)).share_NC[4], found.ensemble_C, atol=1e-5)


def voted(encoding: Encoding, logits_MC: np.ndarray) -> Explanation:
    """An explanation whose views say what a test wants them to say."""
    model = build_model("compact", num_classes=3, k=len(logits_MC), sizes=(1,), seed=1)
    found = explain_encoding(model, encoding)
    return replace(found, logits_MC=logits_MC, predicted=int(logits_MC.sum(axis=0).argmax()))


def least(logits_MC: np.ndarray, predicted: int, rival: int, *, overturn: bool) -> int:
    """The size of the smallest set of views that does it, by trying all."""
    lead_M = logits_MC[:, predicted] - logits_MC[:, rival]
    for count in range(1, len(lead_M) + 1):
        for chosen in combinations(range(len(lead_M)), count):
            inside = lead_M[list(chosen)].sum()
            if (lead_M.sum() - inside <= 0) if overturn else (inside > -lead_M[lead_M < 0].sum()):
                return count
    raise AssertionError("no set does it")


@pytest.mark.parametrize("seed", range(8))
def test_the_fewest_views_by_trying_all_sets(seed: int, encoding: Encoding) -> None:
    logits_MC = np.random.default_rng(seed).normal(size=(9, 3)).astype(np.float32)
    found = voted(encoding, logits_MC)
    firm = prediction_stability(found)
    counts = {
        c: least(logits_MC.astype(np.float64), found.predicted, c, overturn=True)
        for c in range(3)
        if c != found.predicted
    }
    assert len(firm.overturn) == min(counts.values()) == counts[firm.rival]
    carried = least(logits_MC.astype(np.float64), found.predicted, firm.rival, overturn=False)
    assert len(firm.carry) == carried


def test_refusals(encoding: Encoding) -> None:
    gap = build_model("compact", pooling="gap", num_classes=3)
    with pytest.raises(ValueError, match="MFA"):
        prediction_path(gap, encoding)
    with pytest.raises(ValueError, match="MFA"):
        prediction_stability(explain_encoding(gap, encoding))
