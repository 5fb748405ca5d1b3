"""What the tests of the experiments share: the paper's rows on a handful of pictures, a few steps each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil

from mvfa_core.experiments.plan import EXPERIMENTS, Cell, Settings, cells
from mvfa_core.experiments.results import TableRequest
from mvfa_core.training.runs import Run, list_runs

# 15,000 of the paper's steps become 6
TINY = Settings(steps_scale=0.0004, backbone="compact", batch=2, val_every=3)
TINY_WORDS = ["--steps-scale", "0.0004", "--backbone", "compact", "--batch", "2", "--val-every", "3", "--device", "cpu"]
ROWS = ("GAP", "K=20")
REQUEST = TableRequest("table3", TINY, ("ucmerced",))
_begun: list[subprocess.Popen[str]] = []


def tiny_cells(*rows: str, seeds: int = 1, what: str = "table3", **changes: object) -> list[Cell]:
    """Cells of an experiment on the coloured pictures that pass for UC Merced here."""
    found = cells(EXPERIMENTS[what], replace(TINY, **changes), rows=rows or ROWS, data=["ucmerced"], seeds=range(seeds))
    return [replace(cell, recipe=replace(cell.recipe, device="cpu")) for cell in found]


def last_accuracy(run: Run) -> float:
    """What the run folder itself says, read without the code under test."""
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    return [event["accuracy"] for event in map(json.loads, lines) if event["event"] == "validation"][-1]


def reproduce(*words: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "mvfa_core", "reproduce", *words]
    _begun.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    return _begun[-1]


def kill_commands() -> None:
    """SIGKILL for every command that `reproduce` began and that goes on: it would start the next cell."""
    while _begun:
        command = _begun.pop()
        if command.poll() is None:
            command.kill()
            command.communicate()


def kill_trainers(root: Path) -> int:
    """SIGKILL for whatever trains below a folder; how many there were."""
    killed = 0
    for run in list_runs(root):
        if run.is_alive():
            psutil.Process(json.loads((run.path / "process.json").read_text())["pid"]).send_signal(signal.SIGKILL)
            killed += 1
    return killed
