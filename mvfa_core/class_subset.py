"""A model with the few of its classes that a picture is likeliest to be, for models of more classes than memory allows.

    B images · D channels · C classes · H W grid in cells · E outputs of the head's first layer · M = K*R views

Nothing here ever holds (M, C) or (C, H, W) at once: the order of the classes is that of the model's own ensemble logits
(Eq. 8), which are sums over views and are made so.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from mvfa_core import budget
from mvfa_core.checks import expect
from mvfa_core.explain import Encoding
from mvfa_core.heads import Head, LinearHead, MLPHead, PrototypeHead, TailHead
from mvfa_core.inference import inspects, with_parts
from mvfa_core.model import MFA, Classifier
from mvfa_core.regions import region_boxes
from mvfa_core.views import pool_views, region_weights

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)
AT_ONCE = 2**22
"""Numbers of a product of views and classes that are made at a time."""


def classes_for(model: Classifier, encoding: Encoding, sizes: int, share: float = 1.0) -> int:
    """How many of a model's classes may be looked at with every cell as an anchor and so many region sizes; all of them
    unless that share of `budget.allowed()` is too small."""
    cells = encoding.F_BDHW.shape[-2] * encoding.F_BDHW.shape[-1]
    views = cells * sizes if isinstance(model.pooling, MFA) else 0
    return min(len(model.classes), budget.classes_that_fit(cells, views, width_of(model.pooling.head), share))


def width_of(head: Head) -> int:
    """E of a head with a layer in between, 0 for one that gives logits at once."""
    return head.first.out_features if isinstance(head, MLPHead) else 0


class Rows(nn.Module):
    """Some of the logits that a tail gives."""

    def __init__(self, index_N: torch.Tensor) -> None:
        super().__init__()
        self.index_N = index_N

    def forward(self, logits_MC: torch.Tensor) -> torch.Tensor:
        return logits_MC[:, self.index_N]


@inspects
def likeliest(model: Classifier, encoding: Encoding, most: int) -> Classifier:
    """The same model with its `most` likeliest classes for a picture, in their own order. It shares the backbone; its
    softmax, and so its attention, is over those classes alone.

    Raises:
        ValueError: fewer than two classes, or an encoding of another model.
    """
    expect(most >= 2, "most", "at least 2 classes", most)
    if most >= len(model.classes):
        return model
    with torch.no_grad():
        order_C = ensemble_logits(model, encoding.F_BDHW).argsort(descending=True, stable=True)
        return only(model, order_C[:most].sort().values)


def ensemble_logits(model: Classifier, F_BDHW: torch.Tensor) -> torch.Tensor:
    """The ensemble logits of one encoded picture, (C,): `model.pooling(F_BDHW).ensemble_BC[0]` without what that leaves
    behind."""
    pooling, head = model.pooling, model.pooling.head
    if not isinstance(pooling, MFA):  # the first layer is linear: it may come behind the mean
        return _finished(head, F_BDHW.mean(dim=(-2, -1)))
    if isinstance(head, TailHead):
        return pooling(F_BDHW).ensemble_BC[0]
    weight_CD, bias_C = pooling.auxiliary.weight.flatten(1), pooling.auxiliary.bias
    f_BC = pooling.belief(nn.functional.linear(F_BDHW.mean(dim=(-2, -1)), weight_CD, bias_C))
    # A = sum_i f_i G_i is linear in F, too: one map with the mean weight instead of C maps
    A_BHW = torch.einsum("bd,bdhw->bhw", f_BC @ weight_CD, F_BDHW)
    grid = (F_BDHW.shape[-2], F_BDHW.shape[-1])
    boxes_BKR4 = region_boxes(pooling.chosen(A_BHW), pooling.sizes, grid)
    views_BMD = pool_views(region_weights(boxes_BKR4, grid, F_BDHW.dtype), F_BDHW)
    if isinstance(head, MLPHead):
        return _finished(head, views_BMD[0])
    return _finished(head, views_BMD[0].mean(dim=0, keepdim=True)) * views_BMD.shape[1]


def _finished(head: Head, views_MD: torch.Tensor) -> torch.Tensor:
    """The sum of the view logits, (C,)."""
    if not isinstance(head, MLPHead):
        weights = head.class_weights()
        assert weights is not None, "all heads but these two are linear"
        weight_CD, bias_C = weights
        return nn.functional.linear(views_MD, weight_CD, bias_C).sum(dim=0)
    step = max(AT_ONCE // max(head.first.out_features, _last(head).out_features), 1)
    parts = (head.finish(head.first(part)).sum(dim=0) for part in views_MD.split(step))
    return torch.stack(list(parts)).sum(dim=0)


def only(model: Classifier, index_N: torch.Tensor) -> Classifier:
    """The same model with those classes alone."""
    pooling = with_parts(model.pooling, head=_head_of(model.pooling.head, index_N))
    if isinstance(model.pooling, MFA) and not isinstance(model.pooling.head, TailHead):
        auxiliary = nn.Conv2d(model.pooling.channels, len(index_N), kernel_size=1, device="meta")
        pooling = with_parts(pooling, auxiliary=_rows(model.pooling.auxiliary, auxiliary, index_N))
    narrow = with_parts(model, pooling=pooling.train(model.pooling.training))
    narrow.classes = tuple(model.classes[c] for c in index_N.tolist())
    return narrow


def _head_of(head: Head, index_N: torch.Tensor) -> nn.Module:
    if isinstance(head, LinearHead):
        return with_parts(head, fc=_rows(head.fc, _linear(head.fc, index_N), index_N))
    if isinstance(head, PrototypeHead):
        own = with_parts(head)
        own._parameters = {"prototypes_CD": nn.Parameter(head.prototypes_CD[index_N], requires_grad=False)}
        return own
    if isinstance(head, TailHead):
        return with_parts(head, rest=nn.Sequential(head.rest, Rows(index_N)))
    last = _last(head)
    return with_parts(head, rest=nn.Sequential(*head.rest[:-1], _rows(last, _linear(last, index_N), index_N)))


def _last(head: MLPHead) -> nn.Linear:
    last = head.rest[-1]
    assert isinstance(last, nn.Linear)
    return last


def _linear(layer: nn.Linear, index_N: torch.Tensor) -> nn.Linear:
    return nn.Linear(layer.in_features, len(index_N), device="meta")


def _rows(layer: Layer, made: Layer, index_N: torch.Tensor) -> Layer:
    assert layer.bias is not None
    made.weight = nn.Parameter(layer.weight[index_N], requires_grad=False)
    made.bias = nn.Parameter(layer.bias[index_N], requires_grad=False)
    return made
