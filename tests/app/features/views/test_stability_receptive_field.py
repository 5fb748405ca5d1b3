"""What a region saw, how firmly an answer stands, and figures of maps: what the pages show is what the library says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.services import explanations, gallery, ground_truth, models, pictures
from mvfa_core.analysis.receptive_field import receptive_field
from mvfa_core.data.sets import DataError
from mvfa_core.explain import Explanation

Shown = Callable[[str], dict[str, Any]]
SCENE, PHOTO = "scene-23", "photo-coffee"


def opened(app: AppTest, page: str, **query: str) -> AppTest:
    for key, value in query.items():
        app.query_params[key] = value
    app.run().switch_page(f"../pages/{page}.py").run()
    assert not app.exception and not app.error
    return app


def explained(picture: str, k: int) -> Explanation:
    return explanations.explanation("compact_mfa", pictures.specimen(picture), None, k, (3, 5, 7, 9))


def test_the_outline_is_the_union_of_the_cells_at_image_scale(app: AppTest, shown: Shown) -> None:
    opened(app, "anchors", picture=PHOTO, cell="12-1")
    app.session_state["saw"] = 5
    app.run()
    (panel,) = shown("board_seen")["panels"]
    (box,) = panel["boxes"]
    width, height = gallery.specimen(PHOTO).picture.size
    x0, y0, y1 = 10, 0, 3  # and to the right edge: Eq. 5 for r = 5 at (12, 1), by hand
    step_x, step_y = width / 112, height / 112
    assert box["px"] == pytest.approx([x0 * width / 14, y0, width, (y1 + 1) * height / 14], abs=0.01)
    saw = (x0 * 8 - 35, max(y0 * 8 - 35, 0), 112, y1 * 8 + 36)  # a cell of compact sees 71 px
    assert box["seen"] == pytest.approx([saw[0] * step_x, saw[1], width, saw[3] * step_y], abs=0.01)
    regions = {one["id"]: one for one in shown("board_attention")["panels"]}["cell-regions"]
    assert regions["boxes"][1]["seen"] == box["seen"] and regions["boxes"][1]["px"] == box["px"]


def test_the_path_and_the_fewest_views_are_sums_over_views(app: AppTest, shown: Shown) -> None:
    opened(app, "views", picture=PHOTO)
    app.slider(key="k").set_value(10).run()
    chart = shown("lines_path")
    assert chart["x"]["values"] == list(range(1, 197)) and chart["chosen"] == 10
    found = explained(PHOTO, 10)
    for one in chart["series"]:
        c = found.classes.index(one["name"])
        assert one["values"][9] == pytest.approx(float(found.ensemble_C[c]), abs=1e-5)
        assert one["values"][195] == pytest.approx(float(explained(PHOTO, 196).ensemble_C[c]), abs=1e-5)
    held = shown("lines_firmness")
    without, alone = (np.array(one["values"]) for one in held["series"])
    logits_C = found.logits_C.astype(float)
    leads = logits_C[found.predicted] - np.delete(logits_C, found.predicted)
    assert without[0] == pytest.approx(leads[np.abs(leads - without[0]).argmin()], rel=1e-4)
    carry, overturn = (mark["place"] for mark in held["marks"])
    assert alone[carry] > 0 >= alone[carry - 1] and without[overturn] <= 0 < without[overturn - 1]


def test_the_figures_beside_the_picture(app: AppTest, shown: Shown) -> None:
    opened(app, "maps", picture=SCENE)
    scene, found = gallery.scene(SCENE), explained(SCENE, 50)
    assert scene is not None
    boards = {panel["id"]: panel for panel in shown("board_marked")["panels"]}
    truth = boards["marked-CAM"]["boxes"][1]["px"]
    assert truth == pytest.approx(list(scene.box), abs=0.01)
    table = app.table[-1].value.set_index("Metric")
    positive = np.clip(found.cam_HW, 0, None)
    inside = np.zeros((448, 448))
    inside[scene.box[1] : scene.box[3], scene.box[0] : scene.box[2]] = 1
    cover = inside.reshape(14, 32, 14, 32).mean(axis=(1, 3))
    by_hand = 100 * (positive * cover).sum() / positive.sum()
    told = table.loc["**Energy in box**", "CAM"].strip("*").split("\u00a0")[0]
    assert float(told) == pytest.approx(by_hand, abs=1.0)  # the library counts points of an eighth of a cell
    assert table.loc["**Pointing game**", "CAM"] == "yes"
    own = boards["marked-CAM"]["boxes"][0]
    a, b = np.array(own["px"]), np.array(truth)
    sides = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - np.prod(sides)
    assert float(own["value"].split("\u00a0")[0]) == pytest.approx(100 * np.prod(sides) / union, abs=0.1)


def test_without_boxes_it_says_so_and_takes_a_file(app: AppTest) -> None:
    opened(app, "maps", picture=PHOTO)
    assert any("is not known for this picture" in caption.value for caption in app.caption)
    one = pictures.specimen(PHOTO)
    lines = b"file,x0,y0,x1,y1\nother.png,1,1,9,9\nphoto-coffee,100,50,400,300\n"
    known = _kept(one, "boxes.csv", lines)
    assert known.truth.boxes_N4.tolist() == [[100, 50, 400, 300]] and known.truth.size_px == (600, 400)
    corners = b"<xmin>1</xmin><ymin>1</ymin><xmax>60</xmax><ymax>40</ymax>"
    voc = b"<annotation><object><bndbox>" + corners + b"</bndbox></object></annotation>"
    assert _kept(one, "a.xml", voc).truth.boxes_N4.tolist() == [[0, 0, 60, 40]]
    for name, bad in (("b.csv", b"nonsense"), ("b.xml", b"<a>"), ("b.csv", lines.replace(b"photo-coffee", b"x.png"))):
        with pytest.raises(DataError):
            _kept(one, name, bad)


def _kept(one: gallery.Picture, name: str, content: bytes) -> ground_truth.GroundTruth:
    return ground_truth.from_boxes(one, ground_truth.read(name, content), name)


def test_a_model_of_every_kind_has_a_sight() -> None:
    model = models.model(*models.version("compact_gap"))
    assert receptive_field(model).cell == 71
