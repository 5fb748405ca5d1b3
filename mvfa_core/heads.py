"""The main classifier heads, each split in two: a linear first layer that may be applied to maps before pooling, and
the rest that is applied to pooled vectors (Section 2.2; prototypes: Yang et al. 2018).

    B images · D channels · E outputs of the first layer · C classes · M views

Averaging is linear, so pool(first(F)) = first(pool(F)). With `maps` done first, pooling handles E channels, not D.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from mvfa_core.checks import expect, expect_choice


def pointwise(F_BDHW: torch.Tensor, weight_ED: torch.Tensor, bias_E: torch.Tensor | None) -> torch.Tensor:
    """A 1x1 convolution, (B, D, H, W) -> (B, E, H, W), as one matrix product per image.

    For a handful of output channels on a CPU it is several times faster than a convolution, forward and backward.
    """
    bias = weight_ED.new_zeros(1) if bias_E is None else bias_E[:, None]
    product = torch.baddbmm(bias, weight_ED.expand(F_BDHW.shape[0], -1, -1), F_BDHW.flatten(2))
    return product.unflatten(2, F_BDHW.shape[-2:])


class LinearHead(nn.Module):
    """One fully connected layer, the paper's default: g = W a + b."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, num_classes)

    def maps(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        """The logits at every cell, shape (B, C, H, W): the layer as a 1x1 convolution."""
        return pointwise(F_BDHW, self.fc.weight, self.fc.bias)

    def finish(self, pooled: torch.Tensor) -> torch.Tensor:
        """Pooled maps (..., C) are the logits already."""
        return pooled

    def class_weights(self) -> tuple[torch.Tensor, torch.Tensor]:
        """W_CD and b_C of g = W a + b."""
        return self.fc.weight, self.fc.bias


MOST_HIDDEN = 16


class MLPHead(nn.Module):
    """Fully connected layers joined by ReLU, of any hidden widths."""

    def __init__(self, channels: int, num_classes: int, hidden: Sequence[int] = (256,)) -> None:
        super().__init__()
        fits = 0 < len(hidden) <= MOST_HIDDEN and all(isinstance(width, int) and width >= 1 for width in hidden)
        expect(fits, "hidden", f"1 to {MOST_HIDDEN} widths >= 1", f"{list(hidden)!r:.60}")
        widths = [channels, *hidden, num_classes]
        self.first = nn.Linear(widths[0], widths[1])
        later = [layer for a, b in pairwise(widths[1:]) for layer in (nn.ReLU(), nn.Linear(a, b))]
        self.rest = nn.Sequential(*later)

    def maps(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        """The first layer at every cell, shape (B, hidden[0], H, W)."""
        return pointwise(F_BDHW, self.first.weight, self.first.bias)

    def finish(self, pooled: torch.Tensor) -> torch.Tensor:
        """Pooled first-layer outputs (..., hidden[0]) -> logits (..., C)."""
        return self.rest(pooled)

    def class_weights(self) -> None:
        """None: the logits of an MLP are not a weighted sum of the features."""
        return None


class PrototypeHead(nn.Module):
    """One prototype p_c per class; the logit is -gamma ||a - p_c||^2, less the part that all classes share.

    -gamma ||a - p||^2 = 2 gamma p.a - gamma ||p||^2 - gamma ||a||^2, and the last term is equal for all classes: no
    softmax, arg max or cross-entropy (the DCE loss of Yang et al. 2018) can see it, so the score is left linear.
    """

    def __init__(self, channels: int, num_classes: int, gamma: float = 0.1) -> None:
        super().__init__()
        expect(gamma > 0, "gamma", "a positive number", gamma)
        self.gamma = gamma
        self.prototypes_CD = nn.Parameter(torch.randn(num_classes, channels) * 0.1)

    def maps(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        """The linear scores at every cell, shape (B, C, H, W)."""
        return pointwise(F_BDHW, *self.class_weights())

    def finish(self, pooled: torch.Tensor) -> torch.Tensor:
        """Pooled scores (..., C) are the logits already."""
        return pooled

    def class_weights(self) -> tuple[torch.Tensor, torch.Tensor]:
        """W_CD = 2 gamma p and b_C = -gamma ||p||^2."""
        return 2 * self.gamma * self.prototypes_CD, -self.gamma * self.prototypes_CD.square().sum(dim=1)


class TailHead(nn.Module):
    """Whatever an adopted classifier has behind the mean of its last map; nothing of it commutes with the mean."""

    def __init__(self, rest: nn.Module) -> None:
        super().__init__()
        self.rest = rest

    def maps(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        """The features themselves."""
        return F_BDHW

    def finish(self, pooled: torch.Tensor) -> torch.Tensor:
        """Pooled features (..., D) -> logits (..., C)."""
        return self.rest(pooled.flatten(0, -2)).unflatten(0, pooled.shape[:-1])

    def class_weights(self) -> None:
        """None: the logits are not a weighted sum of the features."""
        return None


Head = LinearHead | MLPHead | PrototypeHead | TailHead
HEADS: dict[str, Callable[..., Head]] = {"linear": LinearHead, "mlp": MLPHead, "prototype": PrototypeHead}


def build_head(name: str, channels: int, num_classes: int, **options: object) -> Head:
    """A head by name; an unknown name is a `ValueError` that lists the known ones."""
    expect_choice(name, HEADS, "head")
    expect(num_classes >= 2, "num_classes", "at least 2", num_classes)
    return HEADS[name](channels, num_classes, **options)
