"""Batch normalisation over a batch that several processes share: its means and variances are those of the whole batch,
as if one process had it.

PyTorch's own SyncBatchNorm does that on CUDA only, so the CPU has a few lines here. The differentiable all-reduce of
`torch.distributed.nn` is on its way out, and its successor not public; written by hand, the gradient also needs one
exchange instead of two.

    B images · E channels
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as nnf
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


class _Normalise(torch.autograd.Function):
    """y = w (x - mean) / sqrt(var + eps) + b, with the mean and the variance of all processes."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight_E: torch.Tensor, bias_E: torch.Tensor, eps: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mean_E, var_E = _statistics(x)
        ctx.save_for_backward(x, weight_E, mean_E, var_E)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean_E, var_E)
        return nnf.batch_norm(x, mean_E, var_E, weight_E, bias_E, eps=eps), mean_E, var_E

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """With g the gradient of y and z = (x - mean) / sqrt(var + eps), that of x is
        w (g - mean(g) - z mean(g z)) / sqrt(var + eps), the means over all processes."""
        x, weight_E, mean_E, var_E = ctx.saved_tensors
        # what it is for statistics that do not depend on x: of x, w and b, the latter the sums of g z and g
        of_x, of_weight_E, of_bias_E = torch.ops.aten.native_batch_norm_backward(
            gradients[0], x, weight_E, mean_E, var_E, None, None, False, ctx.eps, [True, True, True]
        )
        means_2E = torch.stack((of_bias_E, of_weight_E)) * (x.shape[1] / x.numel() / dist.get_world_size())
        dist.all_reduce(means_2E)
        mean_g_E, mean_gz_E = means_2E
        scale_E = (var_E + ctx.eps).rsqrt()
        slope_E = -weight_E * scale_E.square() * mean_gz_E
        level_E = -weight_E * scale_E * mean_g_E - slope_E * mean_E
        shape = (1, -1, *[1] * (x.ndim - 2))
        of_x += torch.addcmul(level_E.view(shape), x, slope_E.view(shape))
        return of_x, of_weight_E, of_bias_E, None


def _but_channels(x: torch.Tensor) -> list[int]:
    return [0, *range(2, x.ndim)]


def _statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of every channel over all processes, from each one's own: equal parts, equal weights. Sums of
    squares would lose what the variance of a channel far from zero is made of."""
    size = dist.get_world_size()
    own_N2E = x.new_zeros(size, 2, x.shape[1])
    own_N2E[dist.get_rank()] = torch.stack(torch.var_mean(x, dim=_but_channels(x), correction=0))
    dist.all_reduce(own_N2E)
    var_NE, mean_NE = own_N2E.unbind(dim=1)
    mean_E = mean_NE.mean(dim=0)
    return mean_E, (var_NE + (mean_NE - mean_E).square()).mean(dim=0)


class SharedBatchNorm(_BatchNorm):
    """A batch normalisation whose training statistics are those of all processes; else as any other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return self.finish(super().forward(x))
        # without parameters of its own it is one with these
        weight_E = self.weight if self.affine else x.new_ones(x.shape[1], dtype=torch.float32)
        bias_E = self.bias if self.affine else torch.zeros_like(weight_E)
        y, mean_E, var_E = _Normalise.apply(x.float(), weight_E, bias_E, self.eps)
        self._keep(mean_E, var_E, x.numel() // x.shape[1] * dist.get_world_size())
        return self.finish(y.to(x.dtype))

    def finish(self, y: torch.Tensor) -> torch.Tensor:
        """What timm's layers do in the same breath: drop blocks and activation."""
        for name in ("drop", "act"):
            y = getattr(self, name)(y) if hasattr(self, name) else y
        return y

    @torch.no_grad()
    def _keep(self, mean_E: torch.Tensor, var_E: torch.Tensor, n: int) -> None:
        """Running statistics for evaluation, the variance without bias, as PyTorch keeps them."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        momentum = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean_E, momentum)
        self.running_var.lerp_(var_E * (n / max(n - 1, 1)), momentum)

    def _check_input_dim(self, x: torch.Tensor) -> None:
        """Any number of dimensions from two on will do."""


def share_statistics(model: nn.Module, device: torch.device) -> None:
    """Let every batch normalisation inside a model share its statistics; names and weights stay as they are."""
    if device.type == "cuda":
        from timm.layers import convert_sync_batchnorm  # PyTorch's own, and timm's layers with their activations

        convert_sync_batchnorm(model)
        return
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, _BatchNorm):
                setattr(parent, name, _shared(child))


def _shared(norm: _BatchNorm) -> SharedBatchNorm:
    """The same layer with the same weights, shared; an activation inside of it comes along."""
    shared = SharedBatchNorm.__new__(SharedBatchNorm)
    shared.__dict__.update(norm.__dict__)
    return shared
