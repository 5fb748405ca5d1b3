"""A visitor lets a model look at a data set, presses a cell of the confusion matrix and opens one of its pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect

from mvfa_core import load_model
from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.evaluation import Evaluation, spec_for
from mvfa_core.images import to_tensor
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.e2e.conftest import Server, settle
from tests.mvfa_core.evaluation.conftest import shaken

pytestmark = pytest.mark.browser

LIMIT = 60
NAME = "shaky"
WORK_MS = 240_000  # a process of its own, beside whatever else the machine does


@pytest.fixture
def shaky(server: Server) -> Iterator[Run]:
    """A model that errs now and then, among the runs of the server."""
    run = Run(server.folder / "runs" / NAME)
    run.create(quick())
    file = shaken("compact_mfa", run.path / "model.safetensors")
    digest = spec_for(file, "synthetic", limit=LIMIT).digest
    yield run
    run.discard()
    Evaluation(server.folder / "runs" / ".surveys" / digest).forget()


def one_by_one(run: Run) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Classes, answers and places of the same pictures, each drawn and looked at by itself."""
    model, places = load_model(run.path), [i * 1000 // LIMIT for i in range(LIMIT)]
    scenes = [draw_scene(1_000_000_000 + place) for place in places]
    with torch.no_grad():
        logits = [model(to_tensor(Image.fromarray(s.picture), model.side)).ensemble_BC[0] for s in scenes]
    return np.array([s.label for s in scenes]), np.array([int(one.argmax()) for one in logits]), places


def taken(page: Page, label: str, folder: Path) -> str:
    """The file behind a button."""
    with page.expect_download() as saved:
        page.get_by_role("button", name=label).click()
    saved.value.save_as(folder / "saved")
    return (folder / "saved").read_text(encoding="utf-8")


def test_from_nothing_to_a_picture(visit: Callable[[str], Page], shaky: Run, tmp_path: Path) -> None:
    page = visit(f"/evaluate?of=runs/{NAME}&data=synthetic&most={LIMIT}")
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_text("Stop", exact=True)).to_be_visible(timeout=WORK_MS)
    labels, answers, places = one_by_one(shaky)
    right = int((labels == answers).sum())
    assert right < LIMIT
    figure = page.get_by_test_id("stMetric").filter(has_text="Ensemble of the views")
    expect(figure).to_contain_text(f"{100 * right / LIMIT:.1f}\u00a0%", timeout=WORK_MS)
    settle(page)

    head, *rows = csv.reader(taken(page, "Save confusion matrix as CSV", tmp_path).splitlines())
    by_hand = np.zeros((10, 10), int)
    np.add.at(by_hand, (labels, answers), 1)
    assert head[1:] == [row[0] for row in rows] == list(CLASSES)
    assert [[int(count) for count in row[1:]] for row in rows] == by_hand.tolist()
    bands = json.loads(taken(page, "Save By the size of the object as JSON", tmp_path))["rows"]
    assert sum(band["count"] for band in bands) == LIMIT
    assert sum(band["count"] * band["shares"]["Ensemble of the views"] for band in bands) == pytest.approx(
        right, abs=0.1
    )

    wrong = next(i for i in range(LIMIT) if labels[i] != answers[i])
    truth, answer = int(labels[wrong]), int(answers[wrong])
    inside = [i for i in range(LIMIT) if (labels[i], answers[i]) == (truth, answer)]
    matrix = page.locator("canvas[aria-label^='Confusion matrix']")
    matrix.focus()
    for key, times in (("ArrowDown", truth), ("ArrowRight", answer)):
        for _ in range(times):
            matrix.press(key)
    total = int((labels == truth).sum())
    said = f"{CLASSES[truth]}, predicted {CLASSES[answer]}: {len(inside)} of {total}"
    expect(page.locator(".matrix .readout")).to_have_text(said)
    matrix.press("Enter")
    grid = page.locator("section[aria-label='Pictures']").first
    expect(grid.locator(".tile")).to_have_count(len(inside))
    expect(grid.locator(".count")).to_have_text(f"{len(inside)} of {LIMIT} pictures")

    grid.locator(".tile").first.click()
    settle(page)
    expect(page.get_by_role("heading", name="Where does the classifier look?")).to_be_visible()
    opened = f"synthetic-val-{places[inside[0]]}"
    assert f"picture={opened}" in page.url and "model=runs" in page.url
    expect(page.get_by_text(f"Prediction: {CLASSES[answer]}").first).to_be_visible()
    expect(page.get_by_text(f"it is a {CLASSES[truth]}").first).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text(f"it is a {CLASSES[truth]}").first).to_be_visible()
