"""What holds of devices and precisions whatever is asked: a device that is here or a sentence, weights that survive any
change of precision, and flags that are afterwards as they were."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mvfa_core.checks import NotFiniteError, expect_finite, looking_once
from mvfa_core.devices import (
    FULL,
    UNABLE,
    Place,
    asked,
    begin_on,
    find_device,
    is_out_of_memory,
    let_go,
    machine_of,
    room_on,
    use_device,
)
from mvfa_core.precision import (
    PRECISIONS,
    allow_tf32,
    asked_precision,
    computing_in,
    deterministic,
    double,
    tensor_float32,
)
from mvfa_core.training.failures import sentence_for
from mvfa_core.training.gpus import visible_gpus
from mvfa_core.training.measured import model_of
from mvfa_core.training.parallel import expect_own_devices
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.speed import (
    DTYPES,
    compute_in,
    dtype_of,
    learning,
    load_optimizer,
    network_on,
    optimizer_for,
    precision_on,
)
from tests.corpus.drawn import SEEDS, WORDS, expect_sentence, few, rarely, refused, rng

CPU = torch.device("cpu")
NAMES = st.sampled_from(["auto", *DTYPES])


def flags() -> tuple[bool, bool]:
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@few
@given(st.lists(st.booleans(), max_size=4), st.booleans())
def test_precision_of_float32_is_as_it_was(nested: list[bool], first: bool) -> None:
    before = flags()
    with tensor_float32(first):
        for allowed in nested:
            with tensor_float32(allowed):
                assert flags() == (allowed, allowed)
            assert flags() == (first, first)
        allow_tf32(not first)
    assert flags() == before


@few
@given(SEEDS, st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.int64]))
def test_double_precision(seed: int, dtype: torch.dtype) -> None:
    values = torch.from_numpy(rng(seed).integers(-9, 9, (2, 3))).to(dtype)
    assert double(values).dtype is torch.float64
    assert np.array_equal(double(values).numpy(), values.float().numpy().astype(np.float64))


@few
@given(st.lists(st.sampled_from([0.0, 1e38, -3.0, float("nan"), float("inf")]), min_size=1, max_size=4))
def test_a_look_at_a_cpu_is_never_put_off(values: list[float]) -> None:
    tensor = torch.tensor(values)
    try:
        with looking_once():
            expect_finite(tensor, "x")
            assert torch.isfinite(tensor).all()
    except NotFiniteError as error:
        assert not torch.isfinite(tensor).all() and str(error).startswith("x: expected finite numbers, got ")


@few
@given(WORDS | st.sampled_from(["cpu", "auto", "cpu:0", "cpu:1", "cuda:0", "cuda:99", "meta", "mps:1", "xpu"]), NAMES)
def test_devices_that_are_used(name: str, precision: str) -> None:
    try:
        device = use_device(name)
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert begin_on(device) == device == find_device(name) and machine_of(device)
    known = precision_on(precision, device)
    assert known in DTYPES and dtype_of(precision, device) is DTYPES[known]
    assert precision in ("auto", known)


@few
@given(WORDS, st.sampled_from([*PRECISIONS, "", " bf16 "]) | WORDS, st.sampled_from(["", "16", "2000"]) | WORDS)
def test_whatever_the_environment_asks_for(name: str, precision: str, room: str) -> None:
    """A device, a precision and a room that there are, or a sentence."""
    told = {name: value.replace("\0", "").encode("utf-8", "replace").decode() for name, value in (
        ("MVFA_DEVICE", name), ("MVFA_PRECISION", precision), ("MVFA_DEVICE_MB", room))}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in told.items():
            patch.setenv(variable, value)
        assert asked("cpu") == "cpu" and asked() == (told["MVFA_DEVICE"].strip() or "auto")
        try:
            device = find_device()
        except ValueError as error:
            expect_sentence(str(error))
        else:
            let_go(device)
        assert room_on(CPU) is None
        try:
            found = asked_precision(CPU)
        except ValueError as error:
            expect_sentence(str(error))
            return
        assert found in PRECISIONS and found != "tf32", "which is CUDA's alone"
        before = flags()
        with computing_in(found, CPU):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype is (torch.bfloat16 if found == "bf16" else torch.float32) and flags() == before
        assert room_on(torch.device("meta")) is not None if room in ("16", "2000") else True


@few
@given(st.builds(Place, WORDS, WORDS, st.sampled_from(PRECISIONS), st.sampled_from(PRECISIONS),
                 st.none() | st.floats(0, 9), st.sampled_from(["", FULL, UNABLE])))  # fmt: skip
def test_a_place_in_words(place: Place) -> None:
    said = str(place)
    assert (
        isinstance(place, Place)
        and said.startswith("computed on ")
        and place.precision in said
        and (not place.why or "device" in said)
    )
    assert not place.is_plain or (place.device, place.asked, place.why) == ("cpu", "float32", "")


@rarely
@given(NAMES, st.sampled_from(sorted(DTYPES)), st.sampled_from(["on", "off"]), st.sampled_from(["adam", "adamw"]))
def test_any_state_fits_any_precision(before: str, after: str, global_loss: str, optimizer: str) -> None:
    """Weights and moments keep their values, and lie as the other precision wants them."""
    recipe = Recipe(k=4, precision=before, optimizer=optimizer, global_loss=global_loss)
    model = learning(model_of(recipe, 3), recipe)
    assert {p.requires_grad for p in model.pooling.auxiliary.parameters()} == {global_loss == "on"}
    network = network_on(model, recipe, CPU)
    state = {i: {"step": torch.tensor(2.0), "exp_avg": torch.rand(p.shape), "exp_avg_sq": torch.rand(p.shape)}
             for i, p in enumerate(model.parameters())}  # fmt: skip
    weights = [p.detach().clone() for p in model.parameters()]
    compute_in(network, after, CPU)
    assert (network.dtype, network.tf32) == (DTYPES[after], after == "tf32")
    made = optimizer_for(model, recipe, CPU)
    load_optimizer(made, {**made.state_dict(), "state": copy.deepcopy(state)})
    for i, (parameter, was) in enumerate(zip(model.parameters(), weights, strict=True)):
        assert torch.equal(parameter, was)
        for name in ("exp_avg", "exp_avg_sq"):
            moment = made.state[parameter][name]
            assert torch.equal(moment, state[i][name]) and moment.stride() == parameter.stride()


@few
@given(st.booleans(), st.booleans())
def test_a_fixed_order_ends_with_its_block(outer: bool, inner: bool) -> None:
    before = torch.are_deterministic_algorithms_enabled()
    with deterministic(outer):
        with deterministic(inner):
            assert torch.are_deterministic_algorithms_enabled() == (outer or inner)
        assert torch.are_deterministic_algorithms_enabled() == outer
    assert torch.are_deterministic_algorithms_enabled() == before


@few
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2).map(str)), min_size=1, max_size=4), st.integers(0, 3)
)
def test_gpus_of_processes(found: list[tuple[str, str]], count: int) -> None:
    with refused(len(set(found)) == len(found)):
        expect_own_devices(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "device_count", lambda: count)
        patch.setenv("CUDA_VISIBLE_DEVICES", ",".join(number for _, number in found))
        assert visible_gpus() == [number for _, number in found][:count] or count == 0


@few
@given(WORDS, st.sampled_from(["", "CUDA error: ", "out of memory", "NCCL error ", "CUBLAS_STATUS_ALLOC_FAILED"]),
       st.sampled_from([RuntimeError, ValueError, MemoryError, torch.OutOfMemoryError]))  # fmt: skip
def test_errors_of_devices(words: str, sign: str, kind: type[Exception]) -> None:
    error = kind(sign + words)
    said = sentence_for(error, 8)
    if is_out_of_memory(error):
        assert said is not None and said.startswith("out of memory")
    assert kind is not ValueError or said is None
    if said is not None:
        expect_sentence(said)
