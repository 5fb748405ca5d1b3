"""How steps are computed: low precision stays close to float32, the layout and the scaler's state survive, and nothing
in a step waits for the device."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from mvfa_core import build_model
from mvfa_core.model import Classifier
from mvfa_core.training import batches
from mvfa_core.training.engine import Stepped, Ticked, Trainer, Validated
from mvfa_core.training.objective import objective
from mvfa_core.training.speed import Network, dtype_of, network_on
from tests.training.samples import CLASSES, TINY, data_set, of_kind, trainer

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


class Waits(TorchDispatchMode):
    """Notes what makes the program wait for a device: a copy to or from it that is not asked to be concurrent."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        if name == "_to_copy" and args[0].device != result.device and not (kwargs or {}).get("non_blocking"):
            self.found.append(f"{tuple(args[0].shape)} to {result.device}")
        if name == "copy_" and args[0].device != args[1].device and not (len(args) > 2 and args[2]):
            self.found.append(f"{tuple(args[1].shape)} copied to {args[0].device}")
        return result


@pytest.fixture
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Tensors without values on a CUDA device that need not be there: every operation gives its shape, type and
    device, and reading a value back is an error. Pinned memory and moving a module are the two things it cannot do."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    monkeypatch.setattr(Classifier, "to", lambda self, *_, **__: self)
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield torch.device("cuda")


@pytest.mark.parametrize("changes", [{}, {"pooling": "gap"}, {"anchors": "label"}, {"anchors": "random"}])
def test_nothing_in_a_step_waits_for_a_gpu(changes: dict, pretended_gpu: torch.device) -> None:
    """From the pictures in memory to the loss. (No backward pass: that needs the device itself.)"""
    recipe = trainer(**changes).recipe
    options = {} if recipe.pooling == "gap" else {"k": 3, "sizes": (3, 5), "anchors": recipe.anchors}
    with pretended_gpu:
        model = build_model("compact", recipe.pooling, len(CLASSES), classes=CLASSES, **options)
    one = Trainer(model, recipe, data_set(), pretended_gpu)
    one.network.train()
    with Waits() as waits:
        batch = batches.batch_of(one.data, recipe, 0, pretended_gpu)
        stages = one.forward(batch.image_B3SS, batch.labels_B)
        loss = objective(one.model, stages, batch.targets, recipe)
    assert loss.total.device.type == "cuda"
    assert batch.image_B3SS.device.type == "cuda"
    assert waits.found == []


def test_a_wait_would_be_noticed(pretended_gpu: torch.device) -> None:
    with Waits() as waits:
        torch.ones(3).to(pretended_gpu)
        torch.tensor([1.0, 2.0], device=pretended_gpu)
        torch.ones(4).to(pretended_gpu, non_blocking=True)
    assert len(waits.found) == 2
    with pytest.raises(RuntimeError, match="_local_scalar_dense"):
        torch.ones(3, device=pretended_gpu).sum().item()
