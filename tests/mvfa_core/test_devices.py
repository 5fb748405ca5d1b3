"""Where models are computed and how finely: what the environment asks for, and what a pretended GPU makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mvfa_core import build_model, devices, load_model
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.analysis.cells import cell_story
from mvfa_core.checkpoints import bundled
from mvfa_core.devices import FULL, ROOM, UNABLE, VARIABLE, Place, find_device, room_on
from mvfa_core.explain import encode, explain, explain_encoding
from mvfa_core.inference import settle
from mvfa_core.metrics.faithfulness import confidences
from mvfa_core.model import Classifier
from mvfa_core.photographs import photograph
from mvfa_core.precision import BOUND
from mvfa_core.precision import VARIABLE as PRECISION
from tests.pretended import FREE, NAME, Gpu, noise

CPU = torch.device("cpu")
IMAGE = noise(1, 112)[0]


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def model() -> Classifier:
    return build_model("compact", "mfa", 3, classes=("a", "b", "c"), k=8, sizes=(1, 3)).eval()


def without_memory(patch: pytest.MonkeyPatch, part: torch.nn.Module, error: BaseException) -> None:
    """A part of a network that a GPU cannot compute: its forward pass raises the error there."""
    forward = type(part).forward

    def refusing(self: torch.nn.Module, x: torch.Tensor, *args: Any, **options: Any) -> Any:
        if x.is_cuda:
            raise error
        return forward(self, x, *args, **options)

    patch.setattr(type(part), "forward", refusing)


def test_the_environment_says_what_auto_is(two_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_device() == torch.device("cuda")
    for name in ("cpu", "cuda", "cuda:1", " cuda:0 "):
        monkeypatch.setenv(VARIABLE, name)
        assert find_device() == torch.device(name.strip())
        assert find_device("cuda:1") == torch.device("cuda:1"), "who names a device gets that one"
    for name, sentence in (
        ("cuda:2", "MVFA_DEVICE: expected cuda:0 to cuda:1, which this machine has, got 'cuda:2'"),
        ("graphics", "MVFA_DEVICE: expected auto, cpu, cuda, cuda:N or mps, got 'graphics'"),
        ("mps", r"MVFA_DEVICE: expected one that this machine has \(try MVFA_DEVICE=cpu\), got 'mps'"),
    ):
        monkeypatch.setenv(VARIABLE, name)
        with pytest.raises(ValueError, match=sentence):
            find_device()


def test_what_may_lie_on_a_device(pretended_gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOM, raising=False)
    assert room_on(CPU) is None and room_on(Gpu.device) == FREE // 2
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 100)
    assert room_on(torch.device("mps")) == 50
    monkeypatch.setenv(ROOM, "300")
    assert room_on(CPU) is None and room_on(Gpu.device) == 300_000_000
    monkeypatch.setenv(ROOM, "a lot")
    with pytest.raises(ValueError, match="MVFA_DEVICE_MB: expected whole megabytes from 16 to 1,048,576, got a lot"):
        room_on(Gpu.device)


def test_a_model_is_computed_on_the_gpu(pretended_gpu: Gpu, model: Classifier) -> None:
    assert settle(model, Gpu.device) is model
    assert model.place == Place("cuda:0", NAME) and str(model.place) == f"computed on {NAME} in float32"
    encoding = encode(model, IMAGE)
    assert encoding.F_BDHW.is_cuda
    assert explain_encoding(model, encoding).classes == model.classes and not model.place.why


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), RuntimeError("CUDA error: out of memory")])
def test_without_memory_for_the_model_it_stays_on_the_cpu(
    error: BaseException, pretended_gpu: Gpu, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = Classifier.to

    def refusing(self: Classifier, device: torch.device) -> Classifier:
        if torch.device(device).type == "cuda":
            raise error
        return moved(self, device)

    monkeypatch.setattr(Classifier, "to", refusing)
    settle(model, Gpu.device)
    assert (model.place.device, model.place.why) == ("cpu", FULL) and "no memory left for it" in str(model.place)
    assert not encode(model, IMAGE).F_BDHW.is_cuda


def test_without_memory_for_a_picture_the_model_moves_to_the_cpu(
    pretended_gpu: Gpu, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(model, Gpu.device)
    without_memory(monkeypatch, model.backbone, torch.OutOfMemoryError("full"))
    assert explain(model, IMAGE).classes == model.classes
    assert (model.place.device, model.place.why) == ("cpu", FULL)
    assert {one.device for one in model.parameters()} == {CPU}


@pytest.mark.parametrize(
    "ask",
    [explain_encoding, class_atlas, lambda model, encoding: cell_story(model, encoding, (2, 3))],
    ids=["explanation", "atlas", "cell"],
)
def test_without_memory_for_the_views_the_features_move_too(
    ask: Callable[..., Any], pretended_gpu: Gpu, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(model, Gpu.device)
    encoding = encode(model, IMAGE)
    monkeypatch.setattr(type(model.pooling), "class_maps", refusing_maps(type(model.pooling).class_maps))
    assert ask(model, encoding) is not None
    assert model.place.why == FULL and encoding.F_BDHW.is_cuda, "what is in a cache stays as it was"
    assert explain_encoding(model, encoding).classes == model.classes


def refusing_maps(class_maps: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def refusing(self: torch.nn.Module, F_BDHW: torch.Tensor) -> torch.Tensor:
        if F_BDHW.is_cuda:
            raise torch.OutOfMemoryError("full")
        return class_maps(self, F_BDHW)

    return refusing


def test_what_a_device_cannot_compute_goes_to_the_cpu(
    pretended_gpu: Gpu, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apple's MPS lacks some operations, and float64."""
    for error in (NotImplementedError("no such kernel"), TypeError("no float64")):
        with monkeypatch.context() as patch:
            without_memory(patch, model.backbone, error)
            settle(model, Gpu.device)
            assert (model.place.device, model.place.why) == ("cpu", UNABLE)
            assert "cannot compute it" in str(model.place)
            assert confidences(model, noise(2, 112), 1).shape == (2,)


def test_an_error_that_is_none_of_memory_is_told(
    pretended_gpu: Gpu, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(model, Gpu.device)
    without_memory(monkeypatch, model.backbone, RuntimeError("illegal instruction"))
    with pytest.raises(RuntimeError, match="illegal instruction"):
        encode(model, IMAGE)
    assert not model.place.why


# --- how finely, with numbers, on a CPU ---


def test_bfloat16_where_it_is_asked_for_and_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = settle(load_model(bundled()["compact_mfa"]), CPU)
    assert exact.place.is_plain and exact.place.precision == "float32"
    monkeypatch.setenv(PRECISION, "bf16")
    quick = settle(load_model(bundled()["compact_mfa"]), CPU)
    assert quick.place.precision == "bf16" and quick.place.apart is not None
    assert 0 < quick.place.apart <= BOUND["bf16"] and not quick.place.is_plain
    picture = photograph("coffee")
    F, exact_F = encode(quick, picture).F_BDHW, encode(exact, picture).F_BDHW
    assert F.dtype is torch.float32 and not torch.equal(F, exact_F)
    found, wanted = explain(quick, picture), explain(exact, picture)
    assert found.predicted == wanted.predicted
    assert np.abs(found.logits_C - wanted.logits_C).max() <= BOUND["bf16"] * np.abs(wanted.logits_C).max()
    assert next(quick.parameters()).dtype is torch.float32, "the weights stay as they are"


def test_bfloat16_that_does_not_agree_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRECISION, "bf16")
    monkeypatch.setattr("mvfa_core.inference.BOUND", {"bf16": 1e-9})
    model = settle(load_model(bundled()["compact_mfa"]), CPU)
    assert (model.place.precision, model.place.asked) == ("float32", "bf16")
    assert str(model.place).endswith("of the largest logit apart")
    exact = load_model(bundled()["compact_mfa"])
    assert torch.equal(encode(model, IMAGE).F_BDHW, encode(exact, IMAGE).F_BDHW)


def test_tf32_is_a_matter_of_cuda_and_of_the_backbone(
    pretended_gpu: Gpu, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[bool]] = {}
    for part in (model.backbone, model.pooling):
        forward = type(part).forward

        def noted(self: Any, *args: Any, forward: Any = forward, **options: Any) -> Any:
            seen.setdefault(type(self).__name__, set()).add(torch.backends.cudnn.allow_tf32)
            return forward(self, *args, **options)

        monkeypatch.setattr(type(part), "forward", noted)
    monkeypatch.setenv(PRECISION, "tf32")
    settle(model, CPU)
    assert model.place.is_plain and not seen
    settle(model, Gpu.device)
    assert model.place.precision == "tf32"
    seen.clear()
    explain(model, IMAGE)
    assert seen == {type(model.backbone).__name__: {True}, type(model.pooling).__name__: {False}}


def test_another_precision_is_a_sentence(model: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRECISION, "int4")
    with pytest.raises(ValueError, match="MVFA_PRECISION: expected one of float32, tf32, bf16, got 'int4'"):
        settle(model, CPU)


def test_runs_beside_each_other_follow_the_environment(two_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cuda:1")
    assert devices.asked() == "cuda:1" and devices.asked("cpu") == "cpu"
    monkeypatch.delenv(VARIABLE)
    assert devices.asked() == "auto"
