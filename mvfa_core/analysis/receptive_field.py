"""What a cell really saw: its receptive field, the pixels of the picture that can change it.

    S picture side in px · H W grid in cells · D channels

A convolution or pooling of kernel k, stride s, padding p and dilation d takes for its output i the inputs from
i*s - p to i*s - p + d*(k - 1). Composed from the picture upwards, cell i reaches the pixels from i*jump + low to
i*jump + high; where branches meet, the farther reach counts. Global pooling, as in squeeze-and-excitation, lets every
cell see the whole picture. `torch.fx` writes the network down as a list of such steps; of a network that it cannot
write down the reach is measured instead: the pixels whose gradient is not zero.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from mvfa_core.checks import expect
from mvfa_core.inference import features, inspects, with_parts
from mvfa_core.model import Classifier

PROBE_SEED = 0


class UnknownStepError(ValueError):
    """A step whose reach no rule here knows."""


@dataclass(frozen=True)
class Reach:
    """Along one side of the picture: position i sees the pixels i*jump + low to i*jump + high, both inclusive.

    `everywhere` says that it also depends on all of the picture, through a global pooling.
    """

    jump: int = 1
    low: int = 0
    high: int = 0
    everywhere: bool = False

    @property
    def size(self) -> int:
        """How many px one position sees."""
        return self.high - self.low + 1

    def through(self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Reach:
        """After a convolution or pooling."""
        low = self.low - padding * self.jump
        high = self.high + (dilation * (kernel - 1) - padding) * self.jump
        return replace(self, jump=self.jump * stride, low=low, high=high)

    def joined(self, other: Reach) -> Reach:
        """Where two branches meet."""
        if self.jump != other.jump:
            # a gate of one number a channel has no place of its own
            gate, carrier = sorted((self, other), key=lambda one: one.everywhere, reverse=True)
            if not gate.everywhere:
                raise UnknownStepError(f"branches that meet at strides {self.jump} and {other.jump}")
            return replace(carrier, everywhere=True)
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Reach(self.jump, low, high, self.everywhere or other.everywhere)


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """What every cell of a grid sees, in px of the picture as the network is given it, S x S.

    Attributes:
        side: S. columns_W2, rows_H2: the first px seen by any cell of a column or row, and the one after the last.
        cell: px one cell sees along a side if no edge is near; None if that was measured.
        everywhere: the whole picture, through global pooling or attention; the extents are then those of the
            convolutions alone, or all of the picture where it was measured.
        measured: found as the support of the gradient, which can miss pixels; otherwise by the rule, exactly.
    """

    side: int
    columns_W2: np.ndarray
    rows_H2: np.ndarray
    cell: int | None
    everywhere: bool
    measured: bool

    def of(self, box: tuple[int, int, int, int], size_px: tuple[int, int]) -> tuple[float, float, float, float]:
        """The px (x0, y0, x1, y1) of a picture of (width, height) that a box of inclusive cells saw, half open."""
        x0, y0, x1, y1 = box
        step_x, step_y = size_px[0] / self.side, size_px[1] / self.side
        left, right = self.columns_W2[x0 : x1 + 1, 0].min(), self.columns_W2[x0 : x1 + 1, 1].max()
        top, bottom = self.rows_H2[y0 : y1 + 1, 0].min(), self.rows_H2[y0 : y1 + 1, 1].max()
        return float(left * step_x), float(top * step_y), float(right * step_x), float(bottom * step_y)


@inspects
def receptive_field(model: Classifier) -> ReceptiveField:
    """What every cell sees of a picture of the model's side."""
    try:
        reach = reach_of(model.backbone)
    except Exception:  # writing a network down runs its code on stand-ins, which fails in many ways
        return measured_receptive_field(model)
    if reach.jump != model.stride:
        return measured_receptive_field(model)
    cells = np.arange(model.side // reach.jump)[:, None] * reach.jump
    extents_N2 = (cells + np.array([reach.low, reach.high + 1])).clip(0, model.side)
    return ReceptiveField(model.side, extents_N2, extents_N2, reach.size, reach.everywhere, measured=False)


# --- by the rule ---


def reach_of(network: nn.Module) -> Reach:
    """The reach of one position of the network's output, from its layers.

    Raises:
        UnknownStepError: a step that no rule knows, kernels that are not square, or branches that do not fit.
        torch.fx.proxy.TraceError: a network that cannot be written down as a list of steps.
    """
    found: dict[fx.Node, Any] = {}
    graph = _Tracer().trace(network)
    modules = dict(network.named_modules())
    for node in graph.nodes:
        if node.op == "output":
            answer = fx.node.map_arg(node.args[0], lambda one: found[one])
            answer = answer[-1] if isinstance(answer, list | tuple) else answer
            if not isinstance(answer, Reach):
                raise UnknownStepError("a network that returns no map")
            return answer
        found[node] = _after(node, found, modules)
    raise UnknownStepError("a network that returns nothing")


class _Tracer(fx.Tracer):
    """Stops at the layers that a rule knows, and looks into everything else."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, (*_WINDOWS, *_POINTWISE, *_EVERYWHERE)) or type(m).__name__ in _NAMED


def _after(node: fx.Node, found: dict[fx.Node, Any], modules: dict[str, nn.Module]) -> Any:
    """What stands after one step: a reach, a list of them, or None for what is no map (shapes, numbers, weights)."""
    if node.op == "placeholder":
        return Reach()
    if node.op == "get_attr":
        return None
    given = [found[one] for one in node.all_input_nodes]
    flat = [one for each in given for one in (each if isinstance(each, list | tuple) else [each])]
    inputs = [one for one in flat if isinstance(one, Reach)]
    if not inputs:
        return None
    if node.op == "call_module":
        return _module(modules[str(node.target)], inputs[0])
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    if name in _SHAPES or node.target is getattr:
        return None
    if name in _REDUCTIONS:
        return inputs[0] if _over_channels(node) else replace(inputs[0], everywhere=True)
    if name in _JOINS:
        joined = inputs[0]
        for one in inputs[1:]:
            joined = joined.joined(one)
        return joined
    if name in _POINTWISE_CALLS or (name in _RESHAPES and inputs[0].everywhere):
        return inputs[0]
    raise UnknownStepError(f"a step of unknown reach, {name}")


def _module(layer: nn.Module, reach: Reach) -> Reach:
    if isinstance(layer, _WINDOWS):
        return reach.through(**_window(layer))
    if isinstance(layer, _EVERYWHERE) or type(layer).__name__ in _NAMED:
        return replace(reach, everywhere=True)
    return reach


def _window(layer: nn.Module) -> dict[str, int]:
    """Kernel, stride, padding and dilation of a layer, which must be alike in both directions."""
    values = {}
    dilation = _same(getattr(layer, "dilation", 1))
    kernel = _same(layer.kernel_size)
    padding: Any = layer.padding
    if isinstance(padding, str):
        padding = dilation * (kernel - 1) // 2 if padding == "same" else 0
    values = {"kernel": kernel, "stride": _same(layer.stride), "padding": _same(padding), "dilation": dilation}
    return values


def _same(value: Any) -> int:
    both = set(value) if isinstance(value, list | tuple) else {value}
    if len(both) != 1:
        raise UnknownStepError(f"a window that is not square, {value}")
    return int(both.pop())


def _over_channels(node: fx.Node) -> bool:
    dims = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    return dims is not None and set(dims if isinstance(dims, list | tuple) else [dims]) <= {1, -3}


_WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
_POINTWISE = (
    nn.BatchNorm2d, nn.Identity, nn.Dropout, nn.Dropout2d,
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Sigmoid, nn.Tanh, nn.Hardsigmoid, nn.Hardswish, nn.Softmax,
)  # fmt: skip
_EVERYWHERE = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.GroupNorm, nn.InstanceNorm2d)
_NAMED = ("GlobalContext", "SEModule", "EffectiveSEModule", "SqueezeExcite", "SqueezeExcitation", "EcaModule")
"""Blocks that gate or add to every cell by what they pooled from all of them."""
_SHAPES = ("size", "dim", "_assert", "eq", "ne")
_RESHAPES = ("view", "reshape")
"""Of a gate, which has no place any more."""
_REDUCTIONS = ("mean", "amax", "max", "adaptive_avg_pool2d", "adaptive_max_pool2d")
_JOINS = ("add", "add_", "iadd", "mul", "mul_", "imul", "cat", "stack", "sub", "truediv")
_POINTWISE_CALLS = (
    "relu", "relu_", "relu6", "gelu", "silu", "sigmoid", "sigmoid_", "tanh", "hardtanh", "hardswish", "hardsigmoid",
    "dropout", "batch_norm", "softmax", "sum", "contiguous", "clone", "float",
)  # fmt: skip


# --- measured ---


@inspects
def measured_receptive_field(model: Classifier) -> ReceptiveField:
    """The same from the gradient: which rows and columns of a noise picture can change a row or column of cells.

    It can only miss pixels: those whose way is closed for this noise, for example by a ReLU.
    """
    noise = torch.randn(1, 3, model.side, model.side, generator=torch.Generator().manual_seed(PROBE_SEED))
    image_13SS = noise.to(next(model.parameters()).device).requires_grad_()
    if any(parameter.is_inference() for parameter in model.backbone.parameters()):
        model = with_parts(model, backbone=copy.deepcopy(model.backbone))
    with torch.enable_grad():
        F_BDHW = features(model, image_13SS)
        expect(F_BDHW.ndim == 4, "backbone", "a map (B, D, H, W)", tuple(F_BDHW.shape))
        rows_H2 = np.array([_support(F_BDHW[:, :, y], image_13SS, 3) for y in range(F_BDHW.shape[2])])
        columns_W2 = np.array([_support(F_BDHW[..., x], image_13SS, 2) for x in range(F_BDHW.shape[3])])
    everywhere = bool(all((part == (0, model.side)).all() for part in (rows_H2, columns_W2)))
    return ReceptiveField(model.side, columns_W2, rows_H2, None, everywhere, measured=True)


def _support(values: torch.Tensor, image_13SS: torch.Tensor, along: int) -> tuple[int, int]:
    """The first row (or column, with `along` = 2) of the picture whose gradient is not zero, and one after the last."""
    # random weights, so that the gradients of the cells do not cancel
    weights = torch.rand(values.shape, generator=torch.Generator().manual_seed(PROBE_SEED)).to(values.device) + 0.5
    (gradient,) = torch.autograd.grad((values * weights).sum(), image_13SS, retain_graph=True)
    seen = gradient.abs().amax(dim=(0, 1, along)).nonzero().flatten()
    return (int(seen[0]), int(seen[-1]) + 1) if len(seen) else (0, 0)
