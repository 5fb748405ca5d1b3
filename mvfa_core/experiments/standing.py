"""How far a cell is, from its run folder alone, so that it is the same from every process and after any crash."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import place_of
from mvfa_core.experiments.plan import Cell, digest_of
from mvfa_core.training.archive import is_private
from mvfa_core.training.runs import Run, RunError

DONE, RUNNING, PARTLY, FAILED, DIVERGED = "done", "running", "partly", "failed", "diverged"
TO_DO, MISSING, OTHER = "to do", "data missing", "another run"
ENDED = (DONE, DIVERGED, OTHER, MISSING)
"""Nothing is gained by starting these (again): a run that diverged would do so again."""


@dataclass(frozen=True)
class Standing:
    """Where a cell stands; accuracies are shares of the n held-out pictures. `best` is the highest validation,
    `by_scale` the last one in bands of object scale, where those are known."""

    state: str
    step: int = 0
    steps: int = 0
    rate: float | None = None
    accuracy: float | None = None
    best: float | None = None
    n: int | None = None
    curve: tuple[tuple[int, float], ...] = ()
    message: str = ""
    by_scale: tuple[dict, ...] = ()


def get_command(data: str) -> str:
    """What gets a dataset, or says how to."""
    return shlex.join(["python", "-m", "mvfa_core", "data", "get", data])


def is_here(data: str) -> bool:
    """Whether a dataset's folder is on this machine; nothing is read."""
    if data == SYNTHETIC:
        return True
    try:
        place_of(data)
    except DataError:
        return False
    return True


def standing_of(cell: Cell, root: Path, measured: Mapping[str, Mapping[str, Any]] | None = None) -> Standing:
    """Where the cell's run stands below `root`. What has been `measured` (see `results`) is done, though its run folder
    be gone; a cell that asks for another rule for the views is done when that was measured on the finished run."""
    run = Run(root / cell.run_id)
    steps = cell.recipe.steps
    here = is_here(cell.data)
    noted = (measured or {}).get(cell.key, {})
    if not (run.path / "recipe.json").exists():
        if noted.get("state") == DONE:
            return _as_noted(noted, steps)
        return Standing(TO_DO if here else MISSING, 0, steps, message="" if here else get_command(cell.data))
    if message := _not_this_cell(run, cell):
        return Standing(OTHER, 0, steps, message=message)
    found = _of_run(run, steps)
    if found.state in (PARTLY, FAILED) and not here:
        return Standing(MISSING, found.step, steps, message=get_command(cell.data))
    if found.state == DONE and cell.key != cell.digest and noted.get("state") != DONE:
        return Standing(PARTLY, found.step, steps, found.rate, message="trained; this rule is still to be measured")
    return found


def _as_noted(noted: Mapping[str, Any], steps: int) -> Standing:
    told = {one.name: noted[one.name] for one in fields(Standing) if one.name in noted}
    curve = tuple((step, accuracy) for step, accuracy in told.get("curve", ()))
    told |= {"step": steps, "steps": steps, "curve": curve, "by_scale": tuple(told.get("by_scale", ()))}
    return Standing(**told)


def _not_this_cell(run: Run, cell: Cell) -> str:
    """Why the run of that name says nothing about the cell; empty if it does. Runs can be extended and edited, and on
    a shared server anybody may bring one under any name; the tables tell nobody whose it is."""
    if is_private(run):
        return f"{run.id} was not trained here; rename it, and the cell is run afresh"
    try:
        recipe = run.recipe()
    except RunError:
        return ""  # its status tells
    if digest_of(recipe) == cell.digest:
        return ""
    return f"{run.id} has been given another recipe ({recipe.steps} steps); rename it, and the cell is run afresh"


def _of_run(run: Run, steps: int) -> Standing:
    status = run.status()
    names = {"finished": DONE, "diverged": DIVERGED, "failed": FAILED}
    state = RUNNING if run.is_alive() else names.get(status.state, PARTLY)
    validations = [event for event in run.events()[0] if event["event"] == "validation"]
    curve = tuple((event["step"], event["accuracy"]) for event in validations)
    return Standing(
        state,
        status.step,
        steps,
        status.steps_per_s,
        status.accuracy,
        max((accuracy for _, accuracy in curve), default=None),
        validations[-1].get("n") if validations else None,
        curve,
        status.message,
        tuple((validations[-1].get("by_scale") if validations else None) or ()),
    )
