"""The server goes and comes again under open pages: they say so, come back by themselves, and are what they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.e2e.conftest import Server, panel, settle, started

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BACK_MS = 60_000  # Streamlit's client asks every few seconds


@pytest.fixture(scope="module")
def mortal(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(Server(repo_root, tmp_path_factory.mktemp("mortal"))) as server:
        yield server


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    settle(page)
    return page


def bring(page: Page, folder: Path) -> None:
    """A picture of one's own."""
    Image.new("RGB", (64, 48), "teal").save(folder / "mine.png")
    page.get_by_role("button", name="Use your own picture").click()
    page.locator("input[type=file]").first.set_input_files(folder / "mine.png")
    expect(page).to_have_url(re.compile("picture=own"))
    settle(page)


def word(page: Page, text: str) -> None:
    """The word about the connection is there, and nothing of Streamlit's covers it."""
    expect(page.locator(".connection")).to_contain_text(text, timeout=BACK_MS)
    expect(page.get_by_test_id("stDialog")).to_have_count(0)


def is_back(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=BACK_MS)
    expect(page.locator(".connection")).to_be_hidden()
    settle(page)


def moved(page: Page, value: int) -> None:
    """K answers: in its place, in the address and in the picture's anchors."""
    slider = page.get_by_role("slider", name="Anchors K")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value(str(value))
    expect(page).to_have_url(re.compile(f"k={value}"))
    settle(page)


def test_a_line_that_breaks(mortal: Server, page: Page, tmp_path: Path) -> None:
    """A laptop that slept: the server is the same, and knows what stands in no address."""
    lines: list[WebSocketRoute] = []
    page.route_web_socket(re.compile("_stcore/stream"), lambda line: (line.connect_to_server(), lines.append(line)))
    page.goto(f"{mortal.url}/?k=2")
    settle(page)
    bring(page, tmp_path)
    lines[0].close()
    expect(page.get_by_test_id("stApp")).not_to_have_attribute("data-test-connection-state", "CONNECTED")
    is_back(page)
    assert len(lines) == 2
    expect(page).to_have_url(re.compile("picture=own"))
    page.keyboard.press("Escape")
    moved(page, 3)
    expect(page).to_have_url(re.compile("picture=own"))


def test_open_pages_outlive_the_server(mortal: Server, context: BrowserContext, tmp_path: Path) -> None:
    explore = opened(context, f"{mortal.url}/?k=2&class=heart&picture=scene-27")
    form = opened(context, f"{mortal.url}/train")
    own = opened(context, f"{mortal.url}/maps")
    bring(own, tmp_path)
    steps = form.get_by_role("spinbutton").first
    steps.fill("77")
    steps.press("Tab")
    settle(form)
    moved(explore, 3)
    lesson = opened(context, f"{mortal.url}/lesson?step=views")

    mortal.stop()
    for page in (explore, form, own, lesson):
        word(page, "The connection to the server is lost. This page tries again and goes on by itself.")
    mortal.start()
    for page in (explore, form, own, lesson):
        page.bring_to_front()
        is_back(page)

    explore.bring_to_front()
    expect(explore).to_have_url(re.compile(r"k=3"))
    expect(explore.get_by_label("Class to explain", exact=True).locator("option:checked")).to_have_text("heart")
    moved(explore, 4)
    expect(panel(explore, "Anchors").first).to_be_visible()
    expect(form.get_by_role("spinbutton").first).to_have_value("77")
    expect(
        own.get_by_text(
            "This view was of somebody's own picture, and this server does not have it. Open the picture again "
            "to see it here. Until then the view shows an example."
        )
    ).to_be_visible()
    expect(own).not_to_have_url(re.compile("picture=own"))
    expect(lesson).to_have_url(re.compile("step=views"))
    expect(lesson.locator(".walk")).to_be_visible()
    for page in (explore, form, own, lesson):
        expect(page.get_by_text("BidiComponent Error")).to_have_count(0)
