"""What holds of rates, stops, curves and recipes of a training, and of the words on its command line."""

from __future__ import annotations

import errno
import json
import math
import shlex
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.features.training.attention_history import thinned
from app.features.training.run_overlay import find_twin, note, published, reference_lines, twin
from app.features.training.run_status import describe
from mvfa_core.__main__ import OneLineParser, parser
from mvfa_core.devices import find_device, most_memory
from mvfa_core.figures.curves import Line, as_bytes, learning_curves
from mvfa_core.training import recipes, run_names
from mvfa_core.training.attention_history import choose
from mvfa_core.training.downsample import DownsampledCurve
from mvfa_core.training.estimate import Estimate, noted, picture_counts, size_of
from mvfa_core.training.failures import sentence_for
from mvfa_core.training.measured import Measured
from mvfa_core.training.parallel import lost_another, placed
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import new_run_id
from mvfa_core.training.schedule import Schedule
from mvfa_core.training.speed import dtype_of, optimizer_for, scaler_for
from mvfa_core.training.step_report import moved
from mvfa_core.training.stopping import enough
from tests.corpus.drawn import SEEDS, WORDS, expect_sentence, few, fewer, refused

CPU = torch.device("cpu")
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


# --- rates, stops, curves ---


@few
@given(
    st.integers(1, 30),
    st.lists(st.integers(1, 29), max_size=2, unique=True),
    st.sampled_from(["constant", "one-cycle"]),
)
def test_schedules(steps: int, restarts: list[int], kind: str) -> None:
    """Never above the recipe's rate, constant means constant, and what was restored goes on alike."""
    recipe = Recipe(steps=steps, schedule=kind, lr=0.01, restarts=tuple(sorted(r for r in restarts if r < steps)), k=1)

    def rates(stop: int) -> tuple[list[float], dict | None]:
        optimizer = optimizer_for(torch.nn.Linear(1, 1), recipe, CPU)
        schedule, found = Schedule(optimizer, recipe), []
        for step in range(stop):
            schedule.before(step)
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.after(step)
        return found, schedule.state()

    found, state = rates(steps)
    assert all(0 < rate <= 0.01 + 1e-12 for rate in found) and found == rates(steps)[0]
    assert kind == "one-cycle" or set(found) == {0.01}
    assert rates(steps // 2)[0] == found[: steps // 2] and (state is None) == (kind == "constant")


@few
@given(
    st.lists(st.integers(0, 10).map(lambda n: n / 10), max_size=8),
    st.none() | st.floats(0.1, 1),
    st.none() | st.integers(1, 4),
)
def test_enough(accuracies: list[float], stop_at: float | None, patience: int | None) -> None:
    """A run that would have ended goes on to end; by a loop over the validations."""
    recipe = Recipe(k=1, stop_at=stop_at, patience=patience)
    told = enough(recipe, [(10 * (i + 1), value) for i, value in enumerate(accuracies)])
    reached = bool(accuracies) and stop_at is not None and accuracies[-1] >= stop_at
    best = next((i for i, value in enumerate(accuracies) if value == max(accuracies)), 0)
    tired = bool(accuracies) and patience is not None and len(accuracies) - 1 - best >= patience
    assert bool(told) == (reached or tired)
    if told:
        expect_sentence(told)


@few
@given(st.lists(FLOATS, max_size=200), st.integers(4, 20))
def test_thin_curves(values: list[float], most: int) -> None:
    """Few points, all of them of the curve and in order, with both ends, the lowest and the highest."""
    with refused(most >= 6):
        curve = DownsampledCurve(most)
        for step, value in enumerate(values):
            curve.add(step, 0.0, value)
        points = curve.points()
        assert len(points) <= most and len(curve) == len(values)
        assert all(values[point.place] == point.value and point.step == point.place for point in points)
        assert [point.place for point in points] == sorted({point.place for point in points})
        if values:
            kept = [point.value for point in points]
            assert (kept[0], kept[-1], min(kept), max(kept)) == (values[0], values[-1], min(values), max(values))


@few
@given(st.lists(st.floats(-5, 5) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=300), st.integers(6, 40))
def test_thin_curves_with_gaps(values: list[float], most: int) -> None:
    """What is no number stays a gap: no stretch that has one is led across. The highest number is kept."""
    curve = DownsampledCurve(most)
    for step, value in enumerate(values):
        curve.add(step, 0.0, value)
    points = curve.points()
    assert len(points) <= most and [one.place for one in points] == sorted({one.place for one in points})
    numbers = [value for value in values if math.isfinite(value)]
    kept = [one.value for one in points if math.isfinite(one.value)]
    assert not any(math.isinf(one.value) for one in points) and set(kept) <= set(numbers)
    assert max(kept, default=None) == max(numbers, default=None)
    assert (len(kept) < len(points)) == (len(numbers) < len(values))


@few
@given(st.integers(1, 400), st.integers(1, 90))
def test_thinned_films(count: int, most: int) -> None:
    """At most so many and the newest, which stay shown while the film grows."""
    lines: list[dict[str, Any]] = [{"step": i} for i in range(count)]
    found = thinned(lines, most)
    assert len(found) <= most + 1 and found[-1] == lines[-1] and found[0] == lines[0]
    assert [one["step"] for one in found] == sorted({one["step"] for one in found})


@few
@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.integers(0, 25))
def test_chosen_pictures_of_a_film(labels: list[int], count: int) -> None:
    found = choose(np.array(labels), 4, count)
    assert len(found) == min(count, len(labels)) == len(set(found))
    if count >= len(set(labels)):
        assert {labels[i] for i in found} == set(labels)


VALUES = st.floats(-1, 1e6) | st.sampled_from([0.0, math.nan, math.inf, None])


@fewer
@given(
    st.lists(
        st.tuples(
            st.text("ab $_%\\^{}", max_size=6),
            st.lists(VALUES, max_size=5),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["solid", "dash", "wavy"]),
)
def test_learning_curves(lines: list[tuple[str, list[float | None]]], dash: str) -> None:
    """Any names and numbers can be drawn."""
    drawn = [Line(name, "#336699", dash, range(len(values)), values) for name, values in lines]
    with refused(dash != "wavy"):
        figure = learning_curves({"loss": drawn, "accuracy": []}, shares=("accuracy",))
        if len(lines) == 1:
            assert as_bytes(figure, "svg").lstrip().startswith(b"<?xml")


# --- recipes ---


@few
@given(st.sampled_from(sorted(recipes.RECIPES)), st.integers(1, 9), SEEDS)
def test_commands_of_recipes(name: str, batch: int, seed: int) -> None:
    """The command line that a recipe gives makes that recipe again."""
    base = {"paper": recipes.paper, "quick": recipes.quick, "bundled": recipes.bundled, "photos": recipes.photos}[
        name
    ]()
    made = replace(base, batch=batch, seed=seed % 10**9)
    words = shlex.split(made.command("runs/x"))[3:]
    args = parser().parse_args(words)
    assert args.batch in (None, batch) and args.seed == made.seed and args.steps == made.steps
    assert (
        find_twin(made, []) is None and twin(made).pooling != made.pooling and twin(twin(made)).pooling == made.pooling
    )
    expect_sentence(describe(made))
    expect_sentence(note([made, twin(made)], mixed=True))
    assert isinstance(reference_lines([made]), list) and (published(made) is None or published(made)[1] > 0)
    assert placed(made) == made and new_run_id(made).startswith(made.backbone)
    assert run_names.expect_name(new_run_id(made))


@few
@given(
    st.lists(
        WORDS | st.sampled_from(["train", "--k", "-1", "runs", "show", "--sizes", "nan", "--lr", "data"]), max_size=6
    )
)
def test_command_lines(words: list[str]) -> None:
    """What is typed is understood, or answered in one line with status 2."""
    built = parser()
    assert isinstance(built, OneLineParser)
    try:
        built.parse_args(words)
    except SystemExit as end:
        assert end.code in (0, 2)


@fewer
@given(
    st.sampled_from(["compact", "mobilenet24"]), st.sampled_from(["mfa", "gap"]), st.integers(2, 50), st.integers(1, 64)
)
def test_sizes_of_models(backbone: str, pooling: str, classes: int, batch: int) -> None:
    """Four bytes a parameter, and what the data set holds; an estimate comes back from JSON."""
    recipe = Recipe(backbone=backbone, pooling=pooling, k=4, batch=batch)
    size = size_of(recipe, classes)
    assert size.weights == 4 * size.parameters and size.total == 4 * size.weights and size.classes == classes
    counts = picture_counts(recipe)
    assert min(counts) > 0 and (noted(recipe, counts) is None or noted(recipe, counts).total_s > 0)
    measured = Measured(**{name: 1 for name in Measured.__dataclass_fields__})
    made = Estimate(size, *counts[1:], measured, 0.1, 10.0, None)
    assert Estimate.from_json(json.loads(json.dumps(made.to_json()))) == made


@few
@given(
    WORDS | st.sampled_from(["cpu", "auto", "cuda:99", "meta", "cpu:0", "mps"]),
    st.sampled_from(["auto", "bf16", "fp16", "fp32"]),
)
def test_devices(name: str, precision: str) -> None:
    """A device that is here, or a sentence."""
    try:
        device = find_device(name)
    except ValueError as error:
        expect_sentence(str(error))
        return
    memory = most_memory(device)
    assert memory is None or memory > 0
    assert scaler_for(dtype_of(precision, device), device).is_enabled() in (precision == "fp16", False)


@few
@given(WORDS, st.sampled_from([errno.ENOSPC, errno.EROFS, errno.EIO]), st.integers(1, 9))
def test_sentences_for_failures(words: str, number: int, batch: int) -> None:
    for error in (
        OSError(number, words),
        MemoryError(words),
        RuntimeError(words),
        RuntimeError("gloo " + words),
        KeyError(),
    ):
        told = sentence_for(error, batch)
        assert told is None or expect_sentence(told) is None
    assert lost_another(RuntimeError("NCCL " + words)) and not lost_another(KeyError(words))


@few
@given(st.lists(FLOATS, min_size=1, max_size=3), st.lists(FLOATS, min_size=1, max_size=3))
def test_how_far_parts_moved(before: list[float], after: list[float]) -> None:
    """A share of what was there, none where nothing moved; numbers that JSON holds."""
    n = min(len(before), len(after))
    old, new = ({"main head": [torch.tensor(values[:n])]} for values in (before, after))
    (told,) = moved(old, new)
    assert told["name"] == "main head" and json.dumps(told, allow_nan=False)
    (still,) = moved(old, old)
    assert still["share"] in (0.0, None)
