"""What a session leaves behind: `python -m tests.load.memory`. Sessions come, look around and go, again and again, and
the memory of the server after each round gives a slope, in megabytes per session, with its standard error.

The first rounds fill caches that are bounded by bytes and are left out; what is fitted are the later ones. The machine
may be busy: nothing here depends on time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from tests.load import host
from tests.load.classroom import LIVE, PHOTOGRAPHS, SCENES, turn
from tests.load.visitor import Tally, Visitor, photograph

FORGOTTEN_S = 2
"""After how long the server may forget a closed session here; in earnest it waits two minutes for it to come back."""
SETTINGS = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(FORGOTTEN_S)}
SETTLE_S = 24
LOOKS = ("", "maps", "anchors", "views")
"""Pages that every session opens, one after the other."""


async def look_around(url: str, tally: Tally, seed: int) -> None:
    """One session: two pictures, one of them its own, two controls, and several pages; then it closes."""
    draw, visitor = random.Random(seed), Visitor(url, tally)
    await visitor.enter()
    await visitor.pick(draw.choice(SCENES + PHOTOGRAPHS))
    await visitor.upload(photograph(draw, (640, 480)))
    for key in (LIVE, "k", "class"):
        if key in visitor.widgets:
            await turn(visitor, key, draw)
    for page in draw.sample(LOOKS, 2):
        await visitor.turn_to(page)
    await visitor.leave()


async def round_of(url: str, tally: Tally, sessions: int, at_once: int, seed: int) -> None:
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with gate:
            await look_around(url, tally, 1000 * seed + number)

    for outcome in await asyncio.gather(*(one(number) for number in range(sessions)), return_exceptions=True):
        if isinstance(outcome, BaseException):
            tally.errors.append(f"{type(outcome).__name__}: {outcome}"[:300])


def vitals(url: str) -> dict:
    with urllib.request.urlopen(f"{url}/healthz", timeout=60) as answer:
        return json.load(answer)


def at_rest(server: host.Host) -> tuple[float, dict]:
    """Megabytes when the sessions are forgotten and free memory has gone back: the least of a while of looking."""
    time.sleep(FORGOTTEN_S + 1)
    asyncio.run(round_of(server.url, Tally(), 1, 1, 0))  # whose end lets the server forget the others
    until, least = time.monotonic() + SETTLE_S, float("inf")
    while time.monotonic() < until:
        time.sleep(2)
        least = min(least, server.memory() / 1e6)
    return least, vitals(server.url)


def slope(sessions: np.ndarray, megabytes: np.ndarray) -> tuple[float, float]:
    """Least squares: megabytes per session, and the standard error."""
    centred = sessions - sessions.mean()
    found = float(centred @ megabytes / (centred @ centred))
    rest = megabytes - megabytes.mean() - found * centred
    return found, float(np.sqrt(rest @ rest / (len(sessions) - 2) / (centred @ centred)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.memory", description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--sessions", type=int, default=20, help="of each round (20)")
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--leave-out", type=int, default=4, help="rounds that only fill the caches (4)")
    asked = parser.parse_args()
    came, megabytes, caches, tally = [], [], [], Tally()
    with (
        tempfile.TemporaryDirectory(prefix="mvfa-memory-") as name,
        host.Host(Path(name), settings=SETTINGS) as server,
    ):
        for number in range(asked.rounds):
            asyncio.run(round_of(server.url, tally, asked.sessions, asked.at_once, number + 1))
            least, told = at_rest(server)
            came.append((number + 1) * (asked.sessions + 1))
            megabytes.append(least)
            caches.append(told["cache_mb"])
            print(f"{came[-1]:4} sessions: {least:8.1f} MB, {told['sessions']} open, caches {told['cache_mb']} MB, "
                  f"{told['threads']} threads, {len(tally.errors)} errors", flush=True)  # fmt: skip
    if len(came) - asked.leave_out > 2:
        sessions, memory, kept = (np.array(one[asked.leave_out :], float) for one in (came, megabytes, caches))
        for what, values in (("in all", memory), ("without caches, which are bounded", memory - kept)):
            found, error = slope(sessions, values)
            print(f"{found:.3f} MB per session {what}, standard error {error:.3f}")
    for text in sorted(set(tally.errors))[:10]:
        print(text)


if __name__ == "__main__":
    main()
