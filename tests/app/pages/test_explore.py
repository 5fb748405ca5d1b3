"""Explore: opens on a finished example, and every control changes what is shown without asking the backbone again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from app.services import explanations, gallery, pictures
from app.ui import panels as room
from mvfa_core import build_model, save_model
from mvfa_core.explain import Explanation

Shown = Callable[[str], dict[str, Any]]


def panels(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {panel["id"]: panel for panel in data["panels"]}


def answers(shown: Shown) -> Explanation:
    """What Python says for the settings that the browser was given: the browser computes from these alone."""
    told = shown("live")["settings"]
    drawn = shown("board_maps")["live"]["drawn"]
    found = explanations.explanation(
        "compact_mfa", pictures.specimen("scene-23"), told["class_index"], told["k"], tuple(told["sizes"])
    )
    assert (drawn["k"], drawn["sizes"], drawn["class_index"]) == (found.k, list(found.sizes or ()), found.target)
    return found


def test_opens_on_a_finished_example(app: AppTest, shown: Shown) -> None:
    app.run()
    assert not app.exception and not app.error
    maps, regions = panels(shown("board_maps")), panels(shown("board_regions"))
    assert list(maps) == ["anchors", "cam", "adacam", "grad-cam"] and list(regions) == ["top-1", "top-10"]
    assert [name for name, panel in (maps | regions).items() if "draws" not in panel] == ["grad-cam"]
    assert len(maps["grad-cam"]["values"]) == 196 and np.isfinite(maps["grad-cam"]["values"]).all()
    assert shown("board_maps")["scale"] == "own" and shown("board_regions")["scale"] == "shared"
    live = shown("live")
    assert live["settings"] == {"k": 50, "sizes": [3, 5, 7, 9], "class_index": None, "distinct": False}
    assert live["choices"]["cells"] == 196 and live["truth"] == "star" and not live["locks"]
    assert {live["live"], shown("verdict")["live"], shown("board_maps")["live"]["numbers"]} == {live["live"]}


def test_the_numbers_are_those_of_the_explanation(app: AppTest, shown: Shown) -> None:
    """The bytes that travel hold A and f as Python has them; their name is that of the bytes."""
    app.run()
    (element,) = [one for one in app.get("bidi_component") if one.proto.id.endswith("-numbers")]
    told = json.loads(element.proto.mixed.json)
    (blob,) = element.proto.mixed.arrow_blobs.values()
    content = pa.ipc.open_stream(blob.data).read_all().column(0).to_numpy().tobytes()
    assert told["live"] == shown("live")["live"] == hashlib.blake2b(content, digest_size=12).hexdigest()
    header = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    stored = {one["name"]: one for one in header["arrays"]}
    start = 4 + int.from_bytes(content[:4], "little") + stored["A"]["offset"]
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (3, 5, 7, 9))
    assert content[start : start + 4 * 196] == found.adacam_HW.astype("<f4").tobytes()
    assert tuple(told["classes"]) == found.classes


def test_k_and_sizes_and_class_are_what_the_browser_is_given(app: AppTest, shown: Shown) -> None:
    app.run()
    for name, value in (("k", 7), ("sizes", [5]), ("class", "ring")):
        app.session_state[name] = value
        app.run()
    found = answers(shown)
    assert (found.k, found.sizes, found.classes[found.target]) == (7, (5,), "ring")
    assert panels(shown("board_maps"))["grad-cam"]["symbol"].endswith("ring")
    assert shown("board_regions")["recipe"]["k"] == 7


def test_no_size_falls_back_to_the_models_own(app: AppTest, shown: Shown) -> None:
    app.run()
    app.session_state["sizes"] = []
    app.run()
    assert not app.exception
    assert shown("live")["settings"]["sizes"] == shown("board_regions")["recipe"]["sizes"] == [3, 5, 7, 9]


def test_distinct_leaves_out_near_doubles() -> None:
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (7, 9))
    before, after = (room.regions(found, distinct=distinct)[2]["boxes"] for distinct in (False, True))
    assert after[0]["px"] == before[0]["px"]
    assert max(overlap(a["px"], b["px"]) for a, b in combinations(before, 2)) > 0.5
    assert max(overlap(a["px"], b["px"]) for a, b in combinations(after, 2)) <= 0.5


def test_a_panel_keeps_its_place_in_the_grid() -> None:
    """The values are sent row by row: what the library has at (y, x) is at y * W + x."""
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (3, 5, 7, 9))
    sent = np.array(panels({"panels": room.maps(found)})["adacam"]["values"]).reshape(found.grid)
    np.testing.assert_allclose(sent, found.adacam_HW, atol=1e-5)
    top = room.regions(found, distinct=False)[1]["boxes"][0]
    assert top["px"] == pytest.approx(found.top(1)[0].box_px, abs=1e-2)


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
    for name, value in (("k", 196), ("k", 1), ("sizes", [1, 13]), ("class", "heart")):
        app.session_state[name] = value
        app.run()
    assert not app.exception and len(calls) == 1
    app.selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception and len(calls) == 2


def test_gap_offers_the_model_that_has_views(app: AppTest, shown: Shown) -> None:
    app.run().selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception
    assert list(panels(shown("board_maps"))) == ["cam", "adacam", "grad-cam"]
    with pytest.raises(AssertionError, match="board_regions"):
        shown("board_regions")
    app.button[0].click().run()
    assert app.selectbox(key="model").value == "compact_mfa"
    assert len(panels(shown("board_regions"))) == 2


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
    (element,) = [one for one in app.get("bidi_component") if one.proto.id.endswith("-numbers")]
    assert json.loads(element.proto.mixed.json)["classes"] == ["**a**", "![b](http://b)"]


def test_a_broken_checkpoint_is_a_sentence(app: AppTest) -> None:
    app.run().file_uploader(key="own_model_file").set_value(("m.safetensors", b"\0" * 64, "application/x")).run()
    assert not app.exception and len(app.error) == 1
    assert app.selectbox(key="model").value == "compact_mfa"


def test_a_clicked_cell_is_chosen(app: AppTest, shown: Shown) -> None:
    app.run()
    app.session_state["cell"] = [3, 7]
    app.run()
    assert shown("board_maps")["selected"] == shown("board_regions")["selected"] == [3, 7]
    assert shown("board_maps")["live"]["words"]["cell"] and not shown("board_regions")["live"]["words"]


def test_a_model_that_only_the_server_can_ask(app: AppTest, shown: Shown, tmp_path: Path) -> None:
    """The views of a head with a hidden layer: everything is drawn here, and its controls stand in the side panel."""
    model = build_model("compact", num_classes=3, k=9, sizes=(3, 5), head="mlp", classes=["a", "b", "c"])
    save_model(model, tmp_path / "mine.safetensors", {})
    upload = ("mine.safetensors", (tmp_path / "mine.safetensors").read_bytes(), "application/octet-stream")
    app.run().file_uploader(key="own_model_file").set_value(upload).run()
    assert not app.exception and not app.error
    app.slider(key="k").set_value(4).run()
    assert len(panels(shown("board_regions"))["anchors"]["cells"]) == 4
    assert len(shown("verdict")["rows"]) == 3 and any("Prediction: " in element.value for element in app.markdown)
    with pytest.raises(AssertionError, match="live"):
        shown("live")
    app.session_state["cell"] = [3, 7]
    app.run()
    assert any("Cell (3, 7)" in element.value for element in app.markdown)


def test_values_that_are_no_numbers_give_a_message() -> None:
    found = explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (3, 5, 7, 9))
    broken = found.cam_HW.copy()
    broken[2, 3] = np.nan
    panel = room.maps(replace(found, cam_HW=broken))[0]
    assert panel["values"] is None and "not numbers" in panel["message"]
