"""One step at a time: what a lesson tells, when a held run goes on, and that its weights are those of a free one."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from mvfa_core.training import step_control
from mvfa_core.training.batches import batch_index
from mvfa_core.training.engine import Started, Ticked, Trainer, Validated
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.step_control import StepControl, StepController
from mvfa_core.training.work import resume, train
from tests.mvfa_core.training.by_hand import by_equation
from tests.mvfa_core.training.samples import CLASSES, TINY, assert_same_training, data_set, trainer
from tests.pictures import split_folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=2)
    return replace(TINY, data=str(folder), steps=5, val_every=3, film=0)


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.create(recipe)
    return run


class Visitor:
    """Who holds a run: acts while it waits. Time does not pass here."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.acts, self.waited = list(acts), 0

    def __call__(self, seconds: float) -> None:
        self.waited += 1
        assert self.waited < 1_000, "it waits for ever"
        if self.acts:
            self.acts.pop(0)()


def carried_out(run: Run, visitor: Visitor, made: Trainer) -> list[Any]:
    """The lessons there were, while a trainer runs to its end under a visitor."""
    pacer, lessons = StepController(run, made.recipe, wait=visitor), []
    for event in made.run():
        pacer(made, event)
        if isinstance(event, Started | Ticked):
            lessons.append(step_control.read_report(run))
    return lessons


def test_a_free_run_tells_nothing(run: Run) -> None:
    assert carried_out(run, Visitor(), trainer(steps=2)) == [None, None, None]


def test_a_held_run_goes_on_when_it_is_told_to(run: Run) -> None:
    step_control.hold(run)
    acts = [lambda: step_control.step_on(run), lambda: step_control.step_on(run, 2), lambda: step_control.run_on(run)]
    visitor = Visitor(*acts)
    steps = [lesson and lesson["step"] for lesson in carried_out(run, visitor, trainer(steps=6))]
    assert steps == [0, 1, 2, 3, None, None, None] and not visitor.acts


def test_requests_add_up_and_an_old_lesson_counts_for_nothing(run: Run) -> None:
    step_control.hold(run)
    step_control.step_on(run)
    step_control.step_on(run, 10)
    assert step_control.control_of(run) == StepControl("hold", 11)
    (run.path / "lesson.json").write_text('{"step": 40}')
    carried_out(run, Visitor(), trainer(steps=1))
    told = step_control.read_report(run)
    assert told and told["step"] == 1


def test_slow_motion_waits_after_every_step(run: Run) -> None:
    step_control.slow(run, 0.5)
    visitor = Visitor()
    lessons = carried_out(run, visitor, trainer(steps=3))
    assert visitor.waited == 2 * round(0.5 / step_control.LOOK_S)
    assert [lesson and lesson["step"] for lesson in lessons] == [None, 1, 2, 3]


@pytest.mark.parametrize("act", ["request_stop", "request_pause"])
def test_a_stop_and_a_pause_are_followed_at_once(act: str, run: Run) -> None:
    step_control.hold(run)
    made = trainer(steps=4)
    visitor = Visitor(getattr(run, act))
    StepController(run, made.recipe, wait=visitor)(made, next(made.run()))
    assert visitor.waited == 1


def test_a_lesson_is_the_step_recomputed(run: Run) -> None:
    """Both losses and all answers from a second trainer that does the same steps by itself."""
    step_control.hold(run)
    step_control.step_on(run, 2)
    lessons = carried_out(run, Visitor(lambda: step_control.run_on(run)), trainer(steps=3))
    twin = trainer(steps=3)
    by_hand: list[dict[str, float]] = []
    weights: list[torch.Tensor] = []
    for event in twin.run():
        if not isinstance(event, Started | Ticked) or twin.step > 2:
            continue
        weights.append(twin.model.pooling.head.fc.weight.detach().clone())
        gradient = [p.grad.clone() for p in twin.model.parameters() if p.grad is not None]
        by_hand += [by_equation(twin, step) for step in (twin.step - 1, twin.step)]
    told = lessons[2]
    assert told["step"] == 2 and told["batch"] == 4 and told["views"] == 3
    for when, wanted in (("before", by_hand[3]), ("after", by_hand[4])):
        for name, value in wanted.items():
            assert told["losses"][when][name] == pytest.approx(value, rel=1e-4)
    assert told["losses"]["after"]["total"] != told["losses"]["before"]["total"]
    change = (weights[2] - weights[1]).norm() / weights[1].norm()
    bias = twin.model.pooling.head.fc.bias
    head = next(part for part in told["moved"] if part["name"] == "main head")
    assert bias is not None and head["share"] == pytest.approx(float(change), rel=0.05)
    assert told["gradient"] and told["gradient"] > 0 and gradient
    assert [part["name"] for part in told["moved"]][-2:] == ["auxiliary head", "main head"]
    labels = data_set().train.labels[batch_index(12, 4, TINY.seed, 1)]
    assert [picture["label"] for picture in told["pictures"]] == [CLASSES[label] for label in labels]
    with Image.open(io.BytesIO(base64.b64decode(told["pictures"][0]["src"].partition(",")[2]))) as small:
        assert max(small.size) <= 72


@pytest.mark.parametrize("anchors", ["adacam", "random"])
def test_a_held_run_ends_with_the_weights_of_a_free_one(
    anchors: str, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(recipe, anchors=anchors)
    free, held = Run(tmp_path / "free"), Run(tmp_path / "held")
    train(recipe, free)
    held.create(recipe)
    step_control.hold(held)
    # paused on the way, and gone on with
    visitor = Visitor(*[lambda: step_control.step_on(held)] * 3, held.request_pause)
    monkeypatch.setattr(
        "mvfa_core.training.recorders.StepController", lambda *args: StepController(*args, wait=visitor)
    )
    resume(held)
    assert held.status().state == "paused"
    visitor.acts = [lambda: step_control.step_on(held), lambda: step_control.slow(held, 0.1)]
    resume(held)
    assert held.status().state == "finished" and not visitor.acts
    assert_same_training(held, free)


def test_time_that_stands_still_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = trainer(steps=1)
    now = [0.0]
    monkeypatch.setattr("mvfa_core.training.engine.time.perf_counter", lambda: now[0])
    for event in made.run():
        now[0] += 1.0
        with made.standing_still():
            now[0] += 1_000.0
        if isinstance(event, Validated):
            assert event.time_s == 2.0, "two events came before it, and a second after each of them"
    assert made.stood_s == 4_000.0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mode": "fly"}', '{"mode": "hold", "until": -1}', '{"until": 3}'])
def test_a_pace_that_cannot_be_read_holds_nobody(text: str, run: Run) -> None:
    (run.path / "pace.json").write_text(text)
    assert step_control.control_of(run) == StepControl()


@pytest.mark.parametrize("values", [("fly",), ("hold", -1), ("hold", 1.5), ("slow", 0, -1.0), ("slow", 0, 1e9)])
def test_a_pace_out_of_range_is_refused(values: tuple) -> None:
    with pytest.raises(ValueError, match="expected"):
        StepControl(*values)
