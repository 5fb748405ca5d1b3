"""Back, Forward and reload: a press always does something, and a page comes back as it was left."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server, settle

pytestmark = pytest.mark.browser
DEFAULT = 50  # K of the first model


def k(page: Page, key: str, value: int) -> None:
    """Press a key on the slider of K, and wait for what it then says, in the address, too."""
    slider = page.get_by_role("slider", name="Anchors K")
    slider.focus()
    page.keyboard.press(key)
    shows(page, value)


def shows(page: Page, value: int, default: int = DEFAULT) -> None:
    expect(page.get_by_role("slider", name="Anchors K")).to_have_value(str(value))
    expect(page).to_have_url(re.compile(rf"[?&]k={value}(&|$)" if value != default else r"^[^?]*(\?(?!.*k=).*)?$"))
    settle(page)


def test_back_leads_to_the_page_before_and_never_nowhere(visit: Callable[[str], Page], server: Server) -> None:
    page = visit("/results")
    entries = page.evaluate("history.length")
    page.goto(f"{server.url}/?k=2&nonsense=1")  # a link with something that the page takes out of its address
    shows(page, 2)
    k(page, "ArrowRight", 3)
    k(page, "ArrowRight", 4)
    page.get_by_role("button", name="Cells", exact=True).first.click()  # this one only the browser knows
    expect(page).to_have_url(re.compile("look=cells"))
    k(page, "ArrowRight", 5)
    expect(page).to_have_url(re.compile("look=cells"))
    page.reload()
    shows(page, 5)
    expect(page).to_have_url(re.compile("look=cells"))
    expect(page.get_by_role("button", name="Cells", exact=True).first).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("history.length") == entries + 1, "one entry for the page, none for a setting"
    page.go_back()
    expect(page).to_have_url(f"{server.url}/results")
    settle(page)
    page.go_forward()
    shows(page, 5)


def test_a_page_comes_back_as_it_was_left(visit: Callable[[str], Page]) -> None:
    """With its values that stand in no address because they are the default, too."""
    page = visit("/")
    shows(page, DEFAULT)
    page.get_by_role("link", name="Maps").first.click()
    expect(page).to_have_url(re.compile("/maps"))
    settle(page)
    k(page, "ArrowLeft", 49)
    page.get_by_role("link", name="Results").first.click()
    expect(page).to_have_url(re.compile("/results"))
    settle(page)
    page.go_back()
    expect(page).to_have_url(re.compile("/maps"))
    shows(page, 49)
    page.go_back()
    expect(page).not_to_have_url(re.compile("/maps"))
    shows(page, DEFAULT)
    page.go_forward()
    expect(page).to_have_url(re.compile("/maps"))
    shows(page, 49)
    k(page, "ArrowLeft", 48)  # it can still be moved
