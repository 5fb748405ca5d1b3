"""Training runs: each is a process of its own, which outlives this server, and a folder that every page may read."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any

from app.base import permissions
from app.base.settings import changing, read_only, shared
from app.services import limits
from mvfa_core.folders import runs_root
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.launch import enqueue, launch, start, start_next
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs, new_run_id
from mvfa_core.training.step_control import hold

RUNNING = ("starting", "running")
ACTIVE = (*RUNNING, "queued")
"""States that change by themselves."""


@changing
def start_training(recipe: Recipe, *, wait: bool = False) -> Run:
    """A new run in a process that outlives this server; `wait` lets it start when no other run is being trained.

    Raises:
        RunError: a recipe that no page offers, or as many processes at work, or runs in line, as there may be.
    """
    limits.expect_startable(recipe)
    permissions.expect_seen(recipe.data)
    if not wait:
        with limits.one_more():
            run = start(recipe)
        permissions.mark(run)
        return run
    limits.expect_short_line()
    run = _created(recipe)
    queue(run)
    return run


def _created(recipe: Recipe) -> Run:
    run = Run(runs_root() / new_run_id(recipe))
    run.create(recipe)
    permissions.mark(run)
    return run


@changing
def start_held(recipe: Recipe, *, wait: bool = False, instead: Run | None = None) -> Run:
    """As `start_training`, but the run holds before its first step until it is let go; `instead` names a run that is
    stopped then and makes room for it."""
    limits.expect_startable(recipe)
    permissions.expect_seen(recipe.data)
    if wait:
        limits.expect_short_line()
        run = _held(recipe)
        queue(run)
    else:
        with limits.one_more(instead):
            run = _held(recipe)
            launch(run)
    return run


def _held(recipe: Recipe) -> Run:
    run = _created(recipe)
    hold(run)
    return run


@changing
def queue(run: Run) -> None:
    """Let a run that is not being trained go on when its turn comes. Raises as `start_training`."""
    limits.expect_startable(run.recipe())
    permissions.expect_mine(run)
    if run.queued_since() is None:
        limits.expect_short_line()
    enqueue(run)
    move_line_on()


def move_line_on() -> None:
    """Start the run that has waited longest, if none is being trained; a read-only server leaves that to others."""
    if read_only():
        return
    # Another page is at it, or the run started in this moment: the next tick looks again.
    with suppress(OSError, RunError):
        start_next()


def runs() -> list[FollowedRun]:
    """All runs that this visitor may see and that can be read, newest first."""
    return [run for run in all_runs() if _readable(run)]


def all_runs() -> list[FollowedRun]:
    """All run folders that this visitor may see, newest first, whether they can be read or not."""
    return [_followed(str(run.path)) for run in listed()]


def listed() -> list[Run]:
    """As `all_runs`, without what is kept of each: for whoever only looks what there is."""
    return [run for run in list_runs() if _may_see(run)]


def with_model() -> list[Run]:
    """Those of `listed` that have saved weights."""
    return [run for run in list_runs() if run.model_path() and _may_see(run)]


def _may_see(run: Run) -> bool:
    if not shared():
        return True
    try:
        return permissions.may_see_made(run, _followed(str(run.path)).recipe().data)
    except RunError:
        return permissions.may_see_made(run)


@lru_cache(maxsize=512)  # not Streamlit's, which takes longer than the look itself, and a page looks many times
def _followed(path: str) -> FollowedRun:
    # Shared by all visitors: what a run has told is read once.
    return FollowedRun(Run(path))


def _readable(run: Run) -> bool:
    try:
        run.recipe()
    except RunError:
        return False
    return True


def standing() -> tuple[tuple[str, bool], ...]:
    """The run folders there are and whether each changes by itself: pages compare it to notice that something began
    or ended, in another tab or on the command line."""
    return tuple((run.id, _readable(run) and run.status().state in ACTIVE) for run in all_runs())


def tick_s(standing: tuple[tuple[str, bool], ...]) -> float:
    """How often a page looks again: each second while a run is active, and now and then whether one began."""
    return 1.0 if any(active for _, active in standing) else 4.0


def runs_folder() -> str:
    """Where the runs are, for people."""
    return str(runs_root())


def events(run: Run) -> list[dict[str, Any]]:
    """Everything that a run has told so far, oldest first."""
    return run.events()[0]


@changing
def go_on(run: Run) -> None:
    """A new process for a run that ended early or waits in line, from its last checkpoint. Raises as
    `start_training`."""
    limits.expect_startable(run.recipe())
    permissions.expect_mine(run)
    with limits.one_more():
        launch(run)
