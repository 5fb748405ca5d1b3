"""Who else listens while a run is carried out: each is called with the trainer and every event, after the run's own
log has it and before the next step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mvfa_core.training.attention_history import AttentionHistory
from mvfa_core.training.engine import Event, Trainer
from mvfa_core.training.loggers import Logger
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.step_control import StepController

Recorder = Callable[[Trainer, Event], None]


def recorders(run: Run, recipe: Recipe) -> list[Recorder]:
    """The recorders that the recipe asks for; `close` them in the end.

    Raises:
        LoggerError: the recipe asks for a logger that is not installed.
    """
    found: list[Recorder] = []
    if recipe.film:
        found.append(AttentionHistory(run, recipe))
    if recipe.devices * recipe.nodes == 1:  # a step of several processes waits for all, and only one of them is asked
        found.append(StepController(run, recipe))
    if recipe.log != "none":
        found.append(Logger(run, recipe))
    return found


def close(listening: Sequence[Recorder]) -> None:
    """Let those that hold something write it."""
    for record in listening:
        if isinstance(record, Logger):
            record.close()
