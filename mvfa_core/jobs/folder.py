"""The folder of a job: whatever runs and evaluations have in common is read and written here alone.

process.json   which process works on it, as long as one does
stop           "stop" or "pause", there if somebody asked for it
output.log     what a process started by the app printed
.claim.lock    held by a process while it looks whether another one works on it and notes itself

Beside them lie the file that says what was asked for and the one that says how far the work is; each kind of job has
its own names for those two. Where a job stands follows from the files alone, so that every process sees the same,
after a restart too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psutil
from filelock import FileLock, Timeout

from mvfa_core.files import parts_of, read_json, replace_text
from mvfa_core.processes import note_of, noted

PROCESS, STOP, OUTPUT, CLAIM_LOCK = "process.json", "stop", "output.log", ".claim.lock"
LAUNCH_S = 120
"""A process that has not claimed its job after this many seconds never will."""
LOCK_S = 10
LONGEST_NOTE = 2**20
"""Bytes of a note that are read; none of ours has a thousandth of it."""


class JobError(ValueError):
    """A job's folder that cannot be used as asked; the sentence says why and what to do."""


@dataclass(frozen=True)
class Progress:
    """`what` is being done, to `done` of `total`; `seconds_left` is an estimate, None where there is none."""

    what: str
    done: int
    total: int
    seconds_left: float | None = None


class JobFolder:
    """One job's folder. Making the object touches nothing on disk.

    A kind of job says what its files are called, which error it raises, and what `claim` forgets of the time before.
    """

    request_file: ClassVar[str]
    progress_file: ClassVar[str]
    error: ClassVar[type[JobError]] = JobError
    taken: ClassVar[str] = "another process is at it; stop it first"

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.id = self.path.name

    # --- who works on it ---

    def claim(self, pid: int | None = None) -> None:
        """Note a process, this one if not given, as the one that works on it: what was asked of another process, and
        how it ended before, are forgotten.

        Raises:
            JobError: another process is at it, or has been starting it for too long.
        """
        process = psutil.Process(pid)
        with self._alone():
            working = self.process()
            if working is not None:
                # whoever launched this process noted it already; on Windows that is an environment's python, its parent
                if working.pid in (process.pid, process.ppid()):
                    return
                raise self.error(f"{self.id}: {self.taken}")
            self.forget_request()
            self.forget_end()
            for part in parts_of(self.path / PROCESS):
                part.unlink(missing_ok=True)
            self._note_process(note_of(process) | {"started": time.time()})

    def note_ended_process(self, pid: int) -> None:
        """Note a process that was gone before it could be claimed for: the job is lost at once, not after a while."""
        self._note_process({"pid": pid, "created": 0})

    def _note_process(self, note: dict[str, Any]) -> None:
        replace_text(self.path / PROCESS, json.dumps(note), durable=False)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While one process looks who works on it and notes itself, no other one does: two servers may share it."""
        try:
            with FileLock(self.path / CLAIM_LOCK, timeout=LOCK_S):
                yield
        except Timeout as error:
            raise self.error(f"{self.id}: another process has been starting it for {LOCK_S} s; try again") from error

    def forget_end(self) -> None:
        """Forget how the work ended before: it goes on."""

    def process(self) -> psutil.Process | None:
        """The process that claimed it, as long as it exists."""
        return noted(self.path / PROCESS)

    def is_alive(self) -> bool:
        """Whether the process that claimed it still exists."""
        return self.process() is not None

    def leave(self) -> None:
        """Note that nobody works on it any more."""
        (self.path / PROCESS).unlink(missing_ok=True)

    # --- what is asked of that process ---

    def request_stop(self) -> None:
        """Ask the process to save and end; it looks between two steps of its work."""
        replace_text(self.path / STOP, "stop", durable=False)

    def request_pause(self) -> None:
        """As `request_stop`, but the work is meant to go on later. A stop that is asked for already stands."""
        if not self.asked():
            replace_text(self.path / STOP, "pause", durable=False)

    def asked(self) -> str:
        """What the process is asked for: "", "stop" or "pause"."""
        try:
            return "pause" if (self.path / STOP).read_bytes()[:8].strip() == b"pause" else "stop"
        except FileNotFoundError:
            return ""

    def stop_requested(self) -> bool:
        """Whether somebody asked for a stop or a pause."""
        return self.asked() != ""

    def forget_request(self) -> None:
        """Ask for nothing any more."""
        (self.path / STOP).unlink(missing_ok=True)

    # --- where it stands ---

    def note_progress(self, what: str, done: int, total: int, seconds_left: float | None = None) -> None:
        """Note how far it is, and about how long the rest of what is being done will take, for whoever watches."""
        note = {"what": what, "done": done, "total": total, "seconds_left": seconds_left}
        replace_text(self.path / self.progress_file, json.dumps(note), durable=False)

    def progress(self) -> Progress | None:
        """How far it is; None where nobody has said so yet, or the note makes no sense."""
        note = self.note(self.progress_file)
        what, done, total, left = (note.get(name) for name in ("what", "done", "total", "seconds_left"))
        if not (isinstance(what, str) and isinstance(done, int) and isinstance(total, int)):
            return None
        if not 0 <= done <= total < 2**63:
            return None
        return Progress(what, done, total, float(left) if isinstance(left, int | float) and 0 <= left < 1e9 else None)

    def note(self, name: str) -> dict[str, Any]:
        """What stands in one of its notes; empty where there is none or it is spoilt."""
        try:
            note = read_json(self.path / name, LONGEST_NOTE)
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def lost_or_starting(self) -> str:
        """Either "lost" or "starting": where a job stands that nobody works on and that has not said how it ended."""
        claimed = (self.path / PROCESS).exists()
        # either way: when the clock was set back, the folder was made in what is now the future
        waited_s = abs(time.time() - (self.path / self.request_file).stat().st_mtime)
        return "lost" if claimed or waited_s > LAUNCH_S else "starting"
