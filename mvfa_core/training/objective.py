"""What a recipe minimises, put together from the losses of the method."""

from __future__ import annotations

from dataclasses import replace

import torch

from mvfa_core.heads import PrototypeHead
from mvfa_core.losses import Loss, classification_loss, prototype_loss
from mvfa_core.model import Classifier
from mvfa_core.stages import Stages
from mvfa_core.training.recipes import Recipe


def objective(model: Classifier, stages: Stages, targets: torch.Tensor, recipe: Recipe) -> Loss:
    """Eq. 7 under the recipe's choices: without the global loss if it is off, and for a prototype head with the
    prototype loss as regulariser (Yang et al. 2018).

    Args:
        targets: class indices, or (B, C) probabilities of mixed pictures.
    """
    loss = classification_loss(stages, targets, recipe.local)
    if recipe.global_loss == "off" and loss.local is not None:
        loss = replace(loss, total=loss.local)
    head = model.pooling.head
    if isinstance(head, PrototypeHead) and recipe.prototype_weight > 0:
        regulariser = recipe.prototype_weight * prototype_loss(stages, targets, head.prototypes_CD)
        loss = replace(loss, total=loss.total + regulariser)
    return loss
