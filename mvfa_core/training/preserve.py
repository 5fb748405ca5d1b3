"""Looking at a model in the middle of its training without leaving a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mvfa_core.training.engine import Trainer


@contextmanager
def unchanged(trainer: Trainer) -> Iterator[None]:
    """Whatever is computed in here, mode, buffers (the statistics of batch normalisation) and random numbers are after
    it what they were before."""
    network = trainer.network
    modes = [(module, module.training) for module in network.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    devices = [trainer.device] if trainer.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
            with torch.no_grad():
                for buffer, kept in buffers:
                    buffer.copy_(kept)
