"""The pace of a run: as fast as it can, in slow motion, or one step at a time, for those who want to see what a step
does.

    pace.json     what is asked for: {"mode": "run" | "hold" | "slow", "until": step, "delay_s": seconds}
    lesson.json   what the last step did, as long as the run is not in mode "run"

Anybody may write pace.json, the training process looks at it between steps. Holding changes nothing about the training:
the weights are bit for bit those of a run that nobody held, and the time it stood still is not counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from mvfa_core.checks import expect, expect_choice
from mvfa_core.files import read_json, replace_text
from mvfa_core.training.engine import Event, Started, Ticked, Trainer
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.step_report import Before, look, step_report

PACE, LESSON = "pace.json", "lesson.json"
MODES = ("run", "hold", "slow")
LOOK_S = 0.05
"""How often a held run looks whether it may go on."""
LONGEST_DELAY_S = 60.0


@dataclass(frozen=True)
class StepControl:
    """What is asked of a run.

    Attributes:
        mode: run freely, hold at the step `until`, or wait after every step.
        until: how many steps may be done before the run holds.
        delay_s: how long to wait after a step in slow motion.

    Raises:
        ValueError: an unknown mode, or a number out of range.
    """

    mode: str = "run"
    until: int = 0
    delay_s: float = 1.0

    def __post_init__(self) -> None:
        expect_choice(self.mode, MODES, "mode")
        expect(isinstance(self.until, int) and self.until >= 0, "until", "a step >= 0", repr(self.until))
        fits = isinstance(self.delay_s, int | float) and 0 <= self.delay_s <= LONGEST_DELAY_S
        expect(fits, "delay_s", f"seconds from 0 to {LONGEST_DELAY_S:.0f}", repr(self.delay_s))


def control_of(run: Run) -> StepControl:
    """What is asked of a run; to run freely where nobody asked or the file cannot be read."""
    try:
        content = read_json(run.path / PACE)
        return StepControl(content["mode"], content.get("until", 0), content.get("delay_s", 1.0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return StepControl()


def ask(run: Run, pace: StepControl) -> None:
    """Ask that pace of a run, whether it is being trained or not yet."""
    replace_text(run.path / PACE, json.dumps(asdict(pace)), durable=False)


def hold(run: Run) -> None:
    """Let a run stand where it is: before its first step, or at the end of the one it is at."""
    ask(run, StepControl("hold", 0))


def step_on(run: Run, steps: int = 1) -> None:
    """Let a held run do so many steps more; several requests in a row add up."""
    done, asked = (read_report(run) or {}).get("step", 0), control_of(run)
    ask(run, StepControl("hold", max(done, asked.until if asked.mode == "hold" else 0) + steps))


def slow(run: Run, delay_s: float) -> None:
    """Let a run wait `delay_s` after every step."""
    ask(run, StepControl("slow", 0, delay_s))


def run_on(run: Run) -> None:
    """Let a run go as fast as it can."""
    ask(run, StepControl())


def read_report(run: Run) -> dict[str, Any] | None:
    """What the last step did, see `step_report`; None while there is none."""
    try:
        content = read_json(run.path / LESSON)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("step"), int) else None


class StepController:
    """A recorder that holds the training between two steps for as long as pace.json says, and tells what a step did."""

    def __init__(self, run: Run, recipe: Recipe, *, wait: Callable[[float], None] = time.sleep) -> None:
        self.run, self.steps, self.wait = run, recipe.steps, wait
        self.before: Before | None = None
        self.told: int | None = None

    def __call__(self, trainer: Trainer, event: Event) -> None:
        if not isinstance(event, Started | Ticked):
            return
        if isinstance(event, Started):
            self._forget()
        if self.before is not None:
            self._tell(trainer, self.before)
            self.before = None
        if control_of(self.run).mode == "run":
            self._forget(unless=trainer.step)
            return
        if trainer.step < self.steps:
            self._rest(isinstance(event, Ticked))
            self._stand(trainer)
            if control_of(self.run).mode != "run" and not self.run.asked():
                self.before = look(trainer)

    def _rest(self, after_a_step: bool) -> None:
        """The delay of slow motion, unless somebody asks for anything else meanwhile."""
        asked = control_of(self.run)
        for _ in range(round(asked.delay_s / LOOK_S) if asked.mode == "slow" and after_a_step else 0):
            self.wait(LOOK_S)
            if control_of(self.run) != asked or self.run.asked():
                return

    def _stand(self, trainer: Trainer) -> None:
        """Wait while the run is held here. A stop and a pause are followed at once."""
        while self._is_held(trainer) and not self.run.asked():
            if self.told != trainer.step:  # held just now: whoever holds it sees what comes next
                self._tell(trainer, look(trainer))
            self.wait(LOOK_S)

    def _is_held(self, trainer: Trainer) -> bool:
        asked = control_of(self.run)
        return asked.mode == "hold" and trainer.step >= asked.until

    def _tell(self, trainer: Trainer, before: Before) -> None:
        replace_text(self.run.path / LESSON, json.dumps(step_report(trainer, before)), durable=False)
        self.told = trainer.step

    def _forget(self, unless: int | None = None) -> None:
        """A lesson that the run has left behind is none: `step_on` counts from it."""
        if unless is None or (self.told is not None and self.told != unless):
            (self.run.path / LESSON).unlink(missing_ok=True)
            self.told = None
