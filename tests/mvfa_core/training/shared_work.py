"""What the processes of one run do in the tests; they are started anew, so it must be found by its name."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from mvfa_core.training import engine
from mvfa_core.training.batches import Batch
from mvfa_core.training.engine import Event, Ticked
from mvfa_core.training.parallel import world
from mvfa_core.training.runs import Run
from mvfa_core.training.work import resume


def stop_at(run: Run, step: int) -> Callable[[Event], None]:
    """A listener that asks for a stop after that step."""
    return lambda event: run.request_stop() if isinstance(event, Ticked) and event.step == step else None


def share(paths: Sequence[Path], stop: int) -> None:
    """Go on with one run after the other, and tell of every step; stop the first one after the given step."""
    torch.set_num_threads(1)
    engine.LOG_EVERY = 1
    for path in paths:
        run = Run(path)
        resume(run, listen=stop_at(run, stop if path == paths[0] else -1))


def lose_the_second(path: Path, how: str) -> None:
    """Go on with a run whose second process gets no further than its third batch."""
    torch.set_num_threads(1)
    make = engine.batch_of

    def batch_of(*arguments: object) -> Batch:
        if not world().first and arguments[2] == 3:
            if how == "memory":
                raise torch.OutOfMemoryError("out of memory")
            os.kill(os.getpid(), signal.SIGKILL)
        return make(*arguments)  # type: ignore[arg-type]

    engine.batch_of = batch_of
    resume(Run(path))
