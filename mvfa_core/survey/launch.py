"""Begin a survey in a process of its own, which outlives whoever began it."""

from __future__ import annotations

from contextlib import suppress

import psutil

from mvfa_core.processes import start_apart
from mvfa_core.survey.folder import Survey, survey_of
from mvfa_core.survey.request import Request


def start(request: Request) -> Survey:
    """The survey of a request, begun or gone on with; a complete one is left as it is. Returns at once.

    Raises:
        SurveyError: the folder cannot be written.
    """
    survey = survey_of(request)
    survey.create(request)
    if not survey.is_complete():
        launch(survey)
    return survey


def launch(survey: Survey) -> None:
    """A new process for a survey folder; one that a process is at already is left to it."""
    if survey.is_alive():
        return
    (survey.path / "progress.json").unlink(missing_ok=True)
    pid = start_apart(["survey", "--resume", str(survey.path), "--quiet"], survey.path / "output.log")
    # noted here, so that it is seen to start before the process has read its first line
    with suppress(psutil.NoSuchProcess):  # it has ended already, and its output.log says why
        survey.claim(pid)
