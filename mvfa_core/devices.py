"""Where to compute."""

from __future__ import annotations

import platform

import torch

from mvfa_core.checks import expect
from mvfa_core.precision import allow_tf32


def find_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes CUDA, then MPS, then the CPU. Nothing is begun on it.

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
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    known = device.type if count == 1 else f"{device.type}:0 to {device.type}:{count - 1}"
    expect((device.index or 0) < count, "device", f"{known}, which this machine has", repr(name))
    return device


def use_device(name: str = "auto") -> torch.device:
    """`find_device` for who computes there, and `begin_on` it."""
    return begin_on(find_device(name))


def begin_on(device: torch.device) -> torch.device:
    """Compute on a device from now on. A CUDA device becomes the current one of this process, so that pinned memory and
    streams belong to it, and float32 is float32 there (see `allow_tf32`)."""
    if device.type == "cuda":
        allow_tf32(False)
        torch.cuda.set_device(device.index or 0)
    return device


def most_memory(device: torch.device) -> int | None:
    """The most bytes that tensors have taken on a CUDA device so far; None elsewhere, where torch does not count."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def machine_of(device: torch.device) -> str:
    """The device in words: the name of a GPU, or the kind of processor and how many threads compute on it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{device.type} {platform.machine()}, {threads} {'thread' if threads == 1 else 'threads'}"
