"""An author opens the page, chooses pictures and a kind, takes the PDF home, and gives it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mvfa_core.figures import FileSources, make, read
from tests.e2e.conftest import settle

pytestmark = pytest.mark.browser


def test_a_pdf_is_taken_home_and_given_back(visit: Callable[[str], Page], tmp_path: Path) -> None:
    page = visit("/figures?figure=fig7&subjects=scene-15,scene-23")
    preview = page.get_by_test_id("stImage").locator("img")
    expect(preview).to_be_visible()
    first = preview.get_attribute("src")
    strip = page.get_by_role("group", name=re.compile("Pictures to choose from"))
    strip.get_by_role("button", name="arrow, scene-58").click()
    expect(preview).not_to_have_attribute("src", first or "")
    expect(page).to_have_url(re.compile(r"subjects=scene-15(,|%2C)scene-23(,|%2C)scene-58"))
    settle(page)
    with page.expect_download() as event:
        page.get_by_test_id("stDownloadButton").get_by_role("button", name="PDF").click()
    path = tmp_path / event.value.suggested_filename
    event.value.save_as(path)

    content = path.read_bytes()
    assert path.name == "fig7.pdf" and content.startswith(b"%PDF") and b"/FontFile2" in content
    recipe = read(path)
    assert [one["where"] for one in recipe.pictures] == ["scene-15", "scene-23", "scene-58"]
    assert make(recipe.request, FileSources()).recipe.data == recipe.data  # this process sees what the server saw

    page = visit("/figures")
    page.get_by_text("Upload a figure to recreate it").click()
    page.locator("input[type=file]").last.set_input_files(path)
    expect(page.get_by_text("the data is the same, bit for bit")).to_be_visible()
    expect(page).to_have_url(re.compile("figure=fig7"))
