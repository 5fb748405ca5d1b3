"""Carrying out a run: the files it leaves, and going on after any kind of end as if there had been none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO, NoReturn

import pytest
import torch

from mvfa_core import load_model
from mvfa_core.checkpoints import read_card
from mvfa_core.data.sets import DataError
from mvfa_core.files import whole_file
from mvfa_core.training import saving
from mvfa_core.training.engine import Event, Started, Stepped, Ticked, Validated, evaluate
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.schedule import Schedule
from mvfa_core.training.stopping import enough
from mvfa_core.training.work import extend, resume, train
from tests.mvfa_core.training.samples import CLASSES, TINY, assert_same_training, data_set, told
from tests.pictures import split_folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=2)
    return replace(TINY, data=str(folder))


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that nobody disturbed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run = Run(tmp_path_factory.mktemp("runs") / "whole")
    train(recipe, run)
    torch.set_num_threads(threads)
    return run


def at(step: int, act: Callable[[], object], kind: type = Ticked) -> Callable[[Event], None]:
    """A listener that acts once the event of that kind and step comes."""

    def listen(event: Event) -> None:
        if isinstance(event, kind) and event.step == step:
            act()

    return listen


def interrupt() -> NoReturn:
    raise KeyboardInterrupt


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_files_of_a_finished_run(whole: Run, recipe: Recipe) -> None:
    names = {path.name for path in whole.path.iterdir()}
    assert {"recipe.json", "metrics.jsonl", "model.safetensors", "state.pt"} <= names
    assert not {name for name in names if name.endswith(".part")} | (names & {"stop", "process.json"})
    assert Recipe.from_json(json.loads((whole.path / "recipe.json").read_text())) == recipe
    events = [json.loads(line) for line in (whole.path / "metrics.jsonl").read_text().splitlines()]
    kinds = [(event["event"], event["step"]) for event in events]
    assert kinds == [("start", 0), ("validation", 5), ("step", 10), ("validation", 10), ("step", 12),
                     ("validation", 12), ("end", 12)]  # fmt: skip
    assert (events[0]["classes"], events[0]["train_n"], events[0]["val_n"]) == (list(CLASSES), 12, 6)
    status = whole.status()
    assert (status.state, status.step, status.steps, status.message) == ("finished", 12, 12, "")
    assert status.accuracy == events[-2]["accuracy"]


def test_the_model_of_a_run_and_its_card(whole: Run, recipe: Recipe) -> None:
    model, card = load_model(whole.path), read_card(whole.path)
    assert whole.model_path() == whole.path / "model.safetensors"
    assert model.classes == CLASSES
    assert (model.pooling.k, model.pooling.sizes) == (3, (3,))
    assert card["command"] == recipe.command(f"runs/{whole.id}")
    assert {name: card[name] for name in ("name", "data", "step", "n", "train_n")} == {
        "name": "whole", "data": "colours", "step": 12, "n": 6, "train_n": 12,
    }  # fmt: skip
    assert card["accuracy"] == whole.status().accuracy
    started = whole.events()[0][0]
    assert started["machine"].startswith("cpu ") and started["torch"] == str(torch.__version__)
    said = ("precision", "machine", "torch")
    assert {name: started[name] for name in said} == {name: card[name] for name in said}
    assert started["precision"] == "fp32"
    assert Recipe.from_json(card["recipe"]) == recipe


def test_listener_and_file_hear_the_same(recipe: Recipe, tmp_path: Path) -> None:
    heard: list[Event] = []
    prepared: list[tuple[str, int, int]] = []
    run = Run(tmp_path / "run")
    train(replace(recipe, steps=3, val_every=2), run, listen=heard.append,
          progress=lambda *values: prepared.append(values))  # fmt: skip
    written = [(event["event"], event["step"]) for event in run.events()[0]]
    spoken = {Started: "start", Stepped: "step", Validated: "validation"}
    assert written[:-1] == [(spoken[type(event)], event.step) for event in heard if type(event) in spoken]
    note = json.loads((run.path / "preparing.json").read_text()) if prepared else None
    assert note is None or (note["what"], note["done"], note["total"]) == prepared[-1]


@pytest.mark.parametrize("step", [0, 3, 5, 7, 10, 11])
def test_stop_and_go_on(step: int, recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    """Stopped between any two batches: also within a logging window, and where a validation is due."""
    run = Run(tmp_path / "run")
    train(recipe, run, listen=at(step, run.request_stop, Ticked if step else Started))
    status = run.status()
    assert (status.state, status.step) == ("stopped", max((e["step"] for e in run.events()[0]), default=0))
    assert not run.stop_requested()
    assert read_card(run.path)["step"] == step
    assert load_model(run.path).classes == CLASSES
    resume(Run(run.path))
    assert run.status().state == "finished"
    assert_same_training(run, whole)


def test_stopped_again_and_again(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(recipe, run, listen=at(2, run.request_stop))
    for step in (4, 9, 11):
        resume(run, listen=at(step, run.request_stop))
        assert run.status().state == "stopped"
    resume(run)
    assert_same_training(run, whole)


def test_a_request_on_the_last_step_changes_nothing(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(recipe, run, listen=at(12, run.request_stop))
    assert run.status().state == "finished"
    assert_same_training(run, whole)


def test_ctrl_c_keeps_the_last_checkpoint(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, run, listen=at(8, interrupt))
    assert (run.status().state, run.status().message) == ("stopped", "interrupted")
    assert read_card(run.path)["step"] == 5
    resume(run)
    assert_same_training(run, whole)


def test_interrupted_before_the_first_checkpoint(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, run, listen=at(2, interrupt))
    assert run.model_path() is None
    resume(run)
    assert_same_training(run, whole)


@pytest.mark.parametrize("writes", [1, 5, 40])
def test_interrupted_in_the_middle_of_a_checkpoint(
    recipe: Recipe, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """torch then tells of an archive that is too short; what the visitor did counts."""
    run, left = Run(tmp_path / "run"), [writes]

    def write(file: BinaryIO, content: bytes) -> int:
        left[0] -= 1
        return interrupt() if left[0] == 0 else file.write(content)

    @contextmanager
    def interrupted_file(path: Path) -> Iterator[object]:
        with whole_file(path) as file:
            yield SimpleNamespace(write=lambda content: write(file, content), flush=file.flush)

    monkeypatch.setattr(saving, "whole_file", interrupted_file)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, run)
    monkeypatch.undo()
    assert left[0] <= 0 and (run.status().state, run.status().message) == ("stopped", "interrupted")
    resume(run)
    assert_same_training(run, whole)


def test_the_saved_model_has_the_accuracy_it_was_given(whole: Run) -> None:
    folder = data_set().val  # the same colours, other noise and size: only that it evaluates at all
    assert 0 <= evaluate(load_model(whole.path), folder)[0] <= 1


def test_pause_and_go_on(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(recipe, run, listen=at(7, run.request_pause))
    assert (run.status().state, run.asked(), read_card(run.path)["step"]) == ("paused", "", 7)
    resume(run)
    assert run.status().state == "finished"
    assert_same_training(run, whole)


def test_the_best_weights_are_those_of_the_first_best_validation(recipe: Recipe, tmp_path: Path) -> None:
    """Counted by hand from the log; the weights are those that lay in model.safetensors at that step."""
    run, kept = Run(tmp_path / "run"), {}

    def keep(event: Event) -> None:
        if isinstance(event, Ticked) and run.model_path():
            kept[read_card(run.path)["step"]] = (run.path / "model.safetensors").read_bytes()

    train(replace(recipe, val_every=1, lr=0.02, schedule="constant"), run, listen=keep)
    validations = run.validations()
    best = max(accuracy for _, accuracy in validations)
    first = next(step for step, accuracy in validations if accuracy == best)
    assert first < 12, "else nothing is shown"
    best_weights = run.path / "best.safetensors"
    card = read_card(best_weights)
    assert (card["step"], card["accuracy"]) == (first, best)
    assert best_weights.read_bytes() == kept[first]
    assert load_model(best_weights).classes == CLASSES


@pytest.mark.parametrize("schedule", ["one-cycle", "constant"])
def test_extended_runs_go_on_where_they_ended(schedule: str, recipe: Recipe, tmp_path: Path) -> None:
    """Extended after its end, while it pauses, and stopped within the added steps: the training is the same."""
    recipe = replace(recipe, steps=7, schedule=schedule)
    one, two = Run(tmp_path / "one"), Run(tmp_path / "two")
    train(recipe, one)
    extend(one, 6)
    assert (one.recipe().steps, one.recipe().restarts, one.status().state) == (13, (7,), "starting")
    resume(one)
    assert (one.status().state, one.status().step) == ("finished", 13)
    train(recipe, two, listen=at(4, two.request_pause))
    extend(two, 6)
    for step in (7, 9):
        resume(two, listen=at(step, two.request_stop))
    resume(two)
    asked = [event for event in told(one) if event["event"] == "step" and event["step"] != 7]
    assert next(event for event in told(two) if event["event"] == "step")["step"] == 10
    assert [event["lr"] for event in asked] == [event["lr"] for event in told(two) if event["event"] == "step"]
    weights = [torch.load(run.path / "state.pt", weights_only=True)["model"] for run in (one, two)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_the_schedule_of_an_extended_run_begins_anew() -> None:
    """Against torch's own cycles, one for each stretch."""
    recipe = replace(TINY, steps=25, restarts=(10,), lr=0.1)
    rates, wanted = [], []
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=recipe.lr)
    schedule = Schedule(optimizer, recipe)
    for step in range(25):
        schedule.before(step)
        rates.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"]))
        optimizer.step()
        schedule.after(step)
    for length in (10, 15):
        other = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=recipe.lr)
        cycle = torch.optim.lr_scheduler.OneCycleLR(other, max_lr=recipe.lr, total_steps=length)
        for step in range(length):
            wanted.append((other.param_groups[0]["lr"], other.param_groups[0]["betas"]))
            other.step()
            if step + 1 < length:
                cycle.step()
    assert rates == wanted


def test_what_cannot_be_extended(whole: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="steps: expected a whole number >= 1, got 0"):
        extend(whole, 0)
    with pytest.raises(RunError, match="no run there"):
        extend(Run(tmp_path), 5)


def test_enough_is_enough_and_an_extension_goes_beyond(recipe: Recipe, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(replace(recipe, stop_at=0.01, val_every=3, lr=0.01), run)
    accuracies = run.validations()
    first = next(step for step, accuracy in accuracies if accuracy >= 0.01)
    status = run.status()
    assert (status.state, status.step, accuracies[-1][0]) == ("finished", first, first)
    assert "reached the 1.0% asked for" in status.message
    with pytest.raises(RunError, match=f"finished already, after {first} steps"):
        resume(run)
    extend(run, 4)
    assert (run.recipe().steps, run.recipe().restarts, run.recipe().stop_at) == (first + 4, (first,), None)
    resume(run)
    assert (run.status().step, run.status().message) == (first + 4, "")


def test_killed_between_the_last_checkpoint_and_the_end(recipe: Recipe, tmp_path: Path) -> None:
    """The reason to end is found again, and no step more is made."""
    run = Run(tmp_path / "run")
    train(replace(recipe, stop_at=0.01, val_every=3, lr=0.01), run)
    before, message = told(run), run.status().message
    run.forget_end()
    resume(run)
    assert (told(run), run.status().state, run.status().message) == (before, "finished", message)


@pytest.mark.parametrize(
    ("accuracies", "patience", "restarts", "ends"),
    [
        ([0.1, 0.2, 0.3], 1, (), False),
        ([0.3, 0.2, 0.3], 2, (), True),  # as good is not better
        ([0.3, 0.2, 0.3], 3, (), False),
        ([0.5, 0.2, 0.3], 2, (10,), False),  # at steps 10, 20 and 30: the first belongs to the time before
        ([0.5, 0.3, 0.2, 0.1], 2, (10,), True),
        ([], 1, (), False),
    ],
)
def test_patience(accuracies: list[float], patience: int, restarts: tuple[int, ...], ends: bool) -> None:
    recipe = replace(TINY, patience=patience, restarts=restarts)
    message = enough(recipe, [(10 * (i + 1), accuracy) for i, accuracy in enumerate(accuracies)])
    assert bool(message) == ends
    assert not ends or f"in the last {patience} validations" in message


def test_a_finished_run_is_not_gone_on_with(whole: Run) -> None:
    before = contents(whole.path)
    with pytest.raises(RunError, match="finished already, after 12 steps"):
        resume(whole)
    assert contents(whole.path) == before


def test_no_run_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run there"):
        resume(Run(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_name_in_use_loses_nothing(whole: Run, recipe: Recipe) -> None:
    before = contents(whole.path)
    with pytest.raises(RunError, match="name already"):
        train(replace(recipe, steps=1), Run(whole.path))
    assert contents(whole.path) == before


def test_a_run_that_never_began_leaves_its_name_free(recipe: Recipe, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with pytest.raises(DataError):
        train(replace(recipe, data=str(tmp_path / "gone")), run)
    assert not list(tmp_path.iterdir())


def test_missing_data_is_told_in_a_run_that_the_app_started(recipe: Recipe, tmp_path: Path) -> None:
    """The app makes the folder first and a process goes on with it: there the visitor reads what went wrong."""
    run = Run(tmp_path / "run")
    run.create(replace(recipe, data=str(tmp_path / "gone")))
    with pytest.raises(DataError):
        resume(run)
    status = run.status()
    assert (status.state, status.step) == ("failed", 0)
    assert "gone: no such folder" in status.message
    assert run.model_path() is None


def test_data_that_went_missing_between_two_parts(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    """The second part fails, also after a torn line, and a third one goes on from where the first was."""
    folder = shutil.copytree(recipe.data, tmp_path / "colours")
    run = Run(tmp_path / "run")
    train(replace(recipe, data=str(folder)), run, listen=at(6, run.request_stop))
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"event": "st')
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(DataError):
        resume(run)
    assert run.status().state == "failed"
    assert read_card(run.path)["step"] == 6
    (tmp_path / "elsewhere").rename(folder)
    resume(run)
    assert_same_training(run, whole)


@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_divergence_keeps_the_last_good_weights(pooling: str, recipe: Recipe, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(replace(recipe, pooling=pooling, lr=1e30, schedule="constant", optimizer="adam", steps=50), run)
    status = run.status()
    assert status.state == "diverged"
    assert "learning rate" in status.message
    assert status.step < 50
    assert all(event["loss"] < float("inf") for event in told(run) if event["event"] == "step")
    if run.model_path():
        load_model(run.path)  # which refuses weights that are not finite
