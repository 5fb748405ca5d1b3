"""Every act of a hostile visitor, once, beside one who is honest; times and memory are what `make hostile` measures."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.services import limits
from tests.coroutines import finished
from tests.load import hostile
from tests.load.classroom import LIVE, turn
from tests.load.host import Host
from tests.load.visitor import Tally, Visitor, photograph


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("hostile")
    with Host(folder, settings={**hostile.SETTINGS, "MVFA_THREADS": "1", "MVFA_VISITOR_MB": "40"}) as host:
        yield host
        hostile.end_runs(folder)


async def look(visitor: Visitor, draw: random.Random) -> None:
    """What an honest visitor does meanwhile."""
    await visitor.turn_to("")
    await visitor.upload(photograph(draw, (320, 240)))
    await turn(visitor, LIVE, draw)


def test_the_honest_meet_no_error(server: Host) -> None:
    tally, draw = Tally(), random.Random(1)

    async def both() -> None:
        honest = Visitor(server.url, tally)
        await honest.enter()
        for which in hostile.ACTS:
            told, _ = await asyncio.gather(hostile.act(server.url, which, draw), look(honest, draw))
            assert not [text for text in told if text.startswith("exception")], which.__name__  # a sentence, or nothing
        await honest.leave()

    finished(asyncio.wait_for(both(), 400))
    assert tally.errors == []
    assert len(tally.times_ms["own picture"]) == len(tally.times_ms["control"]) == len(hostile.ACTS)
    alive = [process for run in hostile.list_runs(server.folder / "runs") if (process := run.process())]
    assert len(alive) <= limits.DEFAULT_SHARED
    log = (server.folder / "server.log").read_text(errors="replace")
    assert server.memory() < 3e9 and "MemoryError" not in log


def test_files_that_no_page_asks_for_are_held_up_to_a_limit(tmp_path: Path) -> None:
    """Each was kept until its session ended. One file more than the quota may come, so that a page can say so."""

    async def many(server: Host) -> list[int]:
        visitor = Visitor(server.url, Tally())
        await visitor.enter()
        told = [await visitor.hand_over(bytes(15_000_000), f"{i}.jpg") for i in range(5)]
        await visitor.leave()
        return [answer.status_code for answer, _ in told]

    largest = {"STREAMLIT_SERVER_MAX_UPLOAD_SIZE": "20"}  # as `make serve` has it
    with Host(tmp_path, settings={**hostile.SETTINGS, **largest, "MVFA_VISITOR_MB": "40"}) as host:
        assert finished(many(host)) == [204, 204, 204, 204, 413]


def test_what_was_missed_is_said() -> None:
    good = {"first_errors": [], "runs_at_work": 2, "times": {"control": {"p95_ms": 9}, "own picture": {"p95_ms": 9}}}
    assert hostile.missed(good, 10) == []
    bad = {"first_errors": [("exception", 3)], "runs_at_work": 3, "times": {"control": {"p95_ms": 1e4}}}
    assert [one.split()[0] for one in hostile.missed(bad, 300)] == ["3", "control:", "own", "memory:", "processes:"]


def test_they_bring_what_they_say(tmp_path: Path) -> None:
    assert 18e6 < len(hostile.crowded()) < 21e6 and len(hostile.bomb()) < 5_000
    assert all(len(hostile.run_of_many(random.Random(seed))) < 1_500 for seed in range(4))
