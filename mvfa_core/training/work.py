"""Carry out a run: data, model and engine together, their events written into the run folder."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

from mvfa_core.backbones import find_backbone
from mvfa_core.checkpoints import WEIGHTS, save_model
from mvfa_core.data.sets import Progress, silent
from mvfa_core.data.sources import load_data
from mvfa_core.model import build_model
from mvfa_core.training.device import find_device
from mvfa_core.training.engine import Diverged, Event, Started, Ticked, Trainer, Validated, to_json
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.recorders import recorders
from mvfa_core.training.runs import Run, RunError

STATE = "state.pt"
ADVICE_DIVERGED = "the loss was not finite; the last good weights are kept. Try a tenth of the learning rate"


def train(
    recipe: Recipe,
    run: Run,
    *,
    listen: Callable[[Event], None] = lambda event: None,
    progress: Progress = silent,
) -> None:
    """Make the run folder and train into it until done, stopped or diverged.

    Raises:
        RunError: the folder holds a run already. DataError, ValueError: the recipe cannot be carried out; a run that
        never began leaves no folder behind. What ends it later is also written there.
    """
    run.create(recipe)
    try:
        _carry_out(run, recipe, listen, progress)
    except ValueError:
        if all(event["event"] == "end" for event in run.events()[0]):
            run.discard()
        raise


def resume(run: Run, *, listen: Callable[[Event], None] = lambda event: None, progress: Progress = silent) -> None:
    """Go on from a run's last checkpoint, or from its start if it has none.

    Raises:
        RunError: no run there, finished already, or still being trained.
    """
    recipe = run.recipe()
    if run.status().state == "finished":
        raise RunError(f"{run.id}: finished already, after {recipe.steps} steps")
    _carry_out(run, recipe, listen, progress)


def _carry_out(run: Run, recipe: Recipe, listen: Callable[[Event], None], progress: Progress) -> None:
    run.claim()
    step = 0

    def tell(what: str, done: int, total: int) -> None:
        run.note_preparing(what, done, total)
        progress(what, done, total)

    try:
        trainer = _prepare(run, recipe, tell)
        listening = recorders(run, recipe)
        for event in trainer.run():
            step = event.step
            if not isinstance(event, Ticked):
                run.append(to_json(event))
            listen(event)
            for record in listening:
                record(trainer, event)
            stop = isinstance(event, Started | Ticked) and run.stop_requested()
            if isinstance(event, Validated) or (stop and trainer.is_sound()):
                _save(run, trainer)
            if stop:
                break
    except (Exception, KeyboardInterrupt) as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        message = "interrupted" if interrupted else str(error).partition("\n")[0] or type(error).__name__
        run.end(step, "stopped" if interrupted else "failed", message)
        raise
    if isinstance(event, Diverged):
        run.end(step, "diverged", ADVICE_DIVERGED)
    else:
        run.end(step, "finished" if step >= recipe.steps else "stopped")


def _prepare(run: Run, recipe: Recipe, progress: Progress) -> Trainer:
    """The trainer at the run's last checkpoint, or at its start; the events after that point are forgotten."""
    device = find_device(recipe.device)
    side = find_backbone(recipe.backbone).side
    data = load_data(recipe.data, side, seed=recipe.seed, train_n=recipe.train_n, progress=progress)
    model = build_model(
        recipe.backbone,
        recipe.pooling,
        len(data.classes),
        k=recipe.k,
        sizes=recipe.sizes,
        head=recipe.head,
        head_options=recipe.head_options(),
        anchors=recipe.anchors,
        weights=recipe.weights,
        seed=recipe.seed,
        classes=data.classes,
    )
    trainer = Trainer(model, recipe, data, device)
    checkpoint = run.path / STATE
    if checkpoint.exists():
        trainer.restore(torch.load(checkpoint, map_location=device, weights_only=True))
    run.cut_events_after(trainer.step if checkpoint.exists() else -1)
    return trainer


def _save(run: Run, trainer: Trainer) -> None:
    """A checkpoint. `state.pt` alone is enough to go on from; the safetensors file is for everybody else."""
    temporary = run.path / f"{STATE}.part"
    torch.save(trainer.state(), temporary)
    os.replace(temporary, run.path / STATE)
    save_model(trainer.model, run.path / WEIGHTS, card_of(run, trainer))


def card_of(run: Run, trainer: Trainer) -> dict:
    """What the weights are: how they were made and how well they do."""
    recipe = trainer.recipe
    return {
        "name": run.id,
        "data": trainer.data.name,
        "step": trainer.step,
        "accuracy": run.status().accuracy,
        "n": len(trainer.data.val),
        "train_n": len(trainer.data.train),
        "command": recipe.command(f"runs/{run.id}"),
        "recipe": recipe.to_json(),
    }
