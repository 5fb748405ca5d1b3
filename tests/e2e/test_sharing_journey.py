"""A link made in one browser opens the same view in a fresh one, on every page; and what an address cannot do."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.features.sharing import sharing
from mvfa_core.checkpoints import bundled
from mvfa_core.evaluation import evaluation_of, spec_for
from mvfa_core.evaluation.work import evaluate
from tests.app.samples import a_run
from tests.e2e.conftest import Server, choose, settle

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
Open = Callable[[str], Page]
LEFT_OUT = re.compile("Left out of this address")


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Open]:
    """stranger(address) -> the page in a browser that was never here."""
    contexts = []

    def go(address: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 1000}))
        page = contexts[-1].new_page()
        page.goto(address)
        settle(page)
        return page

    yield go
    for context in contexts:
        context.close()


def copied(page: Page) -> str:
    """The link that the page's button puts on the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").first.click()
    expect(page.get_by_role("status").filter(has_text="Link copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def view(page: Page) -> dict[str, object]:
    """What is on the screen: the texts of every panel, table, tile and equation, the pictures that were made, and the
    state of every control."""
    settle(page)
    return page.evaluate(
        """() => {
            const found = { panels: [], pressed: [], sliders: [], boxes: [], rows: [], chosen: [], told: [], made: [] };
            const walk = (root) => root.querySelectorAll("*").forEach((node) => {
                if (node.shadowRoot) walk(node.shadowRoot);
                if (node.matches("figure.panel")) found.panels.push(node.innerText);
                if (node.matches("button[aria-pressed=true]")) found.pressed.push(node.innerText);
                if (node.matches("input[type=range]")) found.sliders.push(node.value);
                if (node.matches("input[type=checkbox]")) found.boxes.push(node.checked);
                if (node.matches(".tile, .equation, .walk h2, [data-testid=stMetric]")) found.told.push(node.innerText);
                if (node.matches("[data-testid=stImage] img")) found.made.push(node.src);
                // what stands inside a canvas is the part of a large table that happens to be in sight
                if (node.matches("tbody tr") && !node.closest("canvas")) found.rows.push(node.innerText);
                if (node.matches("[data-testid=stSelectbox] input, select")) found.chosen.push(node.value);
            });
            walk(document);
            return found;
        }"""
    )


def same_elsewhere(page: Page, stranger: Open) -> None:
    """The link of this page shows in a fresh browser what is shown here."""
    settle(page)
    address, before = copied(page), view(page)
    other = stranger(address)
    try:
        # Canvases and the browser's own part come a moment after the script has run.
        for _ in range(50):
            if (now := view(other)) == before:
                break
            other.wait_for_timeout(100)
        assert now == before, address
        expect(other.get_by_text(LEFT_OUT)).to_have_count(0)
    finally:
        other.context.close()


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page).to_have_url(re.compile(f"/{name.lower()}"))
    settle(page)


def test_links_to_the_pages_of_one_picture(visit: Visit, page: Page, stranger: Open) -> None:
    visit("/?picture=synthetic-val-17")
    page.get_by_role("slider", name="Anchors K").press("ArrowRight")
    expect(page).to_have_url(re.compile("k=51"))
    page.get_by_role("button", name="Cells", exact=True).click()
    page.get_by_role("button", name="Same scale", exact=True).click()
    page.get_by_label("Opacity").fill("40")
    page.locator("figure.panel .stage").first.click(position={"x": 60, "y": 60})
    expect(page).to_have_url(re.compile("cell="))
    same_elsewhere(page, stranger)

    go(page, "Maps")
    dial = page.locator("figure.panel").filter(has=page.get_by_role("heading", name="Class temperature", exact=True))
    dial.get_by_role("slider").fill("3")
    expect(dial.locator("output")).to_contain_text("T = 0.35")
    same_elsewhere(page, stranger)
    for name in ("Anchors", "Views", "Compare"):
        go(page, name)
        expect(page.locator("figure.panel").first).to_be_visible()
        same_elsewhere(page, stranger)
    go(page, "Region")
    page.get_by_role("application").press("Shift+ArrowRight")
    expect(page).to_have_url(re.compile("region="))
    page.get_by_text("Search the best rectangle").click()
    expect(page).to_have_url(re.compile("best=true"))
    same_elsewhere(page, stranger)


def test_links_to_the_pages_of_data_and_runs(visit: Visit, page: Page, stranger: Open, server: Server) -> None:
    for name in ("one", "two"):
        a_run(server.folder, name, "finished")
    visit("/evaluate")
    choose(page, page.get_by_test_id("stSelectbox").filter(has_text="Limit").locator("input"), "60", exact=True)
    expect(page).to_have_url(re.compile("most=60"))
    same_elsewhere(page, stranger)
    visit("/train?run=one&with=two")
    page.get_by_role("button", name="By time").click()
    page.get_by_role("button", name="Linear loss").click()
    same_elsewhere(page, stranger)
    visit("/runs")
    page.get_by_role("button", name=re.compile("^Run")).first.click()
    page.get_by_role("searchbox").fill("one")
    same_elsewhere(page, stranger)
    visit("/results")
    same_elsewhere(page, stranger)


def test_a_link_to_what_was_found(
    visit: Visit, page: Page, stranger: Open, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(server.folder / "runs"))
    asked = spec_for(bundled()["compact_mfa"], "synthetic", limit=8)
    evaluate(asked, evaluation_of(asked))
    try:
        visit("/evaluate?of=compact_mfa&data=synthetic&most=8")
        page.get_by_role("radio", name=re.compile("^Right")).click()
        expect(page).to_have_url(re.compile("show=right"))
        choose(page, page.get_by_test_id("stSelectbox").filter(has_text="Sort by").locator("input"), "Smallest object")
        expect(page).to_have_url(re.compile("sort=small"))
        ways = page.get_by_role("group", name="Open in").get_by_role("button", name="Views", exact=True)
        expect(ways).to_have_count(2)  # the pictures, and the views that are surest of a wrong class
        ways.first.click()
        expect(ways.last).to_have_attribute("aria-pressed", "true")
        expect(page).to_have_url(re.compile("open=views"))
        same_elsewhere(page, stranger)
    finally:
        evaluation_of(asked).forget()


def test_links_to_the_lesson_and_to_a_figure(visit: Visit, page: Page, stranger: Open) -> None:
    visit("/lesson?picture=scene-44")
    page.get_by_role("button", name="8. Anchors: the K highest cells").click()
    expect(page).to_have_url(re.compile("step=anchors"))
    page.get_by_role("slider", name="Anchors K").press("ArrowRight")
    expect(page).to_have_url(re.compile("k=51"))
    expect(page.locator(".equation").first).to_be_visible()
    same_elsewhere(page, stranger)

    go(page, "Figures")
    choose(
        page,
        page.get_by_test_id("stSelectbox").filter(has_text="Kind").locator("input"),
        "Most confident regions (Fig. 7)",
    )
    expect(page).to_have_url(re.compile("figure=fig7"))
    page.get_by_text("Colour bar and legend").click()
    expect(page).to_have_url(re.compile("style="))
    strip = page.get_by_role("group", name=re.compile("Pictures to choose from"))
    strip.get_by_role("button", name="ring, scene-15").click()
    expect(page).to_have_url(re.compile("subjects=scene-44"))
    expect(page.get_by_role("img", name=re.compile("^Preview: "))).to_be_visible()
    same_elsewhere(page, stranger)


def test_the_code_on_the_wall_is_the_link(visit: Visit, page: Page) -> None:
    visit("/?k=12")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this view")
    dialog.get_by_text("What the link holds").click()
    dialog.get_by_label("the anchors K", exact=True).select_option("locked")
    dialog.get_by_label("Which region is most confident?").check()
    link = dialog.get_by_label("Link to what is on the screen").input_value()
    assert "lock=k" in link and "ask=winner" in link and "k=12" in link
    expect(dialog.get_by_text("it leads to this computer")).to_be_visible()
    code = dialog.get_by_role("img", name="QR code of the link above")
    expect(code).to_have_attribute("src", sharing.code(link))  # the newest one, after the changes
    shown = np.asarray(Image.open(io.BytesIO(code.screenshot())).convert("RGB"))
    large = cv2.resize(shown, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    assert cv2.QRCodeDetectorAruco().detectAndDecode(large)[0] == link
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_where_the_clipboard_is_refused_the_link_can_be_copied_by_hand(visit: Visit, page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { get: () => ({ writeText: () => Promise.reject() }) });"
        "document.execCommand = () => false;"
    )
    visit("/")
    page.get_by_role("button", name="Copy link").click()
    dialog = page.get_by_role("dialog", name="Share this view")
    expect(dialog.get_by_text("The browser does not let the page copy: press Ctrl+C or Cmd+C")).to_be_visible()
    field = dialog.get_by_label("Link to what is on the screen")
    assert field.evaluate("node => node.selectionEnd - node.selectionStart === node.value.length")


def test_an_embedded_view_has_no_chrome(visit: Visit) -> None:
    page = visit("/views?embed=true&k=20&hide=picture,model,k,sizes,class,against,distinct")
    expect(page.locator("figure.panel").first).to_be_visible()
    expect(page.get_by_role("link", name="Explore", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)


HOSTILE = (
    "/?picture=%3Cimg%20src%3Dhttp%3A%2F%2Fevil.example%2Fx%3E&k=-1&class=!%5Bx%5D(http%3A%2F%2Fevil.example%2Fy.png)",
    "/maps?t=NaN&opacity=1e9&look=%3Cb%3E&methods=%1B%5B31m&model=..%2F..%2Fetc%2Fpasswd",
    "/views?foo=![x](http://evil.example/z.png)&k=1&k=2&sizes=%E2%80%AEx&lock=%3Cscript%3E&ask=__proto__",
    "/region?region=9-9-1-1&cell=0-0-0&best=maybe&__proto__[x]=1",
    "/runs?find=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&order=__proto__&status=x&ending=%00",
    "/train?run=..%2F..&with=%3Cb%3E&smooth=-3&frame=99999999999",
)  # a page that is not there is Streamlit's own message, and an error of its own on the console


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_address_in_a_real_browser(visit: Visit, page: Page, server: Server, path: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    visit(path)  # fails on any error of the console
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    outside = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert not outside
    assert page.get_by_text(LEFT_OUT).count() <= 1
    assert page.evaluate("document.querySelectorAll('img[src*=evil], img[src=x]').length") == 0
