"""What holds of what a training draws, counts, plots and writes down."""

from __future__ import annotations

import errno
import json
import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from app.film import reel, thinned
from app.race import find_twin, ghosts, note, published, twin
from app.run_line import describe
from app.run_line import facts as run_facts
from mvfa_core.__main__ import OneLineParser, parser
from mvfa_core.curves import Line, as_bytes, learning_curves
from mvfa_core.data.augment import flip_and_crop
from mvfa_core.data.mixing import MIXINGS, mix
from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.figures import fig6, filmstrip
from mvfa_core.figures.desk import Files
from mvfa_core.figures.request import Request
from mvfa_core.training import names, pace, recipes
from mvfa_core.training.batches import batch_index, batch_of, to_device
from mvfa_core.training.comparison import compare, outcome
from mvfa_core.training.device import find_device, most_memory
from mvfa_core.training.engine import Stepped, Validated, to_json
from mvfa_core.training.estimate import Estimate, noted, picture_counts, size_of
from mvfa_core.training.failures import sentence_for
from mvfa_core.training.film import choose, film_picture, read_film
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.journal import is_sound
from mvfa_core.training.lesson import moved
from mvfa_core.training.loggers import values_of
from mvfa_core.training.measured import Measured
from mvfa_core.training.parallel import World, lost_another, placed
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs, new_run_id
from mvfa_core.training.schedule import Schedule
from mvfa_core.training.speed import dtype_of, optimizer_for, scaler_for
from mvfa_core.training.stopping import enough
from mvfa_core.training.thin import ThinCurve
from tests.hostile.drawn import JSON, SEEDS, WORDS, expect_sentence, few, fewer, refused, rng, tensor

CPU = torch.device("cpu")
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


# --- batches ---


@few
@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 5), st.integers(0, 30))
def test_batches_of_an_epoch(n: int, batch: int, seed: int, step: int) -> None:
    """Every picture at most once an epoch; the same again whenever it is asked."""
    index = batch_index(n, batch, seed, step)
    assert len(index) == min(batch, n) == len(set(index.tolist())) and (np.diff(index) > 0).all()
    steps = n // min(batch, n)
    start = step // steps * steps
    epoch = np.concatenate([batch_index(n, batch, seed, one) for one in range(start, start + steps)])
    assert len(set(epoch.tolist())) == len(epoch) and (batch_index(n, batch, seed, step) == index).all()


@fewer
@given(SEEDS, st.integers(0, 20), st.sampled_from(MIXINGS), st.sampled_from(["none", "flip-crop"]))
def test_batches(seed: int, step: int, mixing: str, augment: str) -> None:
    """A batch follows from seed and step alone, and parts of several processes make up the whole."""
    draw = rng(seed)
    pictures = PictureSet(
        draw.integers(0, 256, (6, 16, 16, 3), dtype=np.uint8), draw.integers(0, 3, 6), tuple("abcdef")
    )
    data = DataSet("d", ("a", "b", "c"), pictures, pictures)
    recipe = Recipe(batch=4, seed=seed % 10**9, mix=mixing, augment=augment, k=1)
    one, again = (batch_of(data, recipe, step, CPU) for _ in range(2))
    assert torch.equal(one.image_B3SS, again.image_B3SS) and torch.equal(one.targets, again.targets)
    assert torch.equal(to_device(np.arange(3), CPU), torch.arange(3))
    if one.targets.ndim == 2:
        torch.testing.assert_close(one.targets.sum(1), torch.ones(4))
    parts = [batch_of(data, recipe, step, CPU, World(rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat([part.image_B3SS for part in parts]), one.image_B3SS)


@few
@given(st.integers(1, 3), st.integers(4, 24), st.integers(4, 24), SEEDS)
def test_flips_and_crops(b: int, height: int, width: int, seed: int) -> None:
    """No value beyond those of the picture, one colour stays one colour, and the seed says everything."""
    image = tensor(seed, b, 3, height, width)
    found = flip_and_crop(image, torch.Generator().manual_seed(seed))
    assert found.shape == image.shape and torch.equal(found, flip_and_crop(image, torch.Generator().manual_seed(seed)))
    assert (found.amax((2, 3)) <= image.amax((2, 3)) + 1e-5).all() and (
        found.amin((2, 3)) >= image.amin((2, 3)) - 1e-5
    ).all()
    plain = torch.ones_like(image)
    torch.testing.assert_close(flip_and_crop(plain, torch.Generator().manual_seed(seed)), plain)


@few
@given(st.integers(2, 4), st.integers(4, 16), SEEDS, st.sampled_from([*MIXINGS, "blend"]))
def test_mixing(b: int, side: int, seed: int, name: str) -> None:
    """Labels stay shares of as many pictures; cutout leaves the classes alone and takes at most its square."""
    image, labels = tensor(seed, b, 3, side, side), torch.arange(b) % 3
    torch.manual_seed(seed)
    with refused(name in MIXINGS):
        mixed, targets = mix(image, labels, 3, name)
        assert mixed.shape == image.shape
        if name in ("none", "cutout"):
            assert torch.equal(targets, labels) and ((mixed == image) | (mixed == 0)).all()
        else:
            torch.testing.assert_close(targets.sum(1), torch.ones(b))
            wanted = torch.nn.functional.one_hot(labels, 3).float().sum(0)
            torch.testing.assert_close(targets.sum(0), wanted)


@few
@given(st.integers(0, 50), st.integers(1, 6))
def test_parts_of_the_world(n: int, size: int) -> None:
    parts = [list(range(n))[World(rank, size).part(n)] for rank in range(size)]
    assert [one for part in parts for one in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


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
        curve = ThinCurve(most)
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


@fewer
@given(st.lists(st.tuples(st.text("ab $_%\\^{}", max_size=6), st.lists(st.floats(0, 1e6), max_size=5)), min_size=1, max_size=3),
       st.sampled_from(["solid", "dash", "wavy"]))  # fmt: skip
def test_learning_curves(lines: list[tuple[str, list[float]]], dash: str) -> None:
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
    assert isinstance(ghosts([made]), list) and (published(made) is None or published(made)[1] > 0)
    assert placed(made) == made and new_run_id(made).startswith(made.backbone)
    assert names.expect_name(new_run_id(made))


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


# --- what a run folder tells ---


FRAME = st.fixed_dictionaries({
    "id": st.sampled_from(["0", "../x", "\u0663"]) | JSON,
    "adacam": st.sampled_from([[[1, 2], [3, 4]], [[]], [[0.5]], [[10**400]], [[1], [2, 3]], {"": 1}]) | JSON,
    "anchors": st.sampled_from([None, [], [[0, 0]], [[5, 5]], [[0.5, 0]]]) | JSON,
    "predicted": st.just("a") | JSON, "confidence": st.sampled_from([0.5, 10**400, math.nan]) | JSON,
    "label": st.just("a") | JSON,
})  # fmt: skip
GOOD = {"id": "0", "adacam": [[1, 2]], "anchors": None, "predicted": "a", "confidence": 0.5, "label": "a"}
FILM = st.fixed_dictionaries(
    {"event": st.just("film"), "step": st.integers(-1, 9) | JSON, "frames": st.lists(FRAME, max_size=2) | JSON}
)


def run_in(folder: Path) -> Run:
    run = Run(folder / "run")
    if not run.path.exists():
        run.create(Recipe(k=3))
    return run


@few
@given(st.lists(FILM, max_size=3))
@example([{"event": "film", "step": 0, "frames": [{**GOOD, "adacam": [[10**400]]}]}])
@example([{"event": "film", "step": 0, "frames": [{**GOOD, "adacam": [[]]}]}])
@example([{"event": "film", "step": 0, "frames": [{**GOOD, "anchors": [[0.5, 0]]}]}])
@example([{"event": "film", "step": 0, "frames": [{**GOOD, "adacam": [[[], []]]}]}])
@example([{"event": "film", "step": i, "frames": [{**GOOD, "adacam": [[1] * (i + 1)]}]} for i in range(2)])
def test_films(tmp_path: Path, lines: list[Any]) -> None:
    """Whatever a stranger's film says, what is read of it can be shown."""
    run = run_in(tmp_path)
    (run.path / "film.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for line in read_film(run):
        for frame in line["frames"]:
            assert np.isfinite(np.asarray(frame["adacam"], dtype=float)).all() and np.ndim(frame["adacam"]) == 2
            assert film_picture(run, frame["id"]) is None
    shown = reel(run, "mfa")
    json.dumps(shown, allow_nan=False)
    assert all(len(one["shown"]) == len(shown["pictures"]) for one in shown["frames"])
    try:
        filmstrip.sheet(Request("filmstrip", runs=(str(run.path),)), Files())
    except ValueError as error:  # its pictures are not there
        expect_sentence(str(error))


@few
@given(JSON | st.fixed_dictionaries({"mode": st.sampled_from(["run", "hold", "slow"])},
                                    optional={"until": JSON, "delay_s": JSON}), JSON)  # fmt: skip
@example({"mode": "slow", "until": 0, "delay_s": math.nan}, {"step": 10**400})
def test_paces(tmp_path: Path, asked: Any, lesson: Any) -> None:
    """A pace that can be kept, whatever the file says; asking for more adds up."""
    run = run_in(tmp_path)
    (run.path / "pace.json").write_text(json.dumps(asked))
    (run.path / "lesson.json").write_text(json.dumps(lesson))
    found = pace.pace_of(run)
    assert found.mode in pace.MODES and found.until >= 0 and 0 <= found.delay_s <= pace.LONGEST_DELAY_S
    told = pace.read_lesson(run)
    assert told is None or isinstance(told["step"], int)
    pace.step_on(run, 2)
    until = pace.pace_of(run).until
    assert pace.pace_of(run).mode == "hold" and until >= 2
    pace.step_on(run)
    assert pace.pace_of(run).until == until + 1
    pace.slow(run, 0.5)
    assert pace.pace_of(run) == pace.Pace("slow", 0, 0.5)
    pace.hold(run)
    assert pace.pace_of(run).mode == "hold"
    pace.run_on(run)
    assert pace.pace_of(run) == pace.Pace()
    pace.ask(run, found)
    assert pace.pace_of(run) == found


@few
@given(st.lists(JSON | st.fixed_dictionaries({"event": st.sampled_from(["start", "step", "validation", "end"]), "step": st.integers(0, 9) | JSON},
                                             optional={"accuracy": st.floats(0, 1) | JSON, "loss": JSON, "time_s": JSON, "n": JSON, "device": JSON, "steps_per_s": st.sampled_from([0, -1, 1e-300, 2.0]) | JSON}),
                max_size=6))  # fmt: skip
@example([{"event": "step", "step": 0}])
@example([{"event": "start", "step": 0, "device": ["\x1b"]}])
def test_followed_runs(tmp_path: Path, events: list[Any]) -> None:
    """Whoever follows a log sees what its whole reading says."""
    run = run_in(tmp_path)
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    followed = FollowedRun(run)
    followed.catch_up()
    assert followed.status().step == run.status().step and len(run.events()[0]) <= len(events)
    assert all(is_sound(event) for event in run.events()[0])
    assert followed.status().seconds_left is None
    assert all(
        isinstance(value, str) and value.isprintable() for value in run_facts(followed, followed.status()).values()
    )
    try:
        assert fig6.sheet(Request("fig6", runs=(str(run.path),)), Files()).columns == 1
    except RunError as error:  # no validation in it
        expect_sentence(str(error))
    told = outcome(run)
    assert told.best is None or told.last is None or told.best >= told.last
    assert compare([run, run])["differences"] == {}
    assert [one.id for one in list_runs(tmp_path)] == ["run"]


@few
@given(FLOATS, FLOATS, st.integers(0, 9))
def test_events_of_a_training(loss: float, accuracy: float, step: int) -> None:
    fields = {name: loss for name in Stepped.__dataclass_fields__} | {"step": step}
    event = to_json(Stepped(**fields))
    assert json.loads(json.dumps(event))["event"] == "step" and values_of(Stepped(**fields))["train/loss"] == loss
    checked = Validated(**{name: accuracy for name in Validated.__dataclass_fields__} | {"step": step})
    assert values_of(checked) == {"val/accuracy": accuracy}


@few
@given(st.lists(st.integers(0, 4), max_size=5, unique=True))
def test_free_places(tmp_path: Path, taken: list[int]) -> None:
    for number in taken:
        (tmp_path / ("a" if number < 2 else f"a-{number}")).mkdir(exist_ok=True)
    place = names.free_place(tmp_path, "a")
    assert place.parent == tmp_path and not place.exists() and place.name.startswith("a")
    with pytest.raises(ValueError):
        names.expect_name(" ")
