"""Two models beside each other, what a region saw, how firmly an answer stands: each number checked a second time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.services import gallery
from mvfa_core import explain, load_model
from mvfa_core.checkpoints import bundled
from tests.e2e.conftest import panel

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
PICTURE, K = "photo-coffee", 20


def saved(page: Page, name: str) -> bytes:
    with page.expect_download() as file:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(file.value.path()).read_bytes()


MFA, GAP = "Generated shapes, MFA", "Generated shapes, GAP"


def test_compare(visit: Visit) -> None:
    page = visit(f"/compare?picture={PICTURE}&k={K}")
    picture = gallery.specimen(PICTURE).picture
    mfa = explain(load_model(bundled()["compact_mfa"]), picture, k=K)
    gap = explain(load_model(bundled()["compact_gap"]), picture)
    maps = {}
    for model, found in ((MFA, mfa), (GAP, gap)):
        title = f"AdaCAM, {model}"
        maps[model] = np.load(io.BytesIO(saved(page, f"Save the numbers of {title} as NPY")))
        np.testing.assert_allclose(maps[model], found.adacam_HW, atol=1e-3)
        share = 100 * float(found.ensemble_C[found.predicted])
        answer = page.get_by_test_id("stMarkdown").filter(has_text=f"{model} predicts")
        expect(answer).to_contain_text(f"{found.classes[found.predicted]} ({share:.1f}")

    # One cell is pointed at on both: each reads out its own value.
    stage = panel(page, f"AdaCAM, {MFA}").locator(".stage")
    stage.scroll_into_view_if_needed()
    size = stage.bounding_box()
    assert size
    x, y = 6, 5
    stage.hover(position={"x": size["width"] * (x + 0.5) / 14, "y": size["height"] * (y + 0.5) / 14})
    for model, values in maps.items():
        readout = panel(page, f"AdaCAM, {model}").locator(".readout")
        expect(readout).to_contain_text(f"cell ({x}, {y})")
        told = re.findall(r"[+−][\d.]+", readout.inner_text())[0].replace("−", "-")
        assert float(told) == pytest.approx(values[y, x], rel=1e-3)


def test_what_a_region_saw_and_how_firmly_it_stands(visit: Visit) -> None:
    page = visit(f"/anchors?picture={PICTURE}&k={K}&cell=12-1&saw=5")
    seen = panel(page, "Region and what it saw")
    # Columns 10 to 13 and rows 0 to 3; a cell of compact sees 71 of 112 px: from 45 to the right edge, and down to 60.
    right, down = round((112 - 45) * 600 / 112), round(60 * 400 / 112)
    expect(seen.locator(".readout")).to_contain_text(f"it saw {right} × {down} px".replace(" × ", "\u00a0×\u00a0"))
    page.get_by_test_id("stButtonGroup").filter(has_text="Region size r").get_by_text("9", exact=True).click()
    expect(seen.locator(".symbol")).to_contain_text("r = 9")

    page = visit(f"/views?picture={PICTURE}&k={K}")
    chart = page.get_by_role("group", name="The answer as K grows")
    text = saved(page, "Save The answer as K grows as CSV").decode()
    note, *lines = csv.reader(text.splitlines())
    assert len(note) == 1 and note[0].startswith("# ")
    names = [title.rsplit(",", 1)[0] for title in lines[0][1:]]
    model, picture = load_model(bundled()["compact_mfa"]), gallery.specimen(PICTURE).picture
    for k in (1, K, 196):
        found = explain(model, picture, k=k)
        told = [float(value) for value in lines[k]]
        assert told[0] == k
        wanted = [float(found.ensemble_C[found.classes.index(name.split(",")[0])]) for name in names]
        np.testing.assert_allclose(told[1:], wanted, atol=1e-4)
    # The keyboard moves along the chart; Enter takes that K.
    chart.press("ArrowRight")
    chart.press("Enter")
    expect(page).to_have_url(re.compile(f"k={K + 1}"))
