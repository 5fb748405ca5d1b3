"""The losses of a batch from the equations, in NumPy."""

from __future__ import annotations

import copy

import numpy as np
import torch

from mvfa_core.training.batches import batch_of
from mvfa_core.training.engine import Trainer


def by_equation(made: Trainer, step: int) -> dict[str, float]:
    """Eq. 1, 6 and 7 from the logits, in NumPy; the model is a copy, so nothing has to be put back."""
    if step < 0:
        return {}
    batch = batch_of(made.data, made.recipe, step, made.device)
    model = copy.deepcopy(made.model).train()
    with torch.no_grad():
        stages = model(batch.image_B3SS)
    labels = batch.labels_B.numpy()

    def cross_entropy(logits: np.ndarray, label: int) -> float:
        return float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[label])

    z_BC, g_BMC = stages.G_BCHW.mean((2, 3)).double().numpy(), stages.logits_BMC.double().numpy()
    global_ = np.mean([cross_entropy(z, label) for z, label in zip(z_BC, labels, strict=True)])
    local = np.mean([sum(cross_entropy(g, y) for g in g_MC) for g_MC, y in zip(g_BMC, labels, strict=True)])
    return {"global": float(global_), "local": float(local), "total": float(global_ + local)}
