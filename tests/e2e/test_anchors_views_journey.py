"""A visitor asks where the views start and who votes for what; every number on the way is checked a second time."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app.services import gallery
from mvfa_core import explain, load_model
from mvfa_core.checkpoints import bundled
from tests.e2e.conftest import choose, panel, point
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, layer, oracle_head

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
PICTURE, K, SIZES = "photo-coffee", 20, (3, 5, 7, 9)
QUERY = f"picture={PICTURE}&k={K}"


@pytest.fixture(scope="module")
def passage() -> oracles.Passage:
    """The method by hand, in float64, on the features of the picture that is looked at."""
    model = load_model(bundled()["compact_mfa"])
    F_BDHW = array(explain.encode(model, gallery.specimen(PICTURE).picture).F_BDHW)
    return oracles.mfa(F_BDHW, layer(model.pooling.auxiliary), oracle_head(model.pooling.head), K, SIZES)


def table(page: Page, caption: str) -> Locator:
    return page.get_by_role("table", name=caption)


def number(text: str) -> float:
    found = re.search(r"[+−]?[\d,]+\.\d+", text)
    assert found, text
    return float(found[0].replace("−", "-").replace(",", ""))


def test_anchors(visit: Visit, passage: oracles.Passage) -> None:
    page = visit(f"/anchors?{QUERY}")
    A_HW, first = passage.A_BHW[0], passage.anchors_BK2[0][0]
    ranking = table(page, "The anchors in their order")
    expect(ranking.locator("tbody tr")).to_have_count(K)
    for rank, (x, y) in enumerate(passage.anchors_BK2[0]):
        expect(ranking.locator("tbody tr").nth(rank)).to_contain_text(f"({x}, {y})")
    expect(page.get_by_test_id("stMarkdown").filter(has_text=f"Cell ({first[0]}, {first[1]})")).to_be_visible()

    # Any cell: what is read out under the pointer is A, and the terms in the table sum to it.
    attention = panel(page, "AdaCAM").locator(".stage")
    x, y = 12, 1
    attention.hover(position=point(attention, x, y))
    readout = panel(page, "AdaCAM").locator(".readout")
    expect(readout).to_contain_text(f"cell ({x}, {y})")
    hovered = number(readout.inner_text().split(")")[1])
    assert hovered == pytest.approx(A_HW[y, x], rel=1e-3, abs=1e-3)
    attention.click(position=point(attention, x, y))
    expect(page.get_by_test_id("stMarkdown").filter(has_text=f"Cell ({x}, {y})")).to_contain_text("It is no anchor")
    expect(page).to_have_url(re.compile(f"cell={x}-{y}"))
    terms = table(page, "What its attention is made of")
    total = terms.locator("tfoot .value")
    expect(total).to_have_text(re.compile(re.escape(f"{A_HW[y, x]:+.2f}".replace("-", "−")[:-1])))
    shown = [number(text) for text in terms.locator("tbody .value").all_inner_texts()]
    assert sum(shown) == pytest.approx(number(total.inner_text()), abs=0.001)
    wanted = sorted(passage.f_BC[0] * passage.G_BCHW[0, :, y, x], key=abs, reverse=True)
    assert shown == pytest.approx(wanted, abs=1e-3)

    # Its regions: Eq. 5 in words, and at the picture's scale.
    corners = page.get_by_test_id("stTable")
    for row, r in enumerate(SIZES, start=1):
        box = oracles.region((x, y), r, 14, 14)
        text = corners.locator("tr").nth(row).inner_text().replace("\u00a0", " ")
        half = (r - 1) // 2
        assert f"max({x} − {half}, 0) = {box[0]}" in text and f"min({y} + {half}, 13) = {box[3]}" in text
        assert f"{len(oracles.cells_of(box))} of {r * r}" in text

    # A row of the ranking leads to its cell, with the keyboard too.
    x, y = passage.anchors_BK2[0][4]
    ranking.locator("tbody tr").nth(4).press("Enter")
    expect(page.get_by_test_id("stMarkdown").filter(has_text=f"Cell ({x}, {y})")).to_contain_text(f"anchor 5 of {K}")
    expect(panel(page, "Regions of the cell").locator(".symbol")).to_contain_text(f"cell ({x}, {y})")
    expect(total).to_have_text(re.compile(re.escape(f"{A_HW[y, x]:+.2f}".replace("-", "−")[:-1])))

    # The way onward keeps picture and K.
    page.get_by_role("link", name="See how these views vote").click()
    expect(page.get_by_role("heading", name="Who votes for what?")).to_be_visible()
    expect(panel(page, "Vote map").locator(".symbol")).to_have_text(f"K = {K} anchors")
    expect(page.get_by_role("button", name="coffee")).to_have_attribute("aria-pressed", "true")


def test_views(visit: Visit, passage: oracles.Passage) -> None:
    page = visit(f"/views?{QUERY}")
    model = load_model(bundled()["compact_mfa"])
    logits_MC, c = passage.logits_BMC[0], passage.prediction_B[0]
    sums = passage.ensemble_BC[0]
    name, logit = model.classes[c], float(sums[c])
    balance = page.get_by_test_id("stMarkdown").filter(has_text="pushes for")
    expect(balance).to_contain_text(f"The {K * 4} pushes for {name}")
    shown = [number(text) for text in re.findall(r"[+−][\d,]+\.\d+", balance.inner_text())]
    assert shown[0] == shown[1] == pytest.approx(logit, abs=0.02)

    # The vote map under the pointer: the anchor's class is the largest sum of its four views.
    votes = panel(page, "Vote map").locator(".stage")
    for k in (0, K - 1):
        x, y = passage.anchors_BK2[0][k]
        votes.hover(position=point(votes, x, y))
        winner = model.classes[int(logits_MC[4 * k : 4 * k + 4].sum(axis=0).argmax())]
        expect(panel(page, "Vote map").locator(".readout")).to_contain_text(
            re.compile(f"anchor {k + 1} of {K}.*{winner}")
        )

    # A row of the ledger outlines its anchor: the first is the surest view.
    odds = logits_MC[:, c] - np.log(np.exp(np.delete(logits_MC, c, axis=1)).sum(axis=1))
    x, y = passage.anchors_BK2[0][int(odds.argmax()) // 4]
    ledger = page.get_by_test_id("stDataFrame").first
    ledger.scroll_into_view_if_needed()
    expect(ledger.get_by_test_id("data-grid-canvas")).to_be_visible()
    ledger.hover(position={"x": 120, "y": 90})  # the grid finds its place on the screen before it takes a click
    page.wait_for_function("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    ledger.click(position={"x": 120, "y": 52})
    expect(page).to_have_url(re.compile(f"cell={x}-{y}"))
    expect(panel(page, "Top-1 region").locator(".readout")).to_contain_text(f"cell ({x}, {y})")

    rows = table(page, "Views won by each class").locator("tbody tr")
    wins = np.bincount(logits_MC.argmax(axis=1), minlength=len(sums))
    assert [int(text) for text in rows.locator(".value").all_inner_texts()] == sorted(wins[wins > 0].tolist())[::-1]
    parts = [
        float(t) for t in table(page, "Uncertainty: doubt or disagreement?").locator(".value").all_inner_texts()[1:]
    ]
    assert parts[0] + parts[1] == pytest.approx(parts[2], abs=0.0011)

    # Why this class and not that one: the sentence's lead is the difference of two logits of Eq. 8.
    rival = "bolt" if name != "bolt" else "star"
    choose(page, page.get_by_role("combobox", name="Compare with"), rival)
    expect(panel(page, f"Why {name}, not {rival}").locator(".stage")).to_be_visible()
    sentence = page.get_by_test_id("stMarkdown").filter(has_text="a lead of")
    cells, bias, shown_logit, lead = (number(text) for text in re.findall(r"[+−][\d,]+\.\d+", sentence.inner_text()))
    assert cells + bias == pytest.approx(shown_logit, abs=0.011)
    assert shown_logit == pytest.approx(logit, abs=0.02)
    assert lead == pytest.approx(logit - float(sums[model.classes.index(rival)]), abs=0.03)
    expect(page).to_have_url(re.compile(f"against={rival}"))

    page.get_by_role("slider", name="Anchors K").press("ArrowRight")
    expect(balance).to_contain_text(f"The {(K + 1) * 4} pushes for")


@pytest.mark.parametrize("path", ["/anchors", "/views"])
def test_on_a_phone(visit: Visit, page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(path)
    for stage in page.locator("figure.panel .stage").all():
        box = stage.bounding_box()
        assert box and box["width"] >= 320
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"the page is {wide} px wide on a phone of 390 px"


@pytest.mark.parametrize("path", ["/anchors", "/views"])
def test_gap_leads_to_the_model_with_views(visit: Visit, path: str) -> None:
    page = visit(f"{path}?model=compact_gap")
    expect(page.get_by_text("This model has no views")).to_be_visible()
    page.get_by_role("button", name="Show compact_mfa instead").click()
    expect(page.locator("figure.panel").first).to_be_visible()
