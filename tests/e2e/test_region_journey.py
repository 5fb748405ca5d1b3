"""A visitor drags a rectangle over the picture: the answer is the head's on the mean of those cells."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.base.wording import wording
from app.services import gallery
from mvfa_core import explain, load_model
from mvfa_core.analysis.rectangle_answers import ask
from mvfa_core.checkpoints import bundled

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
PICTURE = "scene-14"


def test_dragging_and_moving_a_rectangle(visit: Visit) -> None:
    model = load_model(bundled()["compact_mfa"])
    encoding = explain.encode(model, gallery.specimen(PICTURE).picture)
    page = visit(f"/region?picture={PICTURE}")
    stage = page.get_by_role("application")
    size = stage.bounding_box()
    assert size

    def centre(x: int, y: int) -> tuple[float, float]:
        return size["x"] + size["width"] * (x + 0.5) / 14, size["y"] + size["height"] * (y + 0.5) / 14

    def answered(box: tuple[int, int, int, int]) -> None:
        found = ask(model, encoding, box)
        winner = int(found.confidence_C.argmax())
        share = wording.percent(float(found.confidence_C[winner]))
        said = f"Prediction from these {found.cells} of 196 cells alone: {model.classes[winner]} ({share})"
        expect(page.get_by_text(said)).to_be_visible()

    page.mouse.move(*centre(3, 8))
    page.mouse.down()
    page.mouse.move(*centre(7, 12), steps=4)
    page.mouse.up()
    answered((3, 8, 7, 12))
    expect(page).to_have_url(re.compile("region=3-8-7-12"))
    stage.press("ArrowRight")
    stage.press("Shift+ArrowUp")
    answered((4, 8, 8, 11))
