"""Weights that were trained elsewhere, into a library's network before it is cut to a backbone.

ImageNet weights are downloaded by torchvision and timm themselves. A local file may be anything that `weight_files`
reads: a state dict as safetensors or as `torch.save` writes it, however a trainer has wrapped it. Only what the
backbone keeps has to be in the file: the classifier on top may have other classes, or be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mvfa_core.checks import expect
from mvfa_core.files import expect_inside
from mvfa_core.folders import data_root
from mvfa_core.names import visible
from mvfa_core.weights.files import IMAGENET, WeightsError, read_weights
from mvfa_core.weights.state_dicts import best_place, complaint, contents_of, whole_model

__all__ = ["IMAGENET", "WeightsError", "timm_features", "timm_net", "torchvision_net"]


Cut = Callable[[Any], nn.Module]
"""A library's whole network -> the backbone that is left of it, made of the same layers."""


def torchvision_net(name: str, weights: str | None, cut: Cut) -> Any:
    """A torchvision classifier by name, with fresh, ImageNet or local weights, cut to a backbone.

    Raises:
        WeightsError: the download failed, or the file does not fit.
    """
    import torchvision

    make = getattr(torchvision.models, name)
    if weights == IMAGENET:
        return cut(_downloaded(name, lambda: make(weights="IMAGENET1K_V1")))
    return _with_file(make(weights=None), name, weights, cut)


def timm_net(name: str, weights: str | None, cut: Cut) -> Any:
    """A timm model by name, with fresh, ImageNet or local weights, cut to a backbone.

    Raises:
        WeightsError: an unknown name, a failed download, or a file that does not fit.
    """
    import timm

    _expect_known(name)
    if weights == IMAGENET:
        return cut(_downloaded(name, lambda: timm.create_model(name, pretrained=True)))
    return _with_file(timm.create_model(name, pretrained=False), name, weights, cut)


def timm_features(name: str, weights: str | None, **options: Any) -> Any:
    """A timm model by name that hands over feature maps, with fresh, ImageNet or local weights; `options` go to
    `timm.create_model`.

    timm gives the layers of such a network other names than those of the whole one, which files go by.

    Raises:
        WeightsError: as `timm_net`.
    """
    import timm

    _expect_known(name)
    options |= {"features_only": True}
    if weights == IMAGENET:
        return _downloaded(name, lambda: timm.create_model(name, pretrained=True, **options))
    net = timm.create_model(name, pretrained=False, **options)
    if weights is not None:
        try:
            with torch.device("meta"):  # only names and shapes are asked for
                whole = timm.create_model(name, pretrained=False)
        except (RuntimeError, NotImplementedError):  # some compute tables from numbers when they are built
            with torch.random.fork_rng(devices=[]):
                whole = timm.create_model(name, pretrained=False)
        _fill(net, whole.state_dict(), _same_layers(whole.state_dict(), net.state_dict(keep_vars=True)), name, weights)
    return net


def _expect_known(name: str) -> None:
    import timm

    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name.split('.')[0][:6]}*")[:5]) or "see timm.list_models()"
        raise WeightsError(f"timm:{visible(name)}: timm has no model of that name (near: {near})")


def _same_layers(whole: Mapping[str, torch.Tensor], part: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of timm's feature network by their names in the whole network: timm writes an underscore for a dot
    where it takes layers out of their containers, and may put a word in front."""
    plain = {name.replace(".", "_"): name for name in whole}
    found = {}
    for name, tensor in part.items():
        own = plain.get(name.replace(".", "_")) or plain.get(name.partition(".")[2].replace(".", "_"))
        expect(
            own is not None, "timm", f"the layer {name} in the whole network", "none; another version of timm may do"
        )
        found[str(own)] = tensor
    return found


def _downloaded(name: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:  # a missing network shows as many kinds of error, one per download library
        reason = str(error).partition("\n")[0]
        raise WeightsError(
            f"{name}: its ImageNet weights could not be downloaded ({reason}); go online once, or give a local file"
        ) from error


def _with_file(net: nn.Module, name: str, weights: str | None, cut: Cut) -> nn.Module:
    whole = net.state_dict(keep_vars=True)
    backbone = cut(net)
    if weights is not None:
        kept = {id(tensor) for tensor in backbone.state_dict(keep_vars=True).values()}
        _fill(backbone, whole, {key: tensor for key, tensor in whole.items() if id(tensor) in kept}, name, weights)
    return backbone


def _fill(
    backbone: nn.Module, whole: Mapping[str, torch.Tensor], kept: Mapping[str, torch.Tensor], name: str, weights: str
) -> None:
    """Copy a file's tensors into a backbone's.

    Args:
        whole: the state dict of the whole network, by whose names the file goes.
        kept: the backbone's own tensors by those names.
    """
    file = Path(weights)
    shown = visible(file.name)
    try:
        expect_inside(file, data_root() / "weights")
    except ValueError as error:
        raise WeightsError(str(error)) from error
    contents = contents_of(read_weights(file))
    own = backbone.state_dict(keep_vars=True)  # by these names our own runs go
    found, target = max(
        ((best_place(contents, names, _needed(tensors)), tensors) for names, tensors in ((whole, kept), (own, own))),
        key=lambda pair: len(pair[0].tensors.keys() & _needed(pair[1])),
    )
    if why := complaint(found, target, _needed(target)):
        if (model := whole_model(contents)) is not None:
            raise WeightsError(
                f"{shown}: holds a whole pickled model, {visible(model)}, which only its own program can open; save "
                "its weights alone there: torch.save(model.state_dict(), FILE)"
            )
        count = len(_needed(target))
        raise WeightsError(
            f"{shown}: does not fit {visible(name)}: of its {count} tensors, {why}; {contents.described()}. Choose the "
            "backbone that the weights were trained with"
        )
    values = {key: value for key, value in found.tensors.items() if key in target}
    if broken := [key for key, value in values.items() if not torch.isfinite(value).all()]:
        raise WeightsError(f"{shown}: {len(broken)} weights are not finite, first {broken[0]}; the training diverged, "
                           "or the file is spoilt")  # fmt: skip
    with torch.no_grad():
        for key, value in values.items():
            target[key].copy_(value)


def _needed(tensors: Mapping[str, torch.Tensor]) -> set[str]:
    """The names without which a network does not compute what it was trained to. Whole numbers are counters, which
    older versions of torch did not save, and tables that follow from the network's shape."""
    return {name for name, tensor in tensors.items() if tensor.is_floating_point()}
