"""What holds of weights from elsewhere, however they were wrapped, named, packed or spoilt."""

from __future__ import annotations

import argparse
import collections
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from mvfa_core.weights.files import WeightsError, read_weights
from mvfa_core.weights.kinds import OTHER, kind_of_file
from mvfa_core.weights.state_dicts import best_place, complaint, contents_of, whole_model
from tests.corpus.drawn import SEEDS, expect_sentence, few, fewer, refused

NET = nn.Sequential(
    collections.OrderedDict(
        stem=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), layers=nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    )
)
STATE = {name: tensor.clone() for name, tensor in NET.state_dict().items()}
FLOATS = {name for name, tensor in STATE.items() if tensor.is_floating_point()}
PREFIXES = st.lists(
    st.sampled_from(["module", "_orig_mod", "model", "net", "network", "backbone", "encoder", "base_model", "a.b"]),
    max_size=4,
).map(lambda parts: "".join(f"{part}." for part in parts))
WRAPPERS = st.lists(
    st.sampled_from(["state_dict", "model", "net", "network", "model_state_dict", "ema", "model_ema", "state_dict_ema",
                     "params", "params_ema", "weights", "module", "teacher", "checkpoint", 0, "a.b.c"]), max_size=5,
)  # fmt: skip
EXTRA = st.sampled_from([
    3, "resnet", None, {}, [], {"state": {0: {"step": torch.tensor(1.0), "exp_avg": torch.ones(4, 3, 3, 3)}}},
    argparse.Namespace(lr=0.1, out=Path("x")), Path("a/b"), np.float64(0.5), np.arange(3), np.dtype("f4"),
    collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.deque([1]), {1, 2}, 2**100,
    b"\0\xff", torch.float32, torch.device("cpu"), torch.Size([1, 2]), {"stem.weight": torch.ones(2)}, st,
])  # fmt: skip
EXTRAS = st.dictionaries(st.sampled_from(["epoch", "args", "optimizer", "hyper_parameters", "best", "cfg"]), EXTRA)


def wrapped(state: dict[str, Any], prefix: str, wrappers: list[Any], extras: dict[str, Any]) -> Any:
    held: Any = {prefix + name: tensor for name, tensor in state.items()}
    for key in wrappers:
        held = {**extras, key: held} if isinstance(key, str) else [held]
    return {**held, **extras} if isinstance(held, dict) else held


@few
@given(PREFIXES, WRAPPERS, EXTRAS, st.booleans(), st.sampled_from([torch.float32, torch.float16, torch.float64]))
def test_the_same_weights_from_any_wrapping(
    tmp_path_factory: pytest.TempPathFactory, prefix: str, wrappers: list[Any], extras: dict[str, Any], legacy: bool,
    dtype: torch.dtype,
) -> None:  # fmt: skip
    """Nesting, prefixes, what else is in the file, the form of the file and the floats change nothing."""
    extras = {key: value for key, value in extras.items() if value is not st}
    state = {name: tensor.to(dtype) if name in FLOATS else tensor for name, tensor in STATE.items()}
    file = tmp_path_factory.getbasetemp() / "wrapped.pth"
    torch.save(wrapped(state, prefix, wrappers, extras), file, _use_new_zipfile_serialization=not legacy)
    contents = contents_of(read_weights(file))
    found = best_place(contents, STATE, FLOATS)
    assert complaint(found, STATE, FLOATS) == ""
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in state.items())
    assert whole_model(contents) is None


@few
@given(PREFIXES, WRAPPERS, st.sets(st.sampled_from(sorted(FLOATS))), st.sets(st.sampled_from(sorted(FLOATS))))
def test_what_is_missing_or_misshapen_is_told(prefix: str, wrappers: list[Any], gone: set[str], odd: set[str]) -> None:
    state = {name: tensor[None] if name in odd else tensor for name, tensor in STATE.items() if name not in gone}
    contents = contents_of(wrapped(state, prefix, wrappers, {"epoch": 1}))
    told = complaint(best_place(contents, STATE, FLOATS), STATE, FLOATS)
    assert bool(told) == bool(gone | odd)
    if told:
        expect_sentence(f"w.pth: {told}; {contents.described()}")
        first = next(name for name in STATE if name in (gone or odd))
        assert first in told or odd


@fewer
@given(SEEDS, st.booleans(), st.integers(0, 4), st.booleans())
def test_a_spoilt_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, seed: int, legacy: bool, flips: int, cut: bool
) -> None:
    """Never another kind of error, whatever bytes are changed or missing."""
    rng = np.random.default_rng(seed)
    buffer = io.BytesIO()
    if seed % 3:
        held = {"model": STATE, "args": argparse.Namespace(a=1), "array": np.arange(4)}
        torch.save(held, buffer, _use_new_zipfile_serialization=not legacy)
    else:
        buffer.write(save({name: tensor.contiguous() for name, tensor in STATE.items()}))
    content = bytearray(buffer.getvalue())
    for _ in range(flips):
        content[int(rng.integers(min(len(content), 3000)))] = int(rng.integers(256))
    file = tmp_path_factory.getbasetemp() / "spoilt.pth"
    file.write_bytes(bytes(content[: int(rng.integers(len(content)))] if cut else content))
    try:
        contents = contents_of(read_weights(file))
    except WeightsError as error:
        expect_sentence(str(error))
    else:
        assert complaint(best_place(contents, STATE, FLOATS), STATE, FLOATS) is not None


@few
@given(st.binary(max_size=80), st.sampled_from(["w.pth", "w.safetensors", "w.onnx", "w"]))
def test_any_bytes_are_of_some_kind(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    file = tmp_path_factory.getbasetemp() / name
    file.write_bytes(content)
    kind = kind_of_file(file)
    assert kind.what.startswith(kind.name)
    with refused(False, WeightsError):
        if kind.format == OTHER:
            expect_sentence(f"{name}: is {kind.what}")
        read_weights(file)


def test_containers_that_hold_themselves_end() -> None:
    loop: dict[str, Any] = {"a": STATE}
    loop["b"] = [loop, (loop,)]
    deep: Any = STATE
    for _ in range(5000):
        deep = {"a": [deep, deep]}
    assert len(contents_of(loop).tensors) == len(contents_of(deep).tensors) == len(STATE)
