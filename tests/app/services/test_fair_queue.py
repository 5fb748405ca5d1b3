"""The line before the network: real threads that are held and let go by events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.base.refusals import BusyError
from app.services.fair_queue import FairQueue

WAIT_S = 30


@contextmanager
def held(line: FairQueue) -> Iterator[None]:
    """The worker kept busy by somebody else until the end of the block."""
    begun, go = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert go.wait(WAIT_S)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(line.ask, "holder", work)
        assert begun.wait(WAIT_S)
        try:
            yield
        finally:
            go.set()
            waiting.result(WAIT_S)


def asked(
    pool: ThreadPoolExecutor,
    line: FairQueue,
    who: str,
    order: list[str],
    work: Callable[[], None] | None = None,
    **options: object,
) -> Future:
    """Somebody joins the line; returns when they stand in it."""
    before = line.standing().waiting
    future = pool.submit(line.ask, who, work or (lambda: order.append(who)), **options)
    joined = threading.Event()
    while line.standing().waiting == before and not future.done():
        joined.wait(0.001)
    return future


def test_returns_what_the_work_returns_and_raises_what_it_raises() -> None:
    line = FairQueue(most=2, each=2)
    assert line.ask("a", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        line.ask("a", lambda: 1 // 0)
    assert line.ask("a", lambda: line.ask("a", lambda: 8)) == 8, "work that asks for more must not wait for itself"
    assert line.standing().done == 3


def test_who_asks_for_much_does_not_hold_up_the_others() -> None:
    line, order = FairQueue(most=9, each=9), []
    with ThreadPoolExecutor(8) as pool:
        with held(line):
            jobs = [asked(pool, line, who, order) for who in ("a", "a", "a", "b", "c", "b")]
            assert line.standing().sessions == 3
        for job in jobs:
            job.result(WAIT_S)
    assert order == ["a", "b", "c", "a", "b", "a"]


def test_who_asks_for_long_jobs_waits_behind_who_asks_for_short_ones() -> None:
    """One that takes ten seconds is charged with them; a newcomer has neither a debt nor a credit."""
    now, order = [0.0], []
    line = FairQueue(most=20, each=9, clock=lambda: now[0])

    def work(seconds: float, name: str) -> Callable[[], None]:
        def run() -> None:
            now[0] += seconds
            order.append(name)

        return run

    line.ask("long", work(10.0, "long"))
    line.ask("short", work(0.1, "short"))
    order.clear()
    with ThreadPoolExecutor(8) as pool:
        with held(line):
            jobs = []
            for who, seconds in (("long", 10.0), *[("short", 0.1)] * 4, ("new", 0.1)):
                jobs.append(asked(pool, line, who, order, work=work(seconds, who)))
        for job in jobs:
            job.result(WAIT_S)
    assert order == ["new", *["short"] * 4, "long"]


def test_a_long_job_of_a_newcomer_waits_behind_short_ones() -> None:
    """By what jobs of its kind took before; of a kind that nobody knows, as short."""
    now, order = [0.0], []
    line = FairQueue(most=9, each=9, clock=lambda: now[0])
    line.ask("before", lambda: now.__setitem__(0, 3.0), kind="load")
    with ThreadPoolExecutor(8) as pool:
        with held(line):
            jobs = [asked(pool, line, who, order, kind=kind) for who, kind in (("a", "load"), ("b", 1), ("c", None))]
        for job in jobs:
            job.result(WAIT_S)
    assert order == ["b", "c", "a"]


def test_a_debt_is_paid_by_the_others_progress() -> None:
    now = [0.0]
    line = FairQueue(most=9, each=9, clock=lambda: now[0])

    def spend(who: str, seconds: float) -> None:
        line.ask(who, lambda: now.__setitem__(0, now[0] + seconds))

    spend("a", 5.0)
    assert set(line._spent_s) == {"a"}
    for _ in range(6):
        spend("b", 1.0)
    assert line._spent_s["b"] == pytest.approx(6.0) and "a" not in line._spent_s, "forgotten: it would start level"


def test_the_line_has_an_end_and_a_session_has_its_share() -> None:
    line, order = FairQueue(most=3, each=2, busy=lambda: "come back later"), []
    with ThreadPoolExecutor(8) as pool:
        with held(line):
            jobs = [asked(pool, line, "a", order), asked(pool, line, "a", order)]
            with pytest.raises(BusyError, match="come back later"):
                line.ask("a", lambda: None)
            jobs.append(asked(pool, line, "b", order))
            with pytest.raises(BusyError):
                line.ask("c", lambda: None)
            assert line.standing().refused == 2
        for job in jobs:
            job.result(WAIT_S)
    assert line.ask("c", lambda: 5) == 5, "there is room again"


class MovedOnError(BaseException):
    pass


def test_who_has_moved_on_leaves_the_line() -> None:
    line, order = FairQueue(most=9, each=9), []

    def gone() -> None:
        raise MovedOnError

    with ThreadPoolExecutor(8) as pool:
        with held(line):
            stays = asked(pool, line, "b", order)
            with pytest.raises(MovedOnError):
                line.ask("a", lambda: order.append("a"), still_wanted=gone)
            assert line.standing().left == 1 and line.standing().waiting == 1
        stays.result(WAIT_S)
    assert order == ["b"]


def test_what_has_begun_is_finished() -> None:
    line = FairQueue(most=1, each=1)
    begun, go = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        assert go.wait(WAIT_S)
        return 3

    def gone() -> None:
        if begun.is_set():
            raise MovedOnError

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(line.ask, "a", work, still_wanted=gone)
        assert begun.wait(WAIT_S)
        go.set()
        assert future.result(WAIT_S) == 3
