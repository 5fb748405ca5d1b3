"""`python -m tests.bench app` and `python -m tests.bench memory`: the app measured from outside.

app times every control in a real browser, from the movement to the frame that shows its result; memory opens Explore
on many pictures and reads what the server's process holds.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict

from mvfa_core.cli.output import table
from tests.bench import app, memory
from tests.bench.browser import BrowserError
from tests.bench.served import ServedError


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", choices=("app", "memory"))
    parser.add_argument("--rounds", type=int, default=20, help="for app: rounds of each control (default: 20)")
    parser.add_argument("--count", type=int, default=1000, help="for memory: explanations (default: 1000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(words)
    if min(args.rounds, args.count) < 1:
        parser.error("--rounds and --count: expected whole numbers >= 1")
    try:
        _app(args.rounds, args.json) if args.what == "app" else _memory(args.count, args.json)
    except (BrowserError, ServedError) as error:
        print(f"bench {args.what}: {error}", file=sys.stderr)
        return 1
    return 0


def _app(rounds: int, as_json: bool) -> None:
    timed, forward_ms = app.bench_app(rounds)
    rows = [control.to_json() for control in timed]
    if as_json:
        print(json.dumps({"machine": platform.machine(), "forward_ms": forward_ms, "rows": rows}, indent=2))
        return
    print(f"{platform.machine()}, {rounds} rounds, bare forward pass {forward_ms:.1f} ms")
    header = ("", "answers", "ms", "p95", "min", "max", "bytes sent", "received", "messages", "backbone calls")
    print(table(header, [_cells(row) for row in rows]))
    print("ms: from the movement to the frame that shows its result, of a new picture to the complete page")


def _memory(count: int, as_json: bool) -> None:
    held = memory.bench_memory(count)
    if as_json:
        print(json.dumps([asdict(mark) for mark in held], indent=2))
        return
    rows = [(mark.explanations, f"{mark.resident_bytes / 2**20:,.0f}", mark.passes) for mark in held]
    print(table(("explanations", "MiB resident", "backbone calls"), rows))


def _cells(row: dict) -> tuple[object, ...]:
    times = (f"{row[name]:.0f}" for name in ("median_ms", "p95_ms", "min_ms", "max_ms"))
    counts = (f"{row[name]:,}" for name in ("sent_bytes", "received_bytes", "messages", "passes"))
    return (row["name"], row["where"], *times, *counts)


if __name__ == "__main__":
    sys.exit(main())
