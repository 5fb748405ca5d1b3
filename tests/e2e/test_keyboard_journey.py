"""The gallery, the boards, the charts, the tables that sort, and the confusion matrix, by the keyboard alone; whatever
has the focus shows it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mvfa_core.checkpoints import bundled
from mvfa_core.evaluation import evaluation_of, spec_for
from mvfa_core.evaluation.work import evaluate
from tests.app.samples import a_run
from tests.e2e.conftest import Server, settle
from tests.e2e.keys import focused, tab_to

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]


def test_a_picture_a_cell_and_a_number_of_anchors(visit: Visit) -> None:
    page = visit("/views?picture=scene-44&k=20")
    expect(page.locator("figure.panel canvas").first).to_be_visible()
    tab_to(page, ".strip button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("picture=scene-15"))
    settle(page)
    assert focused(page).get_attribute("aria-pressed") == "true"  # the focus stays where it was

    tab_to(page, ".board .stage")
    page.keyboard.press("ArrowRight")  # shows the cursor, in the middle
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(page.locator("figure.panel .readout").first).to_contain_text("cell (8, 6)")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("cell=8-6"))
    settle(page)
    assert focused(page).evaluate("node => node.matches('.stage')")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("cell="))
    settle(page)

    tab_to(page, ".lines .stage.choosing")
    page.keyboard.press("End")
    expect(page.locator(".lines .readout").first).to_contain_text("196")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("k=196"))
    settle(page)
    tab_to(page, ".lines summary")
    page.keyboard.press("Enter")
    table = page.locator(".lines table").first
    expect(table.locator("tbody tr")).to_have_count(196)
    tab_to(page, ".lines .take")
    with page.expect_download() as file:
        page.keyboard.press("Enter")
    assert len(file.value.path().read_text().splitlines()) == 197


def test_runs_are_sorted_and_ticked(visit: Visit, server: Server) -> None:
    runs = [a_run(server.folder, name, "finished") for name in ("key-one", "key-two")]
    try:
        page = visit("/runs")
        expect(page.locator(".runs tbody tr").nth(1)).to_be_visible()
        tab_to(page, ".runs th button")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("order=name"))
        expect(page.locator(".runs th[aria-sort=ascending]")).to_have_count(1)
        names = page.locator(".runs .name").all_inner_texts()
        assert names == sorted(names)
        tab_to(page, ".runs tbody input")
        page.keyboard.press("Space")
        expect(page.locator(".runs .count")).to_contain_text("1 selected")
    finally:
        for run in runs:
            run.discard()


def test_the_matrix_and_the_classes(visit: Visit, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(server.folder / "runs"))
    asked = spec_for(bundled()["compact_mfa"], "synthetic", limit=8)
    found = evaluate(asked, evaluation_of(asked))
    assert found is not None
    try:
        page = visit("/evaluate?of=compact_mfa&data=synthetic&most=8")
        expect(page.locator(".matrix canvas")).to_be_visible()
        tab_to(page, ".matrix canvas")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        expect(page.locator(".matrix .readout")).to_contain_text(f"{found.classes[1]}, correct")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"true={found.classes[1]}.*said={found.classes[1]}"))
        settle(page)
        page.keyboard.press("Escape")
        expect(page).not_to_have_url(re.compile("true="))
        settle(page)

        tab_to(page, ".sorted .sort")
        for way in (sorted, lambda names: sorted(names, reverse=True)):
            page.keyboard.press("Enter")
            shown = page.locator(".sorted tbody th").all_inner_texts()
            assert shown == way(shown) and len(shown) > 1
    finally:
        evaluation_of(asked).forget()
