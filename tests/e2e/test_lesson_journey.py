"""A visitor leads a run step by step, lets it go, and scrubs through its film."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mvfa_core.data.sources import load_data
from mvfa_core.training import step_control
from mvfa_core.training.engine import Ticked
from mvfa_core.training.launch import launch
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from tests.mvfa_core.training.by_hand import by_equation
from tests.mvfa_core.training.samples import TINY, trainer
from tests.pictures import split_folder

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
NUMBER = re.compile(r"[\d.]+")


@pytest.fixture
def held(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A tiny run that waits before its first step."""
    monkeypatch.setenv("MVFA_RUNS", str(server.folder / "runs"))
    monkeypatch.setenv("MVFA_CACHE", str(server.folder / "cache"))
    folder = split_folder(tmp_path / "colours", each=4, held_out=2)
    run = Run(server.folder / "runs" / "lesson")
    run.create(replace(TINY, data=str(folder), steps=8, val_every=2, film=3))
    step_control.hold(run)
    launch(run)
    yield run
    step_control.run_on(run)  # what is still held would stay for ever


def losses_by_hand(recipe: Recipe, steps: int) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Before and after every step, from a trainer of our own."""
    made = trainer(load_data(recipe.data, 112, seed=recipe.seed), replace(recipe, steps=steps, val_every=99))
    before, found = by_equation(made, 0), []
    for event in made.run():
        if isinstance(event, Ticked):
            found.append((before, by_equation(made, made.step - 1)))
            before = by_equation(made, made.step)
    return found


def test_step_by_step_and_through_the_film(visit: Visit, held: Run) -> None:
    page = visit(f"/train?run={held.id}")
    title = page.locator(".lesson h3")
    expect(title).to_have_text("Before the first of 8 steps", timeout=90_000)
    expect(page.get_by_role("switch", name="Step manually").last).to_be_checked()
    thumbnails = page.locator(".lesson figure")
    expect(thumbnails).to_have_count(4)

    # Each press is one step; the losses are those that the equations give.
    recipe = held.recipe()
    # the one-cycle schedule must know the whole run, so the twin is built for all of it and asked about two steps
    for step, (before, after) in enumerate(losses_by_hand(recipe, recipe.steps)[:2], 1):
        page.get_by_role("button", name="Next step").click()
        expect(title).to_have_text(f"Step {step} of 8 is done", timeout=30_000)
        rows = page.locator(".lesson table tr")
        for row, name in enumerate(("global", "local", "total"), 1):
            cells = rows.nth(row).locator("td").all_inner_texts()
            assert [float(text) for text in cells[1:3]] == pytest.approx([before[name], after[name]], rel=2e-3)
    expect(thumbnails.first.locator(".answer")).to_have_count(2)
    expect(page.locator(".lesson .part .value").last).to_contain_text("%")
    film = page.locator(".film")
    expect(film.locator("output")).to_have_text("step 2, the newest")

    # Let go, it runs to its end, and the film grows on the page.
    page.get_by_role("button", name="Run on").click()
    expect(page.get_by_text("Finished").first).to_be_visible(timeout=60_000)
    scrubber = film.get_by_role("slider")
    expect(scrubber).to_have_attribute("max", "4")
    expect(film.locator("output")).to_have_text("step 8")

    # Scrubbed to the first frame: every label is that of step 0, and the curve is marked there.
    picture = film.locator("canvas[role=img]").first
    last = picture.get_attribute("aria-label")
    scrubber.fill("0")
    expect(film.locator("output")).to_have_text("step 0")
    expect(picture).to_have_attribute("aria-label", re.compile("^step 0: "))
    assert picture.get_attribute("aria-label") != last
    marker = page.locator(".mvfa-curves .marker").first
    expect(marker).to_be_visible()
    # And back: a step chosen on the curve is the film's.
    page.locator(".mvfa-curves .stage").last.press("Home")
    expect(film.locator("output")).to_have_text("step 2")
    scrubber.press("Escape")
    expect(film.locator("output")).to_have_text("step 8")
    expect(marker).to_be_hidden()

    # A link to a frame holds it, wherever the pointer goes.
    scrubber.fill("0")
    expect(page).to_have_url(re.compile("frame=0"))
    visit(f"/train?run={held.id}&frame=0")
    expect(film.locator("output")).to_have_text("step 0")
    curve = page.locator(".mvfa-curves .stage").last
    curve.hover()
    page.locator("h1").hover()
    expect(marker).to_be_hidden()
    expect(film.locator("output")).to_have_text("step 0")
