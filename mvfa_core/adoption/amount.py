"""How much a network takes, before anything is built of it: small files may stand for large ones."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from mvfa_core.adoption.sources import build, parsed
from mvfa_core.weights.files import read_weights
from mvfa_core.weights.state_dicts import contents_of

BYTES = 4
"""Of a number in memory, however a file stores it."""


def bytes_of(network: nn.Module) -> int:
    """Bytes of a network's tensors as float32."""
    return BYTES * sum(tensor.numel() for tensor in network.state_dict().values())


def bytes_of_file(file: Path, architecture: str | None = None) -> int:
    """Bytes of a file's tensors as float32, or of the network that it is said to be of, whichever is more.

    Raises:
        WeightsError: the file cannot be read, or there is no such network.
    """
    tensors = contents_of(read_weights(file)).tensors.values()
    count = BYTES * sum(tensor.numel() for tensor in tensors)
    if not architecture:
        return count
    with torch.device("meta"):
        return max(count, bytes_of(build(parsed(architecture))))
