"""Weights put into a network that they fit."""

from __future__ import annotations

import torch
from torch import nn

from mvfa_core.adoption.sources import CHANNELS, Blueprint, build
from mvfa_core.names import visible
from mvfa_core.weights.files import WeightsError
from mvfa_core.weights.state_dicts import Contents, best_place, complaint

PROBE = 977
"""A number of classes that no other dimension of any network has."""


def sized(blueprint: Blueprint, contents: Contents) -> Blueprint:
    """The blueprint with as many classes as the file's head has, and as many channels as its first layer."""
    with torch.device("meta"):
        wanted = build(Blueprint(blueprint.library, blueprint.name, {**blueprint.arguments, "num_classes": PROBE}))
    shapes = wanted.state_dict()
    place = best_place(contents, shapes, shapes)
    others = [(tuple(shapes[key].shape), shape) for key, shape in place.misshapen.items() if shape]
    counts = [got[0] for expected, got in others if expected[0] == PROBE]
    arguments = {**blueprint.arguments, "num_classes": max(counts, default=1000)}
    channels = [got[1] for expected, got in others if len(got) == len(expected) == 4 and expected[1] == 3 != got[1]]
    if channels:
        arguments[CHANNELS] = channels[0]
    return Blueprint(blueprint.library, blueprint.name, arguments)


def fill(network: nn.Module, contents: Contents, shown: str, name: str) -> None:
    """Copy a file's tensors into a network; all of its weights must be there.

    Raises:
        WeightsError: some are missing, of another shape, or not finite.
    """
    wanted = network.state_dict(keep_vars=True)
    needed = {key for key, tensor in wanted.items() if tensor.is_floating_point()}
    place = best_place(contents, wanted, needed)
    if why := complaint(place, wanted, needed):
        raise WeightsError(
            f"{shown}: does not fit {name}: of its {len(needed)} tensors, {why}; {contents.described()}. Name the "
            "network that the weights are of with --architecture"
        )
    broken = [key for key, tensor in place.tensors.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise WeightsError(f"{shown}: {len(broken)} weights are not finite, first {visible(broken[0])}; the training "
                           "diverged, or the file is spoilt")  # fmt: skip
    with torch.no_grad():
        for key, tensor in place.tensors.items():
            wanted[key].copy_(tensor)
