"""The losses of Eq. 1, 6, 7 and 9.

B images · C classes · M views
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf

from mvfa_core.checks import expect, expect_choice
from mvfa_core.stages import Stages


@dataclass(frozen=True)
class Loss:
    """Scalars: `total` = `global_` + `local` (Eq. 7). For the GAP twin `global_` is the whole and `local` is None."""

    total: torch.Tensor
    global_: torch.Tensor
    local: torch.Tensor | None


def mfa_loss(stages: Stages, labels_B: torch.Tensor, local: str = "sum") -> Loss:
    """L_total = L_global + L_local, averaged over the batch (Eq. 9).

    L_global is the cross-entropy of the auxiliary probabilities (Eq. 1). L_local sums the cross-entropies of the M
    views of an image (Eq. 6), so that it starts about M times as large; `local="mean"` averages them instead.

    Args:
        stages: of an MFA model, in which all of G and the view logits are filled.
        labels_B: class indices, or (B, C) probabilities for mixed labels.
        local: "sum" (the paper's) or "mean".

    Raises:
        ValueError: stages of a GAP model, an unknown `local`, or labels that do not fit.
    """
    expect(stages.logits_BMC is not None, "stages", "those of an MFA model", "those of a GAP model")
    expect_choice(local, ("sum", "mean"), "local")
    assert stages.logits_BMC is not None and stages.auxiliary_BC is not None
    views = stages.logits_BMC.shape[1]
    _expect_labels(labels_B, stages.ensemble_BC)
    global_ = nnf.cross_entropy(stages.auxiliary_BC, labels_B)
    mean_of_views = nnf.cross_entropy(stages.logits_BMC.flatten(0, 1), labels_B.repeat_interleave(views, dim=0))
    local_ = mean_of_views * views if local == "sum" else mean_of_views  # Eq. 6 sums over the views of an image
    return Loss(total=global_ + local_, global_=global_, local=local_)


def gap_loss(stages: Stages, labels_B: torch.Tensor) -> Loss:
    """The cross-entropy of the GAP twin's logits.

    Raises:
        ValueError: labels that do not fit the logits.
    """
    _expect_labels(labels_B, stages.ensemble_BC)
    loss = nnf.cross_entropy(stages.ensemble_BC, labels_B)
    return Loss(total=loss, global_=loss, local=None)


def prototype_loss(stages: Stages, labels_B: torch.Tensor, prototypes_CD: torch.Tensor) -> torch.Tensor:
    """The squared distance of every view to the prototype of its image's class, averaged (Yang et al. 2018, PL).

    It keeps a class together where the cross-entropy only pulls classes apart. For GAP the one view is GAP(F).

    Args:
        labels_B: class indices, or (B, C) probabilities for mixed labels.
        prototypes_CD: p_c.
    """
    _expect_labels(labels_B, stages.ensemble_BC)
    views_BMD = stages.F_BDHW.mean(dim=(-2, -1))[:, None] if stages.views_BMD is None else stages.views_BMD
    share_BC = labels_B if labels_B.ndim == 2 else nnf.one_hot(labels_B, len(prototypes_CD)).to(views_BMD.dtype)
    distance_BMC = torch.cdist(views_BMD, prototypes_CD.expand(len(views_BMD), -1, -1)).square()
    return (distance_BMC * share_BC[:, None]).sum(dim=-1).mean()


def classification_loss(stages: Stages, labels_B: torch.Tensor, local: str = "sum") -> Loss:
    """`mfa_loss` for an MFA model's stages, `gap_loss` for its twin's."""
    return gap_loss(stages, labels_B) if stages.logits_BMC is None else mfa_loss(stages, labels_B, local)


def _expect_labels(labels_B: torch.Tensor, logits_BC: torch.Tensor) -> None:
    batch, classes = logits_BC.shape
    if labels_B.ndim == 2:
        expect(labels_B.shape == (batch, classes), "labels", f"shape ({batch}, {classes})", tuple(labels_B.shape))
        return
    expect(labels_B.dtype == torch.int64, "labels", "class indices as int64, or probabilities", labels_B.dtype)
    expect(tuple(labels_B.shape) == (batch,), "labels", f"shape ({batch},)", tuple(labels_B.shape))
    if labels_B.device.type == "cpu":  # elsewhere the look would stall the device at every step
        low, high = int(labels_B.min()), int(labels_B.max())
        expect(low >= 0 and high < classes, "labels", f"class indices from 0 to {classes - 1}", f"{low} to {high}")
