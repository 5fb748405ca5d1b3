"""Where to compute: the one place that says which device, and what may be kept in its memory.

`precision` says how finely; `inference.settle` brings a model there.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import torch

from mvfa_core import budget
from mvfa_core.checks import expect
from mvfa_core.names import visible
from mvfa_core.precision import FLOAT32, allow_tf32

VARIABLE, ROOM = "MVFA_DEVICE", "MVFA_DEVICE_MB"
"""The environment's words for the device that "auto" stands for, and for what may be kept in its memory."""
SHARE = 2
"""Of a device's free memory one part of so many is for what is kept there; the rest is for computing."""


def asked(name: str = "auto") -> str:
    """The device that is asked for by name; for "auto" what `MVFA_DEVICE` says, and "auto" where that is silent."""
    return (os.environ.get(VARIABLE, "").strip() or name) if name == "auto" else name


def find_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes what `MVFA_DEVICE` names, else CUDA, then MPS, then the CPU. Nothing is
    begun on it.

    Raises:
        ValueError: a name torch does not know, or a device this machine does not have.
    """
    what = "device" if asked(name) == name else VARIABLE
    name = asked(name)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"{what}: expected auto, cpu, cuda, cuda:N or mps, got {visible(name, 60)!r}") from None
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    advice = "--device cpu" if what == "device" else f"{VARIABLE}=cpu"
    expect(there.get(device.type, False), what, f"one that this machine has (try {advice})", repr(name))
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    known = device.type if count == 1 else f"{device.type}:0 to {device.type}:{count - 1}"
    expect((device.index or 0) < count, what, f"{known}, which this machine has", repr(name))
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


def room_on(device: torch.device) -> int | None:
    """The bytes that what is kept on a device may take together: `MVFA_DEVICE_MB`, else a half of what is free there
    now; None for the CPU, whose memory has bounds of its own (`budget`).

    Raises:
        ValueError: `MVFA_DEVICE_MB` is no whole number of megabytes, or out of range.
    """
    if device.type == "cpu":
        return None
    if told := budget.megabytes(ROOM):
        return 10**6 * told
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // SHARE
    return torch.mps.recommended_max_memory() // SHARE


def let_go(device: torch.device) -> None:
    """Give back what torch keeps of a device's memory without needing it."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory is what was missing, on whatever device. torch has an error of its own for its allocator on an
    accelerator only; the libraries behind it have words."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = str(error).casefold()
    return isinstance(error, RuntimeError) and any(sign in words for sign in _NO_MEMORY)


_NO_MEMORY = (
    "defaultcpuallocator", "out of memory", "cudaerrormemoryallocation", "alloc_failed", "allocation_failed",
    "cannot allocate memory",
)  # fmt: skip

FULL, UNABLE = "full", "unable"
"""Why a model is computed on the CPU though another device was asked for: that has no memory left, or cannot compute
it."""


@dataclass(frozen=True)
class Place:
    """Where a model is computed, and how finely.

    Attributes:
        device: as torch names it. machine: in words (`machine_of`).
        precision: of the backbone, a name of `precision.PRECISIONS`.
        asked: the precision that was asked for.
        apart: how far apart the answers in that precision and in float32 are, as a share of the largest logit; None
            where they were not compared.
        why: `FULL` or `UNABLE` where it is the CPU in another device's place, else empty.
    """

    device: str = "cpu"
    machine: str = "cpu"
    precision: str = FLOAT32
    asked: str = FLOAT32
    apart: float | None = None
    why: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is what needs no word: the CPU, asked for nothing else, in float32."""
        return self.device == "cpu" and self.asked == FLOAT32 and not self.why

    def __str__(self) -> str:
        """In a sentence, for the command line and for whoever looks after a server."""
        told = f"computed on {self.machine} in {self.precision}"
        if self.precision != self.asked and self.apart is not None:
            told += f", for the answers in {self.asked} are {self.apart:.2g} of the largest logit apart"
        reasons = {FULL: "; the device that was asked for has no memory left for it",
                   UNABLE: "; the device that was asked for cannot compute it"}  # fmt: skip
        return told + reasons.get(self.why, "")
