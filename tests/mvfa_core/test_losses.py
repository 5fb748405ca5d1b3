"""Eq. 1, 6, 7 and 9 against a double loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from mvfa_core.losses import classification_loss, gap_loss, mfa_loss
from mvfa_core.stages import Stages
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import DTYPES, C, array, close, refusal

B, M = 5, 6


def mfa_stages(dtype: torch.dtype = torch.float64, views: int = M, spread: float = 1.0) -> Stages:
    """Random class maps and view logits that belong to no network."""
    generator = torch.Generator().manual_seed(3)
    G_BCHW = spread * torch.randn(B, C, 3, 5, generator=generator, dtype=torch.float64).to(dtype)
    logits_BMC = spread * torch.randn(B, views, C, generator=generator, dtype=torch.float64).to(dtype)
    return Stages(
        F_BDHW=torch.zeros(B, 2, 3, 5, dtype=dtype),
        ensemble_BC=logits_BMC.sum(dim=1),
        G_BCHW=G_BCHW,
        f_BC=G_BCHW.mean(dim=(2, 3)).softmax(dim=1),
        logits_BMC=logits_BMC,
    )


def gap_stages(dtype: torch.dtype = torch.float64) -> Stages:
    logits_BC = torch.randn(B, C, dtype=torch.float64).to(dtype)
    return Stages(F_BDHW=torch.zeros(B, 2, 3, 5, dtype=dtype), ensemble_BC=logits_BC)


def labels(kind: str, dtype: torch.dtype) -> tuple[torch.Tensor, oracles.Array]:
    """Labels as the library takes them, and y of Eq. 9."""
    index_B = torch.tensor([0, 3, 3, 1, 2])
    one_hot_BC = nnf.one_hot(index_B, C).to(dtype)
    if kind == "index":
        return index_B, array(one_hot_BC)
    if kind == "one-hot":
        return one_hot_BC, array(one_hot_BC)
    mixed_BC = 0.7 * one_hot_BC + 0.3 * one_hot_BC.flip(0)
    return mixed_BC, array(mixed_BC)


EVERY_KIND = pytest.mark.parametrize("kind", ["index", "one-hot", "mixed"])


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_KIND
def test_eq_9_is_the_double_loop(kind: str, dtype: torch.dtype) -> None:
    stages, (given, y_BC) = mfa_stages(dtype), labels(kind, dtype)
    global_ = oracles.global_loss(array(stages.f_BC), y_BC)
    local = oracles.local_loss(array(stages.logits_BMC), y_BC)
    summed, averaged = mfa_loss(stages, given), mfa_loss(stages, given, local="mean")
    close(summed.global_, global_, dtype)
    close(summed.local, local, dtype)
    close(summed.total, global_ + local, dtype)
    close(averaged.global_, global_, dtype)
    close(averaged.local, local / M, dtype)
    close(averaged.total, global_ + local / M, dtype)


@pytest.mark.parametrize("local", ["sum", "mean"])
@EVERY_KIND
def test_the_total_is_exactly_its_two_parts(kind: str, local: str) -> None:
    loss = mfa_loss(mfa_stages(), labels(kind, torch.float64)[0], local)
    assert torch.equal(loss.total, loss.global_ + loss.local)
    assert loss.total.ndim == loss.global_.ndim == loss.local.ndim == 0


def test_the_paper_s_sum_is_the_default() -> None:
    given = labels("index", torch.float64)[0]
    assert torch.equal(mfa_loss(mfa_stages(), given).total, mfa_loss(mfa_stages(), given, local="sum").total)


def test_one_view_makes_sum_and_mean_equal() -> None:
    stages, given = mfa_stages(views=1), labels("index", torch.float64)[0]
    close(mfa_loss(stages, given, "sum").local, array(mfa_loss(stages, given, "mean").local))


def test_a_model_that_knows_nothing_loses_the_logarithm_of_c() -> None:
    loss = mfa_loss(mfa_stages(spread=0.0), labels("index", torch.float64)[0])
    close(loss.global_, math.log(C))
    close(loss.local, M * math.log(C))


def test_certain_and_wrong_is_large_but_finite() -> None:
    loss = mfa_loss(mfa_stages(torch.float32, spread=1e4), labels("index", torch.float32)[0])
    assert torch.isfinite(loss.total)


def test_the_batch_is_averaged_not_summed() -> None:
    stages, given = mfa_stages(), labels("index", torch.float64)[0]
    twice = Stages(
        F_BDHW=stages.F_BDHW.repeat(2, 1, 1, 1),
        ensemble_BC=stages.ensemble_BC.repeat(2, 1),
        G_BCHW=stages.G_BCHW.repeat(2, 1, 1, 1),
        logits_BMC=stages.logits_BMC.repeat(2, 1, 1),
    )
    close(mfa_loss(twice, given.repeat(2)).total, array(mfa_loss(stages, given).total))


def test_every_view_learns_the_label_of_its_own_picture() -> None:
    """d L_local / d g = (s - y) / N, so no label strays to a neighbour in the batch."""
    stages, (given, y_BC) = mfa_stages(), labels("index", torch.float64)
    stages.logits_BMC.requires_grad_()
    mfa_loss(stages, given).local.backward()
    s_BMC = np.array([[oracles.softmax(g) for g in logits] for logits in array(stages.logits_BMC)])
    close(stages.logits_BMC.grad, (s_BMC - y_BC[:, None]) / B)


@pytest.mark.parametrize("local", ["sum", "mean"])
def test_gradients_of_both_parts(local: str) -> None:
    stages = mfa_stages()

    def losses(G_BCHW: torch.Tensor, logits_BMC: torch.Tensor) -> tuple[torch.Tensor, ...]:
        built = Stages(F_BDHW=stages.F_BDHW, ensemble_BC=stages.ensemble_BC, G_BCHW=G_BCHW, logits_BMC=logits_BMC)
        loss = mfa_loss(built, labels("mixed", torch.float64)[0], local)
        return loss.total, loss.global_, loss.local

    few = stages.G_BCHW[..., :1, :2], stages.logits_BMC[:, :3]
    inputs = tuple(tensor.clone().requires_grad_() for tensor in few)
    assert torch.autograd.gradcheck(losses, inputs)


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_KIND
def test_the_twin_s_loss_is_one_cross_entropy(kind: str, dtype: torch.dtype) -> None:
    stages, (given, y_BC) = gap_stages(dtype), labels(kind, dtype)
    loss = gap_loss(stages, given)
    f_BC = np.array([oracles.softmax(z) for z in array(stages.ensemble_BC)])
    close(loss.total, oracles.global_loss(f_BC, y_BC), dtype)
    assert torch.equal(loss.total, loss.global_)
    assert loss.local is None


def test_one_name_serves_both_twins() -> None:
    given = labels("index", torch.float64)[0]
    gap, mfa = gap_stages(), mfa_stages()
    assert torch.equal(classification_loss(gap, given).total, gap_loss(gap, given).total)
    assert torch.equal(classification_loss(mfa, given, "mean").total, mfa_loss(mfa, given, "mean").total)


def test_the_mfa_loss_of_a_gap_model() -> None:
    with refusal("stages", "MFA", "GAP"):
        mfa_loss(gap_stages(), labels("index", torch.float64)[0])


def test_an_unknown_rule_lists_the_known_ones() -> None:
    with refusal("local", "sum, mean", "'max'"):
        mfa_loss(mfa_stages(), labels("index", torch.float64)[0], local="max")


BAD_LABELS = {
    "one class too many": torch.tensor([0, 1, 2, C, 0]),
    "negative": torch.tensor([0, 1, -1, 0, 0]),
    "the mark that cross_entropy skips": torch.tensor([0, 1, -100, 0, 0]),
    "too few": torch.tensor([0, 1]),
    "too many": torch.zeros(B + 1, dtype=torch.int64),
    "one for each view": torch.zeros(B * M, dtype=torch.int64),
    "a scalar": torch.tensor(1),
    "mixed with too few classes": torch.full((B, C - 1), 0.5),
    "mixed for too few pictures": torch.full((B - 1, C), 0.25),
    "three dimensions": torch.zeros(B, C, 1),
}


@pytest.mark.parametrize("wrong", [pytest.param(wrong, id=name) for name, wrong in BAD_LABELS.items()])
@pytest.mark.parametrize("kind", ["mfa", "gap"])
def test_labels_that_do_not_fit(kind: str, wrong: torch.Tensor) -> None:
    stages = mfa_stages(torch.float32) if kind == "mfa" else gap_stages(torch.float32)
    with refusal("labels"):
        classification_loss(stages, wrong)
