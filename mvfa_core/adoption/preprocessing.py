"""How a classifier wants its pictures, as part of the model itself.

    B images · S side in px

Everything in this project hands pictures over squashed to a square and normalised with ImageNet's statistics. An
adopted network may want others, or other channels: its first step here turns the one into the other, exactly, so that
nothing around it has to know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from mvfa_core.checks import expect, is_whole
from mvfa_core.images import MEAN, STD

LARGEST_SIDE = 2048
UNKNOWN = "nothing is known of it, so ImageNet's"
CHOSEN = "as told"


@dataclass(frozen=True)
class Preprocessing:
    """Mean and standard deviation of each channel for values from 0 to 1, the side S in px, and where that is from.

    Attributes:
        crop: the middle share of a picture's shorter side that it was evaluated on elsewhere, if known. Here the whole
            picture is squashed.
        origin: in words.
    """

    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    side: int = 224
    crop: float | None = None
    origin: str = UNKNOWN

    def as_json(self) -> dict[str, Any]:
        """As it stands on a card."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std), "fit": "squash"}

    def changed(
        self, side: int | None, mean: Sequence[float] | None, std: Sequence[float] | None, channels: int
    ) -> Preprocessing:
        """The same with what was told in place of what was read, for a network of that many input channels.

        Raises:
            ValueError: numbers that cannot be.
        """
        told = mean is not None or std is not None
        own_mean = _each(self.mean if mean is None else mean, channels, "mean")
        own_std = _each(self.std if std is None else std, channels, "std")
        own_side = self.side if side is None else side
        expect(is_whole(own_side, 16, LARGEST_SIDE), "size", f"a side from 16 to {LARGEST_SIDE} px", own_side)
        expect(all(value > 0 for value in own_std), "std", "numbers above 0", list(own_std))
        return Preprocessing(own_mean, own_std, own_side, self.crop, CHOSEN if told else self.origin)


def _each(values: Sequence[float], channels: int, what: str) -> tuple[float, ...]:
    """One number for each channel: those that were told, or their mean for a network of other channels."""
    numbers = [float(value) for value in values]
    expect(all(math.isfinite(number) for number in numbers), what, "finite numbers", numbers)
    expect(len(numbers) in (1, 3, channels), what, f"1, 3 or {channels} numbers", len(numbers))
    return tuple(numbers) if len(numbers) == channels else (sum(numbers) / len(numbers),) * channels


class Adapter(nn.Module):
    """Pictures normalised with ImageNet's statistics -> as the network wants them: x = M v + shift for every pixel.

    A grey network is given the mean of red, green and blue; one of more channels gets red, green, blue, red and so on.
    """

    mix: torch.Tensor
    shift: torch.Tensor

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        # in the file of the model, like its other numbers; of one dimension, for those are never stored as float16
        self.register_buffer("mix", torch.zeros(channels * 3))
        self.register_buffer("shift", torch.zeros(channels))

    @classmethod
    def of(cls, preprocessing: Preprocessing) -> Adapter:
        """The adapter to these statistics; one for each input channel of the network."""
        channels = len(preprocessing.mean)
        own = cls(channels)
        rows = torch.full((1, 3), 1 / 3) if channels == 1 else torch.eye(3)[torch.arange(channels) % 3]
        mean, std = (torch.tensor(values, dtype=torch.float64) for values in (preprocessing.mean, preprocessing.std))
        theirs_mean, theirs_std = (torch.tensor(values, dtype=torch.float64) for values in (MEAN, STD))
        own.mix = (rows * theirs_std / std[:, None]).float().flatten()
        own.shift = ((rows.double() @ theirs_mean - mean) / std).float()
        return own

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        mix_CE = self.mix.view(-1, 3)
        if len(mix_CE) == 3:
            return image_B3SS * mix_CE.diagonal()[:, None, None] + self.shift[:, None, None]
        return nn.functional.conv2d(image_B3SS, mix_CE[:, :, None, None], self.shift)
