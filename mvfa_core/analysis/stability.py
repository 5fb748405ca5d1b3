"""How firmly an answer stands: as K grows from one anchor to every cell, and how few views carry or overturn it.

C classes · H W grid in cells · N = H*W cells by falling A · R sizes · M = K*R views
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mvfa_core.checks import expect
from mvfa_core.explain import Encoding, expect_room
from mvfa_core.explanation import Explanation
from mvfa_core.inference import inspects
from mvfa_core.model import MFA, Classifier
from mvfa_core.precision import double


@dataclass(frozen=True)
class PredictionPath:
    """The answer for every K.

    Attributes:
        share_NC: for K = n + 1 the confidence of the mean view logit, as `Explanation.ensemble_C`; rows sum to 1
            unless every class has a sigmoid of its own.
        winner_N: the arg max of Eq. 8 for K = n + 1.
    """

    share_NC: np.ndarray
    winner_N: np.ndarray

    def changes(self) -> list[int]:
        """The K at which the answer differs from that of K - 1."""
        return [n + 1 for n in range(1, len(self.winner_N)) if self.winner_N[n] != self.winner_N[n - 1]]


@inspects
def prediction_path(model: Classifier, encoding: Encoding, *, sizes: Sequence[int] | None = None) -> PredictionPath:
    """The answer of every K from 1 to H*W from one pass of the module over all cells: Eq. 8 is a sum over anchors, so
    the answer of K is a running sum.

    Raises:
        ValueError: a GAP model, or a size that is even or < 1.
    """
    expect(isinstance(model.pooling, MFA), "model", "one that ends in MFA", "one that ends in GAP")
    height, width = encoding.F_BDHW.shape[-2:]
    expect_room(model, encoding, k=height * width, sizes=sizes)
    with torch.no_grad():
        stages = model.pooling(encoding.F_BDHW, k=height * width, sizes=sizes)
    assert stages.logits_BMC is not None and stages.sizes is not None
    logits_NRC = double(stages.logits_BMC[0]).unflatten(0, (height * width, len(stages.sizes)))
    sums_NC = logits_NRC.sum(dim=1).cumsum(dim=0)
    views_N1 = torch.arange(1, height * width + 1, device=sums_NC.device)[:, None] * len(stages.sizes)
    share_NC = model.pooling.confidence(sums_NC / views_N1)
    return PredictionPath(share_NC.cpu().numpy(), sums_NC.argmax(dim=1).cpu().numpy())


@dataclass(frozen=True)
class Stability:
    """The least that holds an answer up, against the class named `rival`.

    Attributes:
        rival: the class that the fewest removals would put ahead.
        carry: the views, most helpful first, that alone outweigh every view which speaks for the rival.
        overturn: the views, most helpful first, without which the rival is ahead or level.
    """

    rival: int
    carry: tuple[int, ...]
    overturn: tuple[int, ...]


def prediction_stability(explanation: Explanation) -> Stability:
    """The fewest views that carry the answer and the fewest whose absence overturns it, exactly: the lead over a
    class is a sum over views (Eq. 8), so taking the largest terms first is the best that can be done.

    Raises:
        ValueError: the explanation of a GAP model.
    """
    expect(
        explanation.logits_MC is not None,
        "explanation",
        "that of an MFA model",
        f"that of a {explanation.pooling} model",
    )
    assert explanation.logits_MC is not None
    logits_MC = explanation.logits_MC.astype(np.float64)
    others = [c for c in range(len(explanation.classes)) if c != explanation.predicted]
    overturned = {c: _overturn(logits_MC[:, explanation.predicted] - logits_MC[:, c]) for c in others}
    rival = min(others, key=lambda c: (len(overturned[c]), -logits_MC[:, c].sum()))
    lead_M = logits_MC[:, explanation.predicted] - logits_MC[:, rival]
    return Stability(rival, _carry(lead_M), overturned[rival])


def _overturn(lead_M: np.ndarray) -> tuple[int, ...]:
    """The largest terms, as few as leave a rest that is not above zero."""
    order = np.argsort(-lead_M, kind="stable")
    # added up from the end: taken from a whole sum, rounding could leave a little where nothing is left
    left = np.append(np.cumsum(lead_M[order][:0:-1])[::-1], 0.0)
    return tuple(order[: int(np.argmax(left <= 0)) + 1].tolist())


def _carry(lead_M: np.ndarray) -> tuple[int, ...]:
    """The largest terms, as few as outweigh all negative ones; all positive ones where the two sides are level."""
    order = np.argsort(-lead_M, kind="stable")
    against = -lead_M[lead_M < 0].sum()
    enough = np.cumsum(lead_M[order]) > against
    count = int(np.argmax(enough)) + 1 if enough.any() else max(1, int((lead_M > 0).sum()))
    return tuple(order[:count].tolist())
