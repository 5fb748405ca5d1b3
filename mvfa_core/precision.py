"""How finely a device computes: float32 that is float32, less for speed where somebody asks for it, and float64 where
there is such a type."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mvfa_core.checks import expect

NO_DOUBLE = ("mps",)
VARIABLE = "MVFA_PRECISION"
FLOAT32, TF32, BF16 = "float32", "tf32", "bf16"
PRECISIONS = (FLOAT32, TF32, BF16)
BOUND = {TF32: 0.01, BF16: 0.05}
"""How far logits may be from float32's, as a share of the largest, while they name the same class. TF32 keeps ten bits
of a factor and bfloat16 seven; over many layers their roundings mostly cancel. A model in which they do not is computed
in float32."""


def asked_precision(device: torch.device) -> str:
    """What a backbone is computed in for explanations: float32 unless `MVFA_PRECISION` asks for less. TF32 is a matter
    of CUDA alone, so elsewhere it is float32.

    Raises:
        ValueError: another word.
    """
    told = os.environ.get(VARIABLE, "").strip() or FLOAT32
    expect(told in PRECISIONS, VARIABLE, f"one of {', '.join(PRECISIONS)}", repr(told))
    return FLOAT32 if told == TF32 and device.type != "cuda" else told


@contextmanager
def computing_in(precision: str, device: torch.device) -> Iterator[None]:
    """As long as the block lasts, what is computed on the device is computed in that precision of `PRECISIONS`."""
    with tensor_float32(precision == TF32), torch.autocast(device.type, torch.bfloat16, enabled=precision == BF16):
        yield


def allow_tf32(allowed: bool) -> None:
    """Whether CUDA may round the factors of float32 products and convolutions to the ten bits of TF32. cuDNN's
    convolutions do unless told otherwise, which changes which cells are the K best (torch.backends.cudnn.allow_tf32).
    It holds for the whole process; elsewhere than on CUDA it changes nothing."""
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cuda.matmul.allow_tf32 = allowed


@contextmanager
def tensor_float32(allowed: bool) -> Iterator[None]:
    """As `allow_tf32`, as long as the block lasts."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    allow_tf32(allowed)
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


@contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """As long as the block lasts, CUDA's sums have a fixed order if it is wanted, so that the same steps give the same
    bits on the same GPU; an operation that has no such form is an error then, which names it. Slower."""
    if not wanted:
        yield
        return
    os.environ.setdefault(_CUBLAS, ":4096:8")  # read when the first product is computed
    settings: Any = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), settings.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    settings.fill_uninitialized_memory = False  # nothing here reads what nobody wrote
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        settings.fill_uninitialized_memory = before[1]


_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


def double(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers in float64: on their device, or on the CPU if theirs has no such type (Apple's MPS)."""
    return (tensor.cpu() if tensor.device.type in NO_DOUBLE else tensor).double()
