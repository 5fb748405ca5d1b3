"""Begin an evaluation in a process of its own, which outlives whoever began it."""

from __future__ import annotations

from mvfa_core.evaluation.folder import Evaluation, evaluation_of
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.jobs.launch import launch as launch_job


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
    """A new process for an evaluation folder; one that a process is at already is left to it.

    Raises:
        EvaluationError: it cannot be claimed.
    """
    if not evaluation.is_alive():
        (evaluation.path / evaluation.progress_file).unlink(missing_ok=True)  # of the time before
        launch_job(evaluation, ["evaluate", "--resume", str(evaluation.path), "--quiet"])
