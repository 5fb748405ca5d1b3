"""What visitors of a shared server may make it do: how many processes, of which memory, with which recipes and files.

    MVFA_RUNS_AT_ONCE     how many runs and evaluations may be at work together (default: 2 where shared, else 8)
    MVFA_RUN_MEMORY_MB    what each of them may occupy before it is ended (default where shared: half of the machine's
                          memory over the number above; else no end)
    MVFA_RUNS_MB          what all that visitors began may take of the disk before nothing more begins (default where
                          shared: 4096; else no end)
    MVFA_VISITOR_PAGES    how many pages one visitor may have open at a time (default where shared: 20; else no end)
    MVFA_MODELS           names of networks that visitors may have downloaded here, with commas (default where shared:
                          none; else any)

`make serve` sets MVFA_SHARED, and a process that it starts inherits it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from app.base.errors import message
from app.base.i18n import _
from app.base.settings import number, shared
from app.base.wording import wording_serving as words
from mvfa_core import budget
from mvfa_core.evaluation.folder import Evaluation, list_evaluations
from mvfa_core.processes import end_with_all, is_shared, memory_of
from mvfa_core.training.archive import VISITOR, removed
from mvfa_core.training.launch import room_for_one
from mvfa_core.training.recipe_fields import expect_offered
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs

AT_ONCE, MEMORY = "MVFA_RUNS_AT_ONCE", "MVFA_RUN_MEMORY_MB"
DISK, PAGES = "MVFA_RUNS_MB", "MVFA_VISITOR_PAGES"
MODELS = "MVFA_MODELS"
DEFAULT_DISK_MB, DEFAULT_PAGES = 4096, 20
DEFAULT_SHARED, DEFAULT_ALONE = 2, 8
MOST_IN_LINE = 50
"""Runs that wait for their turn; each is a folder of a few kB until then."""
LOOK_S = 1.0


def most_at_once() -> int:
    """How many runs and evaluations may be at work together."""
    return number(os.environ, AT_ONCE) or (DEFAULT_SHARED if shared() else DEFAULT_ALONE)


def most_memory() -> int | None:
    """The bytes that each of them may occupy; None for no bound."""
    if megabytes := number(os.environ, MEMORY):
        return 10**6 * megabytes
    return psutil.virtual_memory().total // 2 // most_at_once() if shared() else None


def expect_startable(recipe: Recipe) -> None:
    """Raise `RunError` with a sentence unless a page may start that recipe: an imported one, or one from a file, has
    the bounds of the form."""
    try:
        expect_offered(recipe, shared=shared())
    except ValueError as error:
        raise RunError(words.not_offered(message(error))) from error
    from app.services import allowed_paths

    if not allowed_paths.may_be_used(recipe):
        raise RunError(_("Its pictures or weights lie where this server opens nothing to visitors."))


def busy() -> int:
    """How many runs and evaluations are at work."""
    return sum(run.is_alive() for run in list_runs()) + sum(evaluation.is_alive() for evaluation in list_evaluations())


@contextmanager
def one_more(instead: Run | None = None) -> Iterator[None]:
    """Around the start of a process at once; `RunError` if there are as many as may be. One that takes the place of
    another run, which then is stopped, may always start."""
    expect_disk()
    with room_for_one(most_at_once() + (instead is not None and instead.is_alive()), busy):
        yield


def expect_short_line() -> None:
    """Raise `RunError` if so many runs wait that one more makes no sense, or if there is no room for what it writes."""
    expect_disk()
    if sum(run.queued_since() is not None for run in list_runs()) >= MOST_IN_LINE:
        raise RunError(
            _("{most} runs wait for their turn already; start this one when some are done.").format(most=MOST_IN_LINE)
        )


def most_pages() -> int | None:
    """How many pages one visitor may have open; None for no bound."""
    return (number(os.environ, PAGES) or DEFAULT_PAGES) if shared() else None


def offered_models() -> tuple[str, ...] | None:
    """The names of networks that a page may download, such as timm:resnet50.a1_in1k; None for any."""
    told = os.environ.get(MODELS, "").replace(",", " ").split()
    return tuple(dict.fromkeys(told)) if told or shared() else None


# --- the disk ---


def most_disk() -> int | None:
    """The bytes of runs and surveys that visitors began; None for no bound."""
    return 10**6 * (number(os.environ, DISK) or DEFAULT_DISK_MB) if shared() else None


def expect_disk(more: int = 0) -> None:
    """Raise `RunError` if what visitors began takes as much of the disk as it may, or would with so many bytes more.
    What the owner began counts nothing; what was removed and can be brought back still counts."""
    most = most_disk()
    if most is None:
        return
    every: list[Run | Evaluation] = [*list_runs(), *removed(), *list_evaluations()]
    taken = sum(_bytes_in(one.path) for one in every if (one.path / VISITOR).exists())
    if taken + more >= most:
        raise RunError(
            _(
                "What visitors began here takes as much of the disk as it may, {megabytes:,} MB. Whoever runs this "
                "server can make room; runs that were removed count until they are forgotten."
            ).format(megabytes=most // 10**6)
        )


def _bytes_in(folder: Path) -> int:
    sizes = 0
    for place, _unused, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # gone meanwhile
                sizes += os.lstat(os.path.join(place, name)).st_size
    return sizes


# --- memory ---


def begin() -> None:
    """A thread that looks after the memory of what this server started, if there is a bound."""
    if most_memory() is not None:
        threading.Thread(target=_watch, args=(threading.Event(),), name="memory of runs", daemon=True).start()


def _watch(never: threading.Event) -> None:
    while not never.wait(LOOK_S):
        with suppress(OSError, psutil.Error):
            look()


def look() -> list[str]:
    """End what takes more memory than it may; the names of the runs and evaluations that were ended."""
    most = most_memory()
    if most is None:
        return []
    ended = []
    every: list[Run | Evaluation] = [*list_runs(), *list_evaluations()]
    for one in every:
        process = one.process()
        if process is None or not _of_a_server(process) or (taken := memory_of(process)) <= most:
            continue
        end_with_all(process)
        _note(one, budget.amount(taken), budget.amount(most))
        ended.append(one.path.name)
    for child in psutil.Process().children():  # what is no run: the steps that an estimate measures
        if memory_of(child) > most:
            end_with_all(child)
    return ended


def _of_a_server(process: psutil.Process) -> bool:
    """Whether a shared server started it; what the owner trains beside is his own business."""
    with suppress(psutil.Error):
        environment = process.environ()
        return is_shared(environment) or bool(environment.get(MEMORY))
    return False


def _note(one: Run | Evaluation, taken: str, most: str) -> None:
    sentence = f"it took {taken} of memory, and {most} are allowed here ({MEMORY}); choose a smaller batch or model"
    with suppress(OSError, RunError):
        if isinstance(one, Run):
            one.end(one.status().step, "failed", sentence)
        else:
            one.release(sentence)
