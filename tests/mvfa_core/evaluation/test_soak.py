"""An evaluation that is killed again and again finds what it would have found. `make soak` runs it."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from mvfa_core.evaluation import Evaluation, EvaluationSpec, evaluation_of
from mvfa_core.evaluation.launch import start
from mvfa_core.evaluation.work import evaluate
from tests.mvfa_core.evaluation.conftest import asked, one_thread, shaky  # noqa: F401
from tests.mvfa_core.training.samples import wait_for

KILLS, SEED = 10, 2026
LONGEST_S = 600
"""A process that stands back starts slowly on a machine that is busy."""


@pytest.mark.soak
def test_ten_kills_of_a_evaluation(asked: EvaluationSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """SIGKILL at moments drawn with a seed: while it starts, between batches, while it writes."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    asked = replace(asked, limit=640)
    reference = evaluate(asked, Evaluation(tmp_path / "reference"))
    assert reference is not None
    folder, draw = evaluation_of(asked), random.Random(SEED)
    for death in range(1, KILLS + 1):
        start(asked)
        process = psutil.Process(json.loads((folder.path / "process.json").read_text())["pid"])
        parts = len(list(folder.parts.glob("*.npz"))) + draw.randint(0, 2)

        def reached(process: psutil.Process = process, parts: int = parts) -> bool:
            return len(list(folder.parts.glob("*.npz"))) >= parts or not process.is_running()

        wait_for(reached, "a batch", LONGEST_S)
        time.sleep(draw.uniform(0, 0.1))
        process.kill()
        process.wait(60)
        assert folder.status().state == "lost"
        print(f"death {death} of {KILLS}: {len(list(folder.parts.glob('*.npz')))} batches are kept", flush=True)
    start(asked)
    wait_for(lambda: folder.status().state not in ("starting", "running"), "the end", LONGEST_S)
    found = folder.findings()
    assert found.names == reference.names
    for name, value in vars(reference).items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(getattr(found, name), value), name
