"""Maps and rankings of one pass: class activation maps, top regions, and the contributions that add up to a logit.

    B images · D channels · C classes · H W grid in cells · K anchors · R sizes · M = K*R views, m = k*R + r

No hooks: the model hands over its last feature map, so Grad-CAM differentiates only what follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from mvfa_core.checks import expect, expect_dims, expect_finite, expect_target, expect_whole
from mvfa_core.stages import Stages


def cam(F_BDHW: torch.Tensor, weight_CD: torch.Tensor, target: int) -> torch.Tensor:
    """CAM of a single-layer head for one class, sum_d w_d F_d (Zhou et al. 2016), shape (B, H, W), in logit units.

    With the weights of a 1x1 convolution instead of a fully connected layer it is the class map G_c less its bias.
    """
    expect_dims(F_BDHW, "BDHW", "F_BDHW")
    fits = weight_CD.ndim == 2 and weight_CD.shape[1] == F_BDHW.shape[1]
    expect(fits, "weight_CD", f"shape (C, {F_BDHW.shape[1]})", tuple(weight_CD.shape))
    target = expect_target(target, weight_CD.shape[0])
    expect_finite(F_BDHW, "F_BDHW")
    return torch.einsum("d,bdhw->bhw", weight_CD[target], F_BDHW)


def grad_cam(pooling: Callable[[torch.Tensor], Stages], F_BDHW: torch.Tensor, target: int) -> torch.Tensor:
    """Grad-CAM of what follows the feature map, sum_d alpha_d F_d with alpha_d = mean over cells of d logit / d F_d.

    The paper's form keeps the sign; other implementations cut it at zero (ReLU) for display.

    Args:
        pooling: F_BDHW -> Stages, the part of a model behind its backbone.
        F_BDHW: feature map; nothing behind it in the graph is touched.
        target: class index.

    Returns:
        map_BHW.
    """
    expect_dims(F_BDHW, "BDHW", "F_BDHW")
    with torch.inference_mode(False), torch.enable_grad():
        leaf_BDHW = leaf(F_BDHW)
        logits_BC = pooling(leaf_BDHW).ensemble_BC
        target = expect_target(target, logits_BC.shape[1])
        return gradient_map(logits_BC[:, target].sum(), leaf_BDHW)


def leaf(F_BDHW: torch.Tensor) -> torch.Tensor:
    """The same numbers as a leaf that gradients are taken for; one from inference mode has to be copied for that."""
    F_BDHW = F_BDHW.detach()
    return (F_BDHW.clone() if F_BDHW.is_inference() else F_BDHW).requires_grad_()


def gradient_map(logit: torch.Tensor, F_BDHW: torch.Tensor) -> torch.Tensor:
    """Grad-CAM of a scalar that was computed from the leaf F with gradients on: map_BHW."""
    (gradient_BDHW,) = torch.autograd.grad(logit, F_BDHW)
    return torch.einsum("bd,bdhw->bhw", gradient_BDHW.mean(dim=(-2, -1)), F_BDHW.detach())


@dataclass(frozen=True)
class TopRegions:
    """The n most confident regions of every picture, best first.

    Attributes:
        views_BN: view index m = k*R + r.
        boxes_BN4: inclusive corners in cells.
        confidence_BN: s_{i,c} of the class asked for.
    """

    views_BN: torch.Tensor
    boxes_BN4: torch.Tensor
    confidence_BN: torch.Tensor


def log_odds(logits: torch.Tensor, target: int) -> torch.Tensor:
    """log(s_c / (1 - s_c)) of one class's softmax s_c over the last dimension, from the logits.

    It orders views as their confidence does, and goes on doing so where s_c rounds to 1: it is the logit less the
    log-sum-exp of the other classes', which nothing rounds away.
    """
    others = [c for c in range(logits.shape[-1]) if c != target]
    return logits[..., target] - logits[..., others].logsumexp(dim=-1)


def top_regions(stages: Stages, target: int, n: int) -> TopRegions:
    """The n regions whose views the main head gives to `target` with the highest confidence s_{i,c} (Figure 7).

    Equal confidences keep the order of the views.

    Raises:
        ValueError: GAP stages, a class out of range, or n not in 1..M.
    """
    expect(stages.logits_BMC is not None, "stages", "those of an MFA model", "those of a GAP model")
    assert stages.logits_BMC is not None and stages.boxes_BKR4 is not None
    _, views, classes = stages.logits_BMC.shape
    target = expect_target(target, classes)
    n = expect_whole(n, "n", f"a whole number from 1 to K*R = {views}", 1, views)
    confidence_BM = stages.logits_BMC.softmax(dim=-1)[..., target]
    order_BN = log_odds(stages.logits_BMC, target).argsort(dim=1, descending=True, stable=True)[:, :n]
    boxes_BM4 = stages.boxes_BKR4.flatten(1, 2)
    return TopRegions(
        views_BN=order_BN,
        boxes_BN4=boxes_BM4.gather(1, order_BN[..., None].expand(-1, -1, 4)),
        confidence_BN=confidence_BM.gather(1, order_BN),
    )


def contribution_map(
    stages: Stages, weight_CD: torch.Tensor, bias_C: torch.Tensor, target: int
) -> tuple[torch.Tensor, float]:
    """What every cell adds to the logit of a class, exactly, for a linear head.

    M_c(p) = (W_c . F_p) * sum over regions i that hold p of 1/|region_i|; summed over p, plus M b_c, it is the
    ensemble logit of Eq. 8. For the GAP twin the one region is the whole map.

    Returns:
        map_BHW in logit units, and the constant M b_c (b_c for GAP).
    """
    target = expect_target(target, weight_CD.shape[0])
    per_cell_BHW = cam(stages.F_BDHW, weight_CD, target)
    bias = float(bias_C[target].detach())
    if stages.weights_BMHW is None:
        return per_cell_BHW / per_cell_BHW[0].numel(), bias
    return per_cell_BHW * stages.weights_BMHW.sum(dim=1), stages.weights_BMHW.shape[1] * bias
