"""What one step of the training did: its batch before and after, and which part of the network moved.

B images · S side in px · C classes · M views
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from PIL import Image

from mvfa_core.checks import NotFiniteError
from mvfa_core.images import denormalise
from mvfa_core.model import Classifier
from mvfa_core.training.batches import Batch, batch_of
from mvfa_core.training.engine import Trainer
from mvfa_core.training.evaluation_mode import unchanged
from mvfa_core.training.objective import objective

MOST_PICTURES = 32
THUMBNAIL_PX = 72
MOST_PARTS = 12
"""Bars that can still be read; neighbouring layers of a longer backbone are taken together."""


@dataclass(frozen=True)
class Answers:
    """What a model says of a batch. `losses` are total, global and local, None where there is none or it is not finite;
    for every picture the predicted class and its confidence."""

    losses: dict[str, float | None]
    classes_B: list[int]
    confidence_B: list[float]
    views: int


@dataclass(frozen=True)
class Before:
    """A model just before a step: its answers to the step's batch, and a copy of its weights by part."""

    step: int
    answers: Answers | None
    weights: dict[str, list[torch.Tensor]]
    lr: float


def look(trainer: Trainer) -> Before:
    """The state before the step that comes next."""
    answers, _ = _answers(trainer, trainer.step)
    weights = {name: [p.detach().clone() for p in ps] for name, ps in parts_of(trainer.model).items()}
    return Before(trainer.step, answers, weights, trainer.optimizer.param_groups[0]["lr"])


def step_report(trainer: Trainer, before: Before) -> dict[str, Any]:
    """What happened since `look`, ready for JSON; where nothing has happened yet, only what comes.

    The losses are those of training: pictures flipped and cropped as in the step, batch normalisation over this batch.
    "before" is the loss whose gradient the step followed; "after" is the same loss of the same batch with the new
    weights.
    """
    done = trainer.step > before.step
    index = before.step
    answers, batch = _answers(trainer, index)
    after = answers if done else None
    first = before.answers or after
    return {
        "step": trainer.step,
        "steps": trainer.recipe.steps,
        "batch": len(batch.labels_B),
        "views": first.views if first else None,
        "local": trainer.recipe.local,
        "global_loss": trainer.recipe.global_loss,
        "pooling": trainer.recipe.pooling,
        "lr": trainer.optimizer.param_groups[0]["lr"] if not done else before.lr,
        "losses": {"before": before.answers and before.answers.losses, "after": after and after.losses},
        "right": {"before": _right(before.answers, batch), "after": _right(after, batch)},
        "pictures": _pictures(trainer.data.classes, batch, before.answers, after),
        "moved": moved(before.weights, parts_of(trainer.model)) if done else None,
        "gradient": _gradient(trainer) if done else None,
    }


def parts_of(model: Classifier) -> dict[str, list[torch.Tensor]]:
    """The parameters by part, in the order data flow: the backbone's layers that have any, the auxiliary head, the main
    head. A part is a name for people."""
    layers: list[list[torch.Tensor]] = []
    for child in model.backbone.children():
        parameters: list[torch.Tensor] = list(child.parameters())
        if layers and all(p.ndim < 2 for p in parameters):  # a batch normalisation belongs to the layer before it
            layers[-1] += parameters
        else:
            layers.append(parameters)
    layers = [layer for layer in layers if layer] or [list(model.backbone.parameters())]
    grouped = _together(layers, min(len(layers), MOST_PARTS - 2))
    found = {f"backbone {place}": parameters for place, parameters in enumerate(grouped, 1)}
    heads = {"auxiliary": "auxiliary head", "head": "main head"}
    return found | {
        title: list(getattr(model.pooling, name).parameters())
        for name, title in heads.items()
        if hasattr(model.pooling, name)
    }


def moved(
    before: dict[str, list[torch.Tensor]], after: dict[str, list[torch.Tensor]]
) -> list[dict[str, str | float | None]]:
    """How far every part moved as a share of its length, ||dw|| / ||w||, with w from before; None if w was 0."""
    told: list[dict[str, str | float | None]] = []
    for name, old in before.items():
        length = _norm(old)
        change = _norm([new.detach() - was for was, new in zip(old, after[name], strict=True)])
        told.append({"name": name, "share": _finite(change / length) if length else None})
    return told


def _together(layers: Sequence[list[torch.Tensor]], count: int) -> list[list[torch.Tensor]]:
    edges = [len(layers) * place // count for place in range(count + 1)]
    return [[p for layer in layers[a:b] for p in layer] for a, b in pairwise(edges)]


def _answers(trainer: Trainer, step: int) -> tuple[Answers | None, Batch]:
    """The model's answers to the batch of that step as the step itself sees it, None if they are not numbers."""
    with unchanged(trainer), torch.no_grad():
        batch = batch_of(trainer.data, trainer.recipe, step, trainer.device)
        trainer.network.train()
        try:
            stages = trainer.network(batch.image_B3SS, batch.labels_B)
        except NotFiniteError:
            return None, batch
        loss = objective(trainer.model, stages, batch.targets, trainer.recipe)
    views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
    confidence_B, classes_B = (stages.ensemble_BC.float() / views).softmax(dim=1).max(dim=1)
    losses = {"total": loss.total, "global": loss.global_, "local": loss.local}
    told = {name: None if value is None else _finite(float(value)) for name, value in losses.items()}
    confidence = [round(value, 4) for value in confidence_B.nan_to_num().tolist()]
    return Answers(told, classes_B.tolist(), confidence, views), batch


def _right(answers: Answers | None, batch: Batch) -> int | None:
    return (
        None
        if answers is None
        else sum(a == b for a, b in zip(answers.classes_B, batch.labels_B.tolist(), strict=True))
    )


def _pictures(
    names: Sequence[str], batch: Batch, before: Answers | None, after: Answers | None
) -> list[dict[str, Any]]:
    """The first pictures of the batch as the network sees them, each with its label and the answers."""
    images = denormalise(batch.image_B3SS[:MOST_PICTURES]).cpu().numpy()
    return [
        {
            "src": _thumbnail(pixels),
            "label": names[int(batch.labels_B[b])],
            "before": before and [names[before.classes_B[b]], before.confidence_B[b]],
            "after": after and [names[after.classes_B[b]], after.confidence_B[b]],
        }
        for b, pixels in enumerate(images)
    ]


def _thumbnail(pixels: np.ndarray) -> str:
    """A small WebP data URL."""
    picture = Image.fromarray(pixels).resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _gradient(trainer: Trainer) -> float | None:
    """The length of the gradient that the step followed; float16 scales it, and then it is not told."""
    gradients = [p.grad for p in trainer.model.parameters() if p.grad is not None]
    return None if trainer.scaler.is_enabled() or not gradients else _finite(_norm(gradients))


def _norm(tensors: Sequence[torch.Tensor]) -> float:
    return math.sqrt(sum(float(tensor.float().norm()) ** 2 for tensor in tensors))


def _finite(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
