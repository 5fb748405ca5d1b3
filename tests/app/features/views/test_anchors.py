"""Anchors: any cell tells where its attention comes from and what its regions say, and every sum is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.features.views import anchors
from app.services import explanations, pictures
from mvfa_core import build_model, save_model
from mvfa_core.analysis.cells import CellStory

Shown = Callable[[str], dict[str, Any]]
PAGE = "../pages/anchors.py"
SIZES = (3, 5, 7, 9)


def opened(app: AppTest) -> AppTest:
    app.run().switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


def panels(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {panel["id"]: panel for panel in data["panels"]}


def read(text: str) -> float:
    """A number as it stands on the screen."""
    return float(text.replace("−", "-").replace(",", ""))


def choose(app: AppTest, x: int, y: int) -> AppTest:
    app.session_state["cell"] = [x, y]
    return app.run()


def story_of(cell: tuple[int, int]) -> CellStory:
    return explanations.cell("compact_mfa", pictures.specimen("scene-23"), cell, SIZES)


def test_opens_on_the_first_anchor(app: AppTest, shown: Shown) -> None:
    opened(app)
    board = panels(shown("board_attention"))
    assert list(board) == ["attention", "anchors", "cell-regions"]
    assert board["attention"]["sharp"] and len(board["attention"]["values"]) == 196
    first = board["anchors"]["cells"][0]
    assert shown("board_attention")["selected"] == first
    assert any(f"**Cell ({first[0]}, {first[1]})**" in one.value and "anchor 1 of 50" in one.value
               for one in app.markdown)  # fmt: skip


@pytest.mark.parametrize("cell", [(4, 8), (0, 0), (13, 13), (2, 12)])
def test_the_terms_shown_sum_to_the_attention_shown(app: AppTest, shown: Shown, cell: tuple[int, int]) -> None:
    choose(opened(app), *cell)
    table, board = shown("bars_terms"), panels(shown("board_attention"))
    assert len(table["rows"]) == 10
    total = sum(read(row["value"]) for row in table["rows"])
    assert total == pytest.approx(read(table["total"]["value"]), abs=10 * 0.00005 + 1e-6)
    assert read(table["total"]["value"]) == pytest.approx(
        board["attention"]["values"][cell[1] * 14 + cell[0]], abs=1e-3
    )
    story = story_of(cell)
    by_name = {row["name"]: row["amount"] for row in table["rows"]}
    for c, name in enumerate(story.classes):
        assert by_name[name] == pytest.approx(float(story.f_C[c]) * float(story.G_C[c]), abs=1e-4)


def test_a_corner_shows_equation_5_and_what_is_clamped(app: AppTest, shown: Shown) -> None:
    choose(opened(app), 0, 12)
    assert [box["px"] for box in panels(shown("board_attention"))["cell-regions"]["boxes"]] == [
        [0.0, 352.0, 64.0, 448.0],
        [0.0, 320.0, 96.0, 448.0],
        [0.0, 288.0, 128.0, 448.0],
        [0.0, 256.0, 160.0, 448.0],
    ]
    rows = app.table[0].value.replace("\u00a0", " ", regex=True)
    assert rows["x_tl"].tolist()[1] == "max(0 − 2, 0) = 0"
    assert rows["y_br"].tolist()[1] == "min(12 + 2, 13) = 13"
    assert rows["Clamped to the grid"].tolist()[1] == "2 columns on the left, 1 row at the bottom cut off"
    assert rows["Clamped to the grid"].tolist()[0] == "1 column on the left cut off"
    assert rows["Cells averaged"].tolist() == ["6 of 9", "12 of 25", "20 of 49", "30 of 81"]


def test_a_region_says_what_the_explanation_says(app: AppTest, shown: Shown) -> None:
    opened(app)
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, SIZES)
    choose(app, *found.anchors_K2[7].tolist())
    boxes = panels(shown("board_attention"))["cell-regions"]["boxes"]
    for r, box in enumerate(boxes):
        said = found.confidence_MC[7 * 4 + r]
        assert box["px"] == pytest.approx(found.boxes_px_KR4[7, r].tolist(), abs=1e-2)
        assert box["confidence"] == pytest.approx(float(said.max()), abs=1e-5)
        assert found.classes[said.argmax()] in box["name"]


def test_the_ranking_falls_and_leads_to_its_cells(app: AppTest, shown: Shown) -> None:
    choose(opened(app), 0, 0)
    rows = shown("bars_ranking")["rows"]
    assert [row["name"] for row in rows] == [str(rank) for rank in range(1, 51)]
    values = [read(row["value"]) for row in rows]
    assert values == sorted(values, reverse=True)
    assert [row["cell"] for row in rows] == panels(shown("board_attention"))["anchors"]["cells"]
    assert not any(row["chosen"] for row in rows)
    choose(app, *rows[5]["cell"])
    assert [row["name"] for row in shown("bars_ranking")["rows"] if row["chosen"]] == ["6"]


def test_a_cell_says_when_it_would_become_an_anchor(app: AppTest) -> None:
    choose(opened(app), 0, 0)
    rank = story_of((0, 0)).rank
    assert any(f"would become one at K = {rank}" in one.value for one in app.markdown)
    app.slider(key="k").set_value(rank).run()
    assert any(f"It is anchor {rank} of {rank}" in one.value for one in app.markdown)


def test_only_a_new_picture_runs_the_backbone(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    encode = explanations.encode
    monkeypatch.setattr(explanations, "encode", lambda *given: calls.append(given) or encode(*given))
    opened(app)
    app.slider(key="k").set_value(196).run()
    app.pills(key="sizes").set_value([1, 13]).run()
    choose(app, 9, 3)
    app.switch_page("../pages/views.py").run()
    assert not app.exception and len(calls) == 1


def test_a_link_reopens_the_cell(app: AppTest, shown: Shown) -> None:
    app.query_params["cell"] = "3-11"
    app.query_params["picture"] = "photo-coffee"
    app.run()
    app.switch_page(PAGE).run()
    assert shown("board_attention")["selected"] == [3, 11]
    assert shown("board_attention")["recipe"]["picture"] == "photo-coffee"


@pytest.mark.parametrize("cell", ["99-99", "a-b", "", "-1-3", "3"])
def test_a_link_to_no_cell_opens_the_first_anchor(app: AppTest, shown: Shown, cell: str) -> None:
    app.query_params["cell"] = cell
    opened(app)
    board = shown("board_attention")
    assert board["selected"] == panels(board)["anchors"]["cells"][0]


def test_many_classes_still_add_up(app: AppTest, shown: Shown, tmp_path: Any) -> None:
    names = ["**a**", "![b](http://b)", *(f"class {i}" for i in range(98))]
    model = build_model("compact", num_classes=100, k=9, sizes=(3,), classes=names)
    save_model(model, tmp_path / "mine.safetensors", {})
    upload = ("mine.safetensors", (tmp_path / "mine.safetensors").read_bytes(), "application/octet-stream")
    opened(app).file_uploader(key="own_model_file").set_value(upload).run()
    assert not app.exception and not app.error
    table = shown("bars_terms")
    assert len(table["rows"]) == anchors.MOST_TERMS + 1 and table["rows"][-1]["name"] == "88 other classes"
    assert sum(row["amount"] for row in table["rows"]) == pytest.approx(read(table["total"]["value"]), abs=1e-3)
    assert np.isfinite([row["amount"] for row in table["rows"]]).all()


def test_gap_offers_the_model_that_has_views(app: AppTest, shown: Shown) -> None:
    opened(app).selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception and any("no views" in one.value for one in app.markdown)
    app.button[0].click().run()
    assert len(panels(shown("board_attention"))) == 3
