"""A run is a folder that anyone can open:

recipe.json         what was asked for
metrics.jsonl       one event a line, append-only
model.safetensors   the weights of the last checkpoint, with their card
state.pt            weights, optimiser and schedule at that checkpoint, to go on from
process.json        which process trains it, as long as one does
preparing.json      how far the decoding or drawing of its pictures is
stop                there if somebody asked it to stop
output.log          what a process started by the app printed
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from mvfa_core.checkpoints import WEIGHTS
from mvfa_core.training.recipes import Recipe

LAUNCH_S = 120
"""A process that has not claimed its run after this many seconds never will."""


class RunError(ValueError):
    """A run folder that cannot be used as asked; the sentence says why and what to do."""


@dataclass(frozen=True)
class Status:
    """Where a run stands. `state` is starting, running, finished, stopped, diverged, failed, or lost: its process is
    gone without having said how it ended. `accuracy` is the last validation's, `seconds_left` an estimate."""

    state: str
    step: int = 0
    steps: int = 0
    steps_per_s: float | None = None
    seconds_left: float | None = None
    accuracy: float | None = None
    message: str = ""


def runs_root() -> Path:
    """Where runs live: $MVFA_RUNS, or `runs` below the working directory."""
    return Path(os.environ.get("MVFA_RUNS", "runs"))


def new_run_id(recipe: Recipe) -> str:
    """A readable name from the recipe and the time of day, unused so far."""
    stem = f"{recipe.backbone}-{recipe.pooling}-{datetime.now():%Y%m%d-%H%M%S}"
    taken = {run.id for run in list_runs(runs_root())}
    return next(name for name in (stem, *(f"{stem}-{i}" for i in range(2, 1000))) if name not in taken)


def list_runs(root: Path | str | None = None) -> list[Run]:
    """The runs below a folder, newest first."""
    root = Path(root) if root is not None else runs_root()
    folders = [entry for entry in root.iterdir() if (entry / "recipe.json").is_file()] if root.is_dir() else []
    return [Run(path) for path in sorted(folders, key=lambda p: (p / "recipe.json").stat().st_mtime, reverse=True)]


class Run:
    """One run folder, read and written through this class only. Making the object touches nothing on disk."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.id = self.path.name

    def create(self, recipe: Recipe) -> None:
        """Make the folder and note the recipe; `RunError` if a run is there already."""
        if (self.path / "recipe.json").exists():
            raise RunError(f"{self.id}: there is a run of that name already; choose another, or --resume it")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _replace(self.path / "recipe.json", json.dumps(recipe.to_json(), indent=2))
        except OSError as error:
            raise RunError(f"{self.id}: the run folder cannot be written ({error.strerror})") from error

    def discard(self) -> None:
        """Remove the folder of a run that never began; its name is free again."""
        shutil.rmtree(self.path, ignore_errors=True)

    def recipe(self) -> Recipe:
        """What was asked for; `RunError` if the folder is no run."""
        try:
            return Recipe.from_json(json.loads((self.path / "recipe.json").read_text()))
        except OSError as error:
            raise RunError(f"{self.id}: no run there (recipe.json is missing)") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise RunError(f"{self.id}: its recipe.json cannot be read ({error})") from error

    def append(self, event: dict) -> None:
        """Add one line to metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(event) + "\n")

    def events(self, offset: int = 0) -> tuple[list[dict], int]:
        """The events from a byte offset on, and the offset to ask from next. A half-written last line waits; a line
        that a full disk or a stray hand has spoilt is passed over."""
        file = self.path / "metrics.jsonl"
        if not file.exists():
            return [], 0
        with file.open("rb") as opened:
            opened.seek(offset)
            whole = opened.read()
        whole = whole[: whole.rfind(b"\n") + 1]
        return [event for line in whole.splitlines() if (event := _event(line))], offset + len(whole)

    def cut_events_after(self, step: int) -> None:
        """Forget the events after a checkpoint's step, and a torn last line: a run that goes on writes them anew."""
        self._keep_events(
            [e for e in self.events()[0] if e["event"] in ("step", "validation", "start") and e["step"] <= step]
        )

    def _keep_events(self, events: list[dict]) -> None:
        if (self.path / "metrics.jsonl").exists():
            _replace(self.path / "metrics.jsonl", "".join(json.dumps(event) + "\n" for event in events))

    def claim(self, pid: int | None = None) -> None:
        """Note a process, this one if not given, as the one that trains the run: how it ended before is forgotten, and
        so is a stop that was asked of another process. `RunError` if another one still trains it."""
        process = psutil.Process(pid)
        training = self._process()
        if training is not None:
            # whoever launched this process noted it already; on Windows that is an environment's python, its parent
            if training.pid in (process.pid, process.ppid()):
                return
            raise RunError(f"{self.id}: another process is training this run; stop it first")
        (self.path / "stop").unlink(missing_ok=True)
        self._keep_events([event for event in self.events()[0] if event["event"] != "end"])
        note = {"pid": process.pid, "created": process.create_time(), "started": time.time()}
        _replace(self.path / "process.json", json.dumps(note))

    def end(self, step: int, reason: str, message: str = "") -> None:
        """Note how the training ended, and that nobody trains the run any more."""
        self.append({"event": "end", "step": step, "reason": reason, "message": message})
        for name in ("process.json", "stop"):
            (self.path / name).unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Whether the process that claimed the run still exists."""
        return self._process() is not None

    def _process(self) -> psutil.Process | None:
        try:
            note = json.loads((self.path / "process.json").read_text())
            process = psutil.Process(note["pid"])
            same = abs(process.create_time() - note["created"]) < 1  # the pid alone could be a stranger's
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, psutil.Error):
            return None

    def note_preparing(self, what: str, done: int, total: int) -> None:
        """Note how far the pictures are, for whoever watches the run start."""
        _replace(self.path / "preparing.json", json.dumps({"what": what, "done": done, "total": total}))

    def request_stop(self) -> None:
        """Ask the training process to save and end; it looks between steps."""
        (self.path / "stop").touch()

    def stop_requested(self) -> bool:
        """Whether somebody asked."""
        return (self.path / "stop").exists()

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
        events, _ = self.events()
        steps = [e for e in events if e["event"] == "step"]
        accuracies = [e["accuracy"] for e in events if e["event"] == "validation"]
        end = next((e for e in reversed(events) if e["event"] == "end"), None)
        step = events[-1].get("step", 0) if events else 0
        rate = steps[-1]["steps_per_s"] if steps else None
        state = end["reason"] if end else self._state_without_end(started=bool(steps))
        left = (recipe.steps - step) / rate if rate and state == "running" else None
        message = end.get("message", "") if end else self._preparing() if state == "starting" else ""
        return Status(state, step, recipe.steps, rate, left, accuracies[-1] if accuracies else None, message)

    def _state_without_end(self, *, started: bool) -> str:
        if self.is_alive():
            return "running" if started else "starting"
        claimed = (self.path / "process.json").exists()
        waited_s = time.time() - (self.path / "recipe.json").stat().st_mtime
        return "lost" if claimed or waited_s > LAUNCH_S else "starting"

    def _preparing(self) -> str:
        try:
            note = json.loads((self.path / "preparing.json").read_text())
            return f"{note['what']}: {note['done']:,} of {note['total']:,}"
        except (OSError, ValueError, KeyError):
            return ""


def _event(line: bytes) -> dict | None:
    """The event of one line, or None if it holds none."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event and "step" in event else None


def _replace(file: Path, text: str) -> None:
    temporary = file.with_name(file.name + ".part")
    temporary.write_text(text)
    os.replace(temporary, file)
