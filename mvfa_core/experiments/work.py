"""Cells through a bounded queue of processes, each an ordinary run. The queue yields what happens and keeps nothing of
its own: killed at any moment, the next one finds everything in the run folders and adopts what still trains."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mvfa_core.checkpoints import load_model, read_card
from mvfa_core.devices import use_device
from mvfa_core.experiments.plan import Cell
from mvfa_core.experiments.standing import ENDED, FAILED, PARTLY, RUNNING, Standing, standing_of
from mvfa_core.training.launch import launch
from mvfa_core.training.recipes import PRECISIONS
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.speed import network_on
from mvfa_core.training.split import listed, load_one, split_of, watched
from mvfa_core.training.validation import predict

POLL_S = 0.25


@dataclass(frozen=True)
class Begun:
    """A run was started, gone on with, or found being trained."""

    cell: Cell
    run: Run
    step: int


@dataclass(frozen=True)
class Ended:
    """A run is over, for better or worse."""

    cell: Cell
    standing: Standing


@dataclass(frozen=True)
class Waited:
    """Nothing new; these are being trained."""

    cells: tuple[Cell, ...]


Event = Begun | Ended | Waited


def train_cells(
    cells: Sequence[Cell], root: Path, *, workers: int = 1, stopping: Callable[[], bool] = lambda: False
) -> Iterator[Event]:
    """Train what is not done yet, at most `workers` at a time, in the order given.

    Once `stopping()` says so, nothing new is started and what runs is asked to save and end; the queue ends after it.
    A cell that fails ends; the others go on.
    """
    waiting = deque(to_train(cells, root))
    active: list[tuple[Cell, Run]] = []
    asked = False
    while waiting or active:
        if stopping() and not asked:
            asked = True
            waiting.clear()
            for _, run in active:
                run.request_stop()
        while waiting and len(active) < workers:
            cell = waiting.popleft()
            run = Run(root / cell.run_id)
            try:
                step = _begin(run, cell)
            except (RunError, OSError) as error:
                yield Ended(cell, Standing(FAILED, 0, cell.recipe.steps, message=str(error)))
                continue
            active.append((cell, run))
            yield Begun(cell, run, step)
        over = [pair for pair in active if not pair[1].is_alive()]
        active = [pair for pair in active if pair not in over]
        for cell, _ in over:
            yield Ended(cell, ending(cell, root))
        if active and not over:
            yield Waited(tuple(cell for cell, _ in active))
            time.sleep(POLL_S)


def to_train(cells: Sequence[Cell], root: Path) -> list[Cell]:
    """Each run once, those that still train first, so that they are watched and not doubled."""
    each = {cell.digest: replace(cell, ensemble="logit-sum") for cell in reversed(cells)}
    standings = {digest: standing_of(cell, root) for digest, cell in reversed(each.items())}
    left = [digest for digest, standing in standings.items() if standing.state not in ENDED]
    return [each[digest] for digest in sorted(left, key=lambda digest: standings[digest].state != RUNNING)]


def _begin(run: Run, cell: Cell) -> int:
    if not (run.path / "recipe.json").exists():
        run.create(cell.recipe)
    step = run.status().step
    launch(run)
    return step


def ending(cell: Cell, root: Path) -> Standing:
    standing = standing_of(cell, root)
    run = Run(root / cell.run_id)
    if standing.state == PARTLY and run.status().state == "lost":
        return replace(standing, message="its process is gone without a word; the same command goes on with it")
    return standing


def measure_rule(cell: Cell, root: Path) -> Standing:
    """The accuracy of a finished run with the cell's own rule for the views, in the precision that it was validated in;
    nothing is trained.

    Raises:
        ValueError: the weights or the data are not there, or not usable.
    """
    recipe = cell.recipe
    card, device = read_card(root / cell.run_id), use_device(recipe.device)
    as_trained = replace(recipe, precision=card["precision"]) if card.get("precision") in PRECISIONS else recipe
    network = network_on(load_model(root / cell.run_id), as_trained, device)
    split = split_of(recipe)
    side = watched(recipe, listed(split))
    pictures = load_one(split, network.model.side, side)
    right = predict(network, pictures, ensemble=cell.ensemble) == pictures.labels
    trained = standing_of(replace(cell, ensemble="logit-sum"), root)
    accuracy = float(right.mean())
    return replace(trained, accuracy=accuracy, best=accuracy, n=len(right), curve=(), by_scale=())
