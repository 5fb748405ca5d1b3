"""The line before the network: real threads that are held and let go by events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from app.line import BusyError, Line

WAIT_S = 30


@contextmanager
def held(line: Line) -> Iterator[None]:
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


def asked(pool: ThreadPoolExecutor, line: Line, who: str, order: list[str], **options: object) -> Future:
    """Somebody joins the line; returns when they stand in it."""
    before = line.standing().waiting
    future = pool.submit(line.ask, who, lambda: order.append(who), **options)
    joined = threading.Event()
    while line.standing().waiting == before and not future.done():
        joined.wait(0.001)
    return future


def test_returns_what_the_work_returns_and_raises_what_it_raises() -> None:
    line = Line(most=2, each=2)
    assert line.ask("a", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        line.ask("a", lambda: 1 // 0)
    assert line.ask("a", lambda: line.ask("a", lambda: 8)) == 8, "work that asks for more must not wait for itself"
    assert line.standing().done == 3


def test_who_asks_for_much_does_not_hold_up_the_others() -> None:
    line, order = Line(most=9, each=9), []
    with ThreadPoolExecutor(8) as pool:
        with held(line):
            jobs = [asked(pool, line, who, order) for who in ("a", "a", "a", "b", "c", "b")]
            assert line.standing().sessions == 3
        for job in jobs:
            job.result(WAIT_S)
    assert order == ["a", "b", "c", "a", "b", "a"]


def test_the_line_has_an_end_and_a_session_has_its_share() -> None:
    line, order = Line(most=3, each=2, busy=lambda: "come back later"), []
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
    line, order = Line(most=9, each=9), []

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
    line = Line(most=1, each=1)
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
