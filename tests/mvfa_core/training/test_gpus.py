"""Which GPU a run is given beside others; and a device without double precision."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mvfa_core import build_model, precision
from mvfa_core.adacam import softened
from mvfa_core.analysis.rectangle_answers import ask
from mvfa_core.analysis.rectangles import best_box
from mvfa_core.data.sets import PictureSet
from mvfa_core.evaluation.look import look
from mvfa_core.explain import Encoding
from mvfa_core.processes import note_of
from mvfa_core.training.batches import batch_of
from mvfa_core.training.engine import Trainer, evaluate
from mvfa_core.training.gpus import VISIBLE, own_gpu, visible_gpus
from mvfa_core.training.launch import launch
from mvfa_core.training.runs import Run
from tests.mvfa_core.training.samples import TINY, data_set
from tests.pretended import noise, pretending

AUTO = replace(TINY, device="auto")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """Three GPUs, and what each process that is pretended to train sees of them."""
    seen: dict[int, str] = {}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.delenv(VISIBLE, raising=False)
    return seen


@pytest.fixture
def busy(shown: dict[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """busy(name, recipe, shown): a run beside the new one that this process trains."""

    def make(name: str, recipe: Any = AUTO, gpu: str = "") -> Run:
        run = Run(tmp_path / name)
        run.create(recipe)
        (run.path / "process.json").write_text(json.dumps(note_of(psutil.Process())))
        places[run.path / "process.json"] = gpu
        return run

    class Trains:
        def __init__(self, gpu: str) -> None:
            self.gpu = gpu

        def environ(self) -> dict[str, str]:
            return {VISIBLE: self.gpu} if self.gpu else {}

    places: dict[Path, str] = {}
    monkeypatch.setattr("mvfa_core.jobs.folder.noted", lambda file: Trains(places[file]) if file in places else None)
    yield make


def test_a_run_takes_the_gpu_with_the_fewest(busy: Any, tmp_path: Path) -> None:
    run = Run(tmp_path / "new")
    run.create(AUTO)
    assert own_gpu(run, AUTO) == {VISIBLE: "0"}
    busy("first", gpu="0")
    assert own_gpu(run, AUTO) == {VISIBLE: "1"}
    busy("second", replace(AUTO, device="cuda:1"))
    assert own_gpu(run, AUTO) == {VISIBLE: "2"}
    busy("elsewhere", replace(AUTO, device="cpu"))
    busy("third", gpu="2")
    busy("whole machine, so on the first", gpu="")
    assert own_gpu(run, AUTO) == {VISIBLE: "1"}
    busy("over all", replace(AUTO, devices=2, batch=4))
    busy("fifth", gpu="1")
    assert own_gpu(run, AUTO) == {VISIBLE: "2"}


def test_where_there_is_no_choice(busy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "new")
    run.create(AUTO)
    busy("first", gpu="0")
    for recipe in (replace(AUTO, device="cpu"), replace(AUTO, device="cuda:1"), replace(AUTO, devices=2)):
        assert own_gpu(run, recipe) == {}
    for count in (0, 1):
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=count: count)
        assert own_gpu(run, AUTO) == {}


def test_names_of_gpus_are_those_that_are_shown(shown: dict[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert visible_gpus() == ["0", "1", "2"]
    monkeypatch.setenv(VISIBLE, "GPU-5a, 7,2")
    assert visible_gpus() == ["GPU-5a", "7", "2"]
    monkeypatch.setenv(VISIBLE, "4")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert visible_gpus() == ["4"]


def test_a_launched_run_sees_its_own_gpu(busy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever launches it: `reproduce --workers`, the queue of the app, a click."""
    run, given = Run(tmp_path / "new"), []
    run.create(AUTO)
    busy("first", gpu="0")

    def started(words: object, log: Path, besides: dict[str, str]) -> int:
        given.append(besides)
        return os.getpid()

    monkeypatch.setattr("mvfa_core.jobs.launch.start_apart", started)
    launch(run)
    assert given == [{VISIBLE: "1"}]


class NoDouble(TorchDispatchMode):
    """Like Apple's MPS, of which PyTorch has no tensors without values: floats of 64 bits are an error there."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor) and tensor.dtype is torch.float64:
                assert not tensor.is_cuda, f"{function} makes float64"
        return result


def test_a_device_without_double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Best boxes, findings and the dial of temperatures, which want it."""
    pictures = PictureSet(noise(2, 112), np.array([0, 1]), ("a", "b"))
    monkeypatch.setattr(precision, "NO_DOUBLE", ("cuda",))
    with pretending() as gpu, NoDouble():
        with pytest.raises(AssertionError, match="makes float64"):
            torch.ones(2, device=gpu.device).double()
        assert softened(torch.ones(2, 3, device=gpu.device), 0.5).is_cuda
        model = build_model("compact", "mfa", 3, k=3, sizes=(3,)).to(gpu.device).eval()
        F_BDHW = torch.ones(2, model.pooling.channels, 4, 4, device=gpu.device)
        best = best_box(model.pooling.head, F_BDHW, torch.tensor([0, 2], device=gpu.device))
        assert best.boxes_B4.shape == (2, 4)
        assert ask(model, Encoding(F_BDHW[:1], (8, 8)), (0, 0, 1, 1)).confidence_C.shape == (3,)
        assert look(model, pictures, np.arange(2)).predicted_N.shape == (2,)
        one = Trainer(build_model("compact", "mfa", 3, k=3, sizes=(3,)), AUTO, data_set(), gpu.device)
        one.learn(batch_of(one.data, one.recipe, 0, gpu.device))
        assert evaluate(one.network, one.data.val)[0] >= 0
