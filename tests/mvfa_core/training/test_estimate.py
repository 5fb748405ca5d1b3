"""The estimate against models that were really built, optimisers that really stepped, and real folders."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mvfa_core.__main__ import main
from mvfa_core.model import build_model
from mvfa_core.training import estimate as module
from mvfa_core.training.estimate import Estimate, begin, estimate, noted, picture_counts, size_of
from mvfa_core.training.measured import Measured, measure
from mvfa_core.training.recipes import Recipe, quick

CPU = replace(quick(), device="cpu", batch=4, k=5, sizes=(3,))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(5):
            Image.fromarray(np.full((8, 8, 3), i, dtype=np.uint8)).save(tmp_path / "pictures" / name / f"{i}.png")
    return tmp_path / "pictures"


@pytest.mark.parametrize("changes", [{}, {"pooling": "gap"}, {"head": "mlp", "hidden": (7, 5)}, {"head": "prototype"}])
def test_bytes_are_those_of_a_model_that_took_a_step(changes: dict) -> None:
    recipe = replace(CPU, **changes)
    model = build_model(
        "compact", recipe.pooling, 3, k=5, sizes=(3,), head=recipe.head, head_options=recipe.head_options()
    )
    optimizer = torch.optim.AdamW(model.parameters())
    sum(p.sum() for p in model.parameters()).backward()
    optimizer.step()
    size = size_of(recipe, 3)
    assert size.parameters == sum(p.numel() for p in model.parameters())
    assert size.weights == sum(p.nbytes for p in model.parameters())
    assert size.gradients == sum(p.grad.nbytes for p in model.parameters() if p.grad is not None)
    moments = [v for state in optimizer.state.values() for name, v in state.items() if name.startswith("exp_avg")]
    assert size.optimizer == sum(v.nbytes for v in moments)
    assert size.total == size.weights + size.gradients + size.optimizer


def test_counts_are_those_of_the_folder(folder: Path) -> None:
    assert picture_counts(replace(CPU, data=str(folder))) == (3, 12, 3)
    assert picture_counts(replace(CPU, train_n=77)) == (10, 77, 1_000)


def test_time_is_steps_and_validations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the sum written out, from figures that are easy to add."""
    told: list[Recipe] = []

    def known(recipe: Recipe, classes: int) -> Measured:
        told.append(recipe)
        return Measured(4, 2, 2.0, 0.1, 1_000, 10, "a machine")

    monkeypatch.setattr(module, "measure", known)
    found = estimate(replace(CPU, data=str(folder), steps=25, val_every=10, batch=64))
    assert told[0].batch == 12  # all that there are
    assert found.step_s == pytest.approx(6.0) and found.memory == 1_000 + 8 * 10
    assert found.total_s == pytest.approx(25 * 6.0 + 3 * 3 * 0.1)
    estimate(replace(CPU, data=str(folder), steps=99, lr=1e-5, batch=64))
    assert len(told) == 1  # neither steps nor rate need another measurement
    estimate(replace(CPU, data=str(folder), k=7, batch=64))
    estimate(replace(CPU, data=str(folder), k=7, batch=64), again=True)
    assert [recipe.k for recipe in told] == [5, 7, 7]


def test_steps_are_really_taken() -> None:
    measured = measure(CPU, 10)
    assert measured.batch == 4 and 1 <= measured.steps <= 2
    assert 0 < measured.evaluation_s < measured.step_s < 60
    assert measured.memory is not None and measured.memory > 50 * 2**20 and measured.machine.startswith("cpu ")
    assert measured.memory_per_picture is not None and measured.memory_per_picture >= 0


def test_a_spoilt_note_is_no_note(place: Path) -> None:
    (place / "cache").mkdir()
    for text in ("{", "[]", '{"x": 1}'):
        (place / "cache" / "measured.json").write_text(text)
        assert noted(CPU, (10, 100, 100)) is None


@pytest.mark.slow
def test_a_process_of_its_own_answers(folder: Path) -> None:
    recipe = replace(CPU, data=str(folder), batch=2)
    out, err = begin(recipe).communicate(timeout=300)
    found = Estimate.from_json(json.loads(out))
    assert not err and found.size == size_of(recipe, 3) and (found.train_n, found.val_n) == (12, 3)
    again = noted(recipe, picture_counts(recipe))
    assert again == found


def test_the_command_says_it_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["estimate", "--data", str(folder), "--device", "cpu", "--batch", "2", "--k", "5", "--sizes", "3"]
    assert main(words) == 0
    out = capsys.readouterr().out
    parameters = size_of(replace(CPU, batch=2), 3).parameters
    assert f"{parameters:,}" in out and "12 pictures, 3 held out" in out and "an estimate from" in out
    assert main([*words, "--device", "cuda:99"]) == 2
    assert main(["estimate", "--data", "nowhere"]) == 2
