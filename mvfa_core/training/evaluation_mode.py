"""Looking at a model in the middle of its training without leaving a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mvfa_core.inference import evaluation_mode
from mvfa_core.training.engine import Trainer


@contextmanager
def unchanged(trainer: Trainer) -> Iterator[None]:
    """In evaluation mode to begin with. Whatever is computed in here, modes, buffers (the statistics of batch
    normalisation) and random numbers are after it what they were before."""
    network = trainer.network
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    with evaluation_mode(network):
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, kept in buffers:
                    buffer.copy_(kept)
