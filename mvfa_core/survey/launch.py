"""Begin a survey in a process of its own, which outlives whoever began it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import psutil

from mvfa_core.survey.folder import Survey, survey_of
from mvfa_core.survey.request import Request

NICE = 5


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
    # threads that wait by spinning would take the processor from the server
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    command = [sys.executable, "-m", "mvfa_core", "survey", "--resume", str(survey.path), "--quiet"]
    with (survey.path / "output.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    with suppress(psutil.Error, OSError):
        child = psutil.Process(process.pid)
        child.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else min(child.nice() + NICE, 19))
    # noted here, so that it is seen to start before the process has read its first line
    survey.claim(process.pid)
