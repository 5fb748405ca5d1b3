"""The results file: everything that was measured, by what it is a measurement of, and which tables were asked for.

A table is a view of it, so a run that stands in two tables is measured and noted once. The file is written whole under
another name and renamed, under a lock: readers never meet half of it, and of two commands none loses its figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from mvfa_core.experiments.plan import EXPERIMENTS, Cell, Settings
from mvfa_core.experiments.standing import DONE, TO_DO, Standing
from mvfa_core.files import read_json, replace_text
from mvfa_core.folders import runs_root
from mvfa_core.names import visible

FILE = "results.json"
PUBLISHED = Path(__file__).resolve().parents[2] / "assets" / FILE
"""What was measured for the project's own report (docs/reproduction.md); it comes with the project."""
VERSION = 1


class ResultsError(ValueError):
    """A results file that cannot be read; the sentence says why and what to do."""


@dataclass(frozen=True)
class TableRequest:
    """A table that somebody asked for: an experiment with its settings, and the datasets beyond its own."""

    experiment: str
    settings: Settings
    data: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """What is in the file: requests, newest first, and measurements by `Cell.key`. Each measurement holds state, step,
    steps, accuracy, best, n, curve, by_scale, message, seed, run, and when it was noted."""

    requests: tuple[TableRequest, ...] = ()
    measured: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def results_file(root: Path | None = None) -> Path:
    """Where it is: beside the run folders that it was made from."""
    return (runs_root() if root is None else root) / FILE


def with_published(own: Results) -> Results:
    """What was measured here, and where nothing was, what came with the project.

    Raises:
        ResultsError: the project's file cannot be read.
    """
    published = read(PUBLISHED)
    asked = [(one.experiment, one.settings) for one in own.requests]
    more = [one for one in published.requests if (one.experiment, one.settings) not in asked]
    done = {key: one for key, one in own.measured.items() if one["state"] == DONE or key not in published.measured}
    return Results((*own.requests, *more), {**published.measured, **done})


def read(file: Path) -> Results:
    """The results; empty ones where there is no file yet.

    Raises:
        ResultsError: there is one, and it cannot be read.
    """
    try:
        found = read_json(file)
    except FileNotFoundError:
        return Results()
    except (OSError, ValueError) as error:
        why = "it is not JSON" if isinstance(error, ValueError) else error.strerror or "an error of the disk"
        raise ResultsError(_unreadable(file, why)) from error
    try:
        if found["version"] != VERSION:
            raise ResultsError(_unreadable(file, f"expected version {VERSION}, got {found['version']!r:.40}"))
        measured = {str(key): _measurement(one) for key, one in found["measured"].items()}
        return Results(tuple(_request(one) for one in found["requests"]), measured)
    except ResultsError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ResultsError(_unreadable(file, f"something is missing or wrong in it, {visible(str(error))}")) from error


_BLANK: dict[str, Any] = {**asdict(Standing("")), "seed": 0, "run": "", "noted": ""}


def _measurement(found: Mapping[str, Any]) -> dict[str, Any]:
    """One measurement, whatever is missing of it filled in; `ValueError` for a value of another kind."""
    one = {**_BLANK, **found}
    texts = all(isinstance(one[name], str) for name in ("state", "message", "run", "noted"))
    numbers = [one[name] for name in ("step", "steps", "seed")] + [value for point in one["curve"] for value in point]
    numbers += [one[name] for name in ("rate", "accuracy", "best", "n") if one[name] is not None]
    if not texts or not all(isinstance(n, int | float) and abs(n) < 1e15 for n in numbers):
        raise ValueError("a measurement that is none")
    if any(len(point) != 2 for point in one["curve"]):
        raise ValueError("a curve of other than (step, accuracy)")
    if not isinstance(one["seed"], int) or one["seed"] < 0:
        raise ValueError("a seed that is none")
    if not isinstance(one["by_scale"], list | tuple) or not all(map(_is_band, one["by_scale"])):
        raise ValueError("bands of scale that are none")
    return one


def _is_band(band: Any) -> bool:
    values = [band.get(name) for name in ("from", "to", "accuracy", "n")] if isinstance(band, dict) else [None]
    return all(isinstance(value, int | float) and 0 <= value < 1e15 for value in values)


def _unreadable(file: Path, why: str) -> str:
    return f"{file.name}: cannot be read ({why}); move it away, the next reproduce makes it again from the run folders"


def _request(found: Mapping[str, Any]) -> TableRequest:
    if found["experiment"] not in EXPERIMENTS:
        raise ValueError(f"an experiment {found['experiment']!r}")
    data = tuple(found["data"])
    if not all(isinstance(name, str) for name in data):
        raise ValueError("datasets without a name")
    return TableRequest(found["experiment"], Settings(**found["settings"]), data)


def note(file: Path, request: TableRequest, standings: Iterable[tuple[Cell, Standing]]) -> Results:
    """Add a request and what is known now about its cells; returns the whole.

    A finished measurement is never replaced by an unfinished one: its run folder may have been cleared away.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f".{file.name}.lock")):
        before = read(file)
        measured = dict(before.measured)
        for cell, standing in standings:
            _add(measured, cell, standing)
        same = [r for r in before.requests if (r.experiment, r.settings) == (request.experiment, request.settings)]
        data = dict.fromkeys([*(name for one in same for name in one.data), *request.data])
        merged = TableRequest(request.experiment, request.settings, tuple(data))
        after = Results((merged, *(r for r in before.requests if r not in same)), measured)
        _write(file, after)
    return after


def _add(measured: dict[str, Mapping[str, Any]], cell: Cell, standing: Standing) -> None:
    if measured.get(cell.key, {}).get("state") == DONE and standing.state != DONE:
        return
    if standing.state == TO_DO:
        measured.pop(cell.key, None)
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    fresh = {**asdict(standing), "curve": [list(point) for point in standing.curve], "seed": cell.seed}
    fresh["by_scale"] = list(standing.by_scale)
    fresh |= {"run": cell.run_id, "noted": now}
    old = {**measured.get(cell.key, {}), "noted": now}
    measured[cell.key] = fresh if old != fresh else measured[cell.key]


def _write(file: Path, results: Results) -> None:
    found = {
        "version": VERSION,
        "requests": [asdict(request) for request in results.requests],
        "measured": results.measured,
    }
    replace_text(file, json.dumps(found, indent=1) + "\n")
