"""What carries out the cells that `reproduce` asks for: processes on this machine, or Ray."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from mvfa_core.cli.output import FailureError
from mvfa_core.experiments.on_ray import RayEngine, RayUnreachableError
from mvfa_core.experiments.plan import Cell
from mvfa_core.experiments.work import Event, train_cells

ENGINES = ("local", "ray")


class Train(Protocol):
    """Trains cells and yields what happens."""

    def __call__(self, cells: Sequence[Cell], root: Path, *, stopping: Callable[[], bool]) -> Iterator[Event]: ...


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=ENGINES, default="local", help="processes here (default), or tasks of Ray")
    parser.add_argument("--workers", type=int, metavar="N", help="runs at a time, for the local engine (default: 1)")
    parser.add_argument("--address", help="of a Ray cluster (default: $RAY_ADDRESS, or one is started here)")
    parser.add_argument("--cpus-per-run", type=int, metavar="N", help="cores a run is given, for Ray (default: 1)")


def expect_fitting(args: argparse.Namespace) -> None:
    """`ValueError` for an option that the chosen engine does not know."""
    wrong = ("address", "cpus_per_run") if args.engine == "local" else ("workers",)
    for name in wrong:
        if getattr(args, name) is not None:
            raise ValueError(f"--{name.replace('_', '-')}: the engine {args.engine} has no such option")
    if args.workers is not None and args.workers < 1:
        raise ValueError(f"workers: expected a whole number >= 1, got {args.workers}")


def engine_of(args: argparse.Namespace) -> Train:
    """The engine that was asked for, ready.

    Raises:
        ValueError: Ray is not installed, or a number is out of range. FailureError: no cluster answers.
    """
    if args.engine == "local":
        workers = args.workers or 1
        # several runs that each take every core would only wait for each other
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
        return partial(train_cells, workers=workers)
    try:
        return RayEngine(args.address, cpus_per_run=1 if args.cpus_per_run is None else args.cpus_per_run).train_cells
    except RayUnreachableError as error:
        raise FailureError(str(error)) from error
