"""Curves with values that cannot be drawn: a gap and a word, on the page, in the table and for a comparison."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.features.training import curve_charts
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.e2e.conftest import Server

pytestmark = pytest.mark.browser
LOSSES = (5.0, 0.0, 2.0, math.nan, -1.0, 1.0, math.inf, 0.5, 0.25)
DRAWN = """name => [...document.querySelectorAll('.mvfa-curves .plot')]
  .flatMap(plot => plot.data ?? []).filter(one => one.uid === name).map(one => [one.y, one.mode, one.marker.size])[0]"""


@pytest.fixture
def gaps(server: Server) -> Iterator[Run]:
    run = Run(server.folder / "runs" / "gaps")
    run.create(quick())
    run.append({"event": "start", "step": 0, "time_s": 0, "classes": ["a", "b"], "train_n": 8, "val_n": 4})
    for place, loss in enumerate(LOSSES, start=1):
        rest = {"lr": 1e-3, "steps_per_s": 4.0, "loss_global": 1.0, "loss_local": math.nan}
        run.append({"event": "step", "step": 10 * place, "time_s": place, "loss": loss, **rest})
    run.append({"event": "validation", "step": 90, "accuracy": 0.5, "n": 4, "time_s": 10})
    run.append({"event": "end", "step": 90, "reason": "stopped", "message": ""})
    yield run
    run.discard()


def test_a_gap_and_a_word(visit: Callable[[str], Page], gaps: Run) -> None:
    page = visit("/train?run=gaps")
    note = page.locator(".mvfa-curves .gaps").first
    name = "total"
    why = [
        f"{name}: a gap where the value is not a finite number, first at step {40}.",
        f"{name}: a gap where the loss is not above 0, first at step {20}. The linear axis shows it.",
    ]
    expect(note).to_have_text(" ".join(why))
    values, mode, sizes = page.evaluate(DRAWN, "loss")
    assert values == [5, None, 2, None, None, 1, None, 0.5, 0.25]
    assert mode == "lines+markers" and sizes == 5
    assert page.evaluate(DRAWN, "accuracy")[0] == [0.5], "a single point is a dot"
    assert page.evaluate(DRAWN, "loss_local") is None, "without any number there is no curve"
    page.get_by_role("button", name="Linear loss").click()
    expect(note).to_have_text(why[0])
    assert page.evaluate(DRAWN, "loss")[0] == [5, 0, 2, None, -1, 1, None, 0.5, 0.25]
    page.locator(".mvfa-curves details summary").click()
    expect(page.locator(".mvfa-curves table").first.get_by_role("cell", name="not a number")).to_have_count(2)
    slider = page.locator(".mvfa-curves .smooth input")
    slider.fill("50")
    values, mode, sizes = page.evaluate(DRAWN, "loss")
    assert [value is None for value in values] == [not math.isfinite(loss) for loss in LOSSES]
    assert values[0] == 5 and values[1] < 5


def test_the_file_tells_everything(gaps: Run) -> None:
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(curve_charts.table(gaps.events()[0]))))
    told = [float(row["loss"]) for row in rows if row["event"] == "step"]
    assert str(told) == str(list(LOSSES))
