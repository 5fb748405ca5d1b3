"""The app as its visitors meet it: a server in a process of its own, at an address of this machine. For measuring."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mvfa_core.processes import environment

START_S = 600
LOG_CHARACTERS = 300


class ServedError(RuntimeError):
    """The app cannot be served; the sentence says why."""


@dataclass(frozen=True)
class Served:
    """A running server: its address and its process id."""

    url: str
    pid: int

    def vitals(self) -> dict[str, Any]:
        """How often it called what ("encode" is a pass of a backbone), and the bytes of memory it occupies."""
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=30) as answer:
            return json.load(answer)

    def passes(self) -> int:
        """How many pictures went through a backbone since it started."""
        return self.vitals()["calls"].get("encode", 0)


@contextmanager
def served(root: Path | None = None) -> Iterator[Served]:
    """`streamlit run app/main.py` with a runs, data and cache folder of its own, which end with it.

    Args:
        root: the folder of the project; the one this file lies in if not given.

    Raises:
        ServedError: there is no app here, or it did not start.
    """
    root = root or Path(__file__).resolve().parents[2]
    if not (root / "app" / "main.py").is_file():
        raise ServedError(f"{root}: expected the project's folder, with app/main.py in it")
    if importlib.util.find_spec("streamlit") is None:
        raise ServedError("the app needs Streamlit, which is not installed: pip install -r requirements.txt")
    with tempfile.TemporaryDirectory(prefix="mvfa-served-") as folder:
        port = _free_port()
        log = Path(folder) / "server.log"
        words = ["run", "app/main.py", f"--server.port={port}", "--server.headless=true"]
        places = {f"MVFA_{name.upper()}": str(Path(folder) / name) for name in ("runs", "data", "cache")}
        paths = {"PYTHONPATH": os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))}
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", *words], cwd=root, env={**environment(), **places, **paths},
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip
        try:
            _wait(process, f"http://127.0.0.1:{port}", log)
            yield Served(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise ServedError(f"the app did not start: {log.read_text(errors='replace')[-LOG_CHARACTERS:]}")
