"""When a run is written to disk.

On a CPU that is at every validation: beside the steps it is nothing. On an accelerator a checkpoint takes as long as
dozens of steps, so there it is written at most once a minute, and when the run stops or ends. Weights that are the best
so far wait in memory meanwhile; a run that is killed goes on from its last checkpoint and finds them again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

from mvfa_core.checkpoints import BEST, save_model
from mvfa_core.model import Classifier
from mvfa_core.training.engine import Trainer
from mvfa_core.training.runs import Run
from mvfa_core.training.saving import card_of, save

EVERY_S = 60.0


class Saver:
    """Writes the checkpoints of one run.

    Args:
        watched: the side of the data that validations are of.
        now: seconds of a clock that only goes forward.
    """

    def __init__(
        self, run: Run, trainer: Trainer, watched: str = "val", now: Callable[[], float] = time.monotonic
    ) -> None:
        self.run, self.trainer, self.watched, self.now = run, trainer, watched, now
        self.written: float | None = None
        self.best: tuple[Classifier, dict] | None = None

    def validated(self, *, best: bool, last: bool) -> None:
        """After a validation, the best so far or not; the `last` one is always written."""
        if last or self._is_due():
            if best:
                self.best = None
            self._write(best=best)
        elif best:
            self.best = copy.deepcopy(self.trainer.model), card_of(self.run, self.trainer, self.watched)

    def stopped(self) -> None:
        """The run ends here because somebody wants it to; what is not finite is not kept."""
        if self.trainer.is_sound():
            self._write()
        else:
            self.keep_best()

    def keep_best(self) -> None:
        """Write the best weights that wait; what the trainer holds may be spoilt."""
        if self.best is not None:
            model, card = self.best
            save_model(model, self.run.path / BEST, card)
            self.best = None

    def _is_due(self) -> bool:
        return self.trainer.device.type == "cpu" or self.written is None or self.now() - self.written >= EVERY_S

    def _write(self, *, best: bool = False) -> None:
        self.keep_best()
        save(self.run, self.trainer, self.watched, best=best)
        self.written = self.now()
