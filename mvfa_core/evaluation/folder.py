"""An evaluation is a folder that anyone can open, below `.surveys` in the runs folder, named after what was asked for:

request.json    what was asked for
parts/          the findings of the batches that are done, to go on from
pictures.npz    the findings of all pictures, once it is complete
pictures.csv    the same as a table
summary.json    the figures
progress.json   what is being done, how far it is and about how long the rest will take
failed.json     why it failed

and what every job has (`jobs.folder`): process.json, stop, output.log.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mvfa_core.evaluation.findings import Findings
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.files import read_json, replace_text
from mvfa_core.folders import runs_root
from mvfa_core.jobs.folder import LONGEST_NOTE, JobError, JobFolder, Progress
from mvfa_core.names import visible

BUSY = ("starting", "running")
LONGEST_WHY = 400
FAILED = "failed.json"


class EvaluationError(JobError):
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
    dated: list[tuple[float, Evaluation]] = []
    for entry in evaluations_root().iterdir() if evaluations_root().is_dir() else ():
        with suppress(OSError, EvaluationError):  # no evaluation, or one that somebody removes at this moment
            Evaluation(entry).request()
            dated.append(((entry / "request.json").stat().st_mtime, Evaluation(entry)))
    return [evaluation for _, evaluation in sorted(dated, key=lambda pair: pair[0], reverse=True)]


class Evaluation(JobFolder):
    """One evaluation folder, read and written through this class only. Making the object touches nothing on disk."""

    request_file, progress_file = "request.json", "progress.json"
    error = EvaluationError

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.parts = self.path / "parts"
        self.findings_file = self.path / "pictures.npz"

    def create(self, request: EvaluationSpec) -> None:
        """Make the folder and note the request; one that is there already is kept if it is the same one.

        Raises:
            EvaluationError: another evaluation lies there, or the folder cannot be written.
        """
        if (self.path / self.request_file).exists() and self.request().digest != request.digest:
            raise EvaluationError(f"{self.id}: holds another evaluation; name another folder")
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            replace_text(self.path / self.request_file, json.dumps(request.to_json(), indent=2))
        except OSError as error:
            raise EvaluationError(f"{self.id}: the folder cannot be written ({error.strerror})") from error

    def request(self) -> EvaluationSpec:
        """What was asked for; `EvaluationError` if the folder is no evaluation."""
        try:
            return EvaluationSpec.from_json(read_json(self.path / self.request_file, LONGEST_NOTE))
        except FileNotFoundError as error:
            raise EvaluationError(f"{self.id}: no evaluation there (request.json is missing)") from error
        except OSError as error:
            raise EvaluationError(f"{self.id}: its request.json cannot be read ({error.strerror})") from error
        except (ValueError, TypeError) as error:
            why = visible(str(error), LONGEST_WHY)
            raise EvaluationError(f"{self.id}: its request.json cannot be read ({why})") from error

    def findings(self) -> Findings:
        """All pictures; `EvaluationError` while it is not complete, or if the file is spoilt."""
        try:
            return Findings.load(self.findings_file)
        except FileNotFoundError as error:
            raise EvaluationError(f"{self.id}: not complete yet") from error
        except (OSError, ValueError) as error:
            raise EvaluationError(f"{self.id}: its pictures.npz cannot be read; count again") from error

    def is_complete(self) -> bool:
        return self.findings_file.is_file()

    # --- the process that fills it ---

    def forget_end(self) -> None:
        """Forget why it failed before."""
        (self.path / FAILED).unlink(missing_ok=True)

    def release(self, failed: str = "") -> None:
        """Note that nobody does it any more, and why it failed, if it did."""
        if failed:
            with suppress(OSError):  # a full disk: the state is then "lost", which says to begin again too
                replace_text(self.path / FAILED, json.dumps({"message": failed}), durable=False)
        self.leave()

    def forget(self) -> None:
        """Remove the folder; `EvaluationError` while a process is at it."""
        if self.is_alive():
            raise EvaluationError(f"{self.id}: a process is at it; stop it first")
        shutil.rmtree(self.path, ignore_errors=True)

    def status(self) -> Status:
        """Where it stands, from its files alone, so that it is the same from every process and after a restart.

        Raises:
            EvaluationError: the folder is no evaluation.
        """
        self.request()
        if self.is_complete():
            return Status("finished")
        failed, progress = self.note(FAILED), self.progress()
        told = progress or Progress("", 0, 0)
        status = Status("lost", told.what, told.done, told.total)
        if failed:
            return replace(status, state="failed", message=str(failed.get("message", "")))
        if self.is_alive():
            begun = bool(self.note(self.progress_file))
            return replace(status, state="running" if begun else "starting", seconds_left=told.seconds_left)
        if self.stop_requested():
            return replace(status, state="stopped")
        return status if progress else replace(status, state=self.lost_or_starting())
