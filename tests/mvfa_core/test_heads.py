"""The heads, whole and split in two, against hand-written ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mvfa_core.heads import build_head
from mvfa_core.regions import region_boxes, top_anchors
from mvfa_core.views import pool_views, region_weights
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import CASES, DTYPES, HEADS, C, D, array, close, features, layer, oracle_head, refusal

EVERY_HEAD = [pytest.param(name, id=name) for name in HEADS]


def make(name: str, dtype: torch.dtype = torch.float64) -> nn.Module:
    return build_head(name.split()[-1], D, C, **HEADS[name]).to(dtype)


def pooling_weights(F_BDHW: torch.Tensor, sizes: tuple[int, ...] = (1, 3, 5)) -> torch.Tensor:
    grid = tuple(F_BDHW.shape[-2:])
    boxes_BKR4 = region_boxes(top_anchors(F_BDHW.sum(dim=1), 9), sizes, grid)
    return region_weights(boxes_BKR4, grid, F_BDHW.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EVERY_HEAD)
def test_head_first_is_pool_first(name: str, dtype: torch.dtype) -> None:
    """pool(first layer(F)) = first layer(pool(F)), written both ways."""
    F_BDHW, head = features(CASES["wide"], dtype), make(name, dtype)
    weights_BMHW = pooling_weights(F_BDHW)
    head_first = head.finish(pool_views(weights_BMHW, head.maps(F_BDHW)))
    views_BMD = pool_views(weights_BMHW, F_BDHW)
    pool_first = head.finish(head.maps(views_BMD.flatten(0, 1)[:, :, None, None])[..., 0, 0]).unflatten(0, (3, -1))
    close(head_first, array(pool_first), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["linear", "mlp", "deep mlp"])
def test_logits_of_every_view_are_the_hand_written_head(name: str, dtype: torch.dtype) -> None:
    F_BDHW, head = features(CASES["wide"], dtype), make(name, dtype)
    weights_BMHW = pooling_weights(F_BDHW)
    logits_BMC = head.finish(pool_views(weights_BMHW, head.maps(F_BDHW)))
    by_hand = oracle_head(head)
    wanted = [[by_hand(a) for a in views] for views in array(pool_views(weights_BMHW, F_BDHW))]
    close(logits_BMC, wanted, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_prototype_logits_are_distances_up_to_what_all_classes_share(dtype: torch.dtype) -> None:
    F_BDHW, head = features(CASES["wide"], dtype), make("prototype", dtype)
    with torch.no_grad():
        head.prototypes_CD.copy_(torch.randn(C, D))
    weights_BMHW = pooling_weights(F_BDHW)
    logits_BMC = array(head.finish(pool_views(weights_BMHW, head.maps(F_BDHW))))
    by_hand = oracles.prototypes(array(head.prototypes_CD), 0.3)
    for b, views in enumerate(array(pool_views(weights_BMHW, F_BDHW))):
        distances = [by_hand(a) for a in views]
        left_out = logits_BMC[b] - distances
        close(left_out, [[0.3 * float(a @ a)] * C for a in views], dtype)
        close(torch.from_numpy(logits_BMC[b]).softmax(dim=1), [oracles.softmax(d) for d in distances], dtype)


@pytest.mark.parametrize("name", EVERY_HEAD)
def test_a_head_on_a_map_is_the_head_at_every_cell(name: str) -> None:
    F_BDHW, head = features(CASES["tall"]), make(name)
    at_cells = head.finish(head.maps(F_BDHW).movedim(1, -1))
    for y, x in ((0, 0), (8, 3), (4, 1)):
        alone = head.finish(head.maps(F_BDHW[:, :, y : y + 1, x : x + 1])[..., 0, 0])
        close(at_cells[:, y, x], array(alone))


def test_class_weights_are_the_layer_itself() -> None:
    linear, prototype = make("linear"), make("prototype")
    close(linear.class_weights()[0], layer(linear.fc)[0])
    close(linear.class_weights()[1], layer(linear.fc)[1])
    points = array(prototype.prototypes_CD)
    close(prototype.class_weights()[0], 0.6 * points)
    close(prototype.class_weights()[1], [-0.3 * float(p @ p) for p in points])
    assert make("mlp").class_weights() is None


@pytest.mark.parametrize("name", EVERY_HEAD)
def test_every_weight_of_a_head_learns(name: str) -> None:
    F_BDHW, head = features(CASES["wide"]), make(name)
    head.finish(pool_views(pooling_weights(F_BDHW), head.maps(F_BDHW))).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())


@pytest.mark.parametrize("name", EVERY_HEAD)
def test_gradients_of_features_and_weights(name: str) -> None:
    F_BDHW = features(CASES["single cells"], batch=1)[..., :4].clone().requires_grad_()
    head = make(name)
    weights_BMHW = pooling_weights(F_BDHW.detach(), (1, 3))[:, :6]
    names, values = zip(*head.named_parameters(), strict=True)

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = head

        def forward(self, F: torch.Tensor) -> torch.Tensor:
            return self.head.finish(pool_views(weights_BMHW, self.head.maps(F)))

    def logits(F: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        given = {f"head.{name}": value for name, value in zip(names, parameters, strict=True)}
        return torch.func.functional_call(whole, given, (F,))

    whole = Whole()
    assert torch.autograd.gradcheck(logits, (F_BDHW, *(v.detach().clone().requires_grad_() for v in values)))


def test_an_unknown_head_lists_the_known_ones() -> None:
    with refusal("'svm'", "linear", "mlp", "prototype"):
        build_head("svm", D, C)


@pytest.mark.parametrize("classes", [1, 0, -3])
def test_too_few_classes(classes: int) -> None:
    with refusal("num_classes", "2", str(classes)):
        build_head("linear", D, classes)


@pytest.mark.parametrize("hidden", [(), (0,), (8, -1)])
def test_hidden_widths_that_are_refused(hidden: tuple[int, ...]) -> None:
    with refusal("hidden", str(list(hidden))):
        build_head("mlp", D, C, hidden=hidden)


@pytest.mark.parametrize("gamma", [0.0, -1.0, float("nan")])
def test_gamma_that_is_refused(gamma: float) -> None:
    with refusal("gamma", "positive"):
        build_head("prototype", D, C, gamma=gamma)
