"""An earlier version and this one under the same load, in turn: `python -m tests.load.compare`, on an idle machine.

Each pass starts a server and a training run of one version, times the training alone, and then lets the same seeded
visitors explore. Passes alternate (before, now, before, now), so that a machine that becomes slower meets both. Nothing
is begun that would not end within `--minutes`. `--write docs/serving.md` puts the table between the marks there.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import subprocess
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np

from tests.load import host
from tests.load.classroom import wave
from tests.load.visitor import Tally

BEFORE = "d924a10"
"""The last version without the fair line, shelves bounded by bytes, memory handed back, and training that gives way by
its session: one worker served first come first served, and caches counted entries."""
KINDS = {"control": "control", "picture": "picture", "own picture": "own picture", "page": "another page"}
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")


@dataclass
class Passed:
    """One pass of one version."""

    tally: Tally
    alone: float
    beside: float
    cores: float
    load: float
    top_mb: float


@dataclass
class Version:
    name: str
    root: Path
    passed: list[Passed] = field(default_factory=list)


def unpacked(commit: str, folder: Path) -> Path:
    """The files of a commit, in a folder of their own."""
    packed = subprocess.run(["git", "archive", commit], cwd=host.ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def measure(version: Version, asked: argparse.Namespace, folder: Path, seed: int) -> Passed:
    folder.mkdir()
    print(f"{version.name}: server and training start", flush=True)
    with host.Host(folder, root=version.root) as server, host.training(folder, version.root) as run:
        print(f"{version.name}: training alone, then {asked.sessions} visitors for {asked.seconds:g} s", flush=True)
        speed = host.Speed(run)
        time.sleep(asked.alone)
        alone, speed = speed.now(), host.Speed(run)
        load = os.getloadavg()[0]
        with host.Watched(server.process) as watched:
            tally = asyncio.run(wave(server.url, asked.sessions, asked.seconds, seed))
        return Passed(tally, alone, speed.now(), watched.cores, load, max(watched.memory) / 1e6)


def alternate(versions: list[Version], asked: argparse.Namespace, folder: Path) -> None:
    """As many rounds as were asked for, or as fit into the time."""
    until, longest = time.monotonic() + 60 * asked.minutes, 0.0
    for number in range(asked.rounds):
        for version in versions:
            begun = time.monotonic()
            if begun + 1.15 * longest > until:
                print("no time for another pass", flush=True)
                return
            version.passed.append(measure(version, asked, folder / f"{version.name}-{number}", asked.seed + number))
            longest = max(longest, time.monotonic() - begun)
            print(f"{version.name} {number + 1}: {longest:.0f} s, {shown(version.passed[-1:], 'control')} ms, "
                  f"{len(version.passed[-1].tally.errors)} errors", flush=True)  # fmt: skip


def times(passed: list[Passed], kind: str) -> np.ndarray:
    return np.array([ms for one in passed for ms in one.tally.times_ms.get(kind, [])])


def shown(passed: list[Passed], kind: str) -> str:
    """p50 / p95 / p99 in milliseconds."""
    took = times(passed, kind)
    return " / ".join(f"{value:,.0f}" for value in np.percentile(took, (50, 95, 99))) if len(took) else "none"


def table(versions: list[Version], asked: argparse.Namespace) -> str:
    """Markdown: what was done, and a column for each version."""
    rounds = min(len(one.passed) for one in versions)
    rows = [("passes", [str(len(one.passed)) for one in versions])]
    for kind, title in KINDS.items():
        rows.append((f"{title}, p50 / p95 / p99 ms", [shown(one.passed, kind) for one in versions]))
        each = [[f"{np.percentile(times([two], kind), 95):,.0f}" if len(times([two], kind)) else "none"
                 for two in one.passed] for one in versions]  # fmt: skip
        rows.append((f"{title}, p95 ms of each pass", [", ".join(one) for one in each]))
    counts = [sum(len(ms) for two in one.passed for ms in two.tally.times_ms.values()) for one in versions]
    rows.append(("actions", [f"{count:,}" for count in counts]))
    rows.append(("errors", [str(sum(len(two.tally.errors) for two in one.passed)) for one in versions]))
    rows.append(("told that the server is busy", [str(sum(two.tally.busy for two in one.passed)) for one in versions]))
    rows.append(("training alone, steps/s", [_listed(one, "alone", ".2f") for one in versions]))
    rows.append(("training beside them, steps/s", [_listed(one, "beside", ".2f") for one in versions]))
    rows.append(("cores of the server", [_listed(one, "cores", ".2f") for one in versions]))
    rows.append(("most memory of the server, MB", [_listed(one, "top_mb", ",.0f") for one in versions]))
    rows.append(("load average before the visitors", [_listed(one, "load", ".1f") for one in versions]))
    head = ["", *(one.name for one in versions)]
    lines = [
        f"`python -m tests.load.compare --sessions {asked.sessions} --seconds {asked.seconds:g} --rounds {rounds}` on "
        f"{platform.machine()}, {os.cpu_count()} cores, beside a training run, before: {asked.before}.",
        "",
        "| " + " | ".join(head) + " |",
        "|---|" + "---:|" * len(versions),
        *("| " + " | ".join([title, *cells]) + " |" for title, cells in rows),
        "",
        "Aims: no error, p95 of a control under 1 s and of a picture under 3 s. " + " ".join(map(verdict, versions)),
    ]
    return "\n".join(lines)


def verdict(version: Version) -> str:
    """Which of the aims that version reached here."""
    errors = sum(len(one.tally.errors) for one in version.passed)
    control, picture = (np.percentile(times(version.passed, kind), 95) for kind in ("control", "picture"))
    missed = [*(["errors"] if errors else []), *(["controls"] if control >= 1000 else []),
              *(["pictures"] if picture >= 3000 else [])]  # fmt: skip
    return f"{version.name.capitalize()}: {'missed by ' + ', '.join(missed) if missed else 'reached'}."


def _listed(version: Version, name: str, form: str) -> str:
    return ", ".join(format(getattr(one, name), form) for one in version.passed)


def write(text: str, file: Path) -> None:
    """Put the table between the marks of a page.

    Raises:
        ValueError: there are none.
    """
    before, begin, rest = file.read_text().partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"{file.name}: expected {MARKS[0]} and {MARKS[1]}")
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.compare", description=__doc__.split("\n\n")[0])
    parser.add_argument("--before", default=BEFORE, help=f"the earlier version, a commit ({BEFORE})")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=70, help="of each pass (70)")
    parser.add_argument("--alone", type=float, default=8, help="seconds the training is timed without visitors (8)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=9.5, help="in all (9.5)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="a page with the marks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mvfa-compare-") as name:
        folder = Path(name)
        (folder / "source").mkdir()
        host.CACHE = host.CACHE or str(folder / "cache")  # drawn once, for all passes
        versions = [Version("before", unpacked(asked.before, folder / "source")), Version("now", host.ROOT)]
        alternate(versions, asked, folder)
    if not all(one.passed for one in versions):
        raise SystemExit("not both versions could be measured in that time")
    text = table(versions, asked)
    print(text)
    if asked.write:
        write(text, asked.write)


if __name__ == "__main__":
    main()
