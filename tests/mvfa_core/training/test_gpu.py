"""What a GPU would see, on a pretended one (tests/pretended.py): steps, validations, checkpoints and explanations."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mvfa_core import build_model, devices
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.analysis.stability import prediction_path
from mvfa_core.checkpoints import BEST, read_card
from mvfa_core.checks import NotFiniteError, expect_finite, looking_once
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.evaluation.look import look
from mvfa_core.explain import encode, explain, explain_encoding
from mvfa_core.lesson import lesson_facts
from mvfa_core.metrics.faithfulness import confidences, faithfulness
from mvfa_core.metrics.road import road
from mvfa_core.metrics.sets import explained
from mvfa_core.precision import allow_tf32, tensor_float32
from mvfa_core.training import measured
from mvfa_core.training.batches import Fetched, batch_of, fetch
from mvfa_core.training.engine import Ticked, Trainer
from mvfa_core.training.parallel import World, expect_own_devices
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.saver import EVERY_S, Saver
from mvfa_core.training.saving import restore, save
from mvfa_core.training.speed import Network
from mvfa_core.training.validation import EVAL_BATCH, evaluate
from tests.mvfa_core.training.samples import CLASSES, TINY, data_set, replace, trainer
from tests.pretended import NAME, Gpu, noise

CPU = torch.device("cpu")
DATA = data_set(each=8)


def on_gpu(**changes: object) -> Trainer:
    recipe = replace(TINY, batch=8, **changes)
    options = {} if recipe.pooling == "gap" else {"k": recipe.k, "sizes": recipe.sizes, "anchors": recipe.anchors}
    model = build_model(recipe.backbone, recipe.pooling, len(CLASSES), head=recipe.head, classes=CLASSES, **options)
    return Trainer(model, recipe, DATA, Gpu.device)


STEPS: list[dict[str, object]] = [
    {}, {"pooling": "gap"}, {"anchors": "label"}, {"anchors": "random"}, {"anchors": "covering"}, {"anchors": "all"},
    {"mix": "mixup"}, {"mix": "cutmix"}, {"mix": "cutout"}, {"precision": "fp32"}, {"precision": "fp16"},
    {"head": "mlp"}, {"head": "prototype"}, {"local": "mean"}, {"global_loss": "off"}, {"augment": "none"},
]  # fmt: skip


def test_nothing_in_a_step_waits(pretended_gpu: Gpu) -> None:
    """From the pictures in memory to the new weights; the gradients are made up."""
    for changes in STEPS:
        one = on_gpu(**changes)
        pretended_gpu.forget()
        for _ in range(2):
            one.learn(batch_of(one.data, one.recipe, one.step, one.device))
        found = (pretended_gpu.waits, pretended_gpu.reads, pretended_gpu.pageable)
        assert found == ([], [], []), changes
        assert one.sums.is_cuda and one.optimizer.defaults["fused"]


def test_what_would_wait_is_noticed(pretended_gpu: Gpu) -> None:
    gpu = pretended_gpu
    torch.ones(3).to(gpu.device)
    torch.tensor([1.0, 2.0], device=gpu.device)
    torch.ones(4).to(gpu.device, non_blocking=True)
    torch.ones(2**15).to(gpu.device, non_blocking=True)
    torch.ones(2**15).pin_memory().to(gpu.device, non_blocking=True)
    assert (len(gpu.waits), len(gpu.pageable), gpu.reads) == (2, 1, [])
    assert torch.ones(3, device=gpu.device).sum().item() == 0.0
    assert torch.ones(3, device=gpu.device).cpu().tolist() == [0, 0, 0]
    assert len(gpu.reads) == 2


@pytest.mark.parametrize("backbone", ["compact", "vgg16"])
def test_a_checkpoint_of_a_cpu_goes_on(backbone: str, pretended_gpu: Gpu) -> None:
    """Fused kernels refuse moments that lie otherwise in memory than the weights."""
    one = on_gpu(backbone=backbone, precision="fp32")
    state = one.state()
    parameters = list(one.model.parameters())
    moments = {i: {name: torch.ones(p.shape) for name in ("exp_avg", "exp_avg_sq")} for i, p in enumerate(parameters)}
    for kept in moments.values():
        kept["step"] = torch.tensor(1.0)
    model = {name: torch.zeros(value.shape, dtype=value.dtype) for name, value in state["model"].items()}
    one.restore({**state, "model": model, "optimizer": {**state["optimizer"], "state": moments}})
    laid_out = [p for p in parameters if not p.is_contiguous()]
    assert laid_out, "else there was nothing to lay out"
    for parameter in parameters:
        for name in ("exp_avg", "exp_avg_sq"):
            moment = one.optimizer.state[parameter][name]
            assert moment.stride() == parameter.stride() and moment.device == parameter.device
    if backbone == "compact":
        one.learn(batch_of(one.data, one.recipe, 0, one.device))


def test_a_validation_reads_back_once_for_all_its_batches(pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvfa_core.training.validation.EVAL_BATCH", 2)
    one = on_gpu()
    pretended_gpu.forget()
    evaluate(one.network, one.data.val)
    assert sorted(pretended_gpu.reads) == [f"({len(one.data.val)},) to the CPU", "a value of ()"]
    assert pretended_gpu.waits == []


def test_the_next_pictures_are_fetched_while_a_step_is_computed(
    pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step's pictures once, before its turn; values are read back at logging points and validations alone."""
    one = on_gpu(steps=12, val_every=6)
    pretended_gpu.forget()
    steps: list[int] = []

    def noted(data: DataSet, recipe: Recipe, step: int, *rest: Any) -> Fetched:
        steps.append(step)
        return fetch(data, recipe, step, *rest)

    monkeypatch.setattr("mvfa_core.training.engine.fetch", noted)
    monkeypatch.setattr("mvfa_core.training.batches.fetch", noted)
    for event in one.run():
        if isinstance(event, Ticked):
            ahead = min(event.step + 1, one.recipe.steps)
            assert steps == list(range(ahead))
            assert bool(pretended_gpu.reads) == (event.step in (6, 10, 12))
            assert pretended_gpu.waits == []
            pretended_gpu.forget()


def test_checkpoints_of_a_gpu_are_rare(pretended_gpu: Gpu, tmp_path: Path) -> None:
    """At most one a minute, and at stop and end; the best weights wait in memory meanwhile."""
    run, one, clock = Run(tmp_path / "run"), on_gpu(), [0.0]
    run.create(one.recipe)
    saver = Saver(run, one, now=lambda: clock[0])

    def written() -> tuple[int, int, int]:
        state = torch.load(run.path / "state.pt", weights_only=True)["step"]
        return state, read_card(run.path)["step"], read_card(run.path / BEST)["step"]

    one.step = 1
    saver.validated(best=True, last=False)
    assert written() == (1, 1, 1), "the first at once"
    one.step, clock[0] = 2, EVERY_S - 1
    saver.validated(best=True, last=False)
    assert written() == (1, 1, 1)
    one.step, clock[0] = 3, EVERY_S
    saver.validated(best=False, last=False)
    assert written() == (3, 3, 2)
    one.step = 4
    saver.stopped()
    assert written() == (4, 4, 2)
    one.step = 5
    saver.validated(best=True, last=False)
    assert written() == (4, 4, 2)
    saver.keep_best()
    assert written() == (4, 4, 5), "and where the run diverges"
    one.step = 6
    saver.validated(best=False, last=True)
    assert written() == (6, 6, 5)


def test_processes_on_gpus_talk_at_logging_points(pretended_gpu: Gpu) -> None:
    class Two(World):
        def mean(self, tensor: torch.Tensor) -> torch.Tensor:
            return tensor

    one = on_gpu()
    one.world = Two(0, 2)  # nobody answers: an exchange would be an error
    one.learn(batch_of(one.data, one.recipe, 0, one.device, one.world))
    heard = set()
    for one.step in range(1, 31):
        if one.is_heard():
            heard.add(one.step)
    assert heard == {10, 20, 30}
    one.world, one.step = World(), 3
    assert one.is_heard()


def test_each_process_has_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its place on the machine, or the one that a scheduler shows it."""
    cuda = torch.device("cuda")
    for count, wanted in ((4, "cuda:1"), (2, "cuda:1"), (1, "cuda:0")):
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=count: count)
        assert World(1, 2, 1).device(cuda) == torch.device(wanted)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="devices: expected at most the 2 GPUs of this machine, got 3"):
        World(2, 4, 2).device(cuda)
    expect_own_devices([("a", "0"), ("a", "1"), ("b", "0")])
    with pytest.raises(ValueError, match="devices: expected a GPU for each of the 3 processes, got 2 GPUs for all"):
        expect_own_devices([("a", "0"), ("a", "1"), ("a", "0")])


def test_a_checkpoint_says_how_it_was_computed(pretended_gpu: Gpu, tmp_path: Path) -> None:
    run, one = Run(tmp_path / "run"), on_gpu(precision="auto")
    run.create(one.recipe)
    said = {"precision": "bf16", "machine": NAME, "torch": str(torch.__version__)}
    assert one.about() == said
    one.learn(batch_of(one.data, one.recipe, 0, one.device))
    save(run, one, best=True)
    card = read_card(run.path)
    assert {name: card[name] for name in said} == said
    there = torch.load(run.path / "state.pt", weights_only=True)
    assert there["sums"].device == CPU and there["precision"] == "bf16"
    rest = on_gpu(precision="auto")
    restore(run, rest)
    assert rest.step == 1


def test_a_run_of_a_gpu_goes_on_elsewhere_in_its_precision(pretended_gpu: Gpu) -> None:
    one = on_gpu(precision="fp32")
    state = trainer(data=DATA).state()
    auto = on_gpu(precision="auto")
    assert (one.precision, auto.precision) == ("fp32", "bf16")
    auto.restore(copy.deepcopy(state))
    assert (auto.precision, auto.network.dtype) == ("fp32", None), "the run began on a CPU"


@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_float32_is_rounded_for_tf32_alone(precision: str, pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    forward = type(build_model("compact", "gap", 2).backbone).forward

    def noted(self: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        seen.append((torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32))
        return forward(self, x)

    with tensor_float32(True):
        one = on_gpu(precision=precision)
        monkeypatch.setattr(type(one.model.backbone), "forward", noted)
        one.learn(batch_of(one.data, one.recipe, 0, one.device))
        evaluate(one.network, one.data.val)
        assert len(set(seen)) == 1 and seen[0] == ((precision == "tf32",) * 2)
        seen.clear()
        evaluate(one.model, one.data.val)
        explain(one.model, noise(1, 112)[0])
        assert set(seen) == {(False, False)}
        assert torch.backends.cudnn.allow_tf32, "and the process is left as it was"


def test_what_the_pages_show_is_float32(pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """Backbone and head of all that looks at a picture, whatever the process allows elsewhere."""
    seen: dict[str, set[tuple[bool, bool]]] = {}
    model = on_gpu().model.eval()

    def noting(part: type[torch.nn.Module]) -> None:
        forward = part.forward

        def noted(self: torch.nn.Module, *args: Any, **options: Any) -> Any:
            flags = (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32)
            seen.setdefault(part.__name__, set()).add(flags)
            return forward(self, *args, **options)

        monkeypatch.setattr(part, "forward", noted)

    noting(type(model.backbone))
    noting(type(model.pooling))
    with tensor_float32(True):
        encoding = encode(model, noise(1, 112)[0])
        for looks in (explain_encoding, lesson_facts, prediction_path, class_atlas):
            seen.pop(type(model.pooling).__name__, None)
            looks(model, encoding)
            assert seen.get(type(model.pooling).__name__, {(False, False)}) == {(False, False)}, looks.__name__
        look(model, PictureSet(noise(2, 112), np.arange(2), ("a", "b")), np.arange(2))
    assert set(seen) == {type(model.backbone).__name__, type(model.pooling).__name__}
    assert set().union(*seen.values()) == {(False, False)}


def test_a_device_is_begun_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one with the number asked for, and only of those there are; float32 is then float32."""
    set_to: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", set_to.append)
    with tensor_float32(True):
        assert devices.use_device("cuda:1") == torch.device("cuda", 1)
        assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
        allow_tf32(True)
        devices.use_device("cpu")
        assert torch.backends.cudnn.allow_tf32
    assert set_to == [1]
    assert devices.use_device("cuda") == torch.device("cuda") and set_to == [1, 0]
    for name in ("cuda:2", "cuda:7"):
        with pytest.raises(ValueError, match="device: expected cuda:0 to cuda:1, which this machine has, got "):
            devices.find_device(name)
    with pytest.raises(ValueError, match="device: expected cpu, which"):
        devices.find_device("cpu:1")


def test_an_estimate_validates_as_a_run_does(pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the precision of training and in whole batches, once before the clock starts."""
    seen: list[tuple[torch.nn.Module, int]] = []

    def noted(model: torch.nn.Module, pictures: PictureSet, *rest: Any) -> object:
        seen.append((model, len(pictures)))
        return evaluate(model, pictures, *rest)

    monkeypatch.setattr(measured, "use_device", lambda name: Gpu.device)
    monkeypatch.setattr(measured, "evaluate", noted)
    monkeypatch.setattr(measured, "LONGEST_ALL_S", float("inf"))  # where others are at work a pretended step takes long
    found = measured.measure(replace(TINY, precision="bf16"), 3)
    assert (found.batch, found.steps, found.machine) == (TINY.batch, measured.STEPS_ELSEWHERE, NAME)
    assert [count for _, count in seen] == [2 * EVAL_BATCH] * 2
    assert all(isinstance(model, Network) and model.dtype is torch.bfloat16 for model, _ in seen)


def test_measures_ask_a_gpu_for_batches(pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features come back batch by batch; what follows the backbone goes to the CPU once and is computed there."""
    monkeypatch.setattr("mvfa_core.metrics.sets.BATCH", 2)
    model = on_gpu().model.eval()
    pretended_gpu.forget()
    images = noise(5, 112)
    found = list(explained(model, images, np.arange(5), np.array([0, 1, 2, 0, 1])))
    assert len(pretended_gpu.reads) == len(list(model.pooling.parameters())) + 3
    assert [one.target for one, _ in found] == [0, 1, 2, 0, 1]
    assert model.pooling.auxiliary.weight.is_cuda, "the model stays where it was"
    pretended_gpu.forget()
    assert confidences(model, images, 1).shape == (5,)
    assert len(pretended_gpu.reads) == 2


def test_all_maps_of_a_picture_are_judged_in_one_batch(pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletion, insertion and ROAD ask about every version of every map together, and read once."""
    model, image = on_gpu().model.eval(), noise(1, 112)[0]
    maps = {str(n): np.random.default_rng(n).random((14, 14), dtype=np.float32) for n in range(3)}
    for judge in (faithfulness, road):
        pretended_gpu.forget()
        found = judge(model, image, {**maps, "again": maps["0"]}, 1)
        assert list(found) == ["0", "1", "2", "again"] and found["again"] == found["0"]
        assert len(pretended_gpu.reads) == 2, "whether all is finite, and the answers"
        assert judge(model, image, {}, 1) == {}


def test_nothing_that_looks_at_a_model_needs_float64_of_its_device(
    pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apple's MPS has none."""
    monkeypatch.setattr("mvfa_core.precision.NO_DOUBLE", ("cuda",))
    pretended_gpu.has_double = False
    with pytest.raises(TypeError, match="no float64"):
        torch.ones(2, device=Gpu.device).double()
    for changes in ({}, {"pooling": "gap"}, {"head": "mlp"}, {"head": "prototype"}):
        model = on_gpu(**changes).model.eval()
        encoding = encode(model, noise(1, 112)[0])
        assert encoding.F_BDHW.is_cuda
        assert explain_encoding(model, encoding).target == 0
        assert lesson_facts(model, encoding).classes == CLASSES
        assert class_atlas(model, encoding, (0.5, 2.0)).classes == CLASSES
        assert len(list(explained(model, noise(2, 112), np.arange(2)))) == 2
        look(model, PictureSet(noise(2, 112), np.arange(2), ("a", "b")), np.arange(2))
        if changes.get("pooling") != "gap":
            assert prediction_path(model, encoding).share_NC.shape == (196, len(CLASSES))


@pytest.mark.parametrize("state", ["on", "off"])
def test_a_deterministic_step(state: str, pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    one = on_gpu(deterministic=state, schedule="constant")
    monkeypatch.setattr(one.optimizer, "step", lambda: seen.append(torch.are_deterministic_algorithms_enabled()))
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    one.learn(batch_of(one.data, one.recipe, 0, one.device))
    assert seen == [state == "on"] and not torch.are_deterministic_algorithms_enabled()
    assert ("CUBLAS_WORKSPACE_CONFIG" in os.environ) == (state == "on")


def test_what_is_not_finite_is_told_once(pretended_gpu: Gpu) -> None:
    gpu = pretended_gpu
    values = torch.ones(3, device=gpu.device)
    with looking_once():
        for name in "FGA":
            expect_finite(values, name)
            with looking_once():
                expect_finite(values, name)
        assert gpu.reads == []
        with pytest.raises(NotFiniteError, match="on the CPU"):
            expect_finite(torch.tensor(float("nan")), "on the CPU")
    assert len(gpu.reads) == 1


def test_the_first_that_is_not_finite_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on tensors with numbers: the meaning of "elsewhere than on a CPU" is turned round."""

    class Elsewhere(torch.Tensor):
        device = torch.device("cuda")  # type: ignore[assignment]

    bad = torch.tensor([1.0, float("inf")]).as_subclass(Elsewhere)
    good = torch.ones(2).as_subclass(Elsewhere)
    with pytest.raises(NotFiniteError, match="G: expected finite numbers"), looking_once():
        for name, tensor in (("F", good), ("G", bad), ("A", bad)):
            expect_finite(tensor, name)
    with looking_once():
        expect_finite(good, "F")
