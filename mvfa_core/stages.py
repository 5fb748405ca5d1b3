"""Stages: the frozen record of one forward pass, one field per step of the method.

B images · D channels · C classes · H W grid in cells · K anchors · R region sizes · M = K*R views, m = k*R + r
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch


@dataclass(frozen=True)
class Stages:
    """What a forward pass left behind. The GAP twin fills `F_BDHW` and `ensemble_BC`; the rest is None.

    Attributes:
        F_BDHW: last feature map of the backbone.
        ensemble_BC: sum of the view logits over M (Eq. 8); for GAP the logits.
        G_BCHW: class maps, Conv1x1(F).
        f_BC: auxiliary probabilities, softmax(GAP(G)) (Eq. 1).
        A_BHW: attention, sum_i f_i G_i (Eq. 2).
        anchors_BK2: (x, y) in cells, by falling A (Eq. 3-4).
        boxes_BKR4: inclusive corners in cells (Eq. 5).
        weights_BMHW: the averaging weights of every region.
        logits_BMC: view logits g_i.
        sizes: L_R in cells, the order of the R dimension.
    """

    F_BDHW: torch.Tensor
    ensemble_BC: torch.Tensor
    G_BCHW: torch.Tensor | None = None
    f_BC: torch.Tensor | None = None
    A_BHW: torch.Tensor | None = None
    anchors_BK2: torch.Tensor | None = None
    boxes_BKR4: torch.Tensor | None = None
    weights_BMHW: torch.Tensor | None = None
    logits_BMC: torch.Tensor | None = None
    sizes: tuple[int, ...] | None = None

    @cached_property
    def views_BMD(self) -> torch.Tensor | None:
        """The view vectors a_i, the mean of F over each region. Made when asked for: the head-first order of a
        forward pass never needs them."""
        if self.weights_BMHW is None:
            return None
        return torch.einsum("bmhw,bdhw->bmd", self.weights_BMHW.to(self.F_BDHW.dtype), self.F_BDHW)

    @property
    def auxiliary_BC(self) -> torch.Tensor | None:
        """GAP(G), the auxiliary logits whose softmax is f."""
        return None if self.G_BCHW is None else self.G_BCHW.mean(dim=(-2, -1))

    @property
    def grid(self) -> tuple[int, int]:
        """(H, W) in cells."""
        return self.F_BDHW.shape[-2], self.F_BDHW.shape[-1]
