"""A stranger trains a small model on a folder of pictures, reloads, restarts the server, stops it and keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.training.runs import Run

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


def test_train(visit: Visit, server: Any, pictures: Path) -> None:
    page = visit("/train")
    expect(page.get_by_text("No run yet")).to_be_visible()

    page.get_by_label("Pictures", exact=True).click()
    page.get_by_role("option", name="a folder of mine").click()
    page.get_by_label("Folder", exact=True).fill(str(pictures))
    page.get_by_label("Folder", exact=True).press("Enter")
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("100000")
    steps.press("Enter")
    expect(page.get_by_role("button", name="Start the run")).to_be_enabled()
    page.get_by_role("button", name="Start the run").click()

    # It runs, and the curves come in without the page being touched.
    expect(page).to_have_url(re.compile("run=compact-mfa-"))
    expect(page.get_by_text("Running")).to_be_visible(timeout=90_000)
    curves = page.locator(".mvfa-curves .plot .trace")
    expect(curves.first).to_be_attached(timeout=60_000)

    # A zoom by hand survives the ticks, and so does the chart itself.
    plot = page.locator(".mvfa-curves .plot").first
    plot.evaluate("plot => { plot.dataset.mark = 'the same'; }")
    zoomed = zoom(page)
    points = plot.evaluate("plot => plot.data[0].x.length")
    page.wait_for_function(
        "points => document.querySelector('.mvfa-curves .plot').data[0].x.length > points", arg=points, timeout=60_000
    )
    assert plot.get_attribute("data-mark") == "the same"
    assert plot.evaluate("plot => plot.layout.xaxis.range") == zoomed

    # Reload, and restart the server: the run is found again and still going.
    page.reload()
    expect(page.get_by_text("Running")).to_be_visible()
    run = Run(next((server.folder / "runs").iterdir()))
    page.goto("about:blank")  # a page that loses its server would rightly complain
    server.stop()
    assert run.is_alive()
    server.start()
    visit(f"/train?run={run.id}")
    expect(page.get_by_text("Running")).to_be_visible()

    page.get_by_role("button", name="Stop and keep the model").click()
    expect(page.get_by_text("Stopped on request")).to_be_visible(timeout=60_000)
    assert run.model_path() and not run.is_alive()

    # The way onward: the same model in Explore.
    page.get_by_role("link", name="Look at this model in Explore").click()
    expect(page.get_by_role("heading", name="Where does the classifier look?")).to_be_visible()
    expect(page).to_have_url(re.compile(run.id))
    expect(page.locator("figure.panel")).to_have_count(6)
