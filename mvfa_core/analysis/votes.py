"""How the views of one picture vote: winners, agreement, sizes, and what other ways of counting would have said.

    C classes · H W grid in cells · K anchors · R sizes · M = K*R views, m = k*R + r

All of it is counted from the view logits of an `Explanation`; nothing here knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from mvfa_core import budget
from mvfa_core.checks import expect, expect_target
from mvfa_core.ensembles import ENSEMBLES, combine
from mvfa_core.explanation import Explanation


@dataclass(frozen=True)
class Agreement:
    """The entropy of the mean vote, split exactly in two, in bits.

    Attributes:
        total: entropy of the mean of the view probabilities; 0 if all views are sure of one class, at most log2 C.
        unsure: mean entropy of the single views, how unsure each is by itself.
        disagree: total - unsure, the mutual information of view and class; 0 if all views say the same.
    """

    total: float
    unsure: float
    disagree: float


@dataclass(frozen=True)
class Verdict:
    """What one way of counting says.

    Attributes:
        rule: a name in `ENSEMBLES`. winner: class index. share_C: the shares of the classes, which sum to 1 unless
            every class has a sigmoid of its own.
    """

    rule: str
    winner: int
    share_C: np.ndarray


def pushes(explanation: Explanation, target: int, against: int | None = None) -> np.ndarray:
    """What every view adds to the ensemble logit of a class, (M,): g_{i,c}, whose sum is Eq. 8.

    With `against`, what it adds to the lead over another class: g_{i,a} - g_{i,b}.

    Raises:
        ValueError: a GAP explanation, or a class out of range.
    """
    logits_MC = _logits(explanation)
    target = expect_target(target, len(explanation.classes))
    if against is None:
        return logits_MC[:, target]
    against = expect_target(against, len(explanation.classes))
    return logits_MC[:, target] - logits_MC[:, against]


def winners(explanation: Explanation) -> np.ndarray:
    """The class that every view is surest of, (M,) indices; equal logits go to the lower index."""
    return _logits(explanation).argmax(axis=1)


def tally(explanation: Explanation) -> np.ndarray:
    """How many views each class wins, (C,); the counts sum to M."""
    return np.bincount(winners(explanation), minlength=len(explanation.classes))


def anchor_winners(explanation: Explanation) -> np.ndarray:
    """The class that the R views of every anchor choose together by the sum of their logits, (K,) indices."""
    logits_MC = _logits(explanation)
    assert explanation.k is not None and explanation.sizes is not None
    return logits_MC.reshape(explanation.k, len(explanation.sizes), -1).sum(axis=1).argmax(axis=1)


def scale_profile(explanation: Explanation, target: int) -> np.ndarray:
    """Mean confidence in a class of the K views of each size, (R,), in the order of L_R."""
    _logits(explanation)
    target = expect_target(target, len(explanation.classes))
    assert explanation.confidence_MC is not None and explanation.k is not None and explanation.sizes is not None
    return explanation.confidence_MC[:, target].reshape(explanation.k, len(explanation.sizes)).mean(axis=0)


def agreement(explanation: Explanation) -> Agreement:
    """Whether the views are unsure or whether they disagree: the split of the entropy of their mean. Where every class
    has a sigmoid of its own, what is split is whether the class that is explained is there, at most one bit."""
    _expect_room(explanation)
    logits_MC = torch.tensor(_logits(explanation), dtype=torch.float64)  # a copy: what is kept is read-only
    if explanation.labels == "multi":  # the softmax of (z, 0) is the sigmoid of z and its complement
        own_M = logits_MC[:, explanation.target]
        logits_MC = torch.stack([own_M, torch.zeros_like(own_M)], dim=1)
    log_MC = logits_MC.log_softmax(dim=-1)
    probabilities_MC = log_MC.exp()
    unsure = -(probabilities_MC * log_MC).sum(dim=-1).mean()
    mean_C = probabilities_MC.mean(dim=0)
    total = -torch.xlogy(mean_C, mean_C).sum()
    bit = float(np.log(2))
    # Rounding may leave a difference of about -1e-17, which no information can be.
    return Agreement(float(total) / bit, float(unsure) / bit, max(0.0, float(total - unsure)) / bit)


def verdicts(explanation: Explanation) -> tuple[Verdict, ...]:
    """What every rule of `ENSEMBLES` says about the same views.

    The shares of the logit sum are the confidences of the mean view logit, as in `Explanation.ensemble_C`.
    """
    _expect_room(explanation)
    logits_BMC, alone = torch.tensor(_logits(explanation))[None], explanation.labels == "multi"
    answers = []
    for rule in ENSEMBLES:
        scores_C = combine(logits_BMC, rule)[0]
        if alone and rule == "probability-mean":
            scores_C = logits_BMC[0].sigmoid().mean(dim=0)
        share_C = scores_C
        if rule == "logit-sum":
            mean_C = scores_C / logits_BMC.shape[1]
            share_C = mean_C.sigmoid() if alone else mean_C.softmax(dim=0)
        answers.append(Verdict(rule, int(scores_C.argmax()), share_C.numpy()))
    return tuple(answers)


def contrast(a: Explanation, b: Explanation) -> tuple[np.ndarray, float]:
    """Why a and not b: the difference of two contribution maps of the same picture, (H, W), and of their constants.

    Together they sum to the lead of a's class over b's in the ensemble logits.

    Raises:
        ValueError: the head is not linear, or the grids differ.
    """
    linear = a.contribution_HW is not None and b.contribution_HW is not None
    expect(linear, "contribution_HW", "the maps of a linear head", "none")
    expect(a.grid == b.grid, "grid", f"that of the other, {a.grid}", b.grid)
    assert a.contribution_HW is not None and b.contribution_HW is not None
    return a.contribution_HW - b.contribution_HW, a.contribution_bias - b.contribution_bias


def _logits(explanation: Explanation) -> np.ndarray:
    expect(
        explanation.logits_MC is not None,
        "explanation",
        "that of an MFA model",
        f"that of a {explanation.pooling} model",
    )
    assert explanation.logits_MC is not None
    return explanation.logits_MC


def _expect_room(explanation: Explanation) -> None:
    views, classes = _logits(explanation).shape
    what = f"the votes of {views:,} views for {classes:,} classes"
    budget.expect_fits(budget.of_votes(classes, views), what, "ask for fewer anchors or region sizes")
