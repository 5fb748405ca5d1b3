"""Hostile visitors beside honest ones, measured: `python -m tests.load.hostile`, or `make hostile`.

First the honest ones alone, then on a fresh server both. Nobody honest may meet an error, a control answers them within
a second and a picture of their own within three (95 of 100), and afterwards the server holds no more than 200 MB above
what it holds after the honest ones alone. It talks to this machine only, for a bounded time.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import torch
import websockets
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.base import session, settings
from app.services import limits
from mvfa_core.checkpoints import save_model
from mvfa_core.model import build_model
from mvfa_core.processes import end_with_all
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import list_runs
from tests.load import host, memory, report
from tests.load.classroom import MOST_SECONDS, MOST_SESSIONS, think_s, wave
from tests.load.visitor import GALLERY_KEY, UPLOAD_KEY, Tally, Visitor, photograph

CONTROL_MS, PICTURE_MS, GROWTH_MB = 1_000, 3_000, 200
SETTINGS = {**memory.SETTINGS, settings.SHARED: "1", "MVFA_FOLDERS": ""}
CLASSES = 36_000


# --- what they bring ---


@cache
def crowded() -> bytes:
    """A checkpoint of 20 MB that names 36,000 classes and 64 region sizes: 11.6 GB of votes."""
    with tempfile.TemporaryDirectory() as folder:
        model = build_model("compact", "mfa", CLASSES, k=196, sizes=tuple(range(1, 128, 2)))
        save_model(model, Path(folder) / "m.safetensors", {"data": ["a", "list"]}, half=True)
        return (Path(folder) / "m.safetensors").read_bytes()


def recipe_of_blanks() -> bytes:
    """An SVG that held the interpreter for minutes."""
    return b"<svg><dc:description>" + b" " * 100_000 + b"x" + b"<dc:description>" * 10_000


def run_of_many(draw: random.Random) -> bytes:
    """A run zip of some hundred bytes that asks for five processes, or for a layer of a billion units."""
    worse: dict[str, Any] = draw.choice([{"devices": 5, "batch": 40}, {"hidden": [10**9]}, {"train_n": 2**40}])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as parcel:
        parcel.writestr("r/recipe.json", json.dumps(quick().to_json() | worse))
        parcel.writestr("r/metrics.jsonl", "")
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 px in some hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


# --- what they do: one act each, on a session that is open ---


async def votes(visitor: Visitor, draw: random.Random) -> None:
    """The votes of 36,000 classes, on the pages that take most."""
    await visitor.turn_to("maps")
    await visitor.upload(await asyncio.to_thread(crowded), "m.safetensors", session.OWN_MODEL_FILE, "model")
    for page in draw.sample(["maps", "views", "region", "lesson", "evaluate"], 2):
        await visitor.turn_to(page)


async def dots(visitor: Visitor, draw: random.Random) -> None:
    """A figure of 40 inches at 1,200 dots per inch, by a link; every file of it is asked for."""
    style = json.dumps({"dpi": draw.choice([620, 1200]), "width": 40, "titles": ["a" * 390]})
    await visitor.turn_to("figures", urlencode({session.FIGURE_STYLE: style}))


async def blanks(visitor: Visitor, draw: random.Random) -> None:
    """A recipe that a pattern goes over again and again."""
    await visitor.turn_to("figures")
    await visitor.upload(recipe_of_blanks(), "figure.svg", session.FIGURE("recipe"), "recipe")


async def workers(visitor: Visitor, draw: random.Random) -> None:
    """A run that asks for processes, brought in and gone on with."""
    await visitor.turn_to("runs")
    await visitor.upload(run_of_many(draw), "r.zip", session.RUN_ACTION("import_file"), "run")
    await visitor.press(session.RUN_ACTION("import"))
    if (key := session.RUN_ACTION("resume")) in visitor.widgets:
        await visitor.press(key)


async def starts(visitor: Visitor, draw: random.Random) -> None:
    """Training, now, as often as it goes."""
    await visitor.turn_to("train")
    for key in ("start", "start_now", "start_now"):
        if key in visitor.widgets:
            await visitor.press(key)


async def pictures(visitor: Visitor, draw: random.Random) -> None:
    """Bombs and noise called pictures."""
    await visitor.turn_to("")
    await visitor.upload(draw.choice([bomb(), b"\xff\xd8" + draw.randbytes(10**6), photograph(draw)[:5000]]))


async def values(visitor: Visitor, draw: random.Random) -> None:
    """What no script of the page sends, and files of other visitors."""
    await visitor.turn_to("")
    odd = draw.choice([None, 5, [], {"a": [1]}, "x" * 10**6, "runs/../../etc", [[1], [2]]])
    for key, event in ((GALLERY_KEY, "picked"), ("board_maps", "cell")):
        if key in visitor.widgets:
            await visitor.send(key, event, odd)
    told = WidgetState(id=visitor.widgets[UPLOAD_KEY][0])
    one = told.file_uploader_state_value.uploaded_file_info.add()
    one.name, one.size, one.file_id = "a.jpg", 5, f"{draw.getrandbits(128):032x}"
    visitor.states[told.id] = told
    await visitor.turn_to("")
    visitor.states.clear()


async def addresses(visitor: Visitor, draw: random.Random) -> None:
    """Long addresses of values that are not on offer."""
    name = draw.choice(["model", "picture", "sizes", "k", "class", "lock", "ask", "style", "find"])
    await visitor.turn_to(draw.choice(["", "maps", "views"]), urlencode([(name, "9," * 20_000)] * 3))


async def flood(visitor: Visitor, draw: random.Random) -> None:
    """A hundred runs of a page at once, and then what is no message at all."""
    for k in range(100):
        asked = ClientState(page_script_hash=visitor.page, query_string=f"k={k + 1}&sizes=13")
        await visitor._send(asked)
    await visitor.socket.send(draw.randbytes(1000))


Act = Callable[[Visitor, random.Random], Awaitable[None]]
ACTS: tuple[Act, ...] = (
    votes, dots, blanks, workers, starts, pictures, values, addresses, flood,
)  # fmt: skip


async def act(url: str, which: Act, draw: random.Random) -> list[str]:
    """One act in a session of its own; that the server throws the visitor out is its right. What it was told."""
    visitor = Visitor(url, Tally())
    try:
        await visitor.enter()
        await which(visitor, draw)
    except (websockets.ConnectionClosed, OSError, TimeoutError, ValueError):
        pass
    finally:
        with suppress(Exception):
            await visitor.leave()
    return visitor.tally.errors


async def plague(url: str, seconds: float, draw: random.Random, done: Counter[str], acts: Sequence[Act] = ACTS) -> None:
    """One act after the other until the time is over; `done` counts them."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        which = draw.choice(acts)
        with suppress(Exception):  # whatever happens to this visitor: the honest ones are looked at
            await asyncio.wait_for(act(url, which, draw), max(until - time.monotonic(), 0.1))
        done[which.__name__] += 1
        await asyncio.sleep(min(think_s(draw) / 2, max(until - time.monotonic(), 0)))


async def beside(
    url: str, honest: int, hostile: int, seconds: float, seed: int, acts: Sequence[Act] = ACTS
) -> tuple[Tally, Counter[str]]:
    """So many of both for so long: what the honest ones met, and what the others did."""
    done: Counter[str] = Counter()
    draws = [random.Random(f"hostile {seed} {number}") for number in range(hostile)]
    plagues = [asyncio.create_task(plague(url, seconds, draw, done, acts)) for draw in draws]
    try:
        return await wave(url, honest, seconds, seed), done
    finally:
        await asyncio.gather(*plagues, return_exceptions=True)


# --- measuring ---


def measured(
    honest: int, hostile: int, seconds: float, seed: int, folder: Path, acts: Sequence[Act] = ACTS
) -> dict[str, Any]:
    """Both waves, each on a server of its own; "missed" names the aims that were not reached."""
    told: dict[str, Any] = {"waves": []}
    rest: list[float] = []
    for number, others in enumerate((0, hostile)):
        place = folder / f"server{number}"
        place.mkdir()
        with host.Host(place, settings=SETTINGS) as server:
            try:
                with host.Watched(server.process) as watched:
                    tally, done = asyncio.run(beside(server.url, honest, others, seconds, seed, acts))
            finally:
                processes = end_runs(place)
            least, _ = memory.at_rest(server)
        rest.append(least)
        told["waves"].append({**report.summary(tally, seconds), "acts": dict(done), "runs_at_work": processes,
                              "most_mb": max(watched.memory) / 1e6, "rest_mb": least})  # fmt: skip
    told["growth_mb"] = rest[1] - rest[0]
    told["missed"] = missed(told["waves"][1], told["growth_mb"])
    return told


def end_runs(folder: Path) -> int:
    """End what was started below a server's folder; how many runs were at work."""
    alive = [process for run in list_runs(folder / "runs") if (process := run.process())]
    for process in alive:
        end_with_all(process)
    return len(alive)


def missed(wave: dict[str, Any], growth_mb: float) -> list[str]:
    """The aims that were not reached, in words."""
    found = [f"{count} x {text}" for text, count in wave["first_errors"]]
    for kind, most in (("control", CONTROL_MS), ("own picture", PICTURE_MS)):
        took = wave["times"].get(kind, {}).get("p95_ms")
        if took is None:
            found.append(f"{kind}: nobody did that")
        elif took >= most:
            found.append(f"{kind}: p95 {took:,.0f} ms, the aim is {most:,} ms")
    if growth_mb >= GROWTH_MB:
        found.append(f"memory: {growth_mb:.0f} MB above the honest load alone, the aim is {GROWTH_MB} MB")
    if wave["runs_at_work"] > limits.DEFAULT_SHARED:
        found.append(f"processes: {wave['runs_at_work']} runs at work, the limit is {limits.DEFAULT_SHARED}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.hostile", description=__doc__.split("\n\n")[0])
    parser.add_argument("--honest", type=int, default=10, help=f"honest visitors, at most {MOST_SESSIONS} (10)")
    parser.add_argument("--hostile", type=int, default=10, help="hostile visitors beside them (10)")
    parser.add_argument("--seconds", type=float, default=300, help=f"of each wave, at most {MOST_SECONDS} (300)")
    parser.add_argument("--seed", type=int, default=0)
    names = {which.__name__: which for which in ACTS}
    parser.add_argument("--acts", nargs="+", choices=names, default=list(names), help="what they do (everything)")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    crowded()
    with tempfile.TemporaryDirectory(prefix="mvfa-hostile-", ignore_cleanup_errors=True) as name:
        told = measured(
            asked.honest, asked.hostile, asked.seconds, asked.seed, Path(name), [names[act] for act in asked.acts]
        )
    print(json.dumps(told, indent=2))
    sys.exit(bool(told["missed"]))


if __name__ == "__main__":
    main()
