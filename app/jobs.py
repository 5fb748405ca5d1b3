"""Work that is not this visitor's alone: inference waits in one line, training runs in processes of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from mvfa_core.training.launch import launch, start
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs, runs_root

P = ParamSpec("P")
T = TypeVar("T")

RUNNING = ("starting", "running")


@st.cache_resource(show_spinner=False)
def _line() -> ThreadPoolExecutor:
    # One worker, first come first served: with several at once everybody waits as long as the slowest.
    return ThreadPoolExecutor(1, thread_name_prefix="inference")


def infer(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call the function when its turn comes and return what it returns; its error is raised here."""
    return _line().submit(function, *args, **options).result()


def start_training(recipe: Recipe) -> Run:
    """A new run in a process that outlives this server."""
    return start(recipe)


def runs() -> list[Run]:
    """All runs on this machine that can be read, newest first."""
    return [run for run in list_runs() if _readable(run)]


def _readable(run: Run) -> bool:
    try:
        run.recipe()
    except RunError:
        return False
    return True


def runs_folder() -> str:
    """Where the runs are, for people."""
    return str(runs_root())


def events(run: Run) -> list[dict[str, Any]]:
    """Everything that a run has told so far, oldest first."""
    return run.events()[0]


def go_on(run: Run) -> None:
    """A new process for a run that ended early, from its last checkpoint."""
    launch(run)
