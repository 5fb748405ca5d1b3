"""How much a network takes, before anything is built of it: small files may stand for large ones."""

from __future__ import annotations

import torch
from torch import nn

from mvfa_core.adoption.sources import build
from mvfa_core.adoption.weight_files import Weights

BYTES = 4
"""Of a number in memory, however a file stores it."""


def bytes_of(network: nn.Module) -> int:
    """Bytes of a network's tensors as float32."""
    return BYTES * sum(tensor.numel() for tensor in network.state_dict().values())


def bytes_of_weights(weights: Weights, architecture: str | None = None) -> int:
    """Bytes of tensors as float32, or of the network that they are said to be of, whichever is more.

    Raises:
        WeightsError: there is no such network. ValueError: a configuration beside them describes no classifier.
    """
    count = BYTES * sum(tensor.numel() for tensor in weights.contents.tensors.values())
    blueprint = weights.network(architecture)
    if blueprint is None:
        return count
    with torch.device("meta"):
        return max(count, bytes_of(build(blueprint)))
