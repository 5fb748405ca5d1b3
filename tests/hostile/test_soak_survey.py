"""A survey that is killed again and again finds what it would have found. `make soak` runs it."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from mvfa_core.survey import Request, Survey, survey_of
from mvfa_core.survey.launch import start
from mvfa_core.survey.work import survey
from tests.survey.conftest import asked, one_thread, shaky  # noqa: F401
from tests.training.samples import wait_for

KILLS, SEED = 10, 2026


@pytest.mark.soak
def test_ten_kills_of_a_survey(asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """SIGKILL at moments drawn with a seed: while it starts, between batches, while it writes."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    asked = replace(asked, limit=640)
    reference = survey(asked, Survey(tmp_path / "reference"))
    assert reference is not None
    folder, draw = survey_of(asked), random.Random(SEED)
    for _ in range(KILLS):
        start(asked)
        process = psutil.Process(json.loads((folder.path / "process.json").read_text())["pid"])
        parts = len(list(folder.parts.glob("*.npz"))) + draw.randint(0, 2)
        wait_for(lambda: len(list(folder.parts.glob("*.npz"))) >= parts or not process.is_running(), "a batch")  # noqa: B023
        time.sleep(draw.uniform(0, 0.1))
        process.kill()
        process.wait(60)
        if folder.is_complete():
            break
        assert folder.status().state == "lost"
    start(asked)
    wait_for(lambda: folder.status().state not in ("starting", "running"), "the end")
    found = folder.findings()
    assert found.names == reference.names
    for name, value in vars(reference).items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(getattr(found, name), value), name
