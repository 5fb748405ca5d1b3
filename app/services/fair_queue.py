"""The line before the network: one worker, the session that has used the least of it first, and an end to how many may
wait.

Sessions are charged with the seconds that their jobs took, and the next job is the one with which its session will
have spent least, by what jobs of its kind took before (weighted fair queueing, Demers, Keshav and Shenker 1989).
Whoever asks for long jobs waits behind whoever asks for short ones, and one who has not asked for a while has neither a
debt nor a credit. Whoever has moved on leaves the line before its turn; what has begun is finished, because its answer
is kept for whoever asks next.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from app.base.refusals import BusyError

T = TypeVar("T")

LOOK_S = 0.1
"""How often somebody who waits looks whether the answer is still wanted."""
LEAST_S = 0.02
"""What a job is charged at least, so that sessions with short jobs are served in turn."""
NEWEST = 0.2
"""Weight of the newest job in the mean of its kind."""


@dataclass(eq=False)
class _Job:
    who: str
    work: Callable[[], Any]
    since: float
    kind: Hashable
    over: threading.Event = field(default_factory=threading.Event)
    begun: bool = False
    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True)
class Standing:
    """The line at one moment.

    Attributes:
        waiting, sessions: how many jobs wait, and of how many sessions. working: whether one is being done.
        done, refused, left: since the start: finished, turned away, and gone before their turn.
        longest_wait_ms: the longest wait so far of anything that had its turn.
    """

    waiting: int
    sessions: int
    working: bool
    done: int
    refused: int
    left: int
    longest_wait_ms: float


def _nothing() -> None:
    pass


class FairQueue:
    """One thread that works for many sessions, next for the one that it has spent the least time on.

    Args:
        most: how many may wait in all. each: how many of one session.
        busy: makes the sentence for whoever is turned away, in the language of that one.
        clock: seconds, to charge with.
    """

    def __init__(
        self,
        *,
        most: int,
        each: int,
        busy: Callable[[], str] = lambda: "busy",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.each, self.busy, self.clock = most, each, busy, clock
        self._change = threading.Condition()
        self._queues: OrderedDict[str, deque[_Job]] = OrderedDict()
        self._spent_s: dict[str, float] = {}  # of each session, as if it had been here from the start
        self._took_s: dict[Hashable, float] = {}  # of each kind of job, the newest counting most
        self._level_s = 0.0  # what the session served last had spent: who joins now starts there
        self._worker: threading.Thread | None = None
        self._working = False
        self._done = self._refused = self._left = 0
        self._longest_s = 0.0

    def ask(
        self,
        who: str,
        work: Callable[[], T],
        *,
        kind: Hashable = None,
        still_wanted: Callable[[], None] = _nothing,
    ) -> T:
        """Do the work when the turn of `who` comes and return what it returns; its error is raised here.

        Args:
            kind: what jobs take about the same time as this one; there must be few of them.
            still_wanted: called now and then until the work begins; whatever it raises takes the work out of the line.

        Raises:
            BusyError: too many wait.
        """
        if threading.current_thread() is self._worker:  # work that asks for more of it must not wait for itself
            return work()
        job = self._join(who, work, kind)
        while not job.over.wait(LOOK_S):
            if not job.begun:
                try:
                    still_wanted()
                except BaseException:
                    self._leave(job)
                    raise
        if job.error is not None:
            raise job.error
        return cast(T, job.result)

    def standing(self) -> Standing:
        """The line as it is now."""
        with self._change:
            return Standing(
                self._waiting(), len(self._queues), self._working, self._done, self._refused, self._left,
                round(1000 * self._longest_s, 1),
            )  # fmt: skip

    def _waiting(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def _join(self, who: str, work: Callable[[], Any], kind: Hashable) -> _Job:
        with self._change:
            if self._waiting() >= self.most or len(self._queues.get(who, ())) >= self.each:
                self._refused += 1
                raise BusyError(self.busy())
            job = _Job(who, work, time.monotonic(), kind)
            if who not in self._queues:
                self._queues[who] = deque()
                self._spent_s[who] = max(self._spent_s.get(who, 0.0), self._level_s)
            self._queues[who].append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._serve, name="inference", daemon=True)
                self._worker.start()
            self._change.notify()
            return job

    def _leave(self, job: _Job) -> None:
        with self._change:
            queue = self._queues.get(job.who)
            if queue and job in queue:
                queue.remove(job)
                self._left += 1
                if not queue:
                    del self._queues[job.who]

    def _next(self) -> _Job:
        """The oldest job of the session that will have spent least with it; of several, that has not been served for
        longest."""
        with self._change:
            self._working = False
            while not self._queues:
                self._change.wait()
            who = min(self._queues, key=self._spent_with_next_s)
            queue = self._queues.pop(who)
            self._level_s = max(self._level_s, self._spent_s[who])
            job = queue.popleft()
            if queue:
                self._queues[who] = queue  # behind everybody else
            job.begun = self._working = True
            self._longest_s = max(self._longest_s, time.monotonic() - job.since)
            return job

    def _spent_with_next_s(self, who: str) -> float:
        return self._spent_s[who] + self._took_s.get(self._queues[who][0].kind, LEAST_S)

    def _charge(self, who: str, kind: Hashable, seconds: float) -> None:
        with self._change:
            self._done += 1
            seconds = max(seconds, LEAST_S)
            self._took_s[kind] = self._took_s.get(kind, seconds) * (1 - NEWEST) + NEWEST * seconds
            self._spent_s[who] += seconds
            self._spent_s = {
                one: spent for one, spent in self._spent_s.items() if spent > self._level_s or one in self._queues
            }

    def _serve(self) -> None:
        while True:
            job = self._next()
            begun = self.clock()
            try:
                job.result = job.work()
            except BaseException as error:
                job.error = error
            self._charge(job.who, job.kind, self.clock() - begun)
            job.work = _nothing  # what it held on to may go
            job.over.set()
            del job
