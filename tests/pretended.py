"""A CUDA device that need not be there: the one place where tests pretend that they have a GPU.

Tensors on it have a shape, a type, strides and a device, and no values (PyTorch's fake tensors); tensors on the CPU are
real. Training, validation, checkpoints and explanations run on it as they are. `Gpu` notes what makes a program wait
for a device. What is read back is a made-up number: 0, or true.

What it cannot show: numbers, kernels that do not exist or fail, memory, streams, time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mvfa_core.model import Classifier

PAGEABLE_BYTES = 2**16
"""A copy from pageable memory up to this size returns at once; a larger one may wait for the device (CUDA's manual)."""
NAME = "pretended GPU"
FREE = 2**33
"""Bytes of its memory that are free."""


class Gpu(TorchDispatchMode):
    """Notes, in words, what a program does to the pretended device, and answers where values are asked for.

    Attributes:
        device: cuda:0. waits: copies that are not asked to be concurrent. reads: values and tensors read back.
        pageable: large copies to the device out of memory that is not pinned. has_double: whether the device knows
            float64, which Apple's does not.
    """

    device = torch.device("cuda", 0)

    def __init__(self) -> None:
        super().__init__()
        self.has_double = True
        self.forget()

    def forget(self) -> None:
        """Begin the notes anew."""
        self.waits: list[str] = []
        self.reads: list[str] = []
        self.pageable: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = kwargs or {}
        name = function.overloadpacket.__name__
        source = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if isinstance(source, FakeTensor) and source.is_cuda:
            if name == "_local_scalar_dense":
                self.reads.append(f"a value of {tuple(source.shape)}")
                return source.dtype is torch.bool or (0.0 if source.is_floating_point() else 0)
            if name == "_to_copy" and torch.device(kwargs.get("device") or source.device).type == "cpu":
                self.reads.append(f"{tuple(source.shape)} to the CPU")
                return self._made_up(source, kwargs.get("dtype") or source.dtype)
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        places = [leaf for leaf in leaves if isinstance(leaf, torch.device)]
        if not any(isinstance(t, FakeTensor) for t in tensors) and not any(p.type == "cuda" for p in places):
            with unset_fake_temporarily():
                return function(*args, **kwargs)
        result = function(*args, **kwargs)
        if not self.has_double and any(_is_double(leaf) for leaf in tree_leaves(result)):
            raise TypeError(f"{name}: the device has no float64")
        if name == "_to_copy" and source is not None and source.device != result.device:
            self._copied(source, result.device, bool(kwargs.get("non_blocking")))
        if name == "copy_" and source is not None and source.device != args[1].device:
            self._copied(args[1], source.device, len(args) > 2 and bool(args[2]))
        return result

    def _copied(self, source: torch.Tensor, device: torch.device, concurrent: bool) -> None:
        words = f"{tuple(source.shape)} from {source.device} to {device}"
        if not concurrent:
            self.waits.append(words)
        elif source.nbytes > PAGEABLE_BYTES and not getattr(source, "pretended_pinned", False):
            self.pageable.append(words)

    @staticmethod
    def _made_up(like: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        with unset_fake_temporarily():
            return torch.empty_strided(like.shape, like.stride(), dtype=dtype).zero_()


def _is_double(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.is_cuda and leaf.dtype is torch.float64


@contextmanager
def pretending() -> Iterator[Gpu]:
    """The pretended device, as long as the block lasts. `Classifier.to` moves a model there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "pin_memory", _pinned)
        patch.setattr(torch.Tensor, "backward", _backward)
        patch.setattr(torch.autograd, "grad", _grad)
        patch.setattr(torch, "save", _really(torch.save))
        patch.setattr(torch, "load", _really(partial(torch.load, map_location="cpu"), without="map_location"))
        patch.setattr(Classifier, "to", _moved)
        patch.setattr(nn.Module, "cpu", lambda module: _moved(module, "cpu"))
        patch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
        patch.setattr(torch.cuda, "is_bf16_supported", lambda *_, **__: True)
        patch.setattr(torch.cuda, "max_memory_allocated", lambda *_: 2**20)
        patch.setattr(torch.cuda, "reset_peak_memory_stats", lambda *_: None)
        patch.setattr(torch.cuda, "mem_get_info", lambda *_: (FREE, 2 * FREE))
        patch.setattr(torch.cuda, "empty_cache", lambda: None)
        patch.setattr(torch.cuda, "synchronize", lambda *_: None)
        patch.setattr(torch.cuda, "get_device_name", lambda *_: NAME)
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        patch.setattr(torch.cuda, "set_device", lambda _: None)
        patch.setattr(torch.cuda, "get_rng_state", lambda *_: torch.zeros(16, dtype=torch.uint8))
        patch.setattr(torch.cuda, "set_rng_state", lambda *_: None)
        with FakeTensorMode(allow_non_fake_inputs=True), Gpu() as gpu:
            yield gpu


def _on(model: nn.Module, device: torch.device) -> None:
    for module in model.modules():
        for kept in (module._parameters, module._buffers):
            for name, tensor in kept.items():
                if tensor is not None:
                    moved = tensor.detach().to(device)
                    kept[name] = nn.Parameter(moved, tensor.requires_grad) if kept is module._parameters else moved


def _moved(model: nn.Module, *places: Any, memory_format: torch.memory_format | None = None, **_: Any) -> nn.Module:
    """As `nn.Module.to`, which cannot exchange the contents of a parameter for a tensor without values."""
    for place in places:
        _on(model, torch.device(place))
    if memory_format is not None:
        for module in model.modules():
            for name, tensor in module._parameters.items():
                if tensor is not None and tensor.ndim == 4:
                    laid_out = tensor.detach().to(memory_format=memory_format)
                    module._parameters[name] = nn.Parameter(laid_out, tensor.requires_grad)
    return model


def _really(work: Callable[..., Any], without: str = "") -> Callable[..., Any]:
    """The same where tensors have values: files hold those of the CPU alone."""

    def really(*args: Any, **options: Any) -> Any:
        with unset_fake_temporarily():
            return work(*args, **{name: value for name, value in options.items() if name != without})

    return really


def _pinned(tensor: torch.Tensor) -> torch.Tensor:
    tensor.pretended_pinned = True  # type: ignore[attr-defined]
    return tensor


def _backward(loss: torch.Tensor, *_: Any, **__: Any) -> None:
    """A gradient for every parameter that the loss depends on; the backward pass itself needs the device."""
    waiting, seen = [loss.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None:
            variable.grad = torch.empty_like(variable)
        waiting += [following for following, _ in node.next_functions]


def _grad(outputs: Any, inputs: Any, *_: Any, **__: Any) -> tuple[torch.Tensor, ...]:
    return tuple(torch.empty_like(each) for each in ([inputs] if isinstance(inputs, torch.Tensor) else inputs))


def noise(count: int, side: int) -> np.ndarray:
    """uint8 (count, side, side, 3)."""
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
