"""A stranger trains on a folder of pictures, reloads, restarts the server, pauses, looks, resumes and stops."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.training.runs import list_runs
from tests.e2e.conftest import choose

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes of eight small pictures each, in class sub-folders."""
    for name in ("star", "ring"):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for seed in range(8):
            scene = draw_scene(seed, label=CLASSES.index(name), side=112)
            Image.fromarray(scene.picture).save(folder / f"{seed}.png")
    return tmp_path / "pictures"


def zoom(page: Page) -> list[float]:
    """Draw a box in the loss chart with the mouse; the new range of its x axis."""
    area = page.locator(".mvfa-curves .plot .draglayer .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=6)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.mvfa-curves .plot').layout.xaxis.range[0] > 0")
    return page.evaluate("document.querySelector('.mvfa-curves .plot').layout.xaxis.range")


def running(page: Page, timeout: float = 30_000) -> None:
    expect(page.get_by_text("Running", exact=True)).to_be_visible(timeout=timeout)


def grow(page: Page) -> None:
    """Wait until the loss curve has more points than now."""
    length = "document.querySelector('.mvfa-curves .plot')?.data?.[0]?.x.length ?? 0"
    points = page.evaluate(length)
    page.wait_for_function(f"points => ({length}) > points", arg=points, timeout=60_000)


@pytest.fixture
def no_runs(server: Any) -> None:
    """As on a new computer, whatever other journeys have left behind."""
    server.stop_runs()
    shutil.rmtree(server.folder / "runs", ignore_errors=True)


def test_train(visit: Visit, server: Any, pictures: Path, no_runs: None) -> None:
    page = visit("/train")
    expect(page.get_by_text("No run yet")).to_be_visible()

    choose(page, page.get_by_label("Pictures", exact=True), "Your folder")
    page.get_by_label("Folder", exact=True).fill(str(pictures))
    page.get_by_label("Folder", exact=True).press("Enter")
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("100000")
    steps.press("Enter")
    expect(page.get_by_role("button", name="Start the run")).to_be_enabled()
    page.get_by_role("button", name="Start the run").click()

    # It runs, and the curves come in without the page being touched.
    expect(page).to_have_url(re.compile("run=compact-mfa-"))
    running(page, timeout=90_000)
    curves = page.locator(".mvfa-curves .plot .trace")
    expect(curves.first).to_be_attached(timeout=60_000)

    # A zoom by hand survives the ticks, and so does the chart itself; what is pointed at is read out.
    plot = page.locator(".mvfa-curves .plot").first
    plot.evaluate("plot => { plot.dataset.mark = 'the same'; }")
    zoomed = zoom(page)
    grow(page)
    assert plot.get_attribute("data-mark") == "the same"
    assert plot.evaluate("plot => plot.layout.xaxis.range") == zoomed
    page.locator(".mvfa-curves .stage").first.press("Home")
    expect(page.locator(".mvfa-curves .readout").first).to_contain_text("step 10, total")

    # Smoothing is the browser's: the raw curve stays, and nothing is asked of the server.
    page.get_by_label("Smoothing").fill("60")
    page.wait_for_function("() => document.querySelector('.mvfa-curves .plot').data[0].visible === true")

    # Reload, and restart the server: the run is found again and still going.
    page.reload()
    running(page)
    grow(page)
    run = next(run for run in list_runs(server.folder / "runs") if run.id in page.url)
    page.goto("about:blank")  # a page that loses its server would rightly complain
    server.stop()
    assert run.is_alive()
    server.start()
    visit(f"/train?run={run.id}")
    running(page)

    # Paused, its process is gone; the model is looked at in Explore; resumed, it goes on.
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible(timeout=60_000)
    step = run.status().step
    assert run.model_path() and not run.is_alive()
    page.get_by_role("link", name="Look at this model in Explore").click()
    expect(page.get_by_role("heading", name="Where does the classifier look?")).to_be_visible()
    expect(page).to_have_url(re.compile(run.id))
    expect(page.locator("figure.panel")).to_have_count(6)
    visit(f"/train?run={run.id}")
    page.get_by_role("button", name="Resume").click()
    running(page, timeout=90_000)
    grow(page)
    assert run.status().step >= step

    page.get_by_role("button", name="Stop and keep the model").click()
    expect(page.get_by_text("Stopped on request")).to_be_visible(timeout=60_000)
    assert run.model_path() and not run.is_alive()
