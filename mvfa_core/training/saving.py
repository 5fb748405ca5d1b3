"""Checkpoints in a run folder: what going on needs, and the weights for everybody else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch

from mvfa_core.checkpoints import BEST, WEIGHTS, save_model
from mvfa_core.devices import is_out_of_memory
from mvfa_core.files import PART, sync_folder, whole_file
from mvfa_core.jobs.folder import PROCESS, STOP
from mvfa_core.training.engine import Trainer
from mvfa_core.training.runs import Run, RunError

STATE = "state.pt"
OF_OTHERS = (Run.request_file, PROCESS, STOP, "pace.json", "queued.json")
"""What others than the training process write into the folder, perhaps at this moment."""


def save(run: Run, trainer: Trainer, watched: str = "val", *, best: bool = False) -> None:
    """A checkpoint, and with `best` also the best weights so far. `watched` is the side that the accuracy is of.

    `state.pt` is written last: a run goes on from it, so whatever is missing or newer than it is written again then.
    """
    run.journal.sync()  # the figures before a checkpoint are never computed again
    save_model(trainer.model, run.path / WEIGHTS, card_of(run, trainer, watched))
    if best:
        _same_file(run.path / WEIGHTS, run.path / BEST)
    with whole_file(run.path / STATE) as file:
        torch.save(_on_cpu(trainer.state()), file)


def expect_state(run: Run) -> None:
    """Refuse to go on with a run that has weights but not the state behind them: it would begin anew over them.

    Raises:
        RunError: it came without its state. One that was killed or interrupted while its first was written may begin
        anew: that makes the same weights again.
    """
    events, _ = run.events()
    ends = [event.get("reason") for event in events if event["event"] == "end"]
    validations = sum(event["event"] == "validation" for event in events)
    ended = "finished" in ends or (bool(ends) and validations > 1)
    if ended and run.model_path() is not None and not (run.path / STATE).is_file():
        raise RunError(f"{run.id}: it came without its state; export it again with --with-state to go on with it")


def restore(run: Run, trainer: Trainer) -> None:
    """Take the trainer to the run's last checkpoint, if it has one; the events after that point are forgotten.

    Raises:
        RunError: there is one, and it cannot be gone on from. Nothing is changed then.
    """
    for part in run.path.glob("*" + PART):  # what a killed process was about to write
        if not part.name.startswith(OF_OTHERS):
            part.unlink(missing_ok=True)
    checkpoint = run.path / STATE
    if checkpoint.exists():
        _take_up(run, trainer, checkpoint)
    run.cut_events_after(trainer.step if checkpoint.exists() else -1)


def _take_up(run: Run, trainer: Trainer, checkpoint: Path) -> None:
    try:
        trainer.restore(torch.load(checkpoint, map_location=trainer.device, weights_only=True))
    except PermissionError:
        raise
    except Exception as error:  # whatever a stranger, or a broken disk, has put there
        if is_out_of_memory(error):
            raise
        model = f"{WEIGHTS} is kept" if run.model_path() else "no weights were saved"
        raise RunError(
            f"{run.id}: its {STATE} is no state of this run, or spoilt ({type(error).__name__}); {model}. It cannot go "
            "on; train its recipe as a new run"
        ) from error


def card_of(run: Run, trainer: Trainer, watched: str = "val") -> dict:
    """What the weights are: how they were made and how well they do."""
    recipe = trainer.recipe
    return {
        "name": run.id,
        "data": trainer.data.name,
        "step": trainer.step,
        "accuracy": run.status().accuracy,
        "n": len(trainer.data.val),
        "side": watched,
        "train_n": len(trainer.data.train),
        "command": recipe.command(f"runs/{run.id}"),
        "recipe": recipe.to_json(),
        **trainer.about(),
    }


def _on_cpu(state: Any) -> Any:
    """The same with every tensor on the CPU, in its memory layout."""
    if isinstance(state, torch.Tensor):
        return state.detach().cpu()
    if isinstance(state, dict):
        return {name: _on_cpu(value) for name, value in state.items()}
    return [_on_cpu(value) for value in state] if isinstance(state, list) else state


def _same_file(source: Path, target: Path) -> None:
    """A second name for a file that is never written in place, or a copy where the disk knows no second names."""
    temporary = target.with_name(target.name + PART)
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    os.replace(temporary, target)
    sync_folder(target.parent)
