"""The server under load and the training beside it: processes of this script, with folders of their own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from mvfa_core.training.runs import Run

CACHE = os.environ.get("MVFA_CACHE")
"""Decoded and drawn pictures are taken from there where there is such a place: drawing takes longer than a load."""
ROOT = Path(__file__).resolve().parents[2]
START_S, LOOK_S = 400, 0.5


def places(folder: Path, root: Path = ROOT) -> dict[str, str]:
    """Folders of its own for a server or a run of the version that lies in `root`, as its environment says them."""
    own = {f"MVFA_{name.upper()}": str(folder / name) for name in ("runs", "cache", "data")}
    return {**own, **({"MVFA_CACHE": CACHE} if CACHE else {}), "PYTHONPATH": str(root)}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class Watched:
    """What a process took while it was watched: memory in bytes at every look, and processor seconds."""

    process: psutil.Process
    memory: list[int] = field(default_factory=list)
    begun_s: float = 0.0
    begun_at: float = 0.0

    def __enter__(self) -> Watched:
        self.begun_s, self.begun_at, self.done = self._spent_s(), time.monotonic(), threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()
        self.cores = (self._spent_s() - self.begun_s) / (time.monotonic() - self.begun_at)

    def _spent_s(self) -> float:
        spent = self.process.cpu_times()
        return spent.user + spent.system

    def _look(self) -> None:
        while not self.done.wait(LOOK_S):
            with contextlib.suppress(psutil.Error):
                self.memory.append(self.process.memory_info().rss)


class Host:
    """`streamlit run app/main.py` on 127.0.0.1 in a process of its own; `settings` are added to its environment, `root`
    holds the version that is served."""

    def __init__(
        self, folder: Path, *, port: int | None = None, settings: dict[str, str] | None = None, root: Path = ROOT
    ) -> None:
        self.folder, self.port, self.settings, self.root = folder, port or free_port(), settings or {}, root
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Host:
        streamlit = Path(sys.executable).with_name("streamlit")
        command = [str(streamlit), "run", "app/main.py", f"--server.port={self.port}", "--server.headless=true"]
        environment = {**os.environ, **places(self.folder, self.root), **self.settings}
        with (self.folder / "server.log").open("ab") as log:
            self.child = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        self.process = psutil.Process(self.child.pid)
        before = time.monotonic()
        while time.monotonic() - before < START_S and self.child.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2).close()
                return self
            except urllib.error.HTTPError:  # it asks for a passcode
                return self
            except OSError:
                pass
            time.sleep(0.2)
        told = (self.folder / "server.log").read_text()[-2000:]
        self.__exit__()
        raise RuntimeError(f"the server did not start:\n{told}")

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def memory(self) -> int:
        """Bytes of the server that lie in memory now."""
        return self.process.memory_info().rss


BESIDE = """
from dataclasses import replace
from mvfa_core.training import launch
from mvfa_core.training.recipes import quick
print(launch.start(replace(quick(), steps=100_000, train_n=500, val_every=100_000, film=0), "beside").path)
"""
"""Starts `compact` on drawn shapes, for longer than anybody watches, as the app of that version would start it."""


@contextlib.contextmanager
def training(folder: Path, root: Path = ROOT) -> Iterator[Run]:
    """A run beside the server, of the version that lies in `root`; it is ended in the end."""
    environment = {**os.environ, **places(folder, root)}
    made = subprocess.run(
        [sys.executable, "-c", BESIDE], cwd=root, env=environment, check=True, capture_output=True, text=True
    )
    run = Run(made.stdout.strip().rpartition("\n")[2])
    try:
        waited = time.monotonic()
        while not steps_of(run):
            if time.monotonic() - waited > START_S or not run.is_alive():
                raise RuntimeError(f"the training did not start: {(run.path / 'output.log').read_text()[-1000:]}")
            time.sleep(0.2)
        yield run
    finally:
        with contextlib.suppress(OSError, psutil.Error):
            process = psutil.Process(json.loads((run.path / "process.json").read_text())["pid"])
            process.kill()
            process.wait(10)


def steps_of(run: Run) -> int:
    """How many steps the run has done, as its log says."""
    return max((int(event.get("step", 0)) for event in run.events()[0]), default=0)


class Speed:
    """Steps a second between two moments, from the log's own clock, which does not stand still when nobody looks."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.before = self._last()

    def _last(self) -> tuple[int, float]:
        told = [event for event in self.run.events()[0] if event.get("event") == "step"]
        return (told[-1]["step"], told[-1]["time_s"]) if told else (0, 0.0)

    def now(self) -> float:
        """Since this was made; 0 if the log says nothing new."""
        step, at_s = self._last()
        return (step - self.before[0]) / (at_s - self.before[1]) if at_s > self.before[1] else 0.0
