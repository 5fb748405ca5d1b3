"""axe-core on every page, light and dark, wide and narrow: no serious or critical finding in our own markup."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.samples import a_run
from tests.e2e.conftest import Server, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Visit = Callable[[str], Page]
AXE = files("axe_playwright_python") / "axe.min.js"
PAGES = ("/", "/maps", "/anchors", "/views", "/region", "/compare", "/dataset", "/train?run=one", "/runs", "/results")
LOOKS = [(1440, "light"), (390, "dark")]
DRAWN = ("/", "/maps", "/anchors", "/views", "/compare")

STREAMLITS = {
    "color-contrast": "labels and links of widgets are faded while they are disabled or the page runs again",
    "scrollable-region-focusable": "the box that Streamlit puts around what is wider than a phone",
}
"""Rules that Streamlit's own elements break, and why that cannot be changed from here; in our own markup they count.
Captions are Streamlit's text colour faded to 60 %, which the theme's colour is chosen for; commands are shown without
the colours of a language, which are too faint on light ground."""


def is_streamlits(rule: str, target: str) -> bool:
    """Whether a finding is one of those, in an element that bears a class of Streamlit's own making."""
    return rule in STREAMLITS and "st-emotion-cache" in target


def findings(page: Page) -> list[tuple[str, str, str]]:
    """(rule, impact, element) of every serious or critical finding; shadow roots are looked into."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [(one["id"], node["html"][:200], str(node["target"])) for one in serious for node in one["nodes"]]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_serious_finding(browser: Browser, server: Server, width: int, scheme: str) -> None:
    a_run(server.folder, f"axe-{width}", "finished")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    try:
        ours = []
        for path in PAGES:
            page.goto(server.url + path)
            settle(page)
            expect(page.get_by_role("button", name="Copy link").first).to_be_visible()
            if path in DRAWN:
                expect(page.locator("figure.panel canvas").first).to_be_visible()
            ours += [(path, *one) for one in findings(page) if not is_streamlits(one[0], one[2])]
        assert not ours, "\n".join(map(str, ours))
    finally:
        context.close()
