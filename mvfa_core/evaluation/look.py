"""Pictures -> findings: one forward pass of a batch, and everything that is kept of it.

B images · C classes · H W grid in cells · K anchors · R sizes · M = K*R views, m = k*R + r
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mvfa_core.checks import looking_once
from mvfa_core.data.sets import PictureSet
from mvfa_core.evaluation.findings import Findings
from mvfa_core.images import normalise
from mvfa_core.inference import inspects, stages_of
from mvfa_core.model import GAP, MFA, Classifier
from mvfa_core.precision import double
from mvfa_core.regions import cells_to_pixels
from mvfa_core.stages import Stages

BIT = float(np.log(2))


@inspects
def look(model: Classifier, pictures: PictureSet, places: np.ndarray) -> Findings:
    """What a model makes of a batch. `places` are those of the pictures in their side."""
    device = next(model.parameters()).device
    with looking_once():
        stages = stages_of(model, normalise(torch.from_numpy(pictures.images).to(device)))
    label_B = torch.from_numpy(np.array(pictures.labels)).to(device)
    views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
    share_BC = model.pooling.confidence(double(stages.ensemble_BC) / views)
    best_B2 = share_BC.topk(2, dim=1).values
    found = {
        "predicted_N": stages.ensemble_BC.argmax(dim=1),
        "confidence_N": best_B2[:, 0],
        "true_N": share_BC.gather(1, label_B.to(share_BC.device)[:, None])[:, 0],
        "margin_N": best_B2[:, 0] - best_B2[:, 1],
    }
    if stages.logits_BMC is not None:
        found |= _auxiliary(stages) | _votes(model.pooling, stages) | _wrong(model.pooling, stages, label_B)
        found |= _profile(model.pooling, stages, label_B)
    kept: dict[str, Any] = {name: _stored(values) for name, values in found.items()}
    return Findings(
        classes=model.classes,
        sizes=stages.sizes or (),
        names=pictures.names,
        place_N=np.asarray(places, dtype=np.int64),
        label_N=np.array(pictures.labels, dtype=np.int64),
        scale_N=None if pictures.scales is None else np.array(pictures.scales, dtype=np.float32),
        **kept,
    )


def _auxiliary(stages: Stages) -> dict[str, torch.Tensor]:
    assert stages.f_BC is not None
    confidence_B, class_B = stages.f_BC.max(dim=1)
    return {"auxiliary_N": class_B, "auxiliary_confidence_N": confidence_B}


def _votes(pooling: MFA | GAP, stages: Stages) -> dict[str, torch.Tensor]:
    """The tally of the views and the entropy of their mean, split in two; where every class has a sigmoid of its own,
    that of whether the predicted class is there."""
    assert stages.logits_BMC is not None
    logits_BMC = stages.logits_BMC
    winner_BM = logits_BMC.argmax(dim=2)
    tally_BC = torch.nn.functional.one_hot(winner_BM, logits_BMC.shape[2]).sum(dim=1)
    if getattr(pooling, "labels", "single") == "multi":
        predicted_B11 = stages.ensemble_BC.argmax(dim=1)[:, None, None]
        own_BM1 = logits_BMC.gather(2, predicted_B11.expand(-1, logits_BMC.shape[1], 1))
        logits_BMC = torch.cat([own_BM1, torch.zeros_like(own_BM1)], dim=2)
    log_BMC = double(logits_BMC).log_softmax(dim=2)
    share_BMC = log_BMC.exp()
    unsure_B = -(share_BMC * log_BMC).sum(dim=2).mean(dim=1)
    mean_BC = share_BMC.mean(dim=1)
    total_B = -torch.xlogy(mean_BC, mean_BC).sum(dim=1)
    bits = {"total_N": total_B, "unsure_N": unsure_B, "disagree_N": (total_B - unsure_B).clamp(min=0)}
    return {"tally_NC": tally_BC.int(), **{name: value / BIT for name, value in bits.items()}}


def _wrong(pooling: MFA | GAP, stages: Stages, label_B: torch.Tensor) -> dict[str, torch.Tensor]:
    """The one view that is surest of any class but the true one."""
    assert stages.logits_BMC is not None and stages.boxes_BKR4 is not None and stages.sizes is not None
    share_BMC = pooling.confidence(double(stages.logits_BMC))
    label_B = label_B.to(share_BMC.device)
    rows = torch.arange(len(label_B), device=label_B.device)
    share_BMC[rows, :, label_B] = -1
    confidence_B, place_B = share_BMC.flatten(1).max(dim=1)
    view_B, class_B = place_B // share_BMC.shape[2], place_B % share_BMC.shape[2]
    box_B4 = stages.boxes_BKR4.to(share_BMC.device).flatten(1, 2)[rows, view_B]
    sizes_R = torch.tensor(stages.sizes, device=label_B.device)
    return {
        "wrong_N": class_B,
        "wrong_confidence_N": confidence_B,
        "wrong_size_N": sizes_R[view_B % len(stages.sizes)],
        "wrong_box_N4": cells_to_pixels(box_B4, stages.grid, (1, 1)),
    }


def _profile(pooling: MFA | GAP, stages: Stages, label_B: torch.Tensor) -> dict[str, torch.Tensor]:
    assert stages.logits_BMC is not None and stages.sizes is not None
    share_BMC = pooling.confidence(double(stages.logits_BMC))
    label_B = label_B.to(share_BMC.device)
    true_BM = share_BMC[torch.arange(len(label_B), device=label_B.device), :, label_B]
    return {"profile_NR": true_BM.unflatten(1, (-1, len(stages.sizes))).mean(dim=1)}


def _stored(values: torch.Tensor) -> np.ndarray:
    """On the CPU; numbers as float32, which is finer than anything that is shown."""
    return (values.float() if values.is_floating_point() else values).cpu().numpy()
