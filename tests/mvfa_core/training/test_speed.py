"""How steps are computed: low precision stays close to float32, the layout and the scaler's state survive. What a GPU
sees of it is in test_gpu.py."""

from __future__ import annotations

import copy

import pytest
import torch

from mvfa_core import build_model
from mvfa_core.training import batches
from mvfa_core.training.engine import Stepped, Ticked, Trainer, Validated
from mvfa_core.training.speed import Network, dtype_of, network_on
from tests.mvfa_core.training.samples import TINY, of_kind, trainer

CPU = torch.device("cpu")


def weights_of(one: Trainer) -> torch.Tensor:
    return torch.cat([values.detach().reshape(-1) for values in one.model.parameters()])


@pytest.mark.parametrize(("precision", "pooling"), [("bf16", "gap"), ("fp16", "mfa")])
def test_low_precision_stays_close(precision: str, pooling: str) -> None:
    """The loss and the direction of the first gradient, beside float32."""
    one, exact = (trainer(pooling=pooling, precision=p, steps=1, val_every=1) for p in (precision, "fp32"))
    found, wanted = list(one.run()), list(exact.run())
    for got, right in zip(of_kind(found, Stepped), of_kind(wanted, Stepped), strict=True):
        assert got.loss == pytest.approx(right.loss, rel=0.03)
        assert got.loss != right.loss, "else nothing was computed in low precision"
    assert len(of_kind(found, Validated)) == 1
    way, right_way = (torch.cat([p.grad.flatten() for p in each.model.parameters()]) for each in (one, exact))
    assert torch.nn.functional.cosine_similarity(way, right_way, dim=0) > 0.95
    assert way.norm().item() == pytest.approx(right_way.norm().item(), rel=0.1), (
        "the scaler has taken back what it put in"
    )
    assert weights_of(one).dtype == torch.float32


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_only_the_backbone_is_computed_in_low_precision(pooling: str) -> None:
    """What follows the features is that of float32 on the same features, to the last bit."""
    model = build_model("compact", pooling, 3, **({} if pooling == "gap" else {"k": 3, "sizes": (3, 5)})).eval()
    image_B3SS = torch.randn(2, 3, 112, 112)
    with torch.no_grad():
        stages = Network(model, torch.bfloat16)(image_B3SS)
        exact = model.backbone(image_B3SS)
        assert stages.F_BDHW.dtype == torch.float32
        assert torch.equal(stages.F_BDHW, stages.F_BDHW.bfloat16().float()), "the features have passed through bf16"
        torch.testing.assert_close(stages.F_BDHW, exact, rtol=0.1, atol=0.1)
        again = model.pooling(stages.F_BDHW)
    assert torch.equal(stages.ensemble_BC, again.ensemble_BC)
    assert stages.ensemble_BC.dtype == torch.float32
    if pooling == "mfa":
        assert stages.A_BHW.dtype == torch.float32
        assert torch.equal(stages.anchors_BK2, again.anchors_BK2)


def test_float32_is_the_model_itself() -> None:
    model = build_model("compact", "mfa", 3, k=3, sizes=(3,)).eval()
    image_B3SS = torch.randn(2, 3, 112, 112)
    with torch.no_grad():
        assert torch.equal(Network(model)(image_B3SS).ensemble_BC, model(image_B3SS).ensemble_BC)
        assert torch.equal(network_on(model, TINY, CPU)(image_B3SS).ensemble_BC, model(image_B3SS).ensemble_BC)
        tiled = Network(model, channels_last=True)(image_B3SS)
        torch.testing.assert_close(tiled.ensemble_BC, model(image_B3SS).ensemble_BC, rtol=1e-3, atol=1e-3)


def test_the_names_of_precision() -> None:
    assert [dtype_of(name, CPU) for name in ("auto", "fp32", "bf16", "fp16")] == [
        None, None, torch.bfloat16, torch.float16,
    ]  # fmt: skip


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_going_on_in_low_precision(precision: str) -> None:
    choices = {"precision": precision, "steps": 4, "val_every": 4, "pooling": "gap"}
    whole, half, rest = trainer(**choices), trainer(**choices), trainer(**choices)
    list(whole.run())
    for event in half.run():
        if isinstance(event, Ticked) and event.step == 2:
            break
    state = half.state()
    assert bool(state["scaler"]) == (precision == "fp16")
    rest.restore(state)
    assert rest.scaler.get_scale() == half.scaler.get_scale()
    list(rest.run())
    assert torch.equal(weights_of(rest), weights_of(whole))


def test_the_scaler_scales_by_what_was_restored() -> None:
    one, other = (trainer(precision="fp16") for _ in range(2))
    one.learn(batches.batch_of(one.data, one.recipe, 0, CPU))
    state = one.state()
    state["scaler"]["scale"] = 32.0
    other.restore(state)
    assert other.scaler.scale(torch.ones(())).item() == 32.0


def test_a_checkpoint_of_another_device_keeps_its_moments() -> None:
    """The fused kernels of CUDA leave a mark in the optimiser's state; here the plain ones go on with it."""
    whole, rest = trainer(steps=6), trainer(steps=6)
    for event in whole.run():
        if isinstance(event, Ticked) and event.step == 3:
            state = copy.deepcopy(whole.state())
            state["optimizer"]["param_groups"][0]["fused"] = True
            rest.restore(state)
    assert rest.optimizer.param_groups[0]["fused"] is None
    list(rest.run())
    assert torch.equal(weights_of(rest), weights_of(whole))


def test_compiled_training_is_traced_whole() -> None:
    """One graph for a step of the model, no break in it, and the numbers of the plain one. The code generator is left
    out: it needs a compiler, and takes minutes."""
    plain, traced = trainer(steps=2), trainer(steps=2)
    traced.forward = torch.compile(traced.network, backend="aot_eager", fullgraph=True)
    losses = [[event.loss for event in of_kind(list(one.run()), Stepped)] for one in (plain, traced)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert trainer(compile="on").forward is not trainer().forward


@pytest.mark.parametrize(("begun_in", "ended_in"), [("fp32", "bf16"), ("bf16", "fp32")])
def test_moments_lie_as_the_weights_do(begun_in: str, ended_in: str) -> None:
    """Low precision on a CPU has the layout of CUDA; a checkpoint may come from the other one."""
    one, other = trainer(precision=begun_in), trainer(precision=ended_in)
    one.learn(batches.batch_of(one.data, one.recipe, 0, CPU))
    other.restore(copy.deepcopy(one.state()))
    kept = {name: other.optimizer.state[p] for name, p in other.model.named_parameters()}
    was = {name: one.optimizer.state[p] for name, p in one.model.named_parameters()}
    for name, parameter in other.model.named_parameters():
        for moment in ("exp_avg", "exp_avg_sq"):
            assert kept[name][moment].stride() == parameter.stride(), name
            assert torch.equal(kept[name][moment], was[name][moment])
    assert any(was[name]["exp_avg"].stride() != kept[name]["exp_avg"].stride() for name in was)


def test_auto_stays_what_it_became() -> None:
    """A run that began where "auto" was bfloat16 goes on in it elsewhere; one that was asked for float32 does not."""
    begun = trainer(precision="bf16")
    begun.learn(batches.batch_of(begun.data, begun.recipe, 0, CPU))
    state = begun.state()
    rest, asked, old = trainer(), trainer(precision="fp32"), trainer()
    assert (rest.precision, rest.about()["precision"]) == ("fp32", "fp32")
    rest.restore(copy.deepcopy(state))
    asked.restore(copy.deepcopy(state))
    assert (rest.precision, rest.network.dtype, rest.network.layout) == ("bf16", torch.bfloat16, torch.channels_last)
    assert (asked.precision, asked.network.dtype) == ("fp32", None)
    for one in (begun, rest):
        one.learn(batches.batch_of(one.data, one.recipe, 1, CPU))
    assert torch.equal(weights_of(begun), weights_of(rest))
    old.restore({name: value for name, value in copy.deepcopy(state).items() if name != "precision"})
    assert old.precision == "fp32", "checkpoints of before said nothing"
    with pytest.raises(ValueError, match="precision: expected one of bf16, fp16, tf32, fp32"):
        trainer().restore({**state, "precision": "int4"})


@pytest.mark.parametrize("compiled", [False, True])
def test_what_the_loss_leaves_out_stays_as_it_is(compiled: bool) -> None:
    """AdamW would let the weights decay that have a gradient of zero, which compiled code makes of none."""
    one = trainer(global_loss="off", weight_decay=0.5, lr=0.1)
    if compiled:
        one.forward = torch.compile(one.network, backend="aot_eager", fullgraph=True)
    before = [p.detach().clone() for p in one.model.pooling.auxiliary.parameters()]
    one.learn(batches.batch_of(one.data, one.recipe, 0, CPU))
    for was, now in zip(before, one.model.pooling.auxiliary.parameters(), strict=True):
        assert now.grad is None and torch.equal(was, now)
    assert all(p.requires_grad for p in trainer().model.parameters())
