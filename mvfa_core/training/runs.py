"""A run is a folder that anyone can open:

recipe.json         what was asked for
metrics.jsonl       one event a line, append-only
model.safetensors   the weights of the last checkpoint, with their card
best.safetensors    the weights of the best validation so far, with their card; none where test is watched
state.pt            weights, optimiser and schedule at the last checkpoint, to go on from
preparing.json      how far the decoding or drawing of its pictures is
queued.json         since when it has been waiting for its turn, as long as it does
film.jsonl, film/   a few pictures explained at every validation
pace.json           at which pace it is asked to go, if anybody asked
lesson.json         what the last step did, while the run is held or slowed down

and what every job has (`jobs.folder`): process.json, stop, output.log.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mvfa_core.checkpoints import WEIGHTS
from mvfa_core.files import PART, read_json, replace_text
from mvfa_core.folders import runs_root
from mvfa_core.jobs.folder import LAUNCH_S, LONGEST_NOTE, JobError, JobFolder
from mvfa_core.training import versions
from mvfa_core.training.event_log import EventLog
from mvfa_core.training.recipes import Recipe

__all__ = ["LAUNCH_S", "Run", "RunError", "Status", "list_runs", "new_run_id"]


class RunError(JobError):
    """A run folder that cannot be used as asked; the sentence says why and what to do."""


@dataclass(frozen=True)
class Status:
    """Where a run stands. `state` is queued, starting, running, paused, finished, stopped, diverged, failed, or lost:
    its process is gone without having said how it ended. `accuracy` is the last validation's, `seconds_left` an
    estimate."""

    state: str
    step: int = 0
    steps: int = 0
    steps_per_s: float | None = None
    seconds_left: float | None = None
    accuracy: float | None = None
    message: str = ""


def new_run_id(recipe: Recipe) -> str:
    """A readable name from the recipe and the time of day, unused so far."""
    stem = f"{recipe.backbone}-{recipe.pooling}-{datetime.now():%Y%m%d-%H%M%S}"
    taken = {run.id for run in list_runs(runs_root())}
    return next(name for name in (stem, *(f"{stem}-{i}" for i in range(2, 1000))) if name not in taken)


def list_runs(root: Path | str | None = None) -> list[Run]:
    """The runs below a folder, newest first."""
    root = Path(root) if root is not None else runs_root()
    made: list[tuple[float, Path]] = []
    for entry in root.iterdir() if root.is_dir() else ():
        with suppress(OSError):  # no run, or one that somebody removes at this moment
            made.append(((entry / "recipe.json").stat().st_mtime, entry))
    return [Run(path) for _, path in sorted(made, key=lambda pair: pair[0], reverse=True)]


class Run(JobFolder):
    """One run folder, read and written through this class only. Making the object touches nothing on disk."""

    request_file, progress_file = "recipe.json", "preparing.json"
    error = RunError
    taken = "another process is training this run; stop it first"

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.journal = EventLog(self.path / "metrics.jsonl")

    def create(self, recipe: Recipe) -> None:
        """Make the folder and note the recipe; `RunError` if a run is there already."""
        if (self.path / self.request_file).exists():
            raise RunError(f"{self.id}: there is a run of that name already; choose another, or --resume it")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.write_recipe(recipe)
        except OSError as error:
            raise RunError(f"{self.id}: the run folder cannot be written ({error.strerror})") from error

    def write_recipe(self, recipe: Recipe) -> None:
        """Note what is asked for, in place of what was."""
        replace_text(self.path / self.request_file, json.dumps(versions.marked(recipe.to_json()), indent=2))

    def discard(self) -> None:
        """Remove the folder of a run that never began; its name is free again."""
        shutil.rmtree(self.path, ignore_errors=True)

    def recipe(self) -> Recipe:
        """What was asked for, whichever version noted it.

        Raises:
            RunError: the folder is no run, its recipe is spoilt, or a newer version than this one made it.
        """
        try:
            return Recipe.from_json(versions.today(read_json(self.path / self.request_file, LONGEST_NOTE)))
        except FileNotFoundError as error:
            raise RunError(f"{self.id}: no run there (recipe.json is missing)") from error
        except OSError as error:
            raise RunError(f"{self.id}: its recipe.json cannot be read ({error.strerror})") from error
        except versions.NewerError as error:
            raise RunError(f"{self.id}: {error}") from error
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise RunError(f"{self.id}: its recipe.json cannot be read ({error})") from error

    def append(self, event: dict) -> None:
        """Add one line to metrics.jsonl."""
        self.journal.append(event)

    def events(self, offset: int = 0) -> tuple[list[dict], int]:
        """The events from a byte offset on, and the offset to ask from next; see `Journal.read`."""
        return self.journal.read(offset)

    def recent(self) -> list[dict]:
        """The newest events, among them the last of every kind: all that `status` follows from."""
        return self.journal.tail()

    def validations(self) -> list[tuple[int, float]]:
        """(step, accuracy) of every validation so far, in order."""
        return [(event["step"], event["accuracy"]) for event in self.events()[0] if event["event"] == "validation"]

    def cut_events_after(self, step: int) -> None:
        """Forget the events after a checkpoint's step, and a torn last line: a run that goes on writes them anew."""
        self.journal.keep(
            [e for e in self.events()[0] if e["event"] in ("step", "validation", "start") and e["step"] <= step]
        )

    def forget_end(self) -> None:
        """Forget how the training ended before: it goes on."""
        self.journal.keep([event for event in self.events()[0] if event["event"] != "end"])

    def claim(self, pid: int | None = None) -> None:
        """As for any job; a run that is being trained waits in line no longer."""
        super().claim(pid)
        self.leave_queue()

    def end(self, step: int, reason: str, message: str = "") -> None:
        """Note how the training ended, and that nobody trains the run any more."""
        event = {"event": "end", "step": step, "reason": reason, "message": message}
        try:
            self.append(event)
        except OSError:  # a full disk: what is of no use any more makes room for one line
            for file in (*self.path.glob("*" + PART), self.path / self.progress_file):
                file.unlink(missing_ok=True)
            self.append(event)
        self.leave()

    def leave(self) -> None:
        """Note that nobody trains it any more, and that nothing is asked of anybody."""
        super().leave()
        self.forget_request()

    def join_queue(self) -> None:
        """Wait in line for a turn; a run that waits already keeps its place. `RunError` if it is being trained."""
        if self.is_alive():
            raise RunError(f"{self.id}: it is being trained already")
        if self.queued_since() is None:
            replace_text(self.path / "queued.json", json.dumps({"since": time.time()}))

    def leave_queue(self) -> None:
        """Wait no longer."""
        (self.path / "queued.json").unlink(missing_ok=True)

    def queued_since(self) -> float | None:
        """When it joined the queue, in seconds since the epoch, or None if it does not wait."""
        try:
            since = float(self.note("queued.json")["since"])
        except (ValueError, KeyError, TypeError, OverflowError):
            return None
        return since if math.isfinite(since) else None

    def model_path(self) -> Path | None:
        """The saved weights, or None if there are none yet."""
        file = self.path / WEIGHTS
        return file if file.is_file() else None

    def status(self) -> Status:
        """Where the run stands, from its files alone, so that it is the same from every process and after a restart.

        A run whose recipe cannot be read, another version's perhaps, has failed; `RunError` if the folder is no run.
        """
        try:
            recipe = self.recipe()
        except RunError as error:
            if not (self.path / self.request_file).exists():
                raise
            return Status("failed", message=str(error))
        events = self.recent()
        steps = [e for e in events if e["event"] == "step"]
        accuracies = [event["accuracy"] for event in events if event["event"] == "validation"]
        end = next((e for e in reversed(events) if e["event"] == "end"), None)
        step = events[-1].get("step", 0) if events else 0
        rate = steps[-1].get("steps_per_s") if steps else None
        waiting = self.queued_since() is not None and not self.is_alive()
        state = "queued" if waiting else end["reason"] if end else self._state_without_end(started=bool(steps))
        left = max(recipe.steps - step, 0) / rate if rate and rate > 0 and state == "running" else None
        message = self._preparing() if state == "starting" else end.get("message", "") if end and not waiting else ""
        return Status(state, step, recipe.steps, rate, left, accuracies[-1] if accuracies else None, message)

    def _state_without_end(self, *, started: bool) -> str:
        if self.is_alive():
            return "running" if started or self._is_held() else "starting"
        return self.lost_or_starting()

    def _is_held(self) -> bool:
        return (self.path / "lesson.json").exists()  # it is under way, though ten steps may take an hour

    def _preparing(self) -> str:
        told = self.progress()
        return f"{told.what}: {told.done:,} of {told.total:,}" if told else ""
