"""Who else listens while a run is carried out: each is called with the trainer and every event, after the run's own
log has it and before the next step."""

from __future__ import annotations

from collections.abc import Callable

from mvfa_core.training.engine import Event, Trainer
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

Recorder = Callable[[Trainer, Event], None]


def recorders(run: Run, recipe: Recipe) -> list[Recorder]:
    """The recorders that the recipe asks for."""
    return []
