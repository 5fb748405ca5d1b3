"""A model that is looked at is left as it was, whoever calls and in whatever state model and caller are."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mvfa_core import build_model, explain, load_model, save_model
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.analysis.cells import cell_story
from mvfa_core.analysis.other_methods import other_map
from mvfa_core.analysis.receptive_field import measured_receptive_field, receptive_field
from mvfa_core.analysis.rectangle_answers import ask, best_rectangle
from mvfa_core.analysis.stability import prediction_path
from mvfa_core.class_subset import likeliest
from mvfa_core.data.sets import PictureSet
from mvfa_core.evaluation.look import look
from mvfa_core.explain import encode, explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.inference import classifier_of, evaluation_mode, unwrapped
from mvfa_core.lesson.facts import lesson_facts
from mvfa_core.maps import cam, contribution_map, grad_cam, top_regions
from mvfa_core.metrics.faithfulness import confidences
from mvfa_core.metrics.sets import explained
from mvfa_core.model import Classifier
from mvfa_core.training.validation import evaluate, predict
from tests.mvfa_core.samples import refusal

PICTURE = Image.fromarray(np.random.default_rng(4).integers(0, 256, (40, 90, 3), dtype=np.uint8))
PICTURES = PictureSet(
    np.random.default_rng(5).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8), np.array([0, 1, 2]), ("a", "b", "c")
)
CALLERS: dict[str, Callable[[], AbstractContextManager]] = {
    "plain": nullcontext,
    "inference mode": torch.inference_mode,
    "no_grad": torch.no_grad,
    "enable_grad": torch.enable_grad,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "autocast in inference mode": lambda: both(torch.inference_mode(), torch.autocast("cpu", torch.bfloat16)),
}
LOOKS: dict[str, Callable[[Classifier], Any]] = {
    "explain": lambda model: explain(model, PICTURE),
    "explain_encoding": lambda model: explain_encoding(model, encode(model, PICTURE), target=1, k=2, sizes=(3,)),
    "ask": lambda model: ask(model, encode(model, PICTURE), (1, 1, 3, 4)),
    "best": lambda model: best_rectangle(model, encode(model, PICTURE), 2),
    "class_atlas": lambda model: class_atlas(model, encode(model, PICTURE)),
    "cell_story": lambda model: cell_story(model, encode(model, PICTURE), (1, 2)),
    "prediction_path": lambda model: prediction_path(model, encode(model, PICTURE)),
    "other_map": lambda model: other_map(model, encode(model, PICTURE), "LayerCAM", 1),
    "walk": lambda model: lesson_facts(model, encode(model, PICTURE)),
    "likeliest": lambda model: explain_encoding(likeliest(model, encode(model, PICTURE), 2), encode(model, PICTURE)),
    "sight": receptive_field,
    "measured_sight": measured_receptive_field,
    "look": lambda model: look(model, PICTURES, np.arange(3)),
    "confidences": lambda model: confidences(model, PICTURES.images, 1),
    "explained": lambda model: list(explained(model, PICTURES.images, np.arange(3))),
    "predict": lambda model: predict(model, PICTURES, ensemble="majority"),
    "evaluate": lambda model: evaluate(model, PICTURES),
}


@contextmanager
def both(*contexts: AbstractContextManager) -> Iterator[None]:
    with contexts[0], contexts[1]:
        yield


def make(pooling: str = "mfa", **options: Any) -> Classifier:
    options = {"k": 4, "sizes": (1, 3), **options} if pooling == "mfa" else options
    return build_model("compact", pooling, 3, classes=("ant", "bee", "cat"), seed=2, **options)


def fine_tuned() -> Classifier:
    """In the middle of fine-tuning: it learns, but its batch normalisation is frozen, and so is its first layer."""
    model = make().train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    model.backbone[0].weight.requires_grad_(False)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.5)
    return model


def state_of(model: nn.Module) -> dict[str, Any]:
    """All that a look must not change."""
    return {
        "modes": [module.training for module in model.modules()],
        "hooks": [len(module._forward_hooks) + len(module._backward_hooks) for module in model.modules()],
        "tensors": {name: (tensor.data_ptr(), tensor.dtype, tensor._version if not tensor.is_inference() else 0)
                    for name, tensor in model.state_dict(keep_vars=True).items()},
        "gradients": [(p.requires_grad, None if p.grad is None else p.grad.data_ptr()) for p in model.parameters()],
        "random": torch.get_rng_state().tolist(),
        "caller": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")),
    }  # fmt: skip


def same(one: Any, other: Any, tolerance: float = 1e-6) -> None:
    """Two answers agree, number by number."""
    if isinstance(one, np.ndarray):
        np.testing.assert_allclose(one.astype(float), other.astype(float), rtol=tolerance, atol=tolerance)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b, tolerance)
    elif hasattr(one, "__dataclass_fields__"):
        same([getattr(one, name) for name in one.__dataclass_fields__],
             [getattr(other, name) for name in one.__dataclass_fields__], tolerance)  # fmt: skip
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=tolerance, abs=tolerance)
    else:
        assert one == other


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", LOOKS)
def test_a_look_leaves_everything_as_it_was_and_answers_the_same(name: str, caller: str) -> None:
    wanted = LOOKS[name](make().eval())
    model = fine_tuned()
    with CALLERS[caller]():
        before = state_of(model)
        found = LOOKS[name](model)
        assert state_of(model) == before
    same(found, wanted)


@pytest.mark.parametrize("name", LOOKS)
def test_a_model_that_was_made_in_inference_mode(name: str) -> None:
    """Its tensors can be saved for no gradient: `to` made them there."""
    wanted = LOOKS[name](make().double().eval())
    with torch.inference_mode():
        model = make().double()
        assert next(model.pooling.parameters()).is_inference()
        same(LOOKS[name](model), wanted)
    same(LOOKS[name](model), wanted)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", LOOKS)
def test_a_model_in_another_precision(name: str, dtype: torch.dtype) -> None:
    """Half of it or twice: the answers come, as NumPy, and the model keeps its numbers."""
    model = make().to(dtype)
    before = state_of(model)
    found = LOOKS[name](model)
    assert state_of(model) == before
    if dtype == torch.float64:
        if name not in ("measured_sight",):
            same(found, LOOKS[name](make().eval()), 1e-3)
    elif isinstance(found, Explanation):
        assert np.isfinite(found.grad_cam_HW).all() and found.adacam_HW.dtype == np.float32
        total = found.contribution_HW.astype(np.float64).sum() + found.contribution_bias
        assert total == pytest.approx(float(found.logits_C[found.target]), rel=1e-3, abs=1e-3)


WRAPPED: dict[str, Callable[[nn.Module], nn.Module]] = {
    "DataParallel": nn.DataParallel,
    "compiled": torch.compile,
    "compiled in DataParallel": lambda model: nn.DataParallel(torch.compile(model)),
    "averaged": torch.optim.swa_utils.AveragedModel,
}


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("name", LOOKS)
def test_a_wrapped_model(name: str, wrap: str) -> None:
    model = WRAPPED[wrap](fine_tuned())
    before = state_of(model)
    found = LOOKS[name](model)
    assert state_of(model) == before
    same(found, LOOKS[name](make().eval()))


def test_a_wrapped_model_is_saved_without_its_wrapping(tmp_path: Path) -> None:
    save_model(nn.DataParallel(torch.compile(fine_tuned())), tmp_path / "m.safetensors", {})
    with torch.inference_mode():
        model = load_model(tmp_path / "m.safetensors")
    assert not any(p.is_inference() for p in model.parameters()) and not model.training
    same(explain(model, PICTURE), explain(make(), PICTURE))


def test_a_broken_look_puts_everything_back() -> None:
    model = fine_tuned()
    with torch.no_grad():
        model.backbone[0].weight[0] = float("nan")
    before = state_of(model)
    with pytest.raises(ValueError, match="finite"):
        explain(model, PICTURE)
    with pytest.raises(KeyError), evaluation_mode(model):
        torch.rand(1)
        raise KeyError
    assert state_of(model) == before


def test_random_anchors_are_drawn_by_nobody() -> None:
    model = make(anchors="random")
    before = torch.get_rng_state()
    first, second = explain(model, PICTURE), explain(model, PICTURE)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(first.anchors_K2, second.anchors_K2)


def test_anchors_of_the_label_are_for_training_alone() -> None:
    explain(make(anchors="label").train(), PICTURE)


# --- what is handed over ---


@pytest.mark.parametrize(
    "target", [np.int64(2), np.uint8(2), np.array(2), torch.tensor(2), torch.tensor(2, dtype=torch.uint8)]
)
def test_a_class_from_any_library(target: Any) -> None:
    model = make().eval()
    encoding = encode(model, PICTURE)
    wanted = explain(model, PICTURE, target=2)
    assert type(explain(model, PICTURE, target=target).target) is int
    same(explain(model, PICTURE, target=target, k=np.int64(4), sizes=np.array([1, 3])), wanted)
    assert best_rectangle(model, encoding, target).box == best_rectangle(model, encoding, 2).box
    same(other_map(model, encoding, "LayerCAM", target), other_map(model, encoding, "LayerCAM", 2))
    same(wanted.top(np.int64(3), target), wanted.top(3, 2))
    stages = model.pooling(encoding.F_BDHW)
    weights = model.pooling.head.class_weights()
    assert torch.equal(cam(encoding.F_BDHW, weights[0], target), cam(encoding.F_BDHW, weights[0], 2))
    assert torch.equal(top_regions(stages, target, np.int64(3)).views_BN, top_regions(stages, 2, 3).views_BN)
    assert torch.equal(contribution_map(stages, *weights, target)[0], contribution_map(stages, *weights, 2)[0])
    assert torch.equal(grad_cam(model.pooling, encoding.F_BDHW, target), grad_cam(model.pooling, encoding.F_BDHW, 2))


@pytest.mark.parametrize("target", [np.bool_(True), torch.tensor(True), np.float64(1), torch.tensor(1.0), np.array([1]),
                                    torch.tensor([1]), np.int64(3), "1", 2**70])  # fmt: skip
def test_what_is_no_class(target: Any) -> None:
    with refusal("target", "0 to 2"):
        explain(make(), PICTURE, target=target)


@pytest.mark.parametrize("caller", CALLERS)
def test_maps_of_features_from_inference_mode(caller: str) -> None:
    model = make().eval()
    wanted = encode(model, PICTURE).F_BDHW
    with CALLERS[caller]():
        F_BDHW = wanted.clone()
        found, expected = (grad_cam(model.pooling, each, 1).float().numpy() for each in (F_BDHW, wanted))
    same(found, expected, 0.05)


def test_numbers_of_numpy_in_a_model_can_be_saved(tmp_path: Path) -> None:
    model = make(k=np.int64(4), sizes=np.array([1, 3]))
    save_model(model, tmp_path / "m.safetensors", {})
    assert load_model(tmp_path / "m.safetensors").pooling.sizes == (1, 3)


@pytest.mark.parametrize("given", [nn.Linear(2, 2), nn.DataParallel(nn.Linear(2, 2)), "runs/mine", None])
def test_what_is_no_model_of_ours(given: Any) -> None:
    for function in (lambda: explain(given, PICTURE), lambda: save_model(given, "x", {}), lambda: classifier_of(given)):
        with refusal("model", "build_model or load_model"):
            function()


def test_a_model_without_values_is_refused() -> None:
    with torch.device("meta"):
        model = make()
    with refusal("model", "weights with values", "on the meta device"):
        explain(model, PICTURE)
    half = make()
    half.pooling = model.pooling
    with refusal("model", "on the meta device"):
        predict(half, PICTURES)


def test_unwrapping_ends_at_the_first_model() -> None:
    model = make()
    assert unwrapped(nn.DataParallel(nn.DataParallel(model))) is model
    assert unwrapped(copy.deepcopy(model.backbone)) is not model
