"""The parts of a page among each other: what one of them does leaves the others right, and whole."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.services import gallery
from mvfa_core import explain, load_model
from mvfa_core.checkpoints import bundled
from tests.e2e.conftest import panel, point, settle

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]


def sentence(page: Page, x: int, y: int) -> Locator:
    return page.locator("[data-testid=stMarkdown], .board .note").filter(has_text=f"Cell ({x}, {y})")


def test_a_question_is_answered_with_the_keyboard(visit: Visit) -> None:
    page = visit("/?ask=where&picture=scene-23")
    answer = page.get_by_role("button", name="This is my answer")
    expect(answer).to_be_disabled()
    asked = page.get_by_role("application", name="The picture: click a cell, or move to it with the arrow keys")
    asked.press("ArrowRight")
    expect(page.get_by_text("cell (8, 7)", exact=True)).to_be_visible()
    expect(answer).to_be_enabled()
    answer.click()
    expect(page.get_by_text(re.compile(r"Your cell \(8, 7\) has rank \d+ of 196 in AdaCAM"))).to_be_visible()


def test_a_cell_is_chosen_again_after_another_part_chose_one(visit: Visit) -> None:
    page = visit("/anchors?picture=scene-23&k=9")
    attention = panel(page, "AdaCAM").locator(".stage")
    attention.click(position=point(attention, 12, 1))
    expect(sentence(page, 12, 1)).to_be_visible()
    page.get_by_role("table", name="The anchors in their order").locator("tbody tr").nth(4).press("Enter")
    expect(sentence(page, 12, 1)).to_have_count(0)
    settle(page)
    attention.click(position=point(attention, 12, 1))
    expect(sentence(page, 12, 1)).to_be_visible()


def test_a_cell_of_a_link_is_let_go(visit: Visit) -> None:
    page = visit("/?picture=scene-23&cell=3-7")
    expect(sentence(page, 3, 7)).to_be_visible()
    panel(page, "CAM").locator(".stage").press("Escape")
    expect(sentence(page, 3, 7)).to_have_count(0)
    expect(page).not_to_have_url(re.compile("cell="))


def test_fewer_boxes_under_a_resting_finger(visit: Visit) -> None:
    page = visit("/?picture=scene-23&k=9")
    rows = panel(page, "Top-10 regions").locator("ol.list li")
    expect(rows).to_have_count(10)
    rows.last.hover()
    expect(panel(page, "Top-10 regions").locator(".readout")).to_contain_text("10")
    k = page.get_by_role("slider", name="K", exact=False).first
    k.press("Home")  # K = 1: four regions
    expect(rows).to_have_count(4)
    expect(panel(page, "Top-10 regions").locator(".stage")).to_be_visible()


def test_any_answer_of_the_lesson(visit: Visit) -> None:
    page = visit("/lesson?step=votes&picture=scene-44")
    last = page.locator(".question .option").last
    last.hover()
    last.click()
    expect(page.locator(".question .said")).to_be_visible()
    expect(page.locator(".equation").first).to_be_visible()


def test_all_boards_are_looked_at_alike(visit: Visit) -> None:
    page = visit("/maps?picture=scene-14")
    cells = page.get_by_role("button", name="Cells", exact=True)
    expect(cells.nth(1)).to_be_attached()
    cells.first.click()
    for place in range(cells.count()):
        expect(cells.nth(place)).to_have_attribute("aria-pressed", "true")


def test_a_file_of_the_dial_says_where_it_stands(visit: Visit) -> None:
    page = visit("/maps?picture=scene-14")
    dial = panel(page, "Class temperature")
    dial.get_by_role("slider").fill("0")
    with page.expect_download() as saved:
        dial.get_by_role("button", name=re.compile("PNG")).click()
    assert re.search(r"-t-0-\d+\.png$", saved.value.suggested_filename), saved.value.suggested_filename


def test_numbers_of_a_table_are_numbers(visit: Visit, tmp_path: Path) -> None:
    page = visit("/?picture=scene-23")
    page.get_by_text("The numbers as tables").first.click()
    with page.expect_download() as saved:
        page.get_by_role("button", name=re.compile("^CSV: CAM")).click()
    saved.value.save_as(tmp_path / "cam.csv")
    with (tmp_path / "cam.csv").open(encoding="utf-8", newline="") as file:
        rows = [[float(value) for value in line[1:]] for line in list(csv.reader(file))[1:]]
    found = explain(load_model(bundled()["compact_mfa"]), gallery.specimen("scene-23").picture)
    assert found.cam_HW is not None and found.cam_HW.min() < 0
    assert rows == [pytest.approx(list(line), rel=1e-3, abs=1e-5) for line in found.cam_HW]


def test_every_part_changes_its_language(visit: Visit) -> None:
    page = visit("/?picture=scene-23")
    english = page.get_by_role("button", name="Cells", exact=True)
    expect(english.first).to_be_visible()
    page.locator("select.languages").select_option("zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(english).to_have_count(0)
    expect(page.get_by_text("The numbers as tables", exact=True)).to_have_count(0)
    page.locator("select.languages").select_option("en")
    expect(english.first).to_be_visible()
