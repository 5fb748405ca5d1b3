"""The strip of pictures: it begins with what the chosen model has learned from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.base.wording.wording import plain
from app.services import dataset_pictures, gallery
from app.ui import answer, model_picture_picker
from mvfa_core import build_model
from mvfa_core.checkpoints import bundled, read_card, save_model
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

CLASSES = ("agricultural", "airplane")
OTHERS = "Photos this model wasn't trained on"


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, Any]]]:
    """What the strip was given, run by run."""
    given: list[list[dict[str, Any]]] = []
    monkeypatch.setattr(model_picture_picker, "_strip", lambda **options: given.append(options["data"]["groups"]))
    return given


@pytest.fixture
def link(app: AppTest, tmp_path: Path) -> AppTest:
    """The app opened at a run that says it was trained on UC Merced."""
    run = Run(tmp_path / "runs" / "land")
    run.create(Recipe(data="ucmerced", backbone="compact", pooling="gap"))
    model = build_model("compact", "gap", 2, classes=CLASSES)
    save_model(model, run.path / "model.safetensors", {"name": "land", "data": "ucmerced"})
    app.query_params["model"] = "runs/land"
    return app


def test_drawn_scenes_lead_for_a_model_of_the_drawn_set(app: AppTest, groups: list) -> None:
    assert not app.run().exception
    names = [group["name"] for group in groups[-1]]
    assert names == ["Generated shapes, large to small", OTHERS]


def test_a_model_of_a_folder_may_know_them(link: AppTest, groups: list) -> None:
    """Nothing is known of a folder's pictures, so nothing is claimed of them."""
    run = Run(Path(os.environ["MVFA_RUNS"]) / "land")
    save_model(
        build_model("compact", "gap", 2, classes=("cat", "mug")), run.path / "model.safetensors", {"data": "mine"}
    )
    link.query_params["picture"] = "photo-astronaut"
    shown = link.run()
    assert not shown.exception and "Photos" in [group["name"] for group in groups[-1]]
    assert "Whatever the picture shows, this model can only answer with one of its 2 classes: cat, mug." in [
        one.value for one in shown.caption
    ]


@pytest.mark.parametrize("model", sorted(name for name, file in bundled().items() if "recipe" in read_card(file)))
def test_what_a_model_can_say_follows_from_its_card(model: str) -> None:
    """For every bundled model: photographs of the gallery, one's own, and drawn scenes."""
    card = read_card(bundled()[model])
    classes = card["classes"]
    of_shapes = card["data"] == "synthetic"
    note = answer.scope(model, gallery.specimen("photo-chelsea"), classes)
    trained_on = "generated shapes" if of_shapes else plain(CATALOGUE[card["data"]].title)
    assert note.startswith(f"This model was trained on {trained_on}")
    assert f"This photo shows none of its {len(classes)} classes: {plain(classes[0])}, " in note
    own = answer.scope(model, gallery.from_picture("own", Image.new("RGB", (8, 8))), classes)
    assert own.startswith("Whatever the picture shows") and "trained" not in own
    drawn = answer.scope(model, gallery.specimen("scene-23"), classes)
    assert (drawn == "") == of_shapes and "photo" not in drawn


def test_photographs_lead_for_a_model_of_a_set_that_is_not_here(
    link: AppTest, groups: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "nothing"))
    dataset_pictures._side.clear()
    assert not link.run().exception
    assert [group["name"] for group in groups[-1]] == [OTHERS, "Generated shapes, large to small"]


def test_held_out_pictures_lead_where_they_are(
    link: AppTest, groups: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side, count in (("train", 1), ("test", 5)):
        for place, name in enumerate(CLASSES):
            folder = tmp_path / "data" / "ucmerced" / side / name
            folder.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(np.full((16, 16, 3), 20 * i + 90 * place, np.uint8)).save(folder / f"{i}.png")
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    dataset_pictures._side.clear()
    assert not link.run().exception
    first = groups[-1][0]
    assert first["name"] == "ucmerced: held out"
    assert [item["name"] for item in first["items"]] == ["agricultural"] * 4 + ["airplane"] * 3
    link.query_params["picture"] = first["items"][-1]["id"]
    assert not link.run().exception
    opened = dataset_pictures.specimen(first["items"][-1]["id"])
    assert opened.truth == "airplane" and np.asarray(opened.picture).max() == 90 + 20 * (6 * 10 // 7 - 5)


def test_the_example_is_still_the_first_picture(link: AppTest, groups: list) -> None:
    assert not link.run().exception
    assert "scene-23" in [item["id"] for group in groups[-1] for item in group["items"]]
