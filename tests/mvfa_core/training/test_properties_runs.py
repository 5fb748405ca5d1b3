"""What holds of a run folder that anybody may have written: film, pace, lesson and log."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.features.training.attention_history import reel
from app.features.training.run_status import facts as run_facts
from mvfa_core.figures import fig6, filmstrip
from mvfa_core.figures.desk import FileSources
from mvfa_core.figures.request import FigureSpec
from mvfa_core.training import run_names, step_control
from mvfa_core.training.attention_history import history_picture, read_history
from mvfa_core.training.comparison import compare, decisive, differences, outcome
from mvfa_core.training.engine import Stepped, Validated, to_json
from mvfa_core.training.event_log import is_sound
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.loggers import values_of
from mvfa_core.training.recipe_fields import Declared, declared
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs
from tests.corpus.drawn import JSON, expect_sentence, few
from tests.corpus.feeding import HIDDEN

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
    for line in read_history(run):
        for frame in line["frames"]:
            assert np.isfinite(np.asarray(frame["adacam"], dtype=float)).all() and np.ndim(frame["adacam"]) == 2
            assert history_picture(run, frame["id"]) is None
    shown = reel(run, "mfa")
    json.dumps(shown, allow_nan=False)
    assert all(len(one["shown"]) == len(shown["pictures"]) for one in shown["frames"])
    try:
        filmstrip.sheet(FigureSpec("filmstrip", runs=(str(run.path),)), FileSources())
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
    found = step_control.control_of(run)
    assert found.mode in step_control.MODES and found.until >= 0 and 0 <= found.delay_s <= step_control.LONGEST_DELAY_S
    told = step_control.read_report(run)
    assert told is None or isinstance(told["step"], int)
    step_control.step_on(run, 2)
    until = step_control.control_of(run).until
    assert step_control.control_of(run).mode == "hold" and until >= 2
    step_control.step_on(run)
    assert step_control.control_of(run).until == until + 1
    step_control.slow(run, 0.5)
    assert step_control.control_of(run) == step_control.StepControl("slow", 0, 0.5)
    step_control.hold(run)
    assert step_control.control_of(run).mode == "hold"
    step_control.run_on(run)
    assert step_control.control_of(run) == step_control.StepControl()
    step_control.ask(run, found)
    assert step_control.control_of(run) == found


@few
@given(
    st.lists(
        JSON
        | st.fixed_dictionaries(
            {"event": st.sampled_from(["start", "step", "validation", "end"]), "step": st.integers(0, 9) | JSON},
            optional={
                "accuracy": st.floats(0, 1) | JSON,
                "loss": JSON,
                "time_s": JSON,
                "n": JSON,
                "device": JSON,
                "steps_per_s": st.sampled_from([0, -1, 1e-300, 2.0]) | JSON,
            },
        ),
        max_size=6,
    )
)
@example([{"event": "step", "step": 0}])
@example([{"event": "validation", "step": 0, "accuracy": 0.0}])
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
    told = run_facts(followed, followed.status()).values()
    assert all(isinstance(value, str) and not HIDDEN.search(value) for value in told)
    try:
        assert fig6.sheet(FigureSpec("fig6", runs=(str(run.path),)), FileSources()).columns == 1
    except RunError as error:  # no validation in it
        expect_sentence(str(error))
    end = outcome(run)
    assert end.best is None or end.last is None or end.best >= end.last
    assert compare([run, run])["differences"] == {}
    assert [one.id for one in list_runs(tmp_path)] == ["run"]


@few
@given(st.floats(-1e9, 1e9), st.floats(0, 1), st.integers(0, 9))
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
    place = run_names.free_place(tmp_path, "a")
    assert place.parent == tmp_path and not place.exists() and place.name.startswith("a")
    with pytest.raises(ValueError):
        run_names.expect_name(" ")


def value_of(about: Declared) -> st.SearchStrategy[Any]:
    """Values that a field may have."""
    if about.choices:
        return st.sampled_from(about.choices)
    kinds = {
        "text": st.sampled_from(["compact", "imagenet"]),
        "whole": st.sampled_from([1, 2]),
        "number": st.sampled_from([0.25, 0.5]),
        "wholes": st.sampled_from([(1,), (3, 5)]),
    }
    return kinds[about.kind]


FIELDS = {name: value_of(about) for name, about in declared(Recipe).items() if name not in ("backbone", "validate_on")}
RECIPES = st.builds(Recipe, **FIELDS | {"batch": st.just(4)})


@few
@given(RECIPES, RECIPES)
def test_differences_of_recipes(one: Recipe, two: Recipe) -> None:
    """Each is said with both values; what means nothing to GAP is held against neither."""
    found = differences([one, two])
    views = one.pooling == two.pooling == "mfa"
    for name, about in declared(Recipe).items():
        values = [getattr(one, name), getattr(two, name)]
        counts = name != "preset" and (views or not about.of_views)
        assert (name in found) == (counts and values[0] != values[1])
        assert name not in found or found[name] == values
    same = decisive(one, views=views) == decisive(two, views=views)
    assert same == all(not declared(Recipe)[name].decides for name in found)
