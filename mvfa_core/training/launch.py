"""Start a run in a process of its own, which outlives whoever started it."""

from __future__ import annotations

import os
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
    """A new process for a run folder: from its last checkpoint, or from the start if it has none. A run that a process
    trains already is left to it."""
    if run.is_alive():
        return
    # threads that wait by spinning would take the processor from the server, or from a second run
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    command = [sys.executable, "-m", "mvfa_core", "train", "--resume", str(run.path), "--quiet"]
    with (run.path / "output.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    # noted here, so that the run is seen to start, and can be stopped, before the process has read its first line
    run.claim(process.pid)
