"""Start a job in a process of its own, which outlives whoever started it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import psutil

from mvfa_core.jobs.folder import OUTPUT, JobError, JobFolder
from mvfa_core.processes import start_apart


def launch(job: JobFolder, words: Sequence[str], besides: Mapping[str, str] | None = None) -> None:
    """A new process, `python -m mvfa_core` with those words, that works on a job; returns at once. A job that a process
    works on already, perhaps since a moment ago, is left to it.

    Args:
        besides: variables of its environment beside ours.

    Raises:
        JobError: it cannot be claimed.
    """
    if job.is_alive():
        return
    pid = start_apart(words, job.path / OUTPUT, besides)
    # noted here, so that it is seen to start, and can be stopped, before the process has read its first line
    try:
        job.claim(pid)
    except psutil.NoSuchProcess:  # it has ended already, and its output.log says why
        job.note_ended_process(pid)
    except JobError:
        with suppress(psutil.Error):
            psutil.Process(pid).terminate()  # it still reads its libraries
        if not job.is_alive():
            raise
