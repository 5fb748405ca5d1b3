"""A network that was cut in two at its mean: the part up to its last map, and the tail from the mean to the logits.

B images · D channels · C classes · H W grid in cells · N tokens or views
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from mvfa_core.checks import expect

ACTIVATIONS = {
    f"torch.nn.functional.{name}": getattr(nn.functional, name)
    for name in ("relu", "relu6", "gelu", "silu", "hardswish", "hardtanh", "mish", "elu", "selu", "leaky_relu")
} | {f"torch.{name}": getattr(torch, name) for name in ("relu", "tanh", "sigmoid")}
"""Functions of one vector that may stand between layers of a tail, in the form in which they need nothing else."""


class _ReachedError(Exception):
    """The last map was made: the rest of the pass is not needed."""

    def __init__(self, map_: torch.Tensor) -> None:
        super().__init__()
        self.map = map_


_KEPT: ContextVar[list[torch.Tensor]] = ContextVar("the last map of a pass that must go to its end")


def _reached(map_: torch.Tensor) -> None:
    """End the pass here; but one that is written down for export goes on, for the writer cannot leave a module midway,
    and drops later what nobody needs."""
    if not torch.compiler.is_exporting():
        raise _ReachedError(map_)
    _KEPT.get().append(map_)


class Stop(nn.Module):
    """In place of the module that takes the mean: ends the pass with what it was given."""

    def __init__(self, mean: nn.Module) -> None:
        super().__init__()
        self.mean = mean

    def forward(self, map_: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        _reached(map_)
        return self.mean(map_, *args, **kwargs)


class _StopAt(TorchFunctionMode):
    """Ends the pass at the call of a function that takes the mean; for networks that call no module for it."""

    def __init__(self, function: Any, nth: int) -> None:
        super().__init__()
        self.function, self.left = function, nth

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is self.function and args and isinstance(args[0], torch.Tensor) and args[0].is_floating_point():
            if self.left == 0:
                _reached(args[0])
            self.left -= 1
        return func(*args, **(kwargs or {}))


class Reaching(nn.Module):
    """A network up to its last map, picture (B, 3 or as many channels as it takes, S, S) -> F_BDHW."""

    def __init__(self, network: nn.Module, point: str, nth: int | None, layout: str, prefix: int) -> None:
        super().__init__()
        self.layout, self.prefix, self.nth = layout, prefix, nth
        self.function = None if nth is None else function_named(point)
        self.network = network if nth is not None else with_module(network, point, Stop(network.get_submodule(point)))

    def forward(self, image_BCSS: torch.Tensor) -> torch.Tensor:
        return self._channels_first(self._last_map(image_BCSS), image_BCSS.shape[-2], image_BCSS.shape[-1])

    def _last_map(self, image_BCSS: torch.Tensor) -> torch.Tensor:
        token = _KEPT.set([])
        try:
            with nullcontext() if self.function is None else _StopAt(self.function, self.nth or 0):
                self.network(image_BCSS)
            kept = _KEPT.get()
        except _ReachedError as reached:
            return reached.map
        finally:
            _KEPT.reset(token)
        if kept:
            return kept[0]
        raise ValueError("the network gave an answer without taking the mean of its last map, as it did when adopted")

    def _channels_first(self, map_: torch.Tensor, height_px: int, width_px: int) -> torch.Tensor:
        if self.layout == "BDHW":
            return map_
        if self.layout == "BHWD":
            return map_.permute(0, 3, 1, 2)
        map_BDN = (map_ if self.layout == "BDN" else map_.transpose(1, 2))[:, :, self.prefix :]
        cells = map_BDN.shape[2]
        rows = max(round((cells * height_px / width_px) ** 0.5), 1)
        expect(cells % rows == 0, "picture", "a shape in which the tokens fill a grid", f"{height_px} x {width_px} px")
        return map_BDN.unflatten(2, (rows, cells // rows))


class Tail(nn.Module):
    """From pooled vectors (N, D) to logits (N, C): modules and activations one after the other, each given its input in
    the shape that it had in the network."""

    def __init__(self, steps: Iterable[tuple[nn.Module | str, tuple[int, ...]]]) -> None:
        super().__init__()
        steps = list(steps)
        self.shapes = [shape for _, shape in steps]
        self.functions = {place: step for place, (step, _) in enumerate(steps) if isinstance(step, str)}
        self.layers = nn.ModuleList(nn.Identity() if isinstance(step, str) else step for step, _ in steps)

    @classmethod
    def of(cls, network: nn.Module, tail: Iterable[Mapping[str, Any]]) -> Tail:
        """The tail that an anatomy describes, of the network's own modules."""
        steps = ((network.get_submodule(s["module"]) if "module" in s else s["function"], s["shape"]) for s in tail)
        return cls((step, tuple(shape)) for step, shape in steps)

    def __len__(self) -> int:
        return len(self.layers)

    def forward(self, pooled_ND: torch.Tensor) -> torch.Tensor:
        for place, (layer, shape) in enumerate(zip(self.layers, self.shapes, strict=True)):
            pooled_ND = pooled_ND.reshape(-1, *shape)
            pooled_ND = ACTIVATIONS[name](pooled_ND) if (name := self.functions.get(place)) else layer(pooled_ND)
        return pooled_ND.flatten(1)

    def single_layer(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """W_CD and b_C of a tail that is one fully connected layer or one 1x1 convolution."""
        layer = self.layers[0] if len(self.layers) == 1 else None
        if isinstance(layer, nn.Conv2d):
            plain = layer.kernel_size == layer.stride == (1, 1) and layer.groups == 1 and layer.padding in ((0, 0), 0)
            if not plain:
                return None
        elif type(layer) is not nn.Linear:
            return None
        bias = layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias
        return layer.weight.detach().flatten(1), bias.detach()

    def in_double(self) -> Tail:
        """A copy in float64."""
        return copy.deepcopy(self).double()


def function_named(name: str) -> Any:
    """The function of torch that bears a name; it is only compared with others, never called.

    Raises:
        ValueError: torch has none of that name.
    """
    place, _, last = name.rpartition(".")
    found = getattr(_PLACES.get(place), last, None)
    expect(callable(found), "point", "the name of a function of torch", name)
    return found


_PLACES = {"torch": torch, "torch.Tensor": torch.Tensor, "torch.nn.functional": nn.functional}


def with_module(network: nn.Module, path: str, module: nn.Module) -> nn.Module:
    """A copy of the network that shares everything with it but the module at that path."""
    own = copy.copy(network)
    own._modules = dict(network._modules)
    name, _, rest = path.partition(".")
    inner = own._modules.get(name)
    expect(inner is not None, "point", "the path of a module in the network", path)
    assert inner is not None
    own._modules[name] = with_module(inner, rest, module) if rest else module
    return own


def without(network: nn.Module, anatomy_tail: Iterable[Mapping[str, Any]]) -> nn.Module:
    """A copy of the network that shares everything with it but the modules of its tail, which are gone."""
    for step in anatomy_tail:
        if "module" in step:
            network = with_module(network, step["module"], nn.Identity())
    return network
