"""What ends a training from outside of it, in a sentence that says what to try."""

from __future__ import annotations

import errno

import torch

from mvfa_core.training.parallel import lost_another

LOST = "another process of this run is gone"
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class TrainingError(RuntimeError):
    """A training that this machine could not go on with; the sentence says why and what to do."""


def sentence_for(error: BaseException, batch: int) -> str | None:
    """What happened and what to try, or None where the error speaks for itself."""
    if isinstance(error, OSError) and error.errno in FULL:
        return "the disk is full; what was saved before is kept. Free some space, then resume the run"
    if isinstance(error, OSError) and error.errno in CLOSED:
        return "the run folder cannot be written; what was saved before is kept. Make it writable, then resume the run"
    if _out_of_memory(error):
        smaller = f"a smaller batch than {batch}" if batch > 1 else "a smaller model"
        return f"out of memory; what was saved before is kept. Start it again as a new run with {smaller}, or bf16"
    if lost_another(error):
        return f"{LOST}; what was saved before is kept. Resume the run to go on"
    return None


def _out_of_memory(error: BaseException) -> bool:
    # on the CPU torch has no error of its own for it
    words = str(error)
    on_cpu = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in words and "memory" in words
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or on_cpu
