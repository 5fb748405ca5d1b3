"""The app below a path of its host, /tools/mvfa, closed by a passcode: asked directly, and behind a real nginx.

The recipe is docs/nginx.conf with its lines for a path.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, expect

from tests.e2e.conftest import Server, errors_of, panel, settle, started
from tests.load import nginx
from tests.load.host import free_port

CODE, BASE, NAME = "sesame-9", "/tools/mvfa", "mfa.example.org"
PAGES = (
    "", "lesson", "maps", "anchors", "views", "region", "compare", "evaluate", "figures", "train", "runs", "results",
)  # fmt: skip
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def closed(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(Server(repo_root, tmp_path_factory.mktemp("below"), {"MVFA_PASSCODE": CODE}, BASE)) as server:
        yield server


def enter(page: Page, url: str) -> None:
    """Ask for a page, and give the passcode."""
    page.goto(url)
    page.get_by_label("Passcode").fill(CODE)
    page.get_by_role("button", name="Enter").click()
    settle(page)


def watched(page: Page) -> list[str]:
    """Every error, and every answer that is none, from now on."""
    errors = errors_of(page)
    page.on(
        "response",
        lambda answer: (
            errors.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and "/_stcore/" not in answer.url  # Streamlit's client asks where its server is
            else None
        ),
    )
    return errors


def test_every_page_and_what_it_needs(closed: Server, page: Page) -> None:
    enter(page, f"{closed.url}/maps?k=3")
    assert page.url == f"{closed.url}/maps?k=3"
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "mvfa_pass"]
    assert cookie["path"] == BASE, "what else is on that host never sees it"
    errors = watched(page)
    for name in PAGES:
        page.goto(f"{closed.url}/{name}")
        settle(page)
        expect(page.get_by_role("button", name="Copy link").first).to_be_visible()
        for shown in page.locator("figure.panel canvas").all()[:1]:
            expect(shown).to_be_visible()
    assert not errors, "\n".join(errors)


def test_a_link_leads_below_the_path(closed: Server, page: Page) -> None:
    enter(page, f"{closed.url}/")
    errors = watched(page)
    expect(panel(page, "AdaCAM").locator("canvas").first).to_be_visible()
    page.get_by_role("button", name="chelsea", exact=True).click()  # a picture from /tools/mvfa/gallery
    expect(page).to_have_url(f"{closed.url}/?picture=photo-chelsea")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox").first).to_have_value(f"{closed.url}/?picture=photo-chelsea")
    expect(dialog.locator(".code img")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Maps").first.click()
    expect(page).to_have_url(re.compile(rf"{re.escape(closed.url)}/maps"))
    settle(page)
    page.reload()
    settle(page)
    assert not errors, "\n".join(errors)


def test_the_root_leads_there(closed: Server) -> None:
    """And answers whoever looks after the server; anything else is not there."""
    root = closed.url.removesuffix(BASE)
    for path in ("/healthz", f"{BASE}/healthz"):
        assert urllib.request.urlopen(root + path, timeout=10).read() == b'{"status":"ok"}'
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{root}/maps", timeout=10)
    assert error.value.code == 401


@pytest.fixture(scope="module")
def proxied(closed: Server, repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """docs/nginx.conf, its lines for a path in place of those for a whole host."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    key, certificate = nginx.certificate(folder, NAME)
    recipe = (repo_root / "docs" / "nginx.conf").read_text(encoding="utf-8")
    whole, below = re.split(r"(?m)^    # Below a path .*$", recipe)
    kept = whole[: whole.index("    location = /enter")]
    lines = below[below.index("    # location = /tools") :].replace("    # ", "    ")
    recipe = kept + lines
    named = {
        "/etc/ssl/mfa/key.pem": str(key),
        "/etc/ssl/mfa/fullchain.pem": str(certificate),
        "127.0.0.1:8501": f"127.0.0.1:{closed.port}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
    }
    for there, here in named.items():
        assert there in recipe
        recipe = recipe.replace(there, here)
    url = f"https://127.0.0.1:{port}{BASE}"
    with nginx.running(folder, recipe, lambda: nginx.status(f"{url}/healthz") == 200):
        yield url


@nginx.needs_nginx
def test_behind_nginx(proxied: str, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> None:
    with nginx.browsing(browser_type, browser_type_launch_args) as context:
        page = context.new_page()
        enter(page, proxied)
        expect(page).to_have_url(f"{proxied}/")
        (cookie,) = [one for one in context.cookies() if one["name"] == "mvfa_pass"]
        assert cookie["path"] == BASE and cookie["secure"]
        errors = watched(page)
        for name in ("", "maps?k=3", "lesson", "train"):
            page.goto(f"{proxied}/{name}")
            settle(page)
        page.get_by_role("link", name="Explore").first.click()
        settle(page)
        expect(panel(page, "AdaCAM").locator("canvas").first).to_be_visible()
        assert not errors, "\n".join(errors)
