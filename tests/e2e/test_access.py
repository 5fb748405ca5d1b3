"""axe-core on every page, wide and narrow, light and dark: no serious or critical finding in our own markup.

A page is opened once and then looked at under two of the six looks, in turn, so that all six occur again and again;
`make soak` looks at every page under all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from mvfa_core.checkpoints import bundled
from mvfa_core.evaluation import Evaluation, evaluation_of, spec_for
from mvfa_core.evaluation.work import evaluate
from tests.app.samples import a_run
from tests.e2e.conftest import Server, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = files("axe_playwright_python") / "axe.min.js"
SEEN = "/evaluate?of=compact_mfa&data=synthetic&most=8"
PAGES = (
    "/", "/lesson", "/maps", "/anchors", "/views", "/region", "/compare", SEEN, "/figures", "/train?run=seen", "/runs",
    "/results",
)  # fmt: skip
WIDTHS, SCHEMES = (390, 1440, 1920), ("light", "dark")
LOOKS = tuple(product(WIDTHS, SCHEMES))
DRAWN = ("/", "/lesson", "/maps", "/anchors", "/views", "/compare")
WAYS = {"/lesson": ("walk",), SEEN: ("matrix", "mvfa-tables")}
"""What must be on a page before it is looked at, by its class, beside the pictures."""

STREAMLITS = {
    "color-contrast": "labels and links of widgets are faded while they are disabled or the page runs again",
    "scrollable-region-focusable": "the box that Streamlit puts around what is wider than a phone",
}
"""Rules that Streamlit's own elements break, and why that cannot be changed from here; in our own markup they count.
Captions are Streamlit's text colour faded to 60 %, which the theme's colour is chosen for; commands are shown without
the colours of a language, which are too faint on light ground."""


class Finding(NamedTuple):
    page: str
    look: tuple[int, str]
    rule: str
    markup: str
    target: str

    def is_streamlits(self) -> bool:
        """Whether it is one of those, in an element that bears a class of Streamlit's own making."""
        return self.rule in STREAMLITS and "st-emotion-cache" in self.target


@pytest.fixture
def furnished(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server with a finished run, and with a data set that the first model has looked at."""
    monkeypatch.setenv("MVFA_RUNS", str(server.folder / "runs"))
    run = a_run(server.folder, "seen", "finished")
    asked = spec_for(bundled()["compact_mfa"], "synthetic", limit=8)
    evaluate(asked, evaluation_of(asked))
    yield server
    run.discard()
    Evaluation(evaluation_of(asked).path).forget()


def two_looks(place: int) -> list[tuple[int, str]]:
    """A phone and a screen, one light and one dark: over six pages in a row every look is there at least once."""
    scheme = SCHEMES[place % 2]
    return [(390, scheme), (WIDTHS[1 + place // 2 % 2], SCHEMES[1 - place % 2])]


def look_at(page: Page, width: int, scheme: str) -> None:
    """The page that is open, in another window and another light."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    # Streamlit paints in the new colours a moment after it was told.
    ground = re.compile(r"rgb\(2\d\d" if scheme == "light" else r"rgb\(\d\d?,")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def findings(page: Page, path: str, look: tuple[int, str]) -> list[Finding]:
    """Every serious or critical finding; shadow roots are looked into."""
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [Finding(path, look, one["id"], node["html"][:200], str(node["target"]))
            for one in serious for node in one["nodes"]]  # fmt: skip


def ours(browser: Browser, server: Server, looks: dict[str, list[tuple[int, str]]]) -> list[Finding]:
    """What is to be mended: every page is opened once, and looked at under the looks that it is given."""
    found = []
    for path, given in looks.items():
        context = browser.new_context(viewport={"width": given[0][0], "height": 900}, color_scheme=given[0][1])  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(server.url + path)
        settle(page)
        expect(page.get_by_role("button", name="Copy link").first).to_be_visible()
        if path in DRAWN:
            expect(page.locator("figure.panel canvas").first).to_be_visible()
        for name in WAYS.get(path, ()):
            expect(page.locator(f".{name}").first).to_be_visible()
        for summary in page.locator("details.mvfa-tables:not([hidden]) > summary").all()[:3]:
            summary.evaluate("node => node.click()")  # the tables, too
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for look in given:
            look_at(page, *look)
            found += findings(page, path, look)
        context.close()
    return [one for one in found if not one.is_streamlits()]


def test_no_serious_finding(browser: Browser, furnished: Server) -> None:
    found = ours(browser, furnished, {path: two_looks(place) for place, path in enumerate(PAGES)})
    assert not found, "\n".join(map(str, found))


@pytest.mark.soak
def test_no_serious_finding_under_any_look(browser: Browser, furnished: Server) -> None:
    found = ours(browser, furnished, {path: list(LOOKS) for path in PAGES})
    assert not found, "\n".join(map(str, found))


def test_the_looks_in_turn_are_all_of_them() -> None:
    assert {look for place in range(len(PAGES)) for look in two_looks(place)} == set(LOOKS)
