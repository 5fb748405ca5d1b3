"""Weights that were trained elsewhere, into a library's whole network before it is cut to a backbone.

ImageNet weights are downloaded by torchvision and timm themselves; a local file may be their state dict as
safetensors, or as `.pth` read with `weights_only=True`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from mvfa_core.files import expect_inside
from mvfa_core.names import visible

IMAGENET = "imagenet"


class WeightsError(ValueError):
    """Weights that could not be had or do not fit; the sentence says what to do."""


def torchvision_net(name: str, weights: str | None) -> Any:
    """A torchvision classifier by name, with fresh, ImageNet or local weights.

    Raises:
        WeightsError: the download failed, or the file does not fit.
    """
    import torchvision

    make = getattr(torchvision.models, name)
    if weights == IMAGENET:
        return _downloaded(name, lambda: make(weights="IMAGENET1K_V1"))
    return _with_file(make(weights=None), name, weights)


def timm_net(name: str, weights: str | None, **options: Any) -> Any:
    """A timm model by name, with fresh, ImageNet or local weights; `options` go to `timm.create_model`.

    Raises:
        WeightsError: an unknown name, a failed download, or a file that does not fit.
    """
    import timm

    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name.split('.')[0][:6]}*")[:5]) or "see timm.list_models()"
        raise WeightsError(f"timm:{visible(name)}: timm has no model of that name (near: {near})")
    if weights == IMAGENET:
        return _downloaded(name, lambda: timm.create_model(name, pretrained=True, **options))
    return _with_file(timm.create_model(name, pretrained=False, **options), name, weights)


def _downloaded(name: str, make: Any) -> Any:
    try:
        return make()
    except Exception as error:  # a missing network shows as many kinds of error, one per download library
        reason = str(error).partition("\n")[0]
        raise WeightsError(
            f"{name}: its ImageNet weights could not be downloaded ({reason}); go online once, or give a local file"
        ) from error


def _with_file(net: nn.Module, name: str, weights: str | None) -> nn.Module:
    if weights is None:
        return net
    state = _state_of(Path(weights))
    wanted = net.state_dict()
    fitting = {key: value for key, value in state.items() if key in wanted and value.shape == wanted[key].shape}
    # the classifier on top is cut off, so only what comes before it has to fit
    missing = [key for key in wanted if key not in fitting and not key.startswith(("fc.", "classifier.", "head."))]
    if missing:
        raise WeightsError(
            f"{Path(weights).name}: does not fit {name}: {len(missing)} of {len(wanted)} tensors are missing or of "
            f"another shape, first {missing[0]}"
        )
    net.load_state_dict(fitting, strict=False)
    return net


def _state_of(file: Path) -> dict[str, torch.Tensor]:
    if not file.is_file():
        raise WeightsError(f"{file.name}: no such weights file; give a .safetensors or .pth file, or {IMAGENET!r}")
    try:
        expect_inside(file)
    except ValueError as error:
        raise WeightsError(str(error)) from error
    try:
        safe = file.suffix == ".safetensors"
        loaded = load_file(file) if safe else torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(f"{file.name}: not a safetensors file nor a plain PyTorch state dict") from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(f"{file.name}: holds no state dict")
    return {key.removeprefix("module."): value for key, value in state.items()}
