"""reproduce: a table or figure of the paper, from nothing to ours beside the paper's."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

from mvfa_core.cli import engines
from mvfa_core.cli.output import FailureError, expect_place, print_json, say, table
from mvfa_core.experiments import results
from mvfa_core.experiments.cost import in_words, seconds_left
from mvfa_core.experiments.formats import FORMATS
from mvfa_core.experiments.plan import EXPERIMENTS, OWN_RECIPES, Cell, Experiment, Settings, cells
from mvfa_core.experiments.report import Figure, figures, record
from mvfa_core.experiments.results import Results, TableRequest, results_file
from mvfa_core.experiments.standing import DIVERGED, DONE, FAILED, MISSING, PARTLY, Standing, standing_of
from mvfa_core.experiments.work import Begun, Ended, Event, Waited, measure_rule
from mvfa_core.files import replace_text
from mvfa_core.folders import runs_root
from mvfa_core.names import visible
from mvfa_core.percent import of_count
from mvfa_core.training.runs import Run

HELP = "Run the cells of a table or figure of the paper and print it, ours beside the paper's."
PROTOCOL = "validate_on test: all of train is trained on, test (val where there is none) is watched and chooses nothing"
TELL_S = 30
"""How often the runs under way are named."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=EXPERIMENTS, help="the table or figure")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="some of its rows, as the paper names them")
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="some of its datasets, or synthetic")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="runs of every cell, seeds 0 to N-1")
    parser.add_argument("--steps-scale", type=float, default=1.0, metavar="PART", help="of the paper's steps, 0.05 say")
    parser.add_argument("--recipe", choices=OWN_RECIPES, default="paper", help="quick, photos: schedules of ours")
    parser.add_argument("--backbone", metavar="NAME", help="in place of the paper's, compact say; the table says so")
    parser.add_argument("--batch", type=int, help="pictures a step (default: 64)")
    parser.add_argument("--val-every", type=int, help="steps between validations and checkpoints (default: 100)")
    parser.add_argument("--data-n", type=int, metavar="N", help="synthetic pictures to train on")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    engines.add(parser)
    parser.add_argument("--runs", type=Path, metavar="DIR", help="where the runs and results.json go (default: runs)")
    parser.add_argument("--dry-run", action="store_true", help="list what would run and what it costs, run nothing")
    parser.add_argument("--format", choices=FORMATS, default="markdown", help="of the table (default: markdown)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table there instead of printing it")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    if args.seeds < 1:
        raise ValueError(f"seeds: expected a whole number >= 1, got {args.seeds}")
    engines.expect_fitting(args)
    if args.out:
        expect_place("--out", args.out)
    experiment = EXPERIMENTS[args.what]
    settings = _settings(args)
    wanted = _on_device(
        cells(experiment, settings, rows=args.rows, data=args.datasets, seeds=range(args.seeds)), args.device
    )
    root = args.runs or runs_root()
    known = results.read(results_file(root))
    standings = [(cell, standing_of(cell, root, known.measured)) for cell in wanted]
    if args.dry_run:
        _list(experiment, settings, standings, root, args)
        return
    if not args.json:
        _say(f"{experiment.title}: {len(wanted)} cells, {settings.label()}")
        _say(PROTOCOL)
    request = TableRequest(experiment.name, settings, tuple(dict.fromkeys(cell.data for cell in wanted)))
    with redirect_stdout(sys.stderr):  # Ray prints what it has to say; standard output is for the table alone
        interrupted = _carry_out(wanted, root, request, engines.engine_of(args))
    known = _note(wanted, root, request)
    found = figures(experiment, settings, known, rows=args.rows, data=args.datasets)
    _print(experiment, found, known, args)
    if interrupted:
        raise KeyboardInterrupt
    _fail_unless_done(wanted, root, known)


def _settings(args: argparse.Namespace) -> Settings:
    recipe = None if args.recipe == "paper" else args.recipe
    return Settings(args.steps_scale, args.backbone, args.batch, args.val_every, args.data_n, recipe)


def _on_device(wanted: Sequence[Cell], device: str) -> list[Cell]:
    return [replace(cell, recipe=replace(cell.recipe, device=device)) for cell in wanted]


# --- before ---


def _list(
    experiment: Experiment,
    settings: Settings,
    standings: Sequence[tuple[Cell, Standing]],
    root: Path,
    args: argparse.Namespace,
) -> None:
    """What would run: every cell with its state and cost; runs that several cells share are counted once."""
    shown, total, seen = [], 0.0, set()
    for cell, standing in standings:
        shared = cell.digest in seen
        seen.add(cell.digest)
        cost = 0.0 if shared else seconds_left(cell, standing, tell=_say)
        total += cost
        shown.append((cell, standing, shared, cost))
    states = _counted([standing.state for _, standing in standings])
    if args.json:
        print_json(
            {
                "experiment": experiment.name,
                "settings": asdict(settings),
                "validate_on": "test",
                "runs": str(root),
                "seconds": total,
                "states": states,
                "cells": [_listed(*one) for one in shown],
            }
        )
        return
    say(f"{experiment.title}\n{experiment.note}\nsettings: {settings.label()}\n{PROTOCOL}\n")
    header = ("row", "dataset", "seed", "backbone", "steps", "state", "cost", "paper")
    say(table(header, [_line(*one) for one in shown]))
    for message in dict.fromkeys(f"{s.state}: {s.message}" for _, s in standings if s.message):
        say(message)
    counted = ", ".join(f"{count} {state}" for state, count in states.items())
    say(f"\n{len(shown)} cells, {len(seen)} different runs: {counted}")
    here = sum(cost for _, standing, _, cost in shown if standing.state != MISSING)
    say(f"about {in_words(total)} one after another on this machine, {in_words(here)} for the data that is here")


def _line(cell: Cell, standing: Standing, shared: bool, cost: float) -> tuple[object, ...]:
    steps = f"{standing.step}/{cell.recipe.steps}" if standing.step else cell.recipe.steps
    paper = "-" if cell.paper is None else f"{cell.paper:.2f}"
    spent = "shared" if shared else in_words(cost)
    return (cell.row, cell.data, cell.seed, cell.recipe.backbone, steps, standing.state, spent, paper)


def _listed(cell: Cell, standing: Standing, shared: bool, cost: float) -> dict:
    facts = {"row": cell.row, "data": cell.data, "seed": cell.seed, "run": cell.run_id, "digest": cell.digest}
    facts |= {"backbone": cell.recipe.backbone, "steps": cell.recipe.steps, "step": standing.step, "paper": cell.paper}
    return facts | {"state": standing.state, "message": standing.message, "shared": shared, "seconds": cost}


def _counted(states: Sequence[str]) -> dict[str, int]:
    return {state: states.count(state) for state in dict.fromkeys(states)}


# --- meanwhile ---


def _carry_out(wanted: Sequence[Cell], root: Path, request: TableRequest, train: engines.Train) -> bool:
    """Train and measure; whether it was cut short. The results file follows at every ending."""
    known = _note(wanted, root, request)
    # a figure outlives its run folder: such a cell has no run any more, and needs none
    left = [cell for cell in wanted if standing_of(cell, root, known.measured).state != DONE]
    tell = _Teller(root)
    with _asked_to_stop() as stopping:
        for event in train(left, root, stopping=lambda: bool(stopping)):
            tell(event, stopping=bool(stopping))
            if isinstance(event, Begun | Ended):
                _note(wanted, root, request)
        for cell in wanted if not stopping else ():
            _measure(cell, root, request)
        return bool(stopping)


def _measure(cell: Cell, root: Path, request: TableRequest) -> None:
    """The cell's own rule for the views, once its run is done; a failure is said and noted."""
    known = results.read(results_file(root))
    standing = standing_of(cell, root, known.measured)
    if cell.key == cell.digest or standing.state != PARTLY or not standing.step >= cell.recipe.steps:
        return
    try:
        found = measure_rule(cell, root)
    except (ValueError, RuntimeError, OSError) as error:
        found = Standing(FAILED, standing.step, standing.steps, message=str(error).partition("\n")[0])
    accuracy = f"{of_count(found.accuracy, 2)}%" if found.accuracy is not None else found.message
    _say(f"{cell}: measured with {cell.ensemble}, {accuracy}")
    results.note(results_file(root), request, [(cell, found)])


def _note(wanted: Sequence[Cell], root: Path, request: TableRequest) -> Results:
    known = results.read(results_file(root))
    measured = {key for key, one in known.measured.items() if one["state"] in (DONE, FAILED)}
    own_rule = {cell.key for cell in wanted if cell.key != cell.digest and cell.key in measured}
    fresh = [(cell, standing_of(cell, root, known.measured)) for cell in wanted if cell.key not in own_rule]
    return results.note(results_file(root), request, fresh)


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that is no longer empty once Ctrl-C or SIGTERM came; the second one leaves at once."""
    asked: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        _say("stopping: what runs is asked to save and end; once more leaves at once")

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Teller:
    """Says on standard error what happens, and now and then what is under way."""

    def __init__(self, root: Path) -> None:
        self.root, self.told_s = root, time.monotonic()

    def __call__(self, event: Event, *, stopping: bool) -> None:
        match event:
            case Begun(cell, run, step):
                _say(f"{cell}: {'from step ' + str(step) if step else 'started'}, {run.path}")
            case Ended(cell, standing):
                accuracy = "" if standing.accuracy is None else f", accuracy {of_count(standing.accuracy, 2)}%"
                why = f": {standing.message}" if standing.message else ""
                _say(f"{cell}: {standing.state} at step {standing.step} of {standing.steps}{accuracy}{why}")
            case Waited(under_way) if not stopping and time.monotonic() - self.told_s > TELL_S:
                self.told_s = time.monotonic()
                _say("; ".join(f"{cell} at step {Run(self.root / cell.run_id).status().step}" for cell in under_way))


def _say(sentence: str) -> None:
    print(visible(sentence, None), file=sys.stderr, flush=True)


# --- after ---


def _print(experiment: Experiment, found: Sequence[Figure], known: Results, args: argparse.Namespace) -> None:
    text = FORMATS[args.format](experiment, found)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        replace_text(args.out, text, durable=False)
        _say(f"written: {args.out}")
    if args.json:
        print_json({"experiment": experiment.name, "figures": [record(figure) for figure in found]})
    elif not args.out:
        say(text)


def _fail_unless_done(wanted: Sequence[Cell], root: Path, known: Results) -> None:
    states = [known.measured.get(cell.key, {}).get("state", "to do") for cell in wanted]
    left = {state: count for state, count in _counted(states).items() if state != DONE}
    if not left:
        return
    worst = [state for state in (FAILED, DIVERGED, PARTLY, MISSING) if state in left]
    reasons = (known.measured.get(cell.key, {}).get("message", "") for cell in wanted)
    why = next((reason for reason in reasons if reason and worst), "")
    counted = ", ".join(f"{count} {state}" for state, count in left.items())
    sentence = f"{sum(left.values())} of {len(wanted)} cells are not filled ({counted})"
    raise FailureError(f"{sentence}: {why}" if why else sentence)
