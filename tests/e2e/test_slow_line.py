"""What a visitor on a slow line sees: a part whose script arrives after the page has gone on lives all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Server, settle

pytestmark = pytest.mark.browser


def test_a_board_that_was_overtaken_on_its_way(page: Page, server: Server) -> None:
    held: list[Route] = []
    page.route("**/components/board.js*", lambda route: held.append(route))
    page.goto(server.url)
    second = page.locator(".st-key-gallery_strip button").nth(1)
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    settle(page)
    drawn = page.locator("figure.panel canvas").first
    expect(drawn).to_have_count(0)
    for route in held:
        route.continue_()
    stage = page.locator("figure.panel .stage").first
    page.wait_for_function("canvas => canvas?.width > 0", arg=drawn.element_handle())  # none is drawn after its end
    stage.hover(position={"x": 5, "y": 5})
    expect(page.locator("figure.panel .readout").nth(1)).to_contain_text("cell (0, 0)")


def test_a_board_whose_script_did_not_arrive(page: Page, server: Server) -> None:
    """A line that breaks just then: it is asked for again, and the page says nothing of it."""
    failed: list[str] = []

    def once(route: Route) -> None:
        failed.append(route.request.url)
        if len(failed) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/components/board.js*", once)
    page.goto(server.url)
    expect(page.locator("figure.panel canvas").first).to_be_visible()
    expect(page.get_by_text("BidiComponent Error")).to_have_count(0)
    assert len(failed) >= 2
