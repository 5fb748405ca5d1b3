"""Chinese on every page, the choice of a language by hand, and a link that keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import Formatter

import pytest
from playwright.sync_api import Browser, Page, expect

from mvfa_core.i18n.catalogues import translations
from tests.app.base.translations import PAGES as SCRIPTS
from tests.app.base.translations import messages
from tests.e2e.conftest import settle

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
PAGES = tuple(sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem != "explore"))
CHINESE = re.compile("[\u4e00-\u9fff]")
LONG = 25


def parts(text: str) -> set[str]:
    """The pieces of a text that stand on the screen as they are: between braces and Markdown."""
    pieces = {plain(piece) for literal, *_ in Formatter().parse(text) for piece in re.split(r"\*\*|`", literal)}
    return {piece for piece in pieces if len(piece) > LONG}


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def english() -> set[str]:
    """Every piece of English longer than a few words that is another one in Chinese."""
    here, there = set(), set()
    chinese = translations("zh")
    # labels and captions of figures have the language that is chosen for the figure
    for forms, context in messages(beside="mvfa_core/figures"):
        for form in forms:
            here |= parts(form)
            there |= parts(chinese.pgettext(context, form) if context else chinese.gettext(form))
    assert len(here - there) > 300
    return here - there


def read(page: Page) -> str:
    """All text in sight, that inside components too."""
    settle(page)
    text = page.evaluate(
        """() => {
            const found = [document.body.innerText];
            const walk = (root) => root.querySelectorAll("*").forEach((node) => {
                if (!node.shadowRoot) return;
                found.push(...[...node.shadowRoot.children].map((child) => child.innerText ?? ""));
                walk(node.shadowRoot);
            });
            walk(document);
            return found.join("\\n");
        }"""
    )
    return plain(text)


def test_every_page_is_chinese(visit: Visit, english: set[str]) -> None:
    page = visit("/?lang=zh")
    left = {}
    for name in ("explore", *PAGES):
        if name != "explore":
            page.locator(f"a[href$='/{name}']").first.click()
            page.wait_for_url(re.compile(f"/{name}[?].*lang=zh"))
        expect(page.get_by_role("heading", level=1)).to_have_text(CHINESE)
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        text = read(page)
        left[name] = sorted(piece for piece in english if piece in text)
        assert len(CHINESE.findall(text)) > LONG
    assert {name: pieces for name, pieces in left.items() if pieces} == {}


def test_chosen_by_hand_and_kept_by_a_link(visit: Visit, browser: Browser) -> None:
    page = visit("/?k=20&class=heart")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("Where does the classifier look?")
    chosen = page.get_by_label("Language")
    expect(chosen).to_have_value("en")

    chosen.focus()
    page.keyboard.press("ArrowDown")
    expect(title).to_have_text(CHINESE)
    settle(page)
    assert {"lang=zh", "k=20", "class=heart"} <= set(page.url.partition("?")[2].split("&"))
    expect(page.get_by_role("slider").first).to_have_value("20")
    expect(page.locator("html")).to_have_attribute("lang", "zh")

    elsewhere = browser.new_context(locale="en-GB")
    other = elsewhere.new_page()
    other.goto(page.url)
    settle(other)
    expect(other.get_by_role("heading", level=1)).to_have_text(title.inner_text())
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text(CHINESE)
    elsewhere.close()

    page.locator("select.languages").select_option("en")
    expect(title).to_have_text("Where does the classifier look?")
    settle(page)
    assert {"lang=en", "k=20", "class=heart"} <= set(page.url.partition("?")[2].split("&"))
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_browser_is_spoken_to_in_its_own_language(browser: Browser, visit: Visit) -> None:
    home = visit("/maps").url
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(home)
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(CHINESE)
    assert "lang=" not in page.url  # it was not chosen, so a link leaves it to whoever opens it
    context.close()
