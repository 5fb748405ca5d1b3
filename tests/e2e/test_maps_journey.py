"""A visitor turns the label dial: the map is the weighted sum that the dial says, and the server is not asked."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.features.maps import maps
from app.services import gallery
from mvfa_core import explain, load_model
from mvfa_core.checkpoints import bundled
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, layer

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
PICTURE = "scene-14"
CELL = (5, 10)


def test_turning_the_label_dial(visit: Visit, page: Page) -> None:
    model = load_model(bundled()["compact_mfa"])
    F_BDHW = array(explain.encode(model, gallery.specimen(PICTURE).picture).F_BDHW)
    G_CHW = oracles.class_maps(F_BDHW, *layer(model.pooling.auxiliary))[0]
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    visit(f"/maps?picture={PICTURE}")
    panel = page.locator("figure.panel").filter(has=page.get_by_role("heading", name="Class temperature", exact=True))
    slider, readout = panel.get_by_role("slider"), panel.locator(".readout")
    expect(panel.locator("output")).to_contain_text("T = 1 (AdaCAM)")
    asked = len(sent)
    assert asked
    for place in (0, 6, len(maps.TEMPERATURES) - 1):
        slider.fill(str(place))
        stage = panel.locator(".stage")
        size = stage.bounding_box()
        assert size
        x, y = CELL
        stage.hover(position={"x": size["width"] * (x + 0.5) / 14, "y": size["height"] * (y + 0.5) / 14})
        z_C = G_CHW.mean(axis=(1, 2)) / maps.TEMPERATURES[place]
        weights_C = np.exp(z_C - z_C.max()) / np.exp(z_C - z_C.max()).sum()
        expected = float(weights_C @ G_CHW[:, y, x])
        expect(readout).to_contain_text(f"cell ({x}, {y})")
        told = re.search(r"\)\s+([+−-]?[\d.]+(?:e[+−-]?\d+)?) logits", readout.inner_text())
        assert told, readout.inner_text()
        assert float(told[1].replace("−", "-")) == pytest.approx(expected, rel=2e-2, abs=1e-2)
    assert len(sent) == asked
