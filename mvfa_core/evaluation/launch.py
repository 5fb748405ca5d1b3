"""Begin an evaluation in a process of its own, which outlives whoever began it."""

from __future__ import annotations

from contextlib import suppress

import psutil

from mvfa_core.evaluation.folder import Evaluation, evaluation_of
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.processes import start_apart


def start(request: EvaluationSpec) -> Evaluation:
    """The evaluation of a request, begun or gone on with; a complete one is left as it is. Returns at once.

    Raises:
        EvaluationError: the folder cannot be written.
    """
    evaluation = evaluation_of(request)
    evaluation.create(request)
    if not evaluation.is_complete():
        launch(evaluation)
    return evaluation


def launch(evaluation: Evaluation) -> None:
    """A new process for an evaluation folder; one that a process is at already is left to it."""
    if evaluation.is_alive():
        return
    (evaluation.path / "progress.json").unlink(missing_ok=True)
    pid = start_apart(["evaluate", "--resume", str(evaluation.path), "--quiet"], evaluation.path / "output.log")
    # noted here, so that it is seen to start before the process has read its first line
    with suppress(psutil.NoSuchProcess):  # it has ended already, and its output.log says why
        evaluation.claim(pid)
