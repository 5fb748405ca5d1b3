"""The queue: everything is filled, whatever dies on the way; one failure stops nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.checkpoints import load_model
from mvfa_core.data.sources import load_data
from mvfa_core.experiments.standing import DONE, FAILED, MISSING, OTHER, PARTLY, TO_DO, standing_of
from mvfa_core.experiments.work import Begun, Ended, Waited, measure_rule, train_cells
from mvfa_core.training.archive import VISITOR
from mvfa_core.training.engine import predict
from mvfa_core.training.runs import Run, list_runs
from tests.mvfa_core.experiments.samples import kill_trainers, last_accuracy, tiny_cells
from tests.mvfa_core.training.samples import wait_for


def states(cells: list, root: Path) -> list[str]:
    return [standing_of(cell, root).state for cell in cells]


@pytest.mark.slow
def test_fills_what_is_missing_once(root: Path) -> None:
    cells = tiny_cells("GAP", "K=20")
    assert states(cells, root) == [TO_DO, TO_DO]
    events = list(train_cells([*cells, *cells], root, workers=2))
    assert [type(event) for event in events if not isinstance(event, Waited)] == [Begun, Begun, Ended, Ended]
    assert states(cells, root) == [DONE, DONE]
    assert {run.id for run in list_runs(root)} == {cell.run_id for cell in cells}
    for cell in cells:
        standing = standing_of(cell, root)
        assert standing.accuracy == last_accuracy(Run(root / cell.run_id)) and standing.n == 6
        assert [step for step, _ in standing.curve] == [3, 6] and standing.best >= standing.accuracy
    assert list(train_cells(cells, root)) == []  # nothing is left


def test_an_extended_run_is_not_the_cells_any_more(root: Path) -> None:
    (cell,) = tiny_cells("GAP")
    run = Run(root / cell.run_id)
    run.create(replace(cell.recipe, steps=cell.recipe.steps + 5, restarts=(cell.recipe.steps,)))
    standing = standing_of(cell, root)
    assert standing.state == OTHER and "rename it" in standing.message
    assert list(train_cells([cell], root)) == []


def test_what_a_visitor_brought_is_no_measurement(root: Path) -> None:
    """Whoever knows a cell's name can bring a run of it that tells any accuracy."""
    (cell,) = tiny_cells("GAP")
    run = Run(root / cell.run_id)
    run.create(cell.recipe)
    run.append({"event": "validation", "step": 6, "accuracy": 1.0, "n": 6})
    run.append({"event": "end", "step": 6, "reason": "finished", "message": ""})
    assert (standing_of(cell, root).state, standing_of(cell, root).accuracy) == (DONE, 1.0)
    (run.path / VISITOR).write_text('{"visitor": "ada", "private": true}')
    standing = standing_of(cell, root)
    assert (standing.state, standing.accuracy) == (OTHER, None)
    assert "rename it" in standing.message and "ada" not in standing.message
    assert list(train_cells([cell], root)) == []
    for note in ('{"visitor": "ada", "private": false}', "[]", "{"):
        (run.path / VISITOR).write_text(note)
        assert standing_of(cell, root).state == DONE


@pytest.mark.slow
def test_never_more_than_asked_for(root: Path) -> None:
    most = 0
    for event in train_cells(tiny_cells("GAP", "K=20", "K=30"), root, workers=1):
        if isinstance(event, Waited):
            most = max(most, len(event.cells))
    assert most == 1 and len(list_runs(root)) == 3


@pytest.mark.slow
def test_a_failing_cell_stops_no_other(
    root: Path, colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(colours, tmp_path / "data")
    shutil.copytree(colours / "ucmerced", tmp_path / "data" / "event8")
    val = tmp_path / "data" / "ucmerced" / "val"
    (val / "sea").rename(val / "Sea")
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    broken, *_ = tiny_cells("GAP")
    good = replace(broken, data="event8", recipe=replace(broken.recipe, data="event8"))
    ended = {event.cell: event.standing for event in train_cells([broken, good], root) if isinstance(event, Ended)}
    assert ended[broken].state == FAILED and "name 1 classes alike but for capitals" in ended[broken].message
    assert ended[good].state == DONE


def test_missing_data_is_said_and_not_tried(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "nothing"))
    cells = tiny_cells("GAP")
    assert list(train_cells(cells, root)) == []
    standing = standing_of(cells[0], root)
    assert (standing.state, standing.message) == (MISSING, "python -m mvfa_core data get ucmerced")
    assert not root.exists()


@pytest.mark.slow
def test_a_stop_saves_and_the_next_call_goes_on(root: Path) -> None:
    cells = tiny_cells("GAP", "K=20", steps_scale=1.0)
    seen: list[object] = []
    queue = train_cells(cells, root, stopping=lambda: any(isinstance(e, Waited) for e in seen) and running())

    def running() -> bool:
        return Run(root / cells[0].run_id).status().step >= 10

    for event in queue:
        seen.append(event)
    ended = [event for event in seen if isinstance(event, Ended)]
    assert [event.cell for event in ended] == [cells[0]] and ended[0].standing.state == PARTLY
    assert not (root / cells[1].run_id).exists()
    step = ended[0].standing.step
    assert 10 <= step < cells[0].recipe.steps
    begun = next(train_cells(cells[:1], root))
    assert isinstance(begun, Begun) and begun.step == step


@pytest.mark.slow
def test_what_still_trains_is_adopted(root: Path) -> None:
    """The queue dies, its runs do not."""
    cells = tiny_cells("GAP", "K=20", steps_scale=0.002)
    queue = train_cells(cells, root)
    assert isinstance(next(queue), Begun)
    queue.close()
    run = Run(root / cells[0].run_id)
    assert run.is_alive()
    assert {type(event) for event in train_cells(cells, root)} == {Begun, Ended, Waited}
    assert states(cells, root) == [DONE, DONE]
    starts = [event for event in run.events()[0] if event["event"] == "start"]
    assert len(starts) == 1  # trained by one process, once


@pytest.mark.slow
def test_a_killed_run_is_gone_on_with(root: Path) -> None:
    (cell,) = tiny_cells("GAP", steps_scale=0.004)
    queue = train_cells([cell], root)
    assert isinstance(next(queue), Begun)
    wait_for(lambda: standing_of(cell, root).step >= 6, "a checkpoint")
    assert kill_trainers(root) == 1
    ended = [event for event in queue if isinstance(event, Ended)]
    assert ended[0].standing.state == PARTLY and "goes on with it" in ended[0].standing.message
    assert list(train_cells([cell], root))[-1].standing.state == DONE


def test_rules_are_measured_on_the_run_that_is_there(root: Path) -> None:
    mfa, rule = tiny_cells("MFA", "majority", what="ablation")
    for _ in train_cells([mfa, rule], root):
        pass
    assert len(list_runs(root)) == 1
    assert standing_of(rule, root).state == PARTLY
    found = measure_rule(rule, root)
    val = load_data("ucmerced", 112).val
    model = load_model(root / rule.run_id)
    logits = [model(_one(val.images[i])).logits_BMC[0].argmax(dim=1) for i in range(len(val))]
    winners = [int(votes.bincount(minlength=3).argmax()) for votes in logits]
    assert found.accuracy == sum(w == y for w, y in zip(winners, val.labels, strict=True)) / len(val)
    assert standing_of(rule, root, {rule.key: {"state": DONE}}).state == DONE
    assert (predict(model, val, ensemble="majority") == winners).all()


def _one(image: object) -> object:
    import numpy as np
    import torch

    from mvfa_core.images import normalise

    return normalise(torch.from_numpy(np.array(image)[None]))
