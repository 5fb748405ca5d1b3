"""How a step is computed: in which precision, in which memory layout, compiled or not. What it computes is decided
elsewhere.

    B images · S side in px
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mvfa_core.model import Classifier
from mvfa_core.stages import Stages
from mvfa_core.training.recipes import Recipe

FIRST_SCALE = 2.0**10
"""Of float16's gradients, until the scaler finds a better one. Its own 2^16 overflows at once under a loss that sums
over the views of a picture."""
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": None}


class Network(nn.Module):
    """A model's forward pass on a device, its backbone in low precision if asked.

    What follows the features is computed in float32 always: class maps, attention, views, logits and losses. The
    anchors are the order of 196 attention values, and bfloat16 keeps only eight bits of each: many would be equal and
    row-major order would choose. It is also next to nothing beside the backbone.

    Args:
        dtype: of the backbone, or None for float32 throughout, which is the model's own forward pass.
        channels_last: lay pictures out as tensor cores read them.
    """

    def __init__(self, model: Classifier, dtype: torch.dtype | None = None, *, channels_last: bool = False) -> None:
        super().__init__()
        self.model, self.dtype = model, dtype
        self.layout = torch.channels_last if channels_last else torch.contiguous_format

    def forward(self, image_B3SS: torch.Tensor, labels_B: torch.Tensor | None = None) -> Stages:
        image_B3SS = image_B3SS.contiguous(memory_format=self.layout)
        if self.dtype is None:
            return self.model(image_B3SS, labels_B)
        with torch.autocast(image_B3SS.device.type, dtype=self.dtype):
            F_BDHW = self.model.backbone(image_B3SS)
        return self.model.pooling(F_BDHW.float(), labels_B=labels_B)


def network_on(model: Classifier, recipe: Recipe, device: torch.device) -> Network:
    """The model on the device, in the recipe's precision; on CUDA, and in low precision on a CPU, in the layout that
    matrix units read."""
    dtype = dtype_of(recipe.precision, device)
    channels_last = device.type == "cuda" or (device.type == "cpu" and dtype is not None)
    model = model.to(device)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    return Network(model, dtype, channels_last=channels_last)


def dtype_of(precision: str, device: torch.device) -> torch.dtype | None:
    """What the backbone computes in: None is float32. "auto" is bfloat16 on a GPU that has it."""
    if precision != "auto":
        return DTYPES[precision]
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bf16 else None


def optimizer_for(model: nn.Module, recipe: Recipe, device: torch.device) -> torch.optim.Optimizer:
    """The recipe's optimiser; on CUDA all parameters are updated by one kernel."""
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimizer]
    options: dict[str, Any] = {"fused": True} if device.type == "cuda" else {}
    return kind(model.parameters(), lr=recipe.lr, betas=(0.9, 0.999), weight_decay=recipe.weight_decay, **options)


def moved(state: dict, optimizer: torch.optim.Optimizer) -> dict:
    """An optimiser's state as this one can load it: another device may have been fused, this one decides for itself."""
    groups = [{**group, "fused": optimizer.defaults["fused"]} for group in state["param_groups"]]
    return {**state, "param_groups": groups}


def scaler_for(dtype: torch.dtype | None, device: torch.device) -> torch.amp.GradScaler:
    """Keeps small gradients of float16 above zero; for every other type it does nothing."""
    return torch.amp.GradScaler(device.type, init_scale=FIRST_SCALE, enabled=dtype == torch.float16)
