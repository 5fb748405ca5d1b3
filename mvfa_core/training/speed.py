"""How a step is computed: in which precision, in which memory layout, compiled or not. What it computes is decided
elsewhere.

    B images · S side in px
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mvfa_core.model import MFA, Classifier
from mvfa_core.stages import Stages
from mvfa_core.training.recipes import Recipe

FIRST_SCALE = 2.0**10
"""Of float16's gradients, until the scaler finds a better one. Its own 2^16 overflows at once under a loss that sums
over the views of a picture."""
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "tf32": None, "fp32": None}


class Network(nn.Module):
    """A model's forward pass on a device, its backbone in low precision if asked.

    What follows the features is computed in float32 always: class maps, attention, views, logits and losses. The
    anchors are the order of 196 attention values, and bfloat16 keeps only eight bits of each: many would be equal and
    row-major order would choose. It is also next to nothing beside the backbone.

    Args:
        dtype: of the backbone, or None for float32 throughout, which is the model's own forward pass.
        channels_last: lay pictures out as tensor cores read them.

    Attributes:
        tf32: whether who trains and validates lets CUDA round float32 to TF32.
    """

    def __init__(self, model: Classifier, dtype: torch.dtype | None = None, *, channels_last: bool = False) -> None:
        super().__init__()
        self.model, self.dtype, self.tf32 = model, dtype, False
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
    network = Network(model.to(device))
    compute_in(network, precision_on(recipe.precision, device), device)
    return network


def compute_in(network: Network, precision: str, device: torch.device) -> None:
    """Change a network on its device to a precision, which is not "auto"."""
    network.dtype, network.tf32 = DTYPES[precision], precision == "tf32"
    channels_last = device.type == "cuda" or (device.type == "cpu" and network.dtype is not None)
    network.layout = torch.channels_last if channels_last else torch.contiguous_format
    if channels_last:
        network.model.to(memory_format=torch.channels_last)


def dtype_of(precision: str, device: torch.device) -> torch.dtype | None:
    """What the backbone computes in: None is float32."""
    return DTYPES[precision_on(precision, device)]


def precision_on(precision: str, device: torch.device) -> str:
    """A precision by its name; "auto" is bfloat16 on a GPU that has it, else float32."""
    if precision != "auto":
        return precision
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16" if has_bf16 else "fp32"


def learning(model: Classifier, recipe: Recipe) -> Classifier:
    """The model with what the recipe's loss leaves out at rest. Compiled, such a layer would get gradients of zero
    in place of none, and AdamW would let its weights decay; several processes would wait for them."""
    if isinstance(model.pooling, MFA):
        model.pooling.auxiliary.requires_grad_(recipe.global_loss == "on")
    return model


def optimizer_for(model: nn.Module, recipe: Recipe, device: torch.device) -> torch.optim.Optimizer:
    """The recipe's optimiser; on CUDA all parameters are updated by one kernel."""
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimizer]
    options: dict[str, Any] = {"fused": True} if device.type == "cuda" else {}
    return kind(model.parameters(), lr=recipe.lr, betas=(0.9, 0.999), weight_decay=recipe.weight_decay, **options)


def moved(state: dict, optimizer: torch.optim.Optimizer) -> dict:
    """An optimiser's state as this one can load it: another device may have been fused, this one decides for itself."""
    groups = [{**group, "fused": optimizer.defaults["fused"]} for group in state["param_groups"]]
    return {**state, "param_groups": groups}


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict) -> None:
    """Take up an optimiser's state, perhaps one of another device, where the moments lay in another memory layout than
    the weights do here; the fused kernels of CUDA refuse that."""
    optimizer.load_state_dict(moved(state, optimizer))
    for parameter, kept in optimizer.state.items():
        for name, value in kept.items():
            of_each = isinstance(value, torch.Tensor) and value.shape == parameter.shape
            if of_each and value.stride() != parameter.stride():
                kept[name] = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def scaler_for(dtype: torch.dtype | None, device: torch.device) -> torch.amp.GradScaler:
    """Keeps small gradients of float16 above zero; for every other type it does nothing."""
    return torch.amp.GradScaler(device.type, init_scale=FIRST_SCALE, enabled=dtype == torch.float16)
