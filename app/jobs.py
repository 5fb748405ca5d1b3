"""Work that is not this visitor's alone: inference waits in one line, training runs in processes of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from streamlit.runtime.scriptrunner import get_script_run_ctx

from app import limits, rights, wording
from app.line import Line
from app.page_rate import still_wanted
from app.serving import changing, read_only, shared
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.launch import enqueue, launch, start, start_next
from mvfa_core.training.pace import hold
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError, list_runs, new_run_id, runs_root

P = ParamSpec("P")
T = TypeVar("T")

RUNNING = ("starting", "running")
ACTIVE = (*RUNNING, "queued")
"""States that change by themselves."""


MOST_WAITING, MOST_EACH = 64, 4
"""Jobs in line for the network: in all, and of one session. Turned away is who would wait longer than a page may."""


@cache
def line() -> Line:
    """The one worker of this server: with several at once everybody waits as long as the slowest."""
    return Line(most=MOST_WAITING, each=MOST_EACH, busy=lambda: wording.SERVER_BUSY)


CALLS: Counter[str] = Counter()
"""How often each function was called in the line since the server started: "encode" is a pass of a backbone."""


def infer(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call the function when this session's turn comes and return what it returns; its error is raised here.

    Raises:
        BusyError: too many wait already.
    """

    def counted() -> T:
        CALLS[function.__name__] += 1  # by the one worker only
        return function(*args, **options)

    return line().ask(_session(), counted, kind=_kind(function, args), still_wanted=still_wanted)


@cache
def _desk() -> Line:
    return Line(most=MOST_WAITING, each=MOST_EACH, busy=lambda: wording.SERVER_BUSY)


def prepare(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """As `infer`, in a second line, for what is done with a file before the network sees it: decoding, checking.

    Raises:
        BusyError: too many wait already.
    """
    kind = _kind(function, args)
    return _desk().ask(_session(), lambda: function(*args, **options), kind=kind, still_wanted=still_wanted)


def _kind(function: Callable[..., object], args: tuple[object, ...]) -> tuple[str, int]:
    """What takes about as long: the same work, with half as many classes at least and twice as many at most, or with so
    many bytes."""
    size = max((_size(one) for one in args), default=0)
    return function.__name__, size.bit_length()


def _size(one: object) -> int:
    if isinstance(one, bytes):
        return len(one)
    if isinstance(one, Path):
        with suppress(OSError):
            return one.stat().st_size
    classes = getattr(one, "classes", ())
    return len(classes) if isinstance(classes, tuple | list) else 0


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else ""


@changing
def start_training(recipe: Recipe, *, wait: bool = False) -> Run:
    """A new run in a process that outlives this server; `wait` lets it start when no other run is being trained.

    Raises:
        RunError: a recipe that no page offers, or as many processes at work, or runs in line, as there may be.
    """
    limits.expect_startable(recipe)
    rights.expect_seen(recipe.data)
    if not wait:
        with limits.one_more():
            run = start(recipe)
        rights.mark(run)
        return run
    limits.expect_short_line()
    run = _created(recipe)
    queue(run)
    return run


def _created(recipe: Recipe) -> Run:
    run = Run(runs_root() / new_run_id(recipe))
    run.create(recipe)
    rights.mark(run)
    return run


@changing
def start_held(recipe: Recipe, *, wait: bool = False, instead: Run | None = None) -> Run:
    """As `start_training`, but the run holds before its first step until it is let go; `instead` names a run that is
    stopped then and makes room for it."""
    limits.expect_startable(recipe)
    rights.expect_seen(recipe.data)
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
    rights.expect_mine(run)
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
        return rights.may_see_made(run, _followed(str(run.path)).recipe().data)
    except RunError:
        return rights.may_see_made(run)


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
    rights.expect_mine(run)
    with limits.one_more():
        launch(run)
