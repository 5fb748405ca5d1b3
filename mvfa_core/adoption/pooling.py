"""What an adopted network ends in: MFA whose two heads are the classifier's own.

    B images · D channels · C classes · H W grid in cells · K anchors · M = K*R views

Exact: the classifier is f = softmax(W mean(F) + b). Then G = W F + b is its class map, mean(G) its logits, and the view
of the whole map its own answer. Pooled: something nonlinear stands behind the mean, and the same tail is applied to
every cell for G, to every view, and to the whole mean for f.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from mvfa_core.checks import expect_choice, expect_finite, expect_sizes, expect_whole
from mvfa_core.heads import LinearHead, TailHead
from mvfa_core.model import MFA

SINGLE, MULTI = "single", "multi"
LABELS = (SINGLE, MULTI)


class AdoptedMFA(MFA):
    """MFA with one head for the auxiliary and the main part.

    Args:
        channels: D of the last map.
        head: linear, or a tail of any layers.
        k, sizes: as of `MFA`.
        labels: "single" for one class a picture, "multi" for any number: then every class has a sigmoid of its own, and
            f is their share of all.
    """

    def __init__(
        self, channels: int, head: LinearHead | TailHead, *, k: int, sizes: Sequence[int], labels: str = SINGLE
    ) -> None:
        nn.Module.__init__(self)
        expect_choice(labels, LABELS, "labels")
        self.labels = labels
        self.anchors, self.channels, self.sizes = "adacam", channels, expect_sizes(sizes)
        self.k = expect_whole(k, "k", "a whole number >= 1", 1)
        self.head = head

    @property
    def auxiliary(self) -> Any:  # type: ignore[override]
        """The linear head read as a 1x1 convolution; it has no weights of its own."""
        weights = self.head.class_weights()
        if weights is None:
            raise AttributeError("a head that is not linear is no 1x1 convolution")
        return SimpleNamespace(weight=weights[0][:, :, None, None], bias=weights[1])

    def class_maps(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        """G_BCHW, the head at every cell."""
        if isinstance(self.head, LinearHead):
            return self.head.maps(F_BDHW)
        return self.head.finish(F_BDHW.movedim(1, -1)).movedim(-1, 1)

    def attend(self, F_BDHW: torch.Tensor, G_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A_BHW and f_BC, where f is the classifier's own answer whatever its head."""
        if isinstance(self.head, LinearHead) and self.labels == SINGLE:
            return super().attend(F_BDHW, G_BCHW)
        expect_finite(G_BCHW, "G_BCHW")
        linear = isinstance(self.head, LinearHead)
        z_BC = G_BCHW.mean(dim=(-2, -1)) if linear else self.head.finish(F_BDHW.mean(dim=(-2, -1)))
        f_BC = self.belief(z_BC)
        return torch.einsum("bc,bchw->bhw", f_BC, G_BCHW), f_BC

    def confidence(self, logits: torch.Tensor) -> torch.Tensor:
        """Of each class in the last dimension: its softmax, or its own sigmoid."""
        return logits.sigmoid() if self.labels == MULTI else super().confidence(logits)

    def belief(self, z_BC: torch.Tensor) -> torch.Tensor:
        """f_BC: the softmax, or every class's share of all sigmoids."""
        f_BC = self.confidence(z_BC)
        return f_BC / f_BC.sum(dim=1, keepdim=True) if self.labels == MULTI else f_BC

    def view_maps(self, F_BDHW: torch.Tensor, G_BCHW: torch.Tensor) -> torch.Tensor:
        """What views are pooled from: a linear head's maps are G already."""
        return G_BCHW if isinstance(self.head, LinearHead) else F_BDHW
