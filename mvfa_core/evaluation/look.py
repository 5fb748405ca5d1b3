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
from mvfa_core.model import Classifier
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
    share_BC = (double(stages.ensemble_BC) / views).softmax(dim=1)
    best_B2 = share_BC.topk(2, dim=1).values
    found = {
        "predicted_N": stages.ensemble_BC.argmax(dim=1),
        "confidence_N": best_B2[:, 0],
        "true_N": share_BC.gather(1, label_B.to(share_BC.device)[:, None])[:, 0],
        "margin_N": best_B2[:, 0] - best_B2[:, 1],
    }
    if stages.logits_BMC is not None:
        found |= _auxiliary(stages) | _votes(stages.logits_BMC) | _wrong(stages, label_B) | _profile(stages, label_B)
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


def _votes(logits_BMC: torch.Tensor) -> dict[str, torch.Tensor]:
    """The tally of the views and the entropy of their mean, split in two."""
    winner_BM = logits_BMC.argmax(dim=2)
    tally_BC = torch.nn.functional.one_hot(winner_BM, logits_BMC.shape[2]).sum(dim=1)
    log_BMC = double(logits_BMC).log_softmax(dim=2)
    share_BMC = log_BMC.exp()
    unsure_B = -(share_BMC * log_BMC).sum(dim=2).mean(dim=1)
    mean_BC = share_BMC.mean(dim=1)
    total_B = -torch.xlogy(mean_BC, mean_BC).sum(dim=1)
    bits = {"total_N": total_B, "unsure_N": unsure_B, "disagree_N": (total_B - unsure_B).clamp(min=0)}
    return {"tally_NC": tally_BC.int(), **{name: value / BIT for name, value in bits.items()}}


def _wrong(stages: Stages, label_B: torch.Tensor) -> dict[str, torch.Tensor]:
    """The one view that is surest of any class but the true one."""
    assert stages.logits_BMC is not None and stages.boxes_BKR4 is not None and stages.sizes is not None
    share_BMC = double(stages.logits_BMC).softmax(dim=2)
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


def _profile(stages: Stages, label_B: torch.Tensor) -> dict[str, torch.Tensor]:
    assert stages.logits_BMC is not None and stages.sizes is not None
    share_BMC = double(stages.logits_BMC).softmax(dim=2)
    label_B = label_B.to(share_BMC.device)
    true_BM = share_BMC[torch.arange(len(label_B), device=label_B.device), :, label_B]
    return {"profile_NR": true_BM.unflatten(1, (-1, len(stages.sizes))).mean(dim=1)}


def _stored(values: torch.Tensor) -> np.ndarray:
    """On the CPU; numbers as float32, which is finer than anything that is shown."""
    return (values.float() if values.is_floating_point() else values).cpu().numpy()
