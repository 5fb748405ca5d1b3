"""Refusals: every wrong value is answered with what was expected and what was got."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch

from mvfa_core.names import visible

LONGEST_GOT = 400
MOST_SIZES = 64
"""Region sizes; the largest grids here have as many cells on a side, and K times as many views are pooled."""


class NotFiniteError(ValueError):
    """NaN or infinity where numbers were expected: in training, the sign of divergence."""


def expect(ok: bool, what: str, expected: str, got: object) -> None:
    """Raise `ValueError` naming the argument, what it should have been and what it was, unless `ok`. What was got may
    come from a stranger, and is told in one line."""
    if not ok:
        raise ValueError(f"{what}: expected {expected}, got {visible(str(got), LONGEST_GOT)}")


def expect_dims(tensor: torch.Tensor, letters: str, what: str) -> None:
    """Raise `ValueError` unless `tensor` has one non-empty dimension per letter (`"BDHW"` asks for four)."""
    expect(isinstance(tensor, torch.Tensor), what, f"a tensor of dimensions {letters}", type(tensor).__name__)
    fits = tensor.ndim == len(letters) and tensor.numel() > 0
    expect(fits, what, f"{len(letters)} non-empty dimensions ({letters})", f"shape {tuple(tensor.shape)}")


def being_traced() -> bool:
    """Whether a graph is being compiled or traced, where values cannot be looked at."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def expect_finite(tensor: torch.Tensor, what: str) -> None:
    """Raise `NotFiniteError` if `tensor` holds NaN or infinity.

    Reading values back stalls an accelerator, so there the look is taken only outside of training, or once for all
    tensors (`looking_once`); while a graph is traced or compiled it is not taken at all. The sum is a cheap first look:
    it is finite only if no value is NaN or infinite.
    """
    if being_traced():
        return
    if tensor.device.type != "cpu" and (later := _LATER.get()) is not None:
        later.append((what, torch.isfinite(tensor.detach().sum())))
        return
    if tensor.device.type != "cpu" and torch.is_grad_enabled():
        return
    if not torch.isfinite(tensor.detach().sum()):
        bad = int((~torch.isfinite(tensor)).sum())
        if bad:
            raise NotFiniteError(f"{what}: expected finite numbers, got {bad} NaN or infinite of {tensor.numel()}")


_LATER: ContextVar[list[tuple[str, torch.Tensor]] | None] = ContextVar("looks that are taken later", default=None)


@contextmanager
def looking_once() -> Iterator[None]:
    """On an accelerator, every `expect_finite` of the block is answered at its end, by one value that is read back.

    Raises:
        NotFiniteError: as `expect_finite`, naming the first tensor that it was.
    """
    if _LATER.get() is not None:  # an outer block looks
        yield
        return
    looks: list[tuple[str, torch.Tensor]] = []
    token = _LATER.set(looks)
    try:
        yield
    finally:
        _LATER.reset(token)
    if looks and not torch.stack([finite for _, finite in looks]).all():
        what = next(what for what, finite in looks if not finite)
        raise NotFiniteError(f"{what}: expected finite numbers, got NaN or infinite ones")


def expect_choice(name: str, known: Iterable[str], what: str) -> None:
    """Raise `ValueError` listing the known names unless `name` is one of them."""
    known = list(known)
    expect(name in known, what, "one of " + ", ".join(known), repr(name))


def is_whole(value: object, least: int, most: float = math.inf) -> bool:
    """Whether a value, which may be of any kind, is a whole number from `least` to `most`; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def as_whole(value: object) -> int | None:
    """The whole number that a value is, also NumPy's or a tensor of one; None for any other, true and false too."""
    # NumPy 2.0 counts with its true and false
    truth = isinstance(value, bool | np.bool_) or getattr(value, "dtype", None) == torch.bool
    if truth or getattr(value, "ndim", 0) != 0:
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def expect_whole(value: object, what: str, expected: str, least: int, most: float = math.inf) -> int:
    """The whole number, of whatever library; raise `ValueError` unless it lies from `least` to `most`."""
    found = as_whole(value)
    expect(found is not None and least <= found <= most, what, expected, repr(value))
    assert found is not None
    return found


def expect_k(k: int, cells: int) -> int:
    """K as an int; raise `ValueError` unless 1 <= K <= H*W."""
    return expect_whole(k, "k", f"a whole number from 1 to H*W = {cells}", 1, cells)


def expect_sizes(sizes: Iterable[int]) -> tuple[int, ...]:
    """Return L_R as a tuple; raise `ValueError` unless it holds at least one size and every size is odd and >= 1."""
    expect(isinstance(sizes, Iterable), "sizes", "a list of odd whole numbers", repr(sizes))
    sizes = tuple(sizes)
    expect(len(sizes) > 0, "sizes", "at least one region size", "an empty list")
    expect(len(sizes) <= MOST_SIZES, "sizes", f"at most {MOST_SIZES} region sizes", len(sizes))
    whole = tuple(as_whole(r) for r in sizes)
    odd = all(r is not None and r >= 1 and r % 2 == 1 for r in whole)
    expect(odd, "sizes", "odd whole numbers >= 1", list(sizes))
    return tuple(r for r in whole if r is not None)


def expect_target(target: int, classes: int) -> int:
    """The class index as an int, also from NumPy or a tensor; raise `ValueError` unless it is one from 0 to C - 1."""
    return expect_whole(target, "target", f"a class index from 0 to {classes - 1}", 0, classes - 1)
