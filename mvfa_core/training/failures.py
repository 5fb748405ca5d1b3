"""What ends a training from outside of it, in a sentence that says what to try."""

from __future__ import annotations

import errno

import torch

from mvfa_core.devices import is_out_of_memory
from mvfa_core.names import visible
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
    if is_out_of_memory(error):
        smaller = f"a smaller batch than {batch}" if batch > 1 else "a smaller model"
        return f"out of memory; what was saved before is kept. Start it again as a new run with {smaller}, or bf16"
    if lost_another(error):
        return f"{LOST}; what was saved before is kept. Resume the run to go on"
    return _of_gpu(error) if isinstance(error, RuntimeError) else None


_GPU = ("cuda", "cudnn", "cublas", "cufft", "nvrtc", "hip error")


def _of_gpu(error: RuntimeError) -> str | None:
    """A sentence for what the driver or a library of the GPU says, with its first line."""
    line = visible(str(error).partition("\n")[0])
    words = line.casefold()
    if "nccl" in words:
        return (
            f"the GPUs could not talk to each other ({line}); what was saved before is kept. NCCL_DEBUG=INFO says more"
        )
    if "no kernel image" in words or "driver version is insufficient" in words:
        return f"this PyTorch does not fit the GPU or its driver ({line}); install one that does (docs/gpu.md)"
    if isinstance(error, torch.AcceleratorError) or any(f"{sign} error" in words for sign in _GPU):
        return f"the GPU could not go on ({line}); what was saved before is kept. Resume the run to go on"
    return None
