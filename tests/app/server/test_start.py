"""What an address without names shows: a photograph of the gallery and the ImageNet model, unless the setting says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.base import settings
from app.base.settings import Start
from app.server import warm_up
from app.services import model_titles, models, pictures
from app.ui import model_card


def test_it_opens_on_a_photograph_that_the_model_knows(repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MVFA_START")
    app = AppTest.from_file(str(repo_root / "app" / "main.py"), default_timeout=240).run()
    assert not app.exception
    assert app.sidebar.selectbox(key="model").value == "lite0_imagenet"
    given = {one.proto.id.rpartition("-")[2]: one.proto for one in app.get("bidi_component")}
    explained = json.loads(given["board_maps"].json)["live"]["drawn"]["class_index"]
    assert json.loads(given["numbers"].mixed.json)["classes"][explained] == "missile"
    assert not app.query_params


def test_the_setting_names_another_model_and_picture() -> None:
    assert settings.start("") == Start()
    assert settings.start("?model=compact_gap") == Start(model="compact_gap")
    assert warm_up.known(settings.start("model=compact_gap&picture=scene-15")) == Start("compact_gap", "scene-15")


@pytest.mark.parametrize("told", ["compact_gap", "model=", "k=5", "model=compact_gap&k=5", "&&"])
def test_a_setting_that_means_nothing_stops_the_server_in_words(told: str) -> None:
    with pytest.raises(ValueError, match="MVFA_START: expected model=NAME&picture=NAME"):
        settings.start(told)


@pytest.mark.parametrize("start", [Start(model="vgg"), Start(picture="scene-1")])
def test_what_does_not_come_along_is_named_with_what_does(start: Start) -> None:
    with pytest.raises(ValueError, match=r"MVFA_START: no (model 'vgg'|picture 'scene-1') comes along; expected .*,"):
        warm_up.known(start)


def test_the_first_model_is_the_one_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert models.bundled_ids()[0] == "compact_mfa"
    monkeypatch.setenv("MVFA_START", "model=compact_gap_ucmerced")
    assert models.bundled_ids()[0] == "compact_gap_ucmerced"


def test_models_are_called_by_what_they_know() -> None:
    names = ["lite0_imagenet", "compact_mfa", "compact_gap_ucmerced", "mobilenet24_mfa_ucmerced", "runs/mine"]
    titles = [model_titles.titles(names)(name) for name in names]
    assert titles == [
        "ImageNet, 1,000 classes",
        "Generated shapes, MFA",
        "UC Merced Land Use, compact GAP",
        "UC Merced Land Use, MobileNet24 MFA",
        "runs/mine",
    ]
    everything = models.bundled_ids()
    assert len({model_titles.titles(everything)(name) for name in everything}) == len(everything)


def test_every_photograph_opens_and_says_whose_it_is() -> None:
    from mvfa_core.photographs import PHOTOGRAPHS

    for name, photograph in PHOTOGRAPHS.items():
        assert min(pictures.specimen(f"photo-{name}").size_px) >= 300 and photograph.credit


def test_its_card_says_how_often_views_help() -> None:
    sentence = model_card.rate_of_views(models.card("lite0_imagenet"))
    assert sentence == (
        "On 3,925 pictures of Imagenette the average of the whole picture is right for 73.3\u00a0%, the views for "
        "76.0\u00a0%: they rescued 164 and harmed 59."
    )
    assert model_card.rate_of_views(models.card("compact_mfa")) == ""
