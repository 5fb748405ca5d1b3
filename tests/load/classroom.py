"""A class of visitors who explore: seeded, each at a pace of its own, for a bounded time."""

from __future__ import annotations

import asyncio
import random
import time

from tests.load.visitor import GALLERY_KEY, UPLOAD_KEY, Tally, Visitor, photograph

MOST_SESSIONS, MOST_SECONDS = 100, 3600
PAGES = {"": 40, "maps": 12, "anchors": 14, "views": 14, "region": 6, "compare": 5, "train": 6, "runs": 3}
"""How often each page is turned to."""
SCENES = ("scene-15", "scene-46", "scene-44", "scene-23", "scene-58", "scene-27", "scene-22", "scene-35", "scene-14")
PHOTOGRAPHS = ("photo-chelsea", "photo-coffee", "photo-rocket", "photo-astronaut")
OWN_SHARE, THINK_S = 0.35, 4.0
LIVE = "live"
"""The controls that the browser answers: the server hears of them when they rest."""
CONTROLS = (LIVE, "k", "class", "sizes")


def think_s(draw: random.Random) -> float:
    """Seconds between two actions: four on average, never under half a second nor over fifteen."""
    return min(max(draw.expovariate(1 / THINK_S), 0.5), 15.0)


async def explore(visitor: Visitor, draw: random.Random, until: float) -> None:
    """Pictures, controls and pages in turn until then."""
    await asyncio.sleep(
        draw.uniform(0, min(5.0, max(0.0, until - time.monotonic()) / 4))
    )  # a class does not click as one
    await visitor.enter()
    while time.monotonic() < until:
        await asyncio.sleep(min(think_s(draw), max(0.0, until - time.monotonic())))
        if time.monotonic() >= until:
            break
        await act(visitor, draw)
    await visitor.leave()


async def act(visitor: Visitor, draw: random.Random) -> None:
    """One action that the page on the screen offers."""
    wish = draw.random()
    offered = [key for key in CONTROLS if key in visitor.widgets]
    if wish < 0.40 and GALLERY_KEY in visitor.widgets:
        if draw.random() < OWN_SHARE and UPLOAD_KEY in visitor.widgets:
            await visitor.upload(await asyncio.to_thread(photograph, draw))
        else:
            await visitor.pick(draw.choice(SCENES + PHOTOGRAPHS))
    elif wish < 0.80 and offered:
        await turn(visitor, draw.choice(offered), draw)
    else:
        names = [name for name in PAGES if name in visitor.pages]
        await visitor.turn_to(draw.choices(names, [PAGES[name] for name in names])[0])


async def turn(visitor: Visitor, key: str, draw: random.Random) -> None:
    """Another value for one of the controls."""
    if key == LIVE:
        await visitor.send(LIVE, "rest", at_rest(draw))
    elif key == "k":
        await visitor.control("k", double_array_value=[draw.randint(1, 196)])
    elif key == "class":
        await visitor.control("class", string_value=draw.choice(visitor.options["class"]))
    else:
        sizes = draw.sample(visitor.options["sizes"], draw.randint(1, 4))
        await visitor.control("sizes", string_array_value=sizes)


def at_rest(draw: random.Random) -> dict[str, object]:
    """What live controls send when they rest."""
    return {
        "k": draw.randint(1, 100),
        "sizes": sorted(draw.sample((1, 3, 5, 7, 9), draw.randint(1, 4))),
        "class_index": draw.choice((None, *range(10))),
        "distinct": draw.random() < 0.2,
        "moves": draw.randint(1, 10**6),
    }


async def wave(url: str, sessions: int, seconds: float, seed: int, cookies: dict[str, str] | None = None) -> Tally:
    """So many visitors for so many seconds.

    Raises:
        ValueError: more than this script is meant for, or another machine.
    """
    if not 1 <= sessions <= MOST_SESSIONS:
        raise ValueError(f"sessions: expected 1 to {MOST_SESSIONS}, got {sessions}")
    if not 1 <= seconds <= MOST_SECONDS:
        raise ValueError(f"seconds: expected 1 to {MOST_SECONDS}, got {seconds}")
    tally, until = Tally(), time.monotonic() + seconds
    visitors = [Visitor(url, tally, cookies) for _ in range(sessions)]
    draws = [random.Random(1000 * seed + number) for number in range(sessions)]
    work = [explore(one, draw, until) for one, draw in zip(visitors, draws, strict=True)]
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            tally.errors.append(f"{type(outcome).__name__}: {outcome}"[:300])
    return tally
