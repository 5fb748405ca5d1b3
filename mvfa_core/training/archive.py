"""What has been trained, kept in order: runs renamed, removed with a way back, put into a file, taken from one, and
compared."""

from __future__ import annotations

import os
from pathlib import Path

from mvfa_core.files import read_json
from mvfa_core.folders import runs_root
from mvfa_core.training.comparison import compare
from mvfa_core.training.run_names import expect_name, free_place
from mvfa_core.training.run_zip import export_zip, import_zip
from mvfa_core.training.runs import LONGEST_NOTE, Run, RunError, list_runs

__all__ = [
    "VISITOR", "compare", "expect_name", "export_zip", "forget", "import_zip", "is_private", "remove", "removed",
    "rename", "restore",
]  # fmt: skip

TRASH = ".trash"
VISITOR = "visitor.json"
"""In the folder of a run or an evaluation on a shared server: which visitor began it, and whether others may see it."""


def is_private(run: Run) -> bool:
    """Whether it came as the file of a visitor of a shared server: it is nobody else's business, and what it says was
    not measured here."""
    try:
        return bool(read_json(run.path / VISITOR, LONGEST_NOTE)["private"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def rename(run: Run, name: str) -> Run:
    """The run under another name, in the same folder of runs.

    Raises:
        RunError: no run there, a name that cannot be one or is taken, or a run that is being trained.
    """
    expect_name(name)
    _expect_idle(run)
    return _moved(run, run.path.with_name(name))


def remove(run: Run) -> Run:
    """The run in the trash below `runs_root()`, from where `restore` brings it back. It waits in no queue any more.

    Raises:
        RunError: no run there, one that is being trained, or one that is not below `runs_root()`.
    """
    _expect_idle(run)
    root = runs_root().resolve()
    if run.path.resolve().parent != root:
        raise RunError(f"{run.id}: only runs in {runs_root()} can be removed here; this one lies elsewhere")
    trash = root / TRASH
    trash.mkdir(exist_ok=True)
    run.leave_queue()
    return _moved(run, free_place(trash, run.id))


def restore(name: str, new_name: str | None = None) -> Run:
    """The removed run of that name, back among the runs, under a new name if one is given.

    Raises:
        RunError: nothing of that name was removed, or the name is taken.
    """
    found = {run.id: run for run in removed()}
    if name not in found:
        known = ", ".join(found) or "none"
        raise RunError(f"{name}: no run of that name was removed; those that were: {known}")
    if new_name is not None:
        expect_name(new_name)
    return _moved(found[name], runs_root() / (new_name or name))


def removed() -> list[Run]:
    """The runs in the trash, newest first."""
    return list_runs(runs_root() / TRASH)


def forget(run: Run) -> None:
    """Delete a run's folder; nothing brings it back.

    Raises:
        RunError: no run there, or one that is being trained.
    """
    _expect_idle(run)
    run.discard()


def _expect_idle(run: Run) -> None:
    if not (run.path / "recipe.json").is_file():
        raise RunError(f"{run.id}: no run there (recipe.json is missing)")
    if run.is_alive():
        raise RunError(f"{run.id}: it is being trained; stop it first")


def _moved(run: Run, target: Path) -> Run:
    if target.exists():
        raise RunError(f"{target.name}: that name is taken; choose another")
    try:
        os.rename(run.path, target)
    except OSError as error:
        raise RunError(f"{run.id}: its folder cannot be moved ({error.strerror})") from error
    return Run(target)
