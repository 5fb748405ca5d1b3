"""What a model answers on pictures that it does not learn from, a batch at a time.

B images
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import nn

from mvfa_core.checks import looking_once
from mvfa_core.data.sets import PictureSet
from mvfa_core.ensembles import combine
from mvfa_core.images import normalise
from mvfa_core.inference import device_of, evaluation_mode, inference, stages_of, unwrapped
from mvfa_core.metrics.scales import accuracy_by_scale
from mvfa_core.model import Classifier
from mvfa_core.precision import tensor_float32
from mvfa_core.stages import Stages
from mvfa_core.training.batches import to_device
from mvfa_core.training.parallel import ALONE, World

EVAL_BATCH, EVAL_BATCH_CPU = 128, 8
"""Pictures at a time when nothing is learned; on a CPU so few that the allocator keeps a layer's memory for the next
one: larger blocks go back to the system each time, and fetching them again took longer than the layer."""


@torch.no_grad()
def predict(
    model: nn.Module, pictures: PictureSet, batch: int | None = None, ensemble: str = "logit-sum"
) -> np.ndarray:
    """The predicted class of every picture, int64 (N,): Eq. 8, or by another rule of `ENSEMBLES` for the views.

    Args:
        model: normalised pictures -> Stages: a `Classifier`, or the `Network` that trains one, in its precision.
            It is left as it was, each module in its own mode.
        batch: pictures at a time; None for what suits the device.
    """
    network = unwrapped(model)
    if isinstance(network, Classifier):
        with inference(network) as seen, looking_once():
            return _predicted(partial(stages_of, seen), device_of(seen), pictures, batch, ensemble)
    with evaluation_mode(network), tensor_float32(getattr(network, "tf32", False)), looking_once():
        return _predicted(network, device_of(network), pictures, batch, ensemble)


def _predicted(
    forward: Callable[[torch.Tensor], Stages],
    device: torch.device,
    pictures: PictureSet,
    batch: int | None,
    ensemble: str,
) -> np.ndarray:
    batch = batch or (EVAL_BATCH_CPU if device.type == "cpu" else EVAL_BATCH)
    found = []
    raw = _fetched(pictures, 0, batch, device)
    for start in range(0, len(pictures), batch):
        stages = forward(normalise(raw))
        scores_BC = stages.ensemble_BC if stages.logits_BMC is None else combine(stages.logits_BMC, ensemble)
        found.append(scores_BC.argmax(dim=1))
        raw = _fetched(pictures, start + batch, batch, device)  # while an accelerator is at these
    return torch.cat(found).cpu().numpy()


def _fetched(pictures: PictureSet, start: int, batch: int, device: torch.device) -> torch.Tensor:
    return to_device(np.array(pictures.images[start : start + batch]), device)  # torch wants it writable


def evaluate(model: nn.Module, pictures: PictureSet, world: World = ALONE) -> tuple[float, list[dict] | None]:
    """The share of pictures whose predicted class is their label, in all and in bands of object scale (None where the
    scales are not known); several processes each look at a part of them."""
    mine = world.part(len(pictures))
    scales = None if pictures.scales is None else pictures.scales[mine]
    part = PictureSet(pictures.images[mine], pictures.labels[mine], pictures.names[mine], scales)
    right_N = predict(model, part) == part.labels if len(part) else np.zeros(0, bool)
    accuracy = world.total(int(right_N.sum())) / len(pictures)
    return accuracy, None if scales is None else accuracy_by_scale(right_N, scales, world.total)
