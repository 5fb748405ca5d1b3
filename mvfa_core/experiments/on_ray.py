"""Cells through Ray: each run is one task, which Ray places where there is room and starts again when its worker dies.
Nothing is scheduled here; the run folders, which all machines share, hold everything as they do for the local queue."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mvfa_core.checks import expect
from mvfa_core.experiments.plan import Cell
from mvfa_core.experiments.standing import DONE, FAILED, Standing
from mvfa_core.experiments.work import POLL_S, Begun, Ended, Event, Waited, ending, to_train
from mvfa_core.folders import cache_root, data_root
from mvfa_core.processes import NICE
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.work import resume

RETRIES = 3
"""How often a run is begun again, each time from its last checkpoint, when the process that trains it dies."""
STORE_BYTES = 100 * 2**20
"""Ray's store for results: nothing but names goes through it."""
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # no advice is printed
    "RAY_worker_niceness": str(NICE),  # as the processes of the local queue
    "RAY_agent_register_timeout_ms": "120000",  # on a busy machine its helpers take a while to start
}


class RayMissingError(ValueError):
    """The package is not installed."""


class RayUnreachableError(RuntimeError):
    """No cluster answers, or none could be started; the sentence says why."""


class RayEngine:
    """A connection to a Ray cluster: to the one at `address` (or at $RAY_ADDRESS), or to one started on this machine.

    Ray's own start takes over the signal for ending (SIGTERM): connect before listening for it.

    Args:
        cpus_per_run: cores that a run is given; one that may use a GPU gets one besides if the cluster has any.

    Raises:
        RayMissingError: Ray is not installed. RayUnreachableError: no cluster answers, or none could be started.
    """

    def __init__(self, address: str | None = None, *, cpus_per_run: int = 1) -> None:
        expect(cpus_per_run >= 1, "cpus-per-run", "a whole number >= 1", cpus_per_run)
        self.cpus_per_run = cpus_per_run
        self.ray = _connected(address)
        self.gpus = int(self.ray.cluster_resources().get("GPU", 0))

    def train_cells(
        self, cells: Sequence[Cell], root: Path, *, stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        """Train what is not done yet, as many at a time as the cluster has room for; events as from the local queue.

        Once `stopping()` says so, what waits is taken back and what runs is asked to save and end.
        """
        root = root.absolute()
        tasks: dict[Any, Cell] = {}
        before: dict[Cell, str] = {}
        for cell in to_train(cells, root):
            before[cell] = _claim(cell, root)
            try:
                tasks[self._handed_over(cell, root)] = cell
            except (RunError, OSError) as error:
                yield Ended(cell, Standing(FAILED, 0, cell.recipe.steps, message=str(error)))
        begun: set[Cell] = set()
        while tasks:
            if stopping():
                self._stop(tasks, begun, root)
            over, _ = self.ray.wait(list(tasks), timeout=POLL_S)
            for cell in [cell for cell in tasks.values() if cell not in begun]:
                if _claim(cell, root) not in ("", before[cell]):
                    begun.add(cell)
                    run = Run(root / cell.run_id)
                    yield Begun(cell, run, run.status().step)
            for task in over:
                cell = tasks.pop(task)
                yield Ended(cell, self._ending(task, cell, root))
            if not over:
                yield Waited(tuple(cell for cell in tasks.values() if cell in begun))

    def _handed_over(self, cell: Cell, root: Path) -> Any:
        """The task that trains a cell."""
        run = Run(root / cell.run_id)
        if run.is_alive():
            raise RunError(f"{run.id}: another process on this machine is training it; wait for it or stop it")
        if not (run.path / "recipe.json").exists():
            run.create(cell.recipe)
        task = self.ray.remote(
            num_cpus=self.cpus_per_run,
            num_gpus=1 if self.gpus and cell.recipe.device != "cpu" else 0,
            max_retries=RETRIES,
            # a shared disk may hiccup; what else goes wrong would go wrong again
            retry_exceptions=[OSError],
            # a process for each run, as elsewhere: its memory is free when it ends
            max_calls=1,
        )
        places = {"MVFA_DATA": str(data_root().absolute()), "MVFA_CACHE": str(cache_root().absolute())}
        return task(train_run).options(name=str(cell)).remote(str(run.path), places, self.cpus_per_run)

    def _stop(self, tasks: dict[Any, Cell], begun: set[Cell], root: Path) -> None:
        """Take back what waits; ask what runs, again if a worker that took over has not heard it."""
        for task, cell in tasks.items():
            run = Run(root / cell.run_id)
            if cell not in begun:
                self.ray.cancel(task)
            elif not run.asked():
                run.request_stop()

    def _ending(self, task: Any, cell: Cell, root: Path) -> Standing:
        """What the run folder says; what Ray says where the run never got so far."""
        try:
            self.ray.get(task)
        except self.ray.exceptions.TaskCancelledError:
            return ending(cell, root)
        except Exception as error:
            standing = ending(cell, root)
            return (
                standing if standing.state in (DONE, FAILED) else replace(standing, state=FAILED, message=_why(error))
            )
        return ending(cell, root)


def train_run(path: str, places: dict[str, str], threads: int) -> None:
    """Train the run in a folder from its last checkpoint, in a worker of Ray's.

    Args:
        places: where data and cache are on the machine that asks; one of this machine's own (by the same variables)
            goes before.

    Raises:
        RunError: the folder is not on this machine.
    """
    import torch

    for name, place in places.items():
        os.environ.setdefault(name, place)
    torch.set_num_threads(threads)
    run = Run(path)
    if not (run.path / "recipe.json").exists():
        raise RunError(f"{run.id}: its folder is not on a machine of the cluster; all of them must share {run.path}")
    if run.status().state not in ("finished", "diverged"):  # it may have died between its end and telling of it
        resume(run)


def _claim(cell: Cell, root: Path) -> str:
    """What a run folder says of the process that trains it, or last did; empty where there was none."""
    try:
        return (root / cell.run_id / "process.json").read_text()
    except OSError:
        return ""


def _connected(address: str | None) -> Any:
    """The package, connected."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise RayMissingError("the engine ray needs the package ray; install it with: pip install ray") from error
    if not ray.is_initialized():
        address = address or os.environ.get("RAY_ADDRESS")
        own = {} if address else {"include_dashboard": False, "object_store_memory": STORE_BYTES}
        try:
            ray.init(address=address or "local", logging_level="error", log_to_driver=False, **own)
        except Exception as error:  # Ray raises a bare Exception where its own start takes too long
            what = f"no Ray cluster answers at {address}" if address else "Ray could not be started here"
            raise RayUnreachableError(f"{what} ({_why(error)})") from error
    return ray


def _why(error: Exception) -> str:
    """The first line of what went wrong in the worker."""
    cause = getattr(error, "cause", None) or error
    return next((line for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
