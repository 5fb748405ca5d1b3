"""Run folders for the tests of the pages."""

from __future__ import annotations

import json
from pathlib import Path

from mvfa_core.training.recipes import Recipe, quick
from mvfa_core.training.runs import Run


def a_run(folder: Path, name: str, reason: str | None, *, claimed: bool = True, recipe: Recipe | None = None) -> Run:
    """A run folder as a process would have left it, without one having been there."""
    run = Run(folder / "runs" / name)
    run.create(recipe or quick())
    run.append({"event": "start", "step": 0, "time_s": 0, "classes": ["a", "b"], "train_n": 8, "val_n": 4})
    for step in (10, 20):
        losses = {"loss": 400.0 / step, "loss_global": 2.0, "loss_local": 398.0 / step, "train_accuracy": 0.5}
        run.append({"event": "step", "step": step, "time_s": step / 4, "lr": 1e-3, "steps_per_s": 4.0, **losses})
    run.append({"event": "validation", "step": 20, "accuracy": 0.75, "n": 4, "time_s": 6.0})
    if reason:
        run.append({"event": "end", "step": 20, "reason": reason, "message": "![x](http://x) no space"})
    if claimed:
        (run.path / "process.json").write_text(json.dumps({"pid": 2**22 - 3, "created": 1.0, "started": 1.0}))
    return run
