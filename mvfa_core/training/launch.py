"""Start a run in a process of its own, which outlives whoever started it, at once or when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from mvfa_core.folders import runs_root
from mvfa_core.jobs.folder import LOCK_S
from mvfa_core.jobs.launch import launch as launch_job
from mvfa_core.training.gpus import own_gpu
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs, new_run_id


def start(recipe: Recipe, run_id: str | None = None) -> Run:
    """Make the run folder and a process that trains into it; returns at once.

    The process is found again through the run folder, so nobody needs to keep what this returns.
    """
    run = Run(runs_root() / (run_id or new_run_id(recipe)))
    run.create(recipe)
    launch(run)
    return run


@contextmanager
def room_for_one(limit: int, busy: Callable[[], int]) -> Iterator[None]:
    """Around the start of a process: nobody else starts one meanwhile, and there are fewer than `limit`.

    Args:
        busy: counts the processes that are there; called once nobody else can start one.

    Raises:
        RunError: there are as many as there may be.
    """
    runs_root().mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(runs_root() / ".queue.lock", timeout=LOCK_S):
            if (there := busy()) >= limit:
                raise RunError(
                    f"{there} of at most {limit} processes are at work here; wait in line or try again later"
                )
            yield
    except Timeout:
        raise RunError(f"another run has been starting for {LOCK_S} s; try again") from None


def launch(run: Run) -> None:
    """A new process for a run folder: from its last checkpoint, or from the start if it has none. A run that a process
    trains already, perhaps since a moment ago, is left to it.

    Raises:
        RunError: the folder is no run, or not any more.
    """
    recipe = run.recipe()
    if run.is_alive():
        return
    launch_job(run, ["train", "--resume", str(run.path), "--quiet"], own_gpu(run, recipe))
    run.leave_queue()


def enqueue(run: Run) -> None:
    """Put a run in line: `start_next` launches it when its turn comes. One that waits already keeps its place.

    Raises:
        RunError: it is being trained.
    """
    run.recipe()
    run.join_queue()


def start_next(limit: int = 1) -> list[Run]:
    """Launch the runs that have waited longest while fewer than `limit` are starting or running; returns those.

    Any number of processes may call it as often as they like: one at a time looks and launches. A run that cannot be
    launched, because its disk is full perhaps, keeps its place and holds up nobody.
    """
    if not _in_line():
        return []
    launched: list[Run] = []
    with FileLock(runs_root() / ".queue.lock", timeout=LOCK_S):
        busy = sum(run.is_alive() for run in list_runs())
        for run in _in_line():
            if busy + len(launched) >= limit:
                break
            with suppress(OSError, RunError):
                launch(run)
                launched.append(run)
    return launched


def _in_line() -> list[Run]:
    """The runs that wait and are not being trained, the longest waiting first."""
    since = {run: at for run in list_runs() if (at := run.queued_since()) is not None and not run.is_alive()}
    return sorted(since, key=lambda run: (since[run], run.id))
