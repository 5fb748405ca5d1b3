"""An evaluation is a folder that anyone can open, below `.surveys` in the runs folder, named after what was asked for:

request.json    what was asked for
parts/          the findings of the batches that are done, to go on from
pictures.npz    the findings of all pictures, once it is complete
pictures.csv    the same as a table
summary.json    the figures
progress.json   what is being done, how far it is and how long that took
process.json    which process does it, as long as one does
failed.json     why it failed
stop            there if somebody asked it to stop
output.log      what a process started by the app printed
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from mvfa_core.evaluation.findings import Findings
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.files import parts_of, read_json, replace_text
from mvfa_core.folders import runs_root
from mvfa_core.names import visible
from mvfa_core.processes import note_of, noted

BUSY = ("starting", "running")
LONGEST_WHY = 400
LAUNCH_S = 120
LOCK_S = 10
LONGEST_NOTE = 2**20
"""A process that has not claimed its evaluation after this many seconds never will."""


class EvaluationError(ValueError):
    """An evaluation folder that cannot be used as asked; the sentence says why and what to do."""


@dataclass(frozen=True)
class Status:
    """Where an evaluation stands. `state` is starting, running, stopped, finished, failed, or lost: its process is gone
    without having said how it ended. `what` is being done, to `done` of `total`; `seconds_left` is an estimate."""

    state: str
    what: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    message: str = ""


def evaluations_root() -> Path:
    """Where evaluations live."""
    return runs_root() / ".surveys"


def evaluation_of(request: EvaluationSpec) -> Evaluation:
    """The evaluation of a request, whether it was begun or not."""
    return Evaluation(evaluations_root() / request.digest)


def list_evaluations() -> list[Evaluation]:
    """All that were begun and can be read, newest first."""
    found: list[tuple[float, Evaluation]] = []
    for entry in evaluations_root().iterdir() if evaluations_root().is_dir() else ():
        with suppress(OSError, EvaluationError):  # no evaluation, or one that somebody removes at this moment
            Evaluation(entry).request()
            found.append(((entry / "request.json").stat().st_mtime, Evaluation(entry)))
    return [evaluation for _, evaluation in sorted(found, key=lambda pair: pair[0], reverse=True)]


class Evaluation:
    """One evaluation folder, read and written through this class only. Making the object touches nothing on disk."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.parts = self.path / "parts"
        self.findings_file = self.path / "pictures.npz"

    def create(self, request: EvaluationSpec) -> None:
        """Make the folder and note the request; one that is there already is kept if it is the same one.

        Raises:
            EvaluationError: another evaluation lies there, or the folder cannot be written.
        """
        if (self.path / "request.json").exists() and self.request().digest != request.digest:
            raise EvaluationError(f"{self.path.name}: holds another evaluation; name another folder")
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            replace_text(self.path / "request.json", json.dumps(request.to_json(), indent=2))
        except OSError as error:
            raise EvaluationError(f"{self.path.name}: the folder cannot be written ({error.strerror})") from error

    def request(self) -> EvaluationSpec:
        """What was asked for; `EvaluationError` if the folder is no evaluation."""
        try:
            return EvaluationSpec.from_json(read_json(self.path / "request.json", LONGEST_NOTE))
        except FileNotFoundError as error:
            raise EvaluationError(f"{self.path.name}: no evaluation there (request.json is missing)") from error
        except OSError as error:
            raise EvaluationError(f"{self.path.name}: its request.json cannot be read ({error.strerror})") from error
        except (ValueError, TypeError) as error:
            why = visible(str(error), LONGEST_WHY)
            raise EvaluationError(f"{self.path.name}: its request.json cannot be read ({why})") from error

    def findings(self) -> Findings:
        """All pictures; `EvaluationError` while it is not complete, or if the file is spoilt."""
        try:
            return Findings.load(self.findings_file)
        except FileNotFoundError as error:
            raise EvaluationError(f"{self.path.name}: not complete yet") from error
        except (OSError, ValueError) as error:
            raise EvaluationError(f"{self.path.name}: its pictures.npz cannot be read; count again") from error

    def is_complete(self) -> bool:
        return self.findings_file.is_file()

    # --- the process that fills it ---

    def claim(self, pid: int | None = None) -> None:
        """Note a process, this one if not given, as the one that does it; how it ended before is forgotten.

        Raises:
            EvaluationError: another one is at it.
        """
        process = psutil.Process(pid)
        try:
            lock = FileLock(self.path / ".claim.lock", timeout=LOCK_S)
            with lock:  # two servers may share the folder
                self._claim(process)
        except Timeout as error:
            raise EvaluationError(f"{self.path.name}: another process has been starting it; try again") from error

    def _claim(self, process: psutil.Process) -> None:
        working = self.process()
        if working is not None:
            # whoever launched this process noted it already; on Windows that is an environment's python, its parent
            if working.pid in (process.pid, process.ppid()):
                return
            raise EvaluationError(f"{self.path.name}: another process is at it; stop it first")
        for name in ("stop", "failed.json"):
            (self.path / name).unlink(missing_ok=True)
        for part in parts_of(self.path / "process.json"):
            part.unlink(missing_ok=True)
        replace_text(self.path / "process.json", json.dumps(note_of(process)), durable=False)

    def release(self, failed: str = "") -> None:
        """Note that nobody does it any more, and why it failed, if it did."""
        if failed:
            with suppress(OSError):  # a full disk: the state is then "lost", which says to begin again too
                replace_text(self.path / "failed.json", json.dumps({"message": failed}), durable=False)
        (self.path / "process.json").unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Whether the process that claimed it still exists."""
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """The process that claimed it, as long as it exists."""
        return noted(self.path / "process.json")

    # --- how far it is ---

    def note_progress(self, what: str, done: int, total: int, seconds_left: float | None = None) -> None:
        """Note how far it is, and about how long the rest of what is being done will take."""
        note = {"what": what, "done": done, "total": total, "seconds_left": seconds_left}
        replace_text(self.path / "progress.json", json.dumps(note), durable=False)

    def request_stop(self) -> None:
        """Ask the process to end; it looks between batches, and what is done is kept."""
        replace_text(self.path / "stop", "stop", durable=False)

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def forget(self) -> None:
        """Remove the folder; `EvaluationError` while a process is at it."""
        if self.is_alive():
            raise EvaluationError(f"{self.path.name}: a process is at it; stop it first")
        shutil.rmtree(self.path, ignore_errors=True)

    def status(self) -> Status:
        """Where it stands, from its files alone, so that it is the same from every process and after a restart.

        Raises:
            EvaluationError: the folder is no evaluation.
        """
        self.request()
        if self.is_complete():
            return Status("finished")
        failed, progress = self._note("failed.json"), self._note("progress.json")
        told = _told(progress)
        if failed:
            return Status("failed", **told, message=str(failed.get("message", "")))
        if self.is_alive():
            return Status("running" if progress else "starting", **told, seconds_left=_seconds(progress))
        if self.stop_requested():
            return Status("stopped", **told)
        claimed = (self.path / "process.json").exists() or bool(progress)
        # either way: when the clock was set back, the folder was made in what is now the future
        waited_s = abs(time.time() - (self.path / "request.json").stat().st_mtime)
        return Status("lost" if claimed or waited_s > LAUNCH_S else "starting", **told)

    def _note(self, name: str) -> dict[str, Any]:
        try:
            note = read_json(self.path / name, LONGEST_NOTE)
            return note if isinstance(note, dict) else {}
        except (OSError, ValueError):
            return {}


def _told(progress: dict[str, Any]) -> dict[str, Any]:
    """How far it is, as far as the note makes sense."""
    what, done, total = (progress.get(name) for name in ("what", "done", "total"))
    whole = isinstance(done, int) and isinstance(total, int) and 0 <= done <= total < 2**63
    return {"what": what, "done": done, "total": total} if isinstance(what, str) and whole else {}


def _seconds(progress: dict[str, Any]) -> float | None:
    left = progress.get("seconds_left")
    return float(left) if isinstance(left, int | float) and 0 <= left < 1e9 else None
