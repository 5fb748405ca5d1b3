"""Region: the answer shown for a rectangle is the head's on the mean of its features."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.services import explanations, models, pictures
from mvfa_core import load_model
from mvfa_core.checkpoints import bundled

Shown = Callable[[str], dict[str, Any]]
PAGE = "../pages/region.py"
HARD = "scene-14"


def opened(app: AppTest, region: str | None = None) -> AppTest:
    app.query_params["picture"] = HARD
    if region:
        app.query_params["region"] = region
    app.run().switch_page(PAGE)
    if region:
        app.query_params["region"] = region
    app.run()
    assert not app.exception and not app.error
    return app


def by_hand(box: tuple[int, int, int, int]) -> np.ndarray:
    """Confidences of the linear head on the mean of F over the box."""
    x0, y0, x1, y1 = box
    F_BDHW = explanations.encoding(models.version("compact_mfa"), pictures.specimen(HARD)).F_BDHW
    mean_D = F_BDHW[0, :, y0 : y1 + 1, x0 : x1 + 1].mean(dim=(1, 2)).numpy()
    fc = load_model(bundled()["compact_mfa"]).pooling.head.fc
    logits_C = fc.weight.detach().numpy() @ mean_D + fc.bias.detach().numpy()
    return np.exp(logits_C - logits_C.max()) / np.exp(logits_C - logits_C.max()).sum()


@pytest.mark.parametrize(("region", "box"), [(None, (3, 3, 10, 10)), ("4-9-6-12", (4, 9, 6, 12))])
def test_the_answer_is_the_head_on_the_mean(
    app: AppTest, shown: Shown, region: str | None, box: tuple[int, int, int, int]
) -> None:
    opened(app, region)
    assert shown("ask_region")["box"] == list(box)
    expected_C, classes = by_hand(box), explanations.model_info("compact_mfa", pictures.specimen(HARD)).classes
    for row in shown("verdict")["rows"]:
        assert row["values"][0]["share"] == pytest.approx(expected_C[classes.index(row["name"])], abs=1e-4)
    cells = (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
    assert any(f"from these {cells} of 196 cells" in one.value for one in app.markdown)


@pytest.mark.parametrize("nonsense", ["1-2-3", "9-9-2-2", "0-0-99-99", "a-b-c-d"])
def test_a_nonsensical_rectangle_falls_back(app: AppTest, shown: Shown, nonsense: str) -> None:
    opened(app, nonsense)
    assert shown("ask_region")["box"] == [3, 3, 10, 10]


def test_the_whole_picture(app: AppTest, shown: Shown) -> None:
    opened(app).button(key="whole").click().run()
    assert shown("ask_region")["box"] == [0, 0, 13, 13]
    assert any("the mean of all 196 cells" in one.value for one in app.markdown)


def test_the_best_rectangle_is_shown_and_can_be_asked_about(app: AppTest, shown: Shown) -> None:
    opened(app).toggle(key="best").set_value(True).run()
    best = shown("ask_region")["best"]
    assert re.fullmatch(r"best for \w+: [\d.]+\u00a0%|best for \w+: > 99.9\u00a0%", best["tag"])
    app.button(key="use_best").click().run()
    assert shown("ask_region")["box"] == best["box"]
    assert any("11,025 rectangles" in caption.value for caption in app.caption)


def test_a_gap_model_is_asked_with_a_warning(app: AppTest) -> None:
    opened(app).selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception and any("never learned to judge parts" in caption.value for caption in app.caption)
