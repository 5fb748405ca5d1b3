"""Maps: the dial, the likeness of maps and the atlas show what the library and the equations say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from streamlit.testing.v1 import AppTest

from app.features.maps import maps
from app.services import explanations, pictures
from mvfa_core.explain import Explanation

Shown = Callable[[str], dict[str, Any]]
PAGE = "../pages/maps.py"
HARD = "scene-14"


def opened(app: AppTest, **query: str) -> AppTest:
    for key, value in {"picture": HARD, **query}.items():
        app.query_params[key] = value
    app.run().switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


def panels(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {panel["id"]: panel for panel in data["panels"]}


def explained() -> Explanation:
    return explanations.explanation("compact_mfa", pictures.specimen(HARD), None, 50, (3, 5, 7, 9))


def test_opens_on_a_finished_example(app: AppTest, shown: Shown) -> None:
    opened(app, picture="scene-23")
    assert list(panels(shown("board_dial"))) == ["likeliest", "dial", "mean"]
    assert [panel["title"] for panel in shown("board_other_maps")["panels"]] == ["Grad-CAM++", "LayerCAM", "HiResCAM"]
    assert len(shown("board_atlas")["panels"]) == 11


def test_every_stop_of_the_dial_is_the_sum_it_says(app: AppTest, shown: Shown) -> None:
    opened(app)
    sent = panels(shown("board_dial"))
    G_CN = np.array([panel["values"] for panel in shown("board_atlas")["panels"][1:]])
    frames = [np.array(frame["values"]) for frame in sent["dial"]["frames"]]
    for temperature, frame in zip(maps.TEMPERATURES, frames, strict=True):
        weights_C = np.exp((G_CN.mean(axis=1) - G_CN.mean(axis=1).max()) / temperature)
        np.testing.assert_allclose(frame, weights_C @ G_CN / weights_C.sum(), atol=1e-3)
    np.testing.assert_allclose(frames[sent["dial"]["frame"]], explained().adacam_HW.ravel(), atol=1e-5)
    np.testing.assert_allclose(sent["mean"]["values"], G_CN.mean(axis=0), atol=1e-4)


def test_the_table_is_scipys_and_sets_by_hand(app: AppTest) -> None:
    opened(app)
    table, found = app.dataframe[0].value, explained()
    assert found.cam_HW is not None
    row = table[table["AdaCAM against"].str.startswith("CAM,")].iloc[0]
    assert row["Rank correlation"] == pytest.approx(spearmanr(found.adacam_HW, found.cam_HW, axis=None).statistic)
    highest = [set(np.argsort(-one.ravel())[:50].tolist()) for one in (found.adacam_HW, found.cam_HW)]
    shared = len(highest[0] & highest[1]) / len(highest[0] | highest[1])
    assert row["Highest 50 cells in common, %"] == pytest.approx(100 * shared)


def test_the_atlas_wins_cells_by_the_highest_map(app: AppTest, shown: Shown) -> None:
    opened(app)
    sent = panels(shown("board_atlas"))
    by_class = {panel["title"]: panel["values"] for name, panel in sent.items() if name != "winners"}
    winners = sent["winners"]
    for (x, y), name, value in zip(winners["cells"], winners["names"], winners["values"], strict=True):
        column = {title: values[14 * y + x] for title, values in by_class.items()}
        assert name == max(column, key=column.__getitem__)
        assert value == pytest.approx(column[name])


def test_no_method_is_said(app: AppTest) -> None:
    opened(app).pills(key="methods").set_value([]).run()
    assert not app.exception
    assert any("Choose a method" in caption.value for caption in app.caption)


def test_a_gap_model_has_maps_too(app: AppTest, shown: Shown) -> None:
    opened(app).selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception and not app.error
    assert list(panels(shown("board_dial"))) == ["likeliest", "dial", "mean"]
    assert not any(slider.key == "k" for slider in app.slider)
