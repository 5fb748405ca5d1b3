"""Whether the votes of the views tell where a model errs: ranking errors, and the risk that is left when the most
doubtful answers are withheld.

    N pictures
"""

from __future__ import annotations

import numpy as np

from mvfa_core.analysis.votes import agreement, tally
from mvfa_core.explanation import Explanation


def doubts(explanation: Explanation) -> dict[str, float]:
    """Every doubt about one answer, larger where the model is less sure; GAP, which has no views, has only the first.

    confidence: 1 less the largest share of the ensemble. entropy: mean entropy of the single views, bits. disagreement:
    mutual information of view and class, bits. tally: 1 less the share of the views that the answer wins.
    """
    doubt = {"confidence": 1 - float(explanation.ensemble_C[explanation.predicted])}
    if explanation.logits_MC is None:
        return doubt
    split, won_C = agreement(explanation), tally(explanation)
    share = float(won_C[explanation.predicted] / won_C.sum())
    return {**doubt, "entropy": split.unsure, "disagreement": split.disagree, "tally": 1 - share}


def auroc(doubt_N: np.ndarray, wrong_N: np.ndarray) -> float:
    """The chance that a wrong answer is more in doubt than a right one, equal doubts counting half; NaN if all answers
    are right or all are wrong."""
    wrong = wrong_N.astype(bool)
    if wrong.all() or not wrong.any():
        return float("nan")
    right_sorted = np.sort(doubt_N[~wrong])
    below, not_above = (np.searchsorted(right_sorted, doubt_N[wrong], side) for side in ("left", "right"))
    return float((below + not_above).mean() / (2 * len(right_sorted)))


def risk_coverage(doubt_N: np.ndarray, wrong_N: np.ndarray) -> np.ndarray:
    """The share of wrong answers among the n least doubtful, n = 1..N.

    Answers in equal doubt stand in no order; each counts as the mean of them, which is what random orders give.
    """
    order = np.argsort(doubt_N, kind="stable")
    _, group = np.unique(doubt_N[order], return_inverse=True)
    wrong = wrong_N[order].astype(np.float64)
    mean = np.bincount(group, weights=wrong) / np.bincount(group)
    return np.cumsum(mean[group]) / np.arange(1, len(order) + 1)


def aurc(doubt_N: np.ndarray, wrong_N: np.ndarray) -> float:
    """The area under the risk-coverage curve, its mean over all coverages (Geifman & El-Yaniv 2017); lower is better.

    A doubt that knows nothing gives the share of wrong answers; `aurc(wrong, wrong)` is the least that can be.
    """
    return float(risk_coverage(doubt_N, wrong_N).mean())
