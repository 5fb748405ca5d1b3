"""Explore: opens on a finished example, and every control changes what is shown without asking the backbone again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.services import explanations, gallery, pictures
from app.ui import panels as room
from mvfa_core import build_model, save_model

Shown = Callable[[str], dict[str, Any]]


def panels(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {panel["id"]: panel for panel in data["panels"]}


def test_opens_on_a_finished_example(app: AppTest, shown: Shown) -> None:
    app.run()
    assert not app.exception and not app.error
    maps, regions = panels(shown("board_maps")), panels(shown("board_regions"))
    assert list(maps) == ["cam", "grad-cam", "adacam"]
    assert all(len(panel["values"]) == 196 and np.isfinite(panel["values"]).all() for panel in maps.values())
    assert len(regions["anchors"]["cells"]) == 50
    assert shown("board_maps")["scale"] == "own" and shown("board_regions")["scale"] == "shared"
    assert len(regions["top-1"]["boxes"]) == 1 and len(regions["top-10"]["boxes"]) == 10
    assert any("Prediction: " in element.value for element in app.markdown)


def test_finds_the_star_of_the_example(app: AppTest) -> None:
    app.run()
    assert any("✓ correct" in element.value for element in app.markdown)


def test_maps_keep_their_place_in_the_grid(app: AppTest, shown: Shown) -> None:
    """The values are sent row by row: what the library has at (y, x) is at y * W + x."""
    app.run()
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (3, 5, 7, 9))
    sent = np.array(panels(shown("board_maps"))["adacam"]["values"]).reshape(found.grid)
    np.testing.assert_allclose(sent, found.adacam_HW, atol=1e-5)
    top = panels(shown("board_regions"))["top-1"]["boxes"][0]
    assert top["px"] == pytest.approx(found.top(1)[0].box_px, abs=1e-2)


def test_k_changes_the_anchors(app: AppTest, shown: Shown) -> None:
    app.run().slider(key="k").set_value(7).run()
    assert len(panels(shown("board_regions"))["anchors"]["cells"]) == 7


def test_sizes_change_the_views(app: AppTest, shown: Shown) -> None:
    app.run().pills(key="sizes").set_value([5]).run()
    assert {box["size"] for box in panels(shown("board_regions"))["top-10"]["boxes"]} == {5}


def test_no_size_falls_back_to_the_models_own(app: AppTest, shown: Shown) -> None:
    app.run().pills(key="sizes").set_value([]).run()
    assert not app.exception
    assert shown("board_regions")["recipe"]["sizes"] == [3, 5, 7, 9]


def test_class_changes_the_maps(app: AppTest, shown: Shown) -> None:
    before = panels(shown("board_maps"))["cam"]["values"] if app.run() else []
    app.selectbox(key="class").set_value("ring").run()
    after = panels(shown("board_maps"))["cam"]
    assert after["symbol"].endswith("ring") and after["values"] != before


def test_distinct_leaves_out_near_doubles(app: AppTest, shown: Shown) -> None:
    app.run()
    app.pills(key="sizes").set_value([7, 9]).run()  # large regions around neighbouring anchors share most cells
    before = panels(shown("board_regions"))["top-10"]["boxes"]
    app.toggle(key="distinct").set_value(True).run()
    after = panels(shown("board_regions"))["top-10"]["boxes"]
    assert after[0]["px"] == before[0]["px"]
    assert max(overlap(a["px"], b["px"]) for a, b in combinations(before, 2)) > 0.5
    assert max(overlap(a["px"], b["px"]) for a, b in combinations(after, 2)) <= 0.5


def overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union of two boxes in px."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return shared / (sum(areas) - shared)


def test_only_a_new_picture_or_model_runs_the_backbone(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    encode = explanations.encode
    monkeypatch.setattr(explanations, "encode", lambda *given: calls.append(given) or encode(*given))
    app.run()
    assert len(calls) == 1
    app.slider(key="k").set_value(196).run()
    app.slider(key="k").set_value(1).run()
    app.pills(key="sizes").set_value([1, 13]).run()
    app.selectbox(key="class").set_value("heart").run()
    assert not app.exception and len(calls) == 1
    app.selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception and len(calls) == 2


def test_gap_offers_the_model_that_has_views(app: AppTest, shown: Shown) -> None:
    app.run().selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception
    assert list(panels(shown("board_maps"))) == ["cam", "grad-cam", "adacam"]
    with pytest.raises(AssertionError, match="board_regions"):
        shown("board_regions")
    app.button[0].click().run()
    assert app.selectbox(key="model").value == "compact_mfa"
    assert len(panels(shown("board_regions"))) == 3


def test_a_link_reopens_the_view(app: AppTest, shown: Shown) -> None:
    app.query_params["picture"] = "photo-coffee"
    app.query_params["k"] = "12"
    app.query_params["sizes"] = ["3", "11"]
    app.query_params["class"] = "bolt"
    app.run()
    assert not app.exception
    board = shown("board_regions")
    assert board["recipe"]["picture"] == "photo-coffee" and board["size"] == [600, 400]
    assert (board["recipe"]["k"], board["recipe"]["sizes"], board["recipe"]["class"]) == (12, [3, 11], "bolt")


@pytest.mark.parametrize("picture", ["../../etc/passwd", "photo-nobody", "own", ""])
def test_a_link_to_nowhere_opens_the_example(app: AppTest, shown: Shown, picture: str) -> None:
    app.query_params["picture"] = picture
    app.query_params["k"] = "1000"
    app.run()
    assert not app.exception and not app.error
    assert shown("board_maps")["recipe"]["picture"] == "scene-23"


def test_an_uploaded_picture_is_explained(app: AppTest, shown: Shown) -> None:
    buffer = BytesIO()
    gallery.specimen("photo-rocket").picture.resize((300, 500)).save(buffer, "PNG")
    upload = ("../![x](http://x).png", buffer.getvalue(), "image/png")
    app.run().file_uploader(key="own_picture_file").set_value(upload).run()
    assert not app.exception and not app.error
    assert shown("board_maps")["size"] == [300, 500]
    assert shown("board_maps")["recipe"]["picture"] == gallery.OWN


def test_a_broken_picture_is_a_sentence(app: AppTest, shown: Shown) -> None:
    app.run().file_uploader(key="own_picture_file").set_value(("a.png", b"no picture", "image/png")).run()
    assert not app.exception
    assert len(app.error) == 1 and shown("board_maps")["recipe"]["picture"] == "scene-23"


def test_an_uploaded_checkpoint_is_used(app: AppTest, shown: Shown, tmp_path: Path) -> None:
    model = build_model("compact", num_classes=2, k=9, sizes=(3,), classes=["**a**", "![b](http://b)"])
    save_model(model, tmp_path / "mine.safetensors", {})
    upload = ("mine.safetensors", (tmp_path / "mine.safetensors").read_bytes(), "application/octet-stream")
    app.run().file_uploader(key="own_model_file").set_value(upload).run()
    assert not app.exception and not app.error
    assert app.selectbox(key="model").value.startswith("uploaded/")
    assert {row["name"] for row in shown("verdict")["rows"]} == {"**a**", "![b](http://b)"}
    said = next(element.value for element in app.markdown if "Prediction: " in element.value)
    assert "![" not in said and "***" not in said.replace("\\*", "")


def test_a_broken_checkpoint_is_a_sentence(app: AppTest) -> None:
    app.run().file_uploader(key="own_model_file").set_value(("m.safetensors", b"\0" * 64, "application/x")).run()
    assert not app.exception and len(app.error) == 1
    assert app.selectbox(key="model").value == "compact_mfa"


def test_a_clicked_cell_is_explained(app: AppTest) -> None:
    app.run()
    app.session_state["cell"] = [3, 7]
    app.run()
    assert any("Cell (3, 7)" in element.value for element in app.markdown)


def test_values_that_are_no_numbers_give_a_message() -> None:
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (3, 5, 7, 9))
    broken = found.cam_HW.copy()
    broken[2, 3] = np.nan
    panel = room.maps(replace(found, cam_HW=broken))[0]
    assert panel["values"] is None and "not numbers" in panel["message"]
