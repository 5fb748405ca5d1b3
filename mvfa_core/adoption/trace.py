"""One forward pass of a network, written down: which module or function made which small tensor from which.

    B images · D channels · H W grid in cells · N tokens

No hooks. While the pass runs, every module of the network has its `forward` covered by one that takes notes, and
functions are seen by a `TorchFunctionMode`; afterwards nothing of that is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name

FEWEST_CELLS = 4
"""A mean over fewer is no mean over a map."""
MOST_KEPT = 2**18
"""Numbers of a tensor that is kept: vectors, not maps."""
TOKEN = "token"
LAYOUTS = {"BDHW": (2, 3), "BHWD": (1, 2), "BDN": (2,), "BND": (1,)}
"""How a map may lie in memory, with the dimensions that a mean over its cells is taken over."""


@dataclass(frozen=True)
class Call:
    """What a module or a function did once.

    Attributes:
        name: path of the module in the network, or the function's name as `torch.overrides` tells it.
        is_module: which of the two.
        nth: how many calls of that name came before.
        start, end: when it began and was done, on one clock for all.
        given, made: first tensor that it took and the one that it gave, if they are small.
        layout: where it gave the mean over all cells of a map, how that map lay (`LAYOUTS`); `TOKEN` where it took the
            first token of all.
        shape: of what it was given, without B.
    """

    name: str
    is_module: bool
    nth: int
    start: int
    end: int
    given: torch.Tensor | None
    made: torch.Tensor | None
    layout: str | None
    shape: tuple[int, ...]

    def holds(self, other: Call) -> bool:
        """Whether the other call was made during this one."""
        return self.start < other.start and other.end < self.end


@dataclass
class Trace:
    """All calls of one pass, by their ends; what the network answered; a map that was flattened, if one was."""

    calls: list[Call] = field(default_factory=list)
    answer: Any = None
    flattened: tuple[int, ...] | None = None


def traced(network: nn.Module, image_BCSS: torch.Tensor) -> Trace:
    """The notes of one pass without gradients. The network is left as it was."""
    notes = _Notes()
    with torch.no_grad(), _covered(network, notes), notes:
        notes.trace.answer = network(image_BCSS)
    return notes.trace


class _Notes(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.trace, self.clock = Trace(), 0
        self.counts: Counter[str] = Counter()

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = _first_tensor(args)
        if given is None:
            return func(*args, **(kwargs or {}))
        start, kept, version = self.tick(), _small(given), given._version
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor) and made.is_floating_point():
            name = resolve_name(func) or repr(func)
            self.note(name, False, start, given, kept, made, given._version == version)
            if _flattens(given, made):
                self.trace.flattened = tuple(given.shape[1:])
        return made

    def note(
        self,
        name: str,
        is_module: bool,
        start: int,
        given: torch.Tensor,
        kept: torch.Tensor | None,
        made: Any,
        same: bool,
    ) -> None:
        """same: whether what was given still holds the numbers that it held."""
        nth, self.counts[name] = self.counts[name], self.counts[name] + 1
        made = made if isinstance(made, torch.Tensor) else None
        layout = layout_of_mean(given, made) if same and made is not None else None
        made = None if made is None else _small(made)
        self.trace.calls.append(
            Call(name, is_module, nth, start, self.tick(), kept, made, layout, tuple(given.shape[1:]))
        )


@contextmanager
def _covered(network: nn.Module, notes: _Notes) -> Iterator[None]:
    covered: list[nn.Module] = []
    for path, module in network.named_modules():
        if path and not isinstance(module, torch.jit.ScriptModule) and "forward" not in vars(module):
            object.__setattr__(module, "forward", _noting(path, module.forward, notes))
            covered.append(module)
    try:
        yield
    finally:
        for module in covered:
            object.__delattr__(module, "forward")


def _noting(path: str, forward: Callable[..., Any], notes: _Notes) -> Callable[..., Any]:
    def noting(*args: Any, **kwargs: Any) -> Any:
        given = _first_tensor((*args, *kwargs.values()))
        if given is None:
            return forward(*args, **kwargs)
        start, kept, version = notes.tick(), _small(given), given._version
        made = forward(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            notes.note(path, True, start, given, kept, made, given._version == version)
        return made

    return noting


def _first_tensor(values: Any) -> torch.Tensor | None:
    first = values[0] if values else None
    floats = isinstance(first, torch.Tensor) and first.is_floating_point() and first.ndim > 0
    return first if floats else None


def _small(tensor: torch.Tensor) -> torch.Tensor | None:
    return tensor.detach().clone() if tensor.numel() <= MOST_KEPT else None


def layout_of_mean(given: torch.Tensor, made: torch.Tensor) -> str | None:
    """The layout of a map whose mean over all cells this is, or `TOKEN` if it is the first of (B, N, D) tokens."""
    if given.ndim not in (3, 4) or made.ndim < 2 or made.shape[0] != given.shape[0] or given.numel() <= made.numel():
        return None
    for layout, dims in LAYOUTS.items():
        cells = given.numel() // max(made.numel(), 1)
        spans = len(layout) == given.ndim and torch.Size(given.shape[d] for d in dims).numel() == cells
        if spans and cells >= FEWEST_CELLS and _close(given.mean(dim=dims), made):
            return layout
    token = given.ndim == 3 and made.numel() == given.shape[0] * given.shape[2] and given.shape[1] > FEWEST_CELLS
    return TOKEN if token and torch.equal(given[:, 0].flatten(), made.flatten()) else None


def _close(mean: torch.Tensor, made: torch.Tensor) -> bool:
    """To float32's rounding of a sum; a mean that is nowhere another than zero proves nothing."""
    difference, largest = (mean.flatten() - made.flatten()).abs().max(), mean.abs().max()
    return bool(largest > 0) and bool(difference <= 1e-4 * largest)


def _flattens(given: torch.Tensor, made: torch.Tensor) -> bool:
    flat = given.ndim == 4 and made.ndim == 2 and given.numel() == made.numel() and len(given) == len(made)
    return flat and given.shape[2] * given.shape[3] >= FEWEST_CELLS
