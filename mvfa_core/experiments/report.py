"""A table as it stands: ours, from the results file, beside the paper's."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.experiments.plan import SCHEDULE, Cell, Experiment, Settings, cell_of, cells, schedule_of
from mvfa_core.experiments.results import Results
from mvfa_core.experiments.rows import Row
from mvfa_core.experiments.standing import DONE, MISSING, PARTLY, TO_DO, get_command
from mvfa_core.training.recipes import Recipe

LAST_SEED = 100
"""Seeds from 0 up to this one are looked for."""


@dataclass(frozen=True)
class Trained:
    """One run of a figure: its seed, the name of its folder, how far it is, and its accuracy in per cent if done."""

    seed: int
    run: str
    state: str
    step: int
    steps: int
    accuracy: float | None
    message: str
    curve: tuple[tuple[int, float], ...] = ()
    by_scale: tuple[Mapping[str, float], ...] = ()


@dataclass(frozen=True)
class Band:
    """Accuracy where the object spans `low` to `high` of the picture's side: the mean over the finished seeds in per
    cent, their standard deviation (None for one seed), and the pictures of one seed."""

    low: float
    high: float
    ours: float
    spread: float | None
    n: int


@dataclass(frozen=True)
class Figure:
    """A row on a dataset. Accuracies are in per cent of the held-out pictures: `ours` is the mean over the finished
    seeds, `spread` their standard deviation (None for one seed), `over_gap` is the mean gain over our GAP twin of the
    same seed."""

    row: str
    data: str
    state: str
    ours: float | None
    spread: float | None
    paper: float | None
    over_gap: float | None
    paper_over_gap: float | None
    recipe: Recipe
    paper_recipe: Recipe
    runs: tuple[Trained, ...] = ()

    @property
    def seeds(self) -> int:
        """How many finished runs `ours` is the mean of."""
        return sum(run.accuracy is not None for run in self.runs)

    def bands(self) -> tuple[Band, ...]:
        """By object scale, from the smallest objects to the largest; empty where the scales are not known."""
        told = [band for run in self.runs if run.accuracy is not None for band in run.by_scale]
        return tuple(_band([band for band in told if band["from"] == low]) for low in sorted({b["from"] for b in told}))

    @property
    def difference(self) -> float | None:
        """Ours less the paper's, in points."""
        return None if self.ours is None or self.paper is None else self.ours - self.paper

    def departures(self) -> tuple[str, ...]:
        """In what the runs are not the paper's, in words."""
        here, there = self.recipe, self.paper_recipe
        said = [f"{here.steps:,} of {there.steps:,} steps"] if here.steps != there.steps else []
        said += [f"{here.backbone} in place of {there.backbone}"] if here.backbone != there.backbone else []
        if any(getattr(here, name) != getattr(there, name) for name in SCHEDULE if name != "batch"):
            said += [f"our schedule, {schedule_of(here)}, in place of {schedule_of(there)}"]
        elif here.batch != there.batch:
            said += [f"batches of {here.batch} in place of {there.batch}"]
        every = f"a validation every {here.val_every} steps in place of {there.val_every}"
        said += [every] if here.val_every != there.val_every else []
        said += [f"{here.train_n:,} drawn pictures to train on"] if here.train_n else []
        return tuple(said)


def figures(
    experiment: Experiment,
    settings: Settings,
    results: Results,
    *,
    rows: Sequence[str] | None = None,
    data: Sequence[str] | None = None,
) -> list[Figure]:
    """The table of an experiment under those settings, row by row; `ValueError` for a name that is not known."""
    made: dict[tuple[str, str], Figure] = {}

    def figure(row: Row, name: str) -> Figure:
        if (row.name, name) not in made:
            twin = figure(experiment.row(row.twin), name) if _has_twin(experiment, row) else None
            made[row.name, name] = _figure(row, name, settings, results, twin)
        return made[row.name, name]

    wanted = cells(experiment, settings, rows=rows, data=data)
    return [figure(experiment.row(cell.row), cell.data) for cell in wanted]


def _has_twin(experiment: Experiment, row: Row) -> bool:
    return any(other.name == row.twin for other in experiment.rows)


def _figure(row: Row, data: str, settings: Settings, results: Results, twin: Figure | None) -> Figure:
    first = cell_of(row, data, 0, settings)
    trained = _trained(row, first, settings, results.measured)
    right = [run.accuracy for run in trained if run.accuracy is not None]
    ours = statistics.fmean(right) if right else None
    paper = row.paper.get(data)
    return Figure(
        row.name,
        data,
        _state(trained),
        ours,
        statistics.stdev(right) if len(right) > 1 else None,
        paper,
        None if twin is None else _gain(trained, twin.runs),
        None if twin is None or paper is None or twin.paper is None else paper - twin.paper,
        first.recipe,
        row.recipe(data),
        trained,
    )


def _gain(trained: Sequence[Trained], twins: Sequence[Trained]) -> float | None:
    """The mean gain over the twins, seed by seed; None where no seed was trained both ways."""
    twin = {one.seed: one.accuracy for one in twins if one.accuracy is not None}
    gains = [one.accuracy - twin[one.seed] for one in trained if one.accuracy is not None and one.seed in twin]
    return statistics.fmean(gains) if gains else None


def _trained(
    row: Row, first: Cell, settings: Settings, measured: Mapping[str, Mapping[str, Any]]
) -> tuple[Trained, ...]:
    last = max((one["seed"] for one in measured.values()), default=0)
    found = []
    for seed in range(min(last, LAST_SEED) + 1):
        cell = first if seed == 0 else cell_of(row, first.data, seed, settings)
        if (one := measured.get(cell.key)) is None:
            continue
        share = one["accuracy"] if one["state"] == DONE else None
        curve = tuple((int(step), float(accuracy)) for step, accuracy in one["curve"])
        accuracy = None if share is None else 100 * share
        told = (one["run"], one["state"], one["step"], one["steps"], accuracy, one["message"])
        found.append(Trained(seed, *told, curve, tuple(one["by_scale"])))
    return tuple(found)


def _band(told: Sequence[Mapping[str, float]]) -> Band:
    shares = [100 * band["accuracy"] for band in told]
    spread = statistics.stdev(shares) if len(shares) > 1 else None
    return Band(told[0]["from"], told[0]["to"], statistics.fmean(shares), spread, int(told[0]["n"]))


def _state(trained: Sequence[Trained]) -> str:
    """Of a figure: done as soon as one seed is and none is under way, else what is the matter with the rest."""
    states = {run.state for run in trained}
    if not states:
        return TO_DO
    if states == {DONE}:
        return DONE
    rest = next(run.state for run in trained if run.state != DONE)
    return rest if DONE not in states or rest == MISSING else PARTLY


def paper_title(data: str) -> str:
    """A dataset as the paper calls it."""
    return CATALOGUE[data].paper if data in CATALOGUE else data


def what_to_do(figure: Figure) -> str:
    """How a figure that is not there could be had; empty where nothing is known to stand in the way."""
    return get_command(figure.data) if figure.state == MISSING else ""


def curves(found: Sequence[Figure]) -> list[dict[str, Any]]:
    """Every validation of every run, one point a record: what Figure 6 is drawn from. Accuracy in per cent."""
    return [
        {"row": one.row, "data": one.data, "seed": run.seed, "step": step, "accuracy": 100 * accuracy}
        for one in found
        for run in one.runs
        for step, accuracy in run.curve
    ]


def record(figure: Figure) -> dict[str, Any]:
    """A figure as one flat record, for CSV and JSON."""
    return {
        "row": figure.row,
        "data": figure.data,
        "state": figure.state,
        "ours": figure.ours,
        "spread": figure.spread,
        "seeds": figure.seeds,
        "paper": figure.paper,
        "difference": figure.difference,
        "over_gap": figure.over_gap,
        "paper_over_gap": figure.paper_over_gap,
        "steps": figure.recipe.steps,
        "paper_steps": figure.paper_recipe.steps,
        "backbone": figure.recipe.backbone,
        "paper_backbone": figure.paper_recipe.backbone,
        "batch": figure.recipe.batch,
        "departures": "; ".join(figure.departures()),
        "runs": " ".join(run.run for run in figure.runs),
    }
