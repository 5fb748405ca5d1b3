"""A run is a folder that anyone can open:

recipe.json         what was asked for
metrics.jsonl       one event a line, append-only
model.safetensors   the weights of the last checkpoint, with their card
best.safetensors    the weights of the best validation so far, with their card; none where test is watched
state.pt            weights, optimiser and schedule at the last checkpoint, to go on from
process.json        which process trains it, as long as one does
preparing.json      how far the decoding or drawing of its pictures is
stop                "stop" or "pause", there if somebody asked for it
queued.json         since when it has been waiting for its turn, as long as it does
film.jsonl, film/   a few pictures explained at every validation
pace.json           at which pace it is asked to go, if anybody asked
lesson.json         what the last step did, while the run is held or slowed down
output.log          what a process started by the app printed
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from mvfa_core.checkpoints import WEIGHTS
from mvfa_core.files import PART, parts_of, read_json, replace_text
from mvfa_core.folders import runs_root
from mvfa_core.processes import note_of, noted
from mvfa_core.training import versions
from mvfa_core.training.event_log import EventLog
from mvfa_core.training.recipes import Recipe

LAUNCH_S = 120
"""A process that has not claimed its run after this many seconds never will."""
LOCK_S = 10
LONGEST_NOTE = 2**20


class RunError(ValueError):
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


class Run:
    """One run folder, read and written through this class only. Making the object touches nothing on disk."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.id = self.path.name
        self.journal = EventLog(self.path / "metrics.jsonl")

    def create(self, recipe: Recipe) -> None:
        """Make the folder and note the recipe; `RunError` if a run is there already."""
        if (self.path / "recipe.json").exists():
            raise RunError(f"{self.id}: there is a run of that name already; choose another, or --resume it")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.write_recipe(recipe)
        except OSError as error:
            raise RunError(f"{self.id}: the run folder cannot be written ({error.strerror})") from error

    def write_recipe(self, recipe: Recipe) -> None:
        """Note what is asked for, in place of what was."""
        replace_text(self.path / "recipe.json", json.dumps(versions.marked(recipe.to_json()), indent=2))

    def discard(self) -> None:
        """Remove the folder of a run that never began; its name is free again."""
        shutil.rmtree(self.path, ignore_errors=True)

    def recipe(self) -> Recipe:
        """What was asked for, whichever version noted it.

        Raises:
            RunError: the folder is no run, its recipe is spoilt, or a newer version than this one made it.
        """
        try:
            return Recipe.from_json(versions.today(read_json(self.path / "recipe.json", LONGEST_NOTE)))
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
        """Note a process, this one if not given, as the one that trains the run: how it ended before is forgotten, and
        so is what was asked of another process. `RunError` if another one still trains it."""
        process = psutil.Process(pid)
        with self._alone():
            training = self.process()
            if training is not None:
                # whoever launched this process noted it already; on Windows that is an environment's python, its parent
                if training.pid in (process.pid, process.ppid()):
                    return
                raise RunError(f"{self.id}: another process is training this run; stop it first")
            (self.path / "stop").unlink(missing_ok=True)
            self.forget_end()
            for part in parts_of(self.path / "process.json"):
                part.unlink(missing_ok=True)
            note = note_of(process) | {"started": time.time()}
            replace_text(self.path / "process.json", json.dumps(note), durable=False)
            self.leave_queue()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While one process looks who trains the run and notes itself, no other one does: two servers may share it."""
        try:
            with FileLock(self.path / ".claim.lock", timeout=LOCK_S):
                yield
        except Timeout as error:
            raise RunError(f"{self.id}: another process has been starting it for {LOCK_S} s; try again") from error

    def end(self, step: int, reason: str, message: str = "") -> None:
        """Note how the training ended, and that nobody trains the run any more."""
        event = {"event": "end", "step": step, "reason": reason, "message": message}
        try:
            self.append(event)
        except OSError:  # a full disk: what is of no use any more makes room for one line
            for file in (*self.path.glob("*" + PART), self.path / "preparing.json"):
                file.unlink(missing_ok=True)
            self.append(event)
        for name in ("process.json", "stop"):
            (self.path / name).unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Whether the process that claimed the run still exists."""
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """The process that claimed the run, as long as it exists."""
        return noted(self.path / "process.json")

    def note_preparing(self, what: str, done: int, total: int) -> None:
        """Note how far the pictures are, for whoever watches the run start."""
        note = {"what": what, "done": done, "total": total}
        replace_text(self.path / "preparing.json", json.dumps(note), durable=False)

    def request_stop(self) -> None:
        """Ask the training process to save and end; it looks between steps."""
        replace_text(self.path / "stop", "stop", durable=False)

    def request_pause(self) -> None:
        """As `request_stop`, but the run is meant to go on later. A stop that is asked for already stands."""
        if not self.asked():
            replace_text(self.path / "stop", "pause", durable=False)

    def asked(self) -> str:
        """What the training process is asked for: "", "stop" or "pause"."""
        try:
            return "pause" if (self.path / "stop").read_bytes()[:8].strip() == b"pause" else "stop"
        except FileNotFoundError:
            return ""

    def stop_requested(self) -> bool:
        """Whether somebody asked for a stop or a pause."""
        return self.asked() != ""

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
            since = float(read_json(self.path / "queued.json", LONGEST_NOTE)["since"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
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
            if not (self.path / "recipe.json").exists():
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
        claimed = (self.path / "process.json").exists()
        # either way: when the clock was set back, the folder was made in what is now the future
        waited_s = abs(time.time() - (self.path / "recipe.json").stat().st_mtime)
        return "lost" if claimed or waited_s > LAUNCH_S else "starting"

    def _is_held(self) -> bool:
        return (self.path / "lesson.json").exists()  # it is under way, though ten steps may take an hour

    def _preparing(self) -> str:
        try:
            note = read_json(self.path / "preparing.json", LONGEST_NOTE)
            return f"{note['what']}: {note['done']:,} of {note['total']:,}"
        except (OSError, ValueError, KeyError, TypeError):
            return ""
