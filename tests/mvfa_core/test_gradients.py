"""Where gradients flow through the whole module, and where none may."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mvfa_core import MFA, mfa_loss
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import HEADS, C, Case, D, array, close, features, layer

CASE = Case(3, 4, 3, (1, 3))
LABELS = torch.tensor([2, 0])


def module(head: str = "linear") -> MFA:
    return MFA(D, C, k=CASE.k, sizes=CASE.sizes, head=head.split()[-1], head_options=HEADS[head]).double()


def well_separated() -> torch.Tensor:
    """F_BDHW whose first channel is a shuffled ramp, so that no step of a gradient check can change the anchors."""
    F_BDHW = 0.1 * features(CASE, batch=2)
    generator = torch.Generator().manual_seed(7)
    for b in range(2):
        F_BDHW[b, 0] = torch.randperm(12, generator=generator).double().view(3, 4) / 4
    return F_BDHW


def prefer_the_ramp(mfa: MFA) -> None:
    """Attention follows the first channel, whichever class is likely."""
    with torch.no_grad():
        mfa.auxiliary.weight *= 0.01
        mfa.auxiliary.weight[:, 0] = 1.0


@pytest.mark.parametrize("head", HEADS)
def test_logits_and_losses_by_finite_differences(head: str) -> None:
    """d (view logits, ensemble, both losses) / d (F, weights of both heads), in float64."""
    mfa, F_BDHW = module(head), well_separated().requires_grad_()
    prefer_the_ramp(mfa)
    A_sorted = mfa(F_BDHW).A_BHW.detach().flatten(1).sort(dim=1).values
    assert float(A_sorted.diff(dim=1).min()) > 0.1
    names, values = zip(*mfa.named_parameters(), strict=True)

    def run(F: torch.Tensor, *parameters: torch.Tensor) -> tuple[torch.Tensor, ...]:
        stages = torch.func.functional_call(mfa, dict(zip(names, parameters, strict=True)), (F,))
        loss = mfa_loss(stages, LABELS)
        return stages.logits_BMC, stages.ensemble_BC, loss.global_, loss.local

    leaves = tuple(value.detach().clone().requires_grad_() for value in values)
    assert torch.autograd.gradcheck(run, (F_BDHW, *leaves))


def test_the_ensemble_sees_features_only_through_the_chosen_regions() -> None:
    """d ensemble_c / d F(p) = W_c sum over regions that hold p of 1/|region|, and nothing from the choice of them."""
    mfa, F_BDHW = module(), features(CASE, batch=2).requires_grad_()
    stages = mfa(F_BDHW)
    weight_CD, _ = layer(mfa.head.fc)
    for c in range(C):
        (gradient_BDHW,) = torch.autograd.grad(stages.ensemble_BC[:, c].sum(), F_BDHW, retain_graph=True)
        for b in range(2):
            boxes = [tuple(box) for box in stages.boxes_BKR4[b].flatten(0, 1).tolist()]
            share_HW = oracles.contributions(np.ones((1, 3, 4)), np.ones(1), boxes)
            close(gradient_BDHW[b], weight_CD[c][:, None, None] * share_HW)


@pytest.mark.parametrize("head", HEADS)
def test_the_local_loss_never_reaches_the_auxiliary_layer(head: str) -> None:
    mfa = module(head)
    stages = mfa(features(CASE, batch=2).requires_grad_())
    assert not stages.anchors_BK2.requires_grad
    assert not stages.weights_BMHW.requires_grad
    for part in (mfa_loss(stages, LABELS).local, stages.ensemble_BC.sum(), stages.logits_BMC.sum()):
        reached = torch.autograd.grad(part, list(mfa.auxiliary.parameters()), retain_graph=True, allow_unused=True)
        assert all(gradient is None or not gradient.any() for gradient in reached)


def test_the_auxiliary_layer_learns_from_eq_1_alone() -> None:
    """d L_total / d (w, b) of the 1x1 convolution = mean over the batch of (f - y) (GAP(F), 1)."""
    mfa, F_BDHW = module(), features(CASE, batch=2)
    stages = mfa(F_BDHW)
    mfa_loss(stages, LABELS).total.backward()
    wanted_CD, wanted_C = np.zeros((C, D)), np.zeros(C)
    for b in range(2):
        u_D = np.array([oracles.global_mean(F_HW) for F_HW in array(F_BDHW[b])])
        error_C = array(stages.f_BC[b]) - np.eye(C)[LABELS[b]]
        wanted_CD += np.outer(error_C, u_D) / 2
        wanted_C += error_C / 2
    close(mfa.auxiliary.weight.grad[:, :, 0, 0], wanted_CD)
    close(mfa.auxiliary.bias.grad, wanted_C)


def test_the_global_loss_never_reaches_the_main_head() -> None:
    mfa = module("mlp")
    mfa_loss(mfa(features(CASE, batch=2)), LABELS).global_.backward()
    assert all(p.grad is None or not p.grad.any() for p in mfa.head.parameters())


def test_every_parameter_learns_from_the_total() -> None:
    for head in HEADS:
        mfa = module(head)
        mfa_loss(mfa(features(CASE, batch=2)), LABELS).total.backward()
        assert all(p.grad is not None and p.grad.any() for p in mfa.parameters()), head


def test_attention_itself_can_be_differentiated() -> None:
    """A leaves the module with its graph, so that whoever wants to may train on it."""
    mfa, F_BDHW = module(), features(CASE, batch=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda F: (mfa(F).A_BHW, mfa(F).f_BC), (F_BDHW,))
