"""A visitor finds what came with the project, then a table of this machine's own, and follows a cell to its run."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mvfa_core.experiments.plan import EXPERIMENTS, Settings, cells
from mvfa_core.experiments.results import PUBLISHED, TableRequest, note, read, results_file
from mvfa_core.experiments.standing import DONE, Standing
from mvfa_core.training.runs import Run
from tests.e2e.conftest import Server, settle

pytestmark = pytest.mark.browser


def test_from_what_came_along_to_a_cell_and_its_run(visit: Callable[[str], Page], server: Server) -> None:
    runs = server.folder / "runs"
    runs.mkdir(exist_ok=True)
    page = visit("/results")
    published = read(PUBLISHED)
    newest = published.requests[0]
    of_gap = cells(EXPERIMENTS[newest.experiment], newest.settings, rows=["GAP"], data=newest.data[:1], seeds=range(50))
    twins = [100 * published.measured[cell.key]["accuracy"] for cell in of_gap if cell.key in published.measured]
    mean = f"{statistics.mean(twins):.2f} ± {statistics.stdev(twins):.2f}, n = {len(twins)}"
    expect(page.get_by_text(mean).first).to_be_attached()

    settings = Settings(steps_scale=0.01, backbone="compact")
    (cell,) = cells(EXPERIMENTS["table3"], settings, rows=["GAP"], data=["ucmerced"])
    steps = cell.recipe.steps
    standing = Standing(DONE, steps, steps, accuracy=0.4321)
    note(results_file(runs), TableRequest("table3", settings, ("ucmerced",)), [(cell, standing)])
    Run(runs / cell.run_id).create(cell.recipe)
    try:
        page.reload()
        settle(page)
        expect(page.get_by_text("43.21").first).to_be_attached()  # the table is painted; its text is for screen readers
        expect(page.get_by_text("compact in place of vgg16").first).to_be_attached()
        page.goto(f"{server.url}/train?run={cell.run_id}")
        settle(page)
        expect(page.get_by_text("GAP on compact, ucmerced").first).to_be_visible()
    finally:
        results_file(runs).unlink()
        Run(runs / cell.run_id).discard()
