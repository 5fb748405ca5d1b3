"""Where to compute."""

from __future__ import annotations

import torch

from mvfa_core.checks import expect


def find_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes CUDA, then MPS, then the CPU.

    Raises:
        ValueError: a name torch does not know, or a device this machine does not have.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"device: expected auto, cpu, cuda, cuda:N or mps, got {name!r}") from None
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    expect(there.get(device.type, False), "device", "one that this machine has (try --device cpu)", repr(name))
    return device


def most_memory(device: torch.device) -> int | None:
    """The most bytes that tensors have taken on a CUDA device so far; None elsewhere, where torch does not count."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
