"""A stranger opens Explore, looks, points, changes K, and takes a figure and a link away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mvfa_core import draw
from tests.e2e.conftest import panel

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]


def coloured(stage: Locator) -> bool:
    """Whether a panel's canvas shows a picture: many different colours, none of it left blank."""
    return stage.locator("canvas").first.evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4 * 97) {
                if (data[i + 3] !== 255) return false;
                seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
            }
            return seen.size > 200;
        }"""
    )


def test_explore(visit: Visit, tmp_path: Path) -> None:
    page = visit("/")
    titles = ("CAM", "Grad-CAM", "AdaCAM", "Anchors", "Top-1 region", "Top-10 regions")
    for title in titles:
        stage = panel(page, title).locator(".stage")
        stage.scroll_into_view_if_needed()
        expect(stage).to_be_visible()
        assert coloured(stage), f"{title} shows no picture"
    boxes = [panel(page, title).locator(".stage").bounding_box() for title in titles]
    assert len({(round(box["width"]), round(box["height"])) for box in boxes if box}) == 1, "panels differ in size"

    # One cell under the pointer is outlined and read out on every panel of the page.
    cam = panel(page, "CAM").locator(".stage")
    cam.scroll_into_view_if_needed()
    size = cam.bounding_box()
    assert size
    cam.hover(position={"x": size["width"] * 3.5 / 14, "y": size["height"] * 7.5 / 14})
    for title in titles:
        expect(panel(page, title).locator(".readout")).to_contain_text("cell (3, 7)")
    cam.click(position={"x": size["width"] * 3.5 / 14, "y": size["height"] * 7.5 / 14})
    expect(page.locator(".board .note").filter(has_text="Cell (3, 7)")).to_be_visible()
    expect(page).to_have_url(re.compile("cell=3-7"))
    cam.press("ArrowRight")
    expect(panel(page, "AdaCAM").locator(".readout")).to_contain_text("cell (4, 7)")

    # K is answered here; the address follows.
    page.get_by_role("slider", name="Anchors K").press("ArrowRight")
    expect(panel(page, "Anchors").locator(".symbol")).to_have_text("V, K = 51")
    expect(page).to_have_url(re.compile("k=51"))

    # Cells or smooth, one scale or the same for all: all in the browser.
    page.get_by_role("button", name="Cells", exact=True).click()
    page.get_by_role("button", name="Same scale", exact=True).click()
    assert coloured(cam)

    with page.expect_download() as figure:
        page.get_by_role("button", name="Save AdaCAM as PNG").click()
    figure.value.save_as(tmp_path / "adacam.png")
    assert (tmp_path / "adacam.png").read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as numbers:
        page.get_by_role("button", name="Numbers (JSON)").click()
    numbers.value.save_as(tmp_path / "maps.json")
    record = json.loads((tmp_path / "maps.json").read_text())
    assert record["recipe"]["k"] == 51 and len(record["panels"][0]["cells"]) == 51
    assert [len(panel["values"]) for panel in record["panels"][1:]] == [196, 196, 196]

    # Another picture; the link reopens picture and K.
    page.get_by_role("button", name="coffee").click()
    expect(page).to_have_url(re.compile("picture=photo-coffee"))
    expect(page.get_by_role("button", name="coffee")).to_have_attribute("aria-pressed", "true")
    visit(page.url.removeprefix(page.url.split("/?")[0]))
    expect(page.get_by_role("button", name="coffee")).to_have_attribute("aria-pressed", "true")
    expect(panel(page, "Anchors").locator(".symbol")).to_have_text("V, K = 51")


def test_explore_on_a_phone(visit: Visit, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit("/")
    stage = panel(page, "CAM").locator(".stage")
    expect(stage).to_be_visible()
    box = stage.bounding_box()
    assert box and box["width"] >= 320
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"the page is {wide} px wide on a phone of 390 px"


def test_gap_leads_to_the_model_with_views(visit: Visit) -> None:
    page = visit("/?model=compact_gap")
    expect(page.locator("figure.panel")).to_have_count(3)
    page.get_by_role("button", name="Show compact_mfa instead").click()
    expect(page.locator("figure.panel")).to_have_count(6)
    expect(page).not_to_have_url(re.compile("compact_gap"))


def test_the_browser_enlarges_maps_as_the_library_does(visit: Visit) -> None:
    """Half-pixel centres, on a grid that is not square: the same values as `mvfa_core.draw.enlarge`."""
    values = np.random.default_rng(0).random((5, 7)).astype(np.float32)
    page = visit("/")
    seen = page.evaluate(
        """async values => {
            const { heatCanvas } = await import("/components/paint.js");
            const grey = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
            const range = { lo: 0, hi: 1, from: 0, to: 1, signed: false };
            const canvas = heatCanvas(values, [5, 7], range, grey, true);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return { width: canvas.width, height: canvas.height, red: [...data].filter((_, i) => i % 4 === 0) };
        }""",
        values.ravel().tolist(),
    )
    shown = np.array(seen["red"], dtype=float).reshape(seen["height"], seen["width"]) / 255
    np.testing.assert_allclose(shown, draw.enlarge(values, (seen["width"], seen["height"])), atol=1.01 / 255)
