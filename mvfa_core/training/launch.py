"""Start a run in a process of its own, which outlives whoever started it."""

from __future__ import annotations

import subprocess
import sys

from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, new_run_id, runs_root


def start(recipe: Recipe, run_id: str | None = None) -> Run:
    """Make the run folder and a process that trains into it; returns at once.

    The process is found again through the run folder, so nobody needs to keep what this returns.
    """
    run = Run(runs_root() / (run_id or new_run_id(recipe)))
    run.create(recipe)
    launch(run)
    return run


def launch(run: Run) -> None:
    """A new process for a run folder: from its last checkpoint, or from the start if it has none."""
    command = [sys.executable, "-m", "mvfa_core", "train", "--resume", str(run.path), "--quiet"]
    with (run.path / "output.log").open("ab") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
