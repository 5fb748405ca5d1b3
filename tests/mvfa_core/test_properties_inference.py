"""What holds of a look at a model, whatever state the model and its caller are in."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mvfa_core.checks import as_whole, expect_k, expect_target, expect_whole
from mvfa_core.explain import encode, explain, explain_encoding
from mvfa_core.export import facts_of
from mvfa_core.images import MEAN, STD
from mvfa_core.inference import (
    classifier_of,
    device_of,
    evaluation_mode,
    features,
    head_on_cpu,
    inference,
    inspects,
    stages_of,
    unwrapped,
    with_parts,
)
from mvfa_core.maps import leaf
from mvfa_core.model import Classifier, build_model
from tests.corpus.drawn import CLASSES, JSON, POOLINGS, few, fewer, refused, rng, small_model, tensor

PICTURE = rng(1).integers(0, 256, (30, 50, 3), dtype=np.uint8)
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16])
WRAPPERS = st.lists(st.sampled_from([nn.DataParallel, torch.compile]), unique=True)


@fewer
@given(POOLINGS, DTYPES, WRAPPERS, st.integers(0, 2**20), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_look_leaves_no_trace(
    pooling: str, dtype: torch.dtype, wrappers: list[Any], frozen: int, inside: bool, grad: bool, autocast: bool,
    made_inside: bool,
) -> None:  # fmt: skip
    """Any modules in training mode, any precision, any wrapping, any modes of the caller: all is as it was."""
    model = build_model("compact", pooling, CLASSES, seed=3, **({"k": 1, "sizes": (1, 3)} if pooling == "mfa" else {}))
    with torch.inference_mode(made_inside):
        model = model.to(dtype)
    assert head_on_cpu(model) is model, "it is there already"
    for place, module in enumerate(model.modules()):
        module.training = bool(frozen >> place & 1)
    given_model: Any = model
    for wrap in wrappers:
        given_model = wrap(given_model)
    with torch.inference_mode(inside), torch.set_grad_enabled(grad), torch.autocast("cpu", enabled=autocast):
        before = _state(model)
        found = explain(given_model, PICTURE)
        assert _state(model) == before
        again = explain_encoding(given_model, encode(model, PICTURE), target=np.int64(found.target))
        assert _state(model) == before
    assert found.logits_C.tolist() == again.logits_C.tolist()
    assert np.isfinite(found.grad_cam_HW).all() and found.ensemble_C.dtype == np.float32
    if dtype == torch.float32:
        assert np.allclose(found.logits_C, explain(small_model(pooling), PICTURE).logits_C, rtol=1e-4, atol=1e-4)
    assert unwrapped(given_model) is classifier_of(given_model) is model


def _state(model: Classifier) -> Any:
    modules = [(type(module), module.training) for module in model.modules()]
    weights = [(id(p), p.dtype, p.requires_grad, p.grad, p.double().sum().item()) for p in model.parameters()]
    caller = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")
    return modules, weights, caller, torch.get_rng_state().tolist()


@fewer
@given(POOLINGS, DTYPES, st.booleans(), st.integers(0, 3))
def test_the_model_that_is_looked_at(pooling: str, dtype: torch.dtype, gradients: bool, seed: int) -> None:
    """Its head is exact, its backbone the model's own; the stages are those of its parts."""
    plain = small_model(pooling)
    model = with_parts(plain) if dtype == torch.float32 else copy.deepcopy(plain).to(dtype)

    @inspects
    def looked_at(seen: Classifier) -> tuple[bool, bool]:
        return seen.backbone is model.backbone, any(module.training for module in seen.modules())

    assert looked_at(model) == (True, False)
    image_B3SS = tensor(seed, 2, 3, 24, 16)
    with inference(model, gradients=gradients) as seen, evaluation_mode(seen):
        assert torch.is_grad_enabled() == gradients
        F_BDHW = features(seen, image_B3SS)
        assert F_BDHW.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert F_BDHW.device == device_of(model)
        assert leaf(F_BDHW).requires_grad and leaf(F_BDHW).is_leaf
        torch.testing.assert_close(stages_of(seen, image_B3SS).F_BDHW, F_BDHW)
    told = facts_of(model)
    assert (told["mean"], told["std"], told["side"], told["classes"]) == (MEAN, STD, model.side, model.classes)


@few
@given(JSON, st.integers(-3, 9), st.sampled_from([int, np.int64, np.uint8, np.array, torch.tensor]))
def test_whole_numbers_of_any_library(other: Any, number: int, library: Any) -> None:
    if library is not np.uint8 or number >= 0:
        value = library(number)
        assert as_whole(value) == number and type(as_whole(value)) is int
        with refused(0 <= number <= 4):
            assert expect_target(value, 5) == number
        with refused(1 <= number <= 6):
            assert expect_k(value, 6) == number
    assert as_whole([number]) is as_whole(np.array([number])) is as_whole(torch.tensor([number])) is None
    assert as_whole(float(number)) is as_whole(torch.tensor(float(number))) is as_whole(np.float32(number)) is None
    assert as_whole(number > 0) is as_whole(np.bool_(number > 0)) is as_whole(torch.tensor(number > 0)) is None
    whole = isinstance(other, int) and not isinstance(other, bool)
    assert as_whole(other) == (other if whole else None)
    with refused(whole and 2 <= other <= 7):
        assert expect_whole(other, "n", "a whole number from 2 to 7", 2, 7) == other
