"""The server is killed again and again while a run that it started goes on: the run never notices. `make soak`."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mvfa_core.training import step_control
from mvfa_core.training.runs import Run, list_runs
from mvfa_core.training.work import train
from tests.e2e.conftest import choose
from tests.e2e.test_train_journey import no_runs, pictures  # noqa: F401
from tests.mvfa_core.training.samples import assert_same_training, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.soak]

Visit = Callable[[str], Page]
KILLS, STEPS, SEED = 10, 400, 2026


def test_ten_kills_of_the_server(
    visit: Visit,
    server: Any,
    pictures: Path,  # noqa: F811
    no_runs: None,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = visit("/train")
    choose(page, page.get_by_label("Pictures", exact=True), "Your folder")
    page.get_by_label("Folder", exact=True).fill(str(pictures))
    page.get_by_label("Folder", exact=True).press("Enter")
    page.get_by_label("Steps", exact=True).fill(str(STEPS))
    page.get_by_label("Steps", exact=True).press("Enter")
    page.get_by_role("button", name="Start the run").click()
    wait_for(lambda: list_runs(server.folder / "runs"), "the run")
    (run,) = list_runs(server.folder / "runs")
    wait_for(lambda: run.status().state == "running", "the first steps")

    step_control.slow(run, 1.0)  # a server takes longer to start than a small run to end; the weights know no pace
    draw, steps = random.Random(SEED), []
    for _ in range(KILLS):
        page.goto("about:blank")  # a page that loses its server would rightly complain
        reached = run.status().step + draw.randint(0, 3)
        wait_for(lambda reached=reached: run.status().step >= reached or not run.is_alive(), f"step {reached}")
        server.process.kill()
        server.process.wait()
        assert run.is_alive()
        steps.append(run.status().step)
        server.start()
        visit(f"/train?run={run.id}")
    step_control.run_on(run)
    wait_for(lambda: run.status().state == "finished", "the end")
    print(f"killed at steps {steps}")

    monkeypatch.setenv("MVFA_CACHE", str(server.folder / "cache"))
    reference = Run(tmp_path / "reference")
    train(run.recipe(), reference)
    assert_same_training(run, reference)
    visit(f"/train?run={run.id}")
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
