"""Networks of the tests: small ones of our own, one for each way in which a mean is taken; and random weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

CLASSES = 7
SIDE = 64
"""px; 8 x 8 cells."""


def randomised(network: nn.Module, seed: int = 0) -> nn.Module:
    """Every weight, bias, scale and statistic away from where it starts: a norm may be none there, a head zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                fan = max(tensor[0].numel(), 1) if tensor.ndim > 1 else 4
                noise = torch.randn(tensor.shape, generator=generator) / fan**0.5
                positive = tensor.ndim <= 1 and ("weight" in name or "var" in name or "gamma" in name)
                tensor.copy_(1 + 0.3 * noise.abs() if positive else 1.4 * noise)
    return network.eval()


class Body(nn.Module):
    def __init__(self, channels: int = 24) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 3, 4, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(inplace=True),
            nn.Conv2d(16, channels, 3, 2, 1),
            nn.SiLU(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class Net(nn.Module):
    """Body, a way to take the mean, and a head."""

    def __init__(self, mean: Callable[[torch.Tensor], torch.Tensor], head: nn.Module | None = None) -> None:
        super().__init__()
        self.body, self.mean = Body(), mean
        self.head = nn.Linear(24, CLASSES) if head is None else head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.mean(self.body(x)))


class Gate(nn.Module):
    """A squeeze and excitation in front, whose mean is not the one that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.gate, self.head = Body(), nn.Linear(24, 24), nn.Linear(24, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x)
        x = x * torch.sigmoid(self.gate(x.mean((2, 3))))[:, :, None, None]
        return self.head(x.mean((2, 3)))


class Pointwise(nn.Module):
    """The other order: a 1x1 convolution to the classes, then the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = Body(), nn.Conv2d(24, CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x)).mean((2, 3))


class Token(nn.Module):
    """A class token beside those of the patches, and one layer that mixes them."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.token = nn.Conv2d(3, 24, 8, 8), nn.Parameter(torch.zeros(1, 1, 24))
        self.mix, self.norm, self.head = nn.TransformerEncoderLayer(24, 2, 32, batch_first=True), nn.LayerNorm(24), None
        self.head = nn.Linear(24, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = self.norm(self.mix(torch.cat((self.token.expand(len(x), -1, -1), x), dim=1)))
        return self.head(x[:, 0])


class Flattened(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = Body(), nn.Linear(24 * 64, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.flatten(self.body(x), 1))


class TwoHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.one, self.other = Body(), nn.Linear(24, CLASSES), nn.Linear(24, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x)
        return self.one(x.mean((2, 3))) + self.other(x.amax((2, 3)))


EXACT = {
    "module": lambda: Net(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())),
    "average of the grid's size": lambda: Net(nn.Sequential(nn.AvgPool2d(8), nn.Flatten())),
    "mean of two dimensions": lambda: Net(lambda F: F.mean((2, 3))),
    "mean of flattened cells": lambda: Net(lambda F: F.flatten(2).mean(-1)),
    "channels last": lambda: Net(lambda F: F.permute(0, 2, 3, 1).mean((1, 2))),
    "tokens": lambda: Net(lambda F: F.flatten(2).transpose(1, 2).mean(1)),
    "a function": lambda: Net(lambda F: nn.functional.adaptive_avg_pool2d(F, 1).flatten(1)),
    "norm in batches before the layer": lambda: Net(
        lambda F: F.mean((2, 3)), nn.Sequential(nn.BatchNorm1d(24), nn.Dropout(0.5), nn.Linear(24, CLASSES))
    ),
    "two linear layers": lambda: Net(lambda F: F.mean((2, 3)), nn.Sequential(nn.Linear(24, 9), nn.Linear(9, CLASSES))),
    "no bias": lambda: Net(lambda F: F.mean((2, 3)), nn.Linear(24, CLASSES, bias=False)),
    "a gate in front": Gate,
    "convolution first": Pointwise,
}
POOLED = {
    "layer norm": lambda: Net(lambda F: F.mean((2, 3)), nn.Sequential(nn.LayerNorm(24), nn.Linear(24, CLASSES))),
    "two layers": lambda: Net(
        nn.AdaptiveAvgPool2d(1), nn.Sequential(nn.Conv2d(24, 9, 1), nn.Hardswish(), nn.Flatten(), nn.Linear(9, CLASSES))
    ),
}
