"""How long a server is busy for one tick of a page that watches a long run.

`python -m tests.mvfa_core.training.tick 100000`

Prints the whole read that a tick without a memory would be, the first look, and the ticks after it.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run

TIMES = 20


def event(number: int, draw: random.Random) -> str:
    """One line of a log; every tenth is a validation."""
    known = {"step": 10 * number, "time_s": 0.8 * number}
    if number % 10 == 0:
        return json.dumps({"event": "validation", **known, "accuracy": draw.random(), "n": 400}) + "\n"
    losses = {"loss": 400 / number + draw.random(), "loss_global": 2.0, "loss_local": draw.random()}
    rest = {"train_accuracy": draw.random(), "lr": 1e-3, "steps_per_s": 12.3}
    return json.dumps({"event": "step", **known, **losses, **rest}) + "\n"


def long_run(folder: Path, count: int) -> Run:
    """A run whose log holds so many events."""
    draw = random.Random(0)
    run = Run(folder / "long")
    run.create(quick())
    (run.path / "metrics.jsonl").write_text("".join(event(number, draw) for number in range(1, count + 1)))
    return run


def timed(work: Callable[[], object], times: int) -> str:
    """Median and range in milliseconds."""
    took = []
    for _ in range(times):
        before = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - before))
    return f"{statistics.median(took):.1f} ms ({min(took):.1f}-{max(took):.1f}, {times} times)"


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = long_run(Path(folder), count)
        followed, draw = FollowedRun(run), random.Random(1)

        def tick() -> None:
            with (run.path / "metrics.jsonl").open("a") as log:
                log.write(event(count + 1, draw))
            followed.status()
            followed.curves()

        print(f"{count:,} events, {(run.path / 'metrics.jsonl').stat().st_size / 1e6:.0f} MB")
        print("reading all of it:", timed(run.events, 3))
        print("the first look:   ", timed(followed.catch_up, 1))
        print("a tick:           ", timed(tick, TIMES))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
