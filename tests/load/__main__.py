"""A class of visitors at once, measured: `python -m tests.load --sessions 30 --seconds 60`, or `make load`.

Starts a server of its own on 127.0.0.1, lets the visitors explore without and with a training run beside them, closes
them, and says how long the pages took, what went wrong, what it cost in memory, and how much the training slowed down.
It talks to this machine only, for a bounded time and a bounded number of visitors.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.load import host, memory, report
from tests.load.classroom import MOST_SECONDS, MOST_SESSIONS, wave
from tests.load.visitor import loopback


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.split("\n\n")[0])
    parser.add_argument("--sessions", type=int, default=30, help=f"visitors at once, at most {MOST_SESSIONS} (30)")
    parser.add_argument("--seconds", type=float, default=60, help=f"of each wave, at most {MOST_SECONDS} (60)")
    parser.add_argument("--waves", nargs="+", choices=("quiet", "training"), default=["quiet", "training"],
                        help="which waves, in order: without and with a training run beside them")  # fmt: skip
    parser.add_argument("--alone", type=float, default=20, help="seconds the training is timed without visitors (20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, help="of the server (default: a free one)")
    parser.add_argument("--url", help="a server that runs already, on this machine; then nothing but times is told")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, help="a file for the JSON as well")
    asked = parser.parse_args(words)
    try:
        asked.url = loopback(asked.url) if asked.url else None
    except ValueError as error:
        parser.error(str(error))
    return asked


def measured(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The whole load against a server of its own."""
    told: dict[str, Any] = {"waves": [], "memory_mb": {}}
    megabytes, closed, kept = told["memory_mb"], [], []
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(host.Host(folder, port=asked.port, settings=memory.SETTINGS))
        megabytes["start"] = server.memory() / 1e6
        run = None
        for number, kind in enumerate(asked.waves):
            if kind == "training" and run is None:
                run = stack.enter_context(host.training(folder))
                speed = host.Speed(run)
                time.sleep(asked.alone)
                told["training"] = {"alone": speed.now()}
            with host.Watched(server.process) as watched:
                speed = host.Speed(run) if run else None
                found = asyncio.run(wave(server.url, asked.sessions, asked.seconds, asked.seed + number))
                if speed:
                    told["training"]["with_load"] = speed.now()
            name = "beside a training run" if kind == "training" else "without training"
            told["waves"].append({"name": name, **report.summary(found, asked.seconds), "server_cores": watched.cores,
                                  "load_average": os.getloadavg()[0]})  # fmt: skip
            megabytes[f"top of wave {number + 1}"] = max(watched.memory) / 1e6
            least, vitals = memory.at_rest(server)
            closed.append(least)
            kept.append(vitals["cache_mb"])
            megabytes[f"closed {number + 1}"], megabytes[f"of it caches {number + 1}"] = least, kept[-1]
    if "training" in told:
        speeds = told["training"]
        speeds["slow_down"] = 1 - speeds["with_load"] / speeds["alone"] if speeds["alone"] else None
    if len(closed) > 1:
        # between the last two waves: the first ones load what stays loaded, a wave with training other parts of it
        told["growth_mb_per_session"] = (closed[-1] - closed[-2]) / asked.sessions
        told["growth_of_caches_mb_per_session"] = (kept[-1] - kept[-2]) / asked.sessions
    return told


def main() -> None:
    asked = arguments()
    about = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "sessions": asked.sessions,
             "seconds": asked.seconds, "seed": asked.seed}  # fmt: skip
    if asked.url:
        found = asyncio.run(wave(asked.url, asked.sessions, asked.seconds, asked.seed))
        print(json.dumps({**about, **report.summary(found, asked.seconds)}, indent=2))
        sys.exit(bool(found.errors))
    with tempfile.TemporaryDirectory(prefix="mvfa-load-") as name:
        told = about | measured(asked, Path(name))
    if asked.out:
        asked.out.write_text(json.dumps(told, indent=2))
    print(json.dumps(told, indent=2) if asked.json else report.table(told))
    sys.exit(any(one["errors"] for one in told["waves"]))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that server and training end as well
    try:
        main()
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
