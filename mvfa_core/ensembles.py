"""How the views of an image become one answer. The paper sums logits (Eq. 8); the others are there to be compared.

B images · M views · C classes
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as nnf

from mvfa_core.checks import expect_choice, expect_dims


def logit_sum(logits_BMC: torch.Tensor) -> torch.Tensor:
    """Eq. 8: sum of the view logits, (B, C). A confident view counts for more."""
    return logits_BMC.sum(dim=1)


def probability_mean(logits_BMC: torch.Tensor) -> torch.Tensor:
    """Mean of the view probabilities s_i, (B, C)."""
    return logits_BMC.softmax(dim=-1).mean(dim=1)


def majority(logits_BMC: torch.Tensor) -> torch.Tensor:
    """Share of the views that each class wins, (B, C). Equal shares go to the class of lower index."""
    return nnf.one_hot(logits_BMC.argmax(dim=-1), logits_BMC.shape[-1]).to(logits_BMC.dtype).mean(dim=1)


ENSEMBLES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "logit-sum": logit_sum,
    "probability-mean": probability_mean,
    "majority": majority,
}


def combine(logits_BMC: torch.Tensor, rule: str = "logit-sum") -> torch.Tensor:
    """The scores (B, C) whose arg max is the prediction under a rule; `ValueError` for an unknown one."""
    expect_choice(rule, ENSEMBLES, "ensemble")
    expect_dims(logits_BMC, "BMC", "logits_BMC")
    return ENSEMBLES[rule](logits_BMC)
