"""Two servers on one runs folder, each with a visitor of its own: what one does the other sees, and a run that both
start has one process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from mvfa_core.training.launch import launch
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.e2e.conftest import Server, settle
from tests.e2e.test_train_journey import grow, pictures, running  # noqa: F401
from tests.mvfa_core.training.samples import wait_for

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
GONE = re.compile("There is no run of that name|Left out of this address")  # whether or not other runs are there


@pytest.fixture
def neighbour(server: Server, repo_root: Path, browser: Browser) -> Iterator[Visit]:
    """A second server on the folders of the first, and neighbour("/train") -> a page of its in a browser of its own."""
    other = Server(repo_root, server.folder)
    other.start()
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()

    def go(path: str) -> Page:
        page.goto(other.url + path)
        settle(page)
        return page

    try:
        yield go
    finally:
        context.close()
        other.stop()


def processes_of(run: Run) -> list[int]:
    """Every process of this machine that was told to train the run."""
    told = [(one.pid, one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    return [pid for pid, words in told if "train" in words and str(run.path) in words]


def test_two_servers_on_one_folder(
    visit: Visit,
    neighbour: Visit,
    server: Server,
    pictures: Path,  # noqa: F811
) -> None:
    run = Run(server.folder / "runs" / "shared")
    run.create(replace(quick(), data=str(pictures), steps=100_000, batch=4))
    try:
        launch(run)
        run.request_pause()
        wait_for(lambda: run.status().state == "paused" and not run.is_alive(), "a run that both can resume")
        here, there = visit("/train?run=shared"), neighbour("/train?run=shared")
        buttons = [page.get_by_role("button", name="Resume").element_handle() for page in (here, there)]
        for button in buttons:  # before either page hears of the other; the folder alone decides
            button.evaluate("button => button.click()")
        for page in (here, there):
            running(page, timeout=90_000)
        noted = json.loads((run.path / "process.json").read_text())["pid"]
        wait_for(lambda: processes_of(run) == [noted], "the one process that is left")
        grow(there)

        there.get_by_role("button", name="Pause").click()
        for page in (here, there):
            expect(page.get_by_text("Paused", exact=True)).to_be_visible(timeout=60_000)
        assert not run.is_alive() and run.model_path()

        # Removed here while it is watched there: the page there says so; brought back, it is whole.
        step = run.status().step
        visit("/runs")
        here.locator(".runs tbody tr").filter(has_text="shared").locator("input").check()
        here.get_by_role("button", name="Remove").click()
        expect(here.get_by_text("Removed: shared.")).to_be_visible()
        neighbour("/train?run=shared")
        expect(there.get_by_text(GONE)).to_be_visible()
        here.get_by_role("button", name="Undo").click()
        expect(here.locator(".runs tbody tr").filter(has_text="shared")).to_be_visible()
        neighbour("/train?run=shared")
        expect(there.get_by_text("Paused", exact=True)).to_be_visible()
        assert run.status().step == step
    finally:
        server.stop_runs()
        if not run.is_alive() and run.path.exists():
            run.discard()
