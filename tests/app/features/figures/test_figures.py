"""Figures: what the form says is what is drawn, pictures by hand and by rule, undo, and recipes taken in."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.features.figures import figure_sources
from app.features.figures.figure_form import style, styled
from app.services import gallery
from mvfa_core.figures import FigureSpec, FileSources, Options, make
from tests.mvfa_core.figures.conftest import a_film, a_run

Shown = Callable[[str], dict[str, Any]]
OpenPage = Callable[..., AppTest]
DEFAULT = ["scene-15", "scene-44", "scene-23", "scene-58"]


@pytest.fixture
def figures_page(app: AppTest) -> OpenPage:
    def opened(**address: str) -> AppTest:
        app.run().switch_page("../pages/figures.py")
        for key, value in address.items():
            app.query_params[key] = value
        return app.run()

    return opened


def now(page: AppTest) -> FigureSpec:
    assert not page.exception and not page.error, [one.value for one in page.error]
    return page.session_state["figure_now"]


def texts(page: AppTest) -> str:
    kinds = (page.markdown, page.error, page.warning, page.info, page.success, page.caption)
    return " ".join(element.value for kind in kinds for element in kind)


def test_opens_on_a_finished_figure(figures_page: OpenPage, shown: Shown) -> None:
    page = figures_page()
    asked = now(page)
    assert asked == FigureSpec("fig5", ("compact_mfa",), tuple(DEFAULT), options=Options())
    assert shown("figure_strip")["selected"] == DEFAULT
    code = [one.value for one in page.code]
    by_command = make(asked, FileSources())
    assert code == [by_command.caption(), by_command.latex().strip()]
    assert "3.3 × " in texts(page) and "12 panels" in texts(page)
    assert len(page.get("download_button")) == 7


def test_the_address_says_kind_model_and_pictures(figures_page: OpenPage) -> None:
    asked = now(figures_page(figure="contributions", of="compact_gap", subjects="scene-22,synthetic-val-3"))
    assert (asked.kind, asked.models) == ("contributions", ("compact_gap",))
    assert asked.pictures == ("scene-22", "synthetic-val-3")


def test_the_address_says_how_it_looks(figures_page: OpenPage) -> None:
    asked = Options(width="double", size=9.5, opacity=0.4, smooth=False, k=12, sizes=(3, 5), columns=2, bar=False)
    page = figures_page(style=style(asked))
    assert now(page).options == asked
    page.session_state["figure_bar"] = True
    assert now(page.run()).options == replace(asked, bar=True)
    assert styled("".join(page.query_params["style"])) == replace(asked, bar=True)


def test_a_link_beyond_the_fields_is_brought_into_them(figures_page: OpenPage) -> None:
    found = now(figures_page(style='{"k":9999,"size":40,"dpi":36}')).options
    assert (found.k, found.size, found.dpi) == (196, 24.0, 72)


def test_what_is_as_at_first_stands_in_no_address(figures_page: OpenPage) -> None:
    assert "style" not in figures_page().query_params
    assert style(Options()) == ""


@pytest.mark.parametrize(
    "address",
    [{"figure": "rm -rf"}, {"subjects": "../../etc/passwd,/etc/passwd,,scene-999999"}, {"models": "x" * 3000},
     {"subjects": "%00,<script>"}, {"of": "/etc/passwd"}, {"style": "{"}, {"style": "[1]"},
     {"style": '{"k":"x"}'}, {"style": '{"bar":1}'}, {"style": '{"__class__":1}'}, {"style": "[" * 900}],
)  # fmt: skip
def test_a_nonsensical_address_falls_back(address: dict[str, str], figures_page: OpenPage) -> None:
    page = figures_page(**address)
    assert not page.exception and not page.error


def test_every_kind_of_models(figures_page: OpenPage) -> None:
    page = figures_page(subjects="scene-14")
    for kind, panels in (("fig7", 2), ("scale", 2), ("compare", 3), ("contributions", 2)):
        page.selectbox(key="figure").set_value(kind).run()
        assert now(page).kind == kind and f"{panels} panels" in texts(page)


def test_options_reach_the_figure_and_can_be_taken_back(figures_page: OpenPage) -> None:
    page = figures_page(subjects="scene-23")
    page.selectbox(key="figure_width").set_value("double")
    page.toggle(key="figure_bar").set_value(False).run()
    page.selectbox(key="figure_target").set_value("ring").run()
    options = now(page).options
    assert (options.width, options.bar, options.target) == ("double", False, "ring")
    undo = next(button for button in page.button if button.label == "Undo")
    undo.click().run()
    assert now(page).options == Options(width="double", bar=False)
    next(button for button in page.button if button.label == "Undo").click().run()
    assert now(page).options == Options()
    assert next(button for button in page.button if button.label == "Undo").disabled


def test_no_picture_is_said(figures_page: OpenPage) -> None:
    page = figures_page()
    next(button for button in page.button if button.label == "Clear").click().run()
    assert "Choose a picture above" in texts(page) and not page.exception


def test_search_in_the_gallery_and_in_a_data_set(figures_page: OpenPage, shown: Shown) -> None:
    page = figures_page(subjects="scene-23")
    page.text_input(key="figure_search").set_value("cross").run()
    found = shown("figure_strip")["groups"][1]["items"]
    assert [one["id"] for one in found] == ["scene-44", "scene-14"]
    page.text_input(key="figure_search").set_value("no such thing").run()
    assert len(shown("figure_strip")["groups"]) == 1
    page.selectbox(key="figure_source").set_value("synthetic")
    page.text_input(key="figure_search").set_value("99").run()
    assert shown("figure_strip")["groups"][1]["items"][0]["id"] == "synthetic-val-99"


def test_by_rule(figures_page: OpenPage) -> None:
    page = figures_page()
    page.selectbox(key="figure_rule").set_value("random")
    page.number_input(key="figure_rule_count").set_value(3)
    page.number_input(key="figure_rule_seed").set_value(5).run()
    page.button(key="figure_rule_go").click().run()
    asked = now(page)
    assert len(asked.pictures) == 3 and "seed 5" in asked.rule and asked.options.seed == 5
    assert asked.rule in page.code[0].value


def test_runs_and_their_absence(figures_page: OpenPage, app: AppTest, tmp_path: Path) -> None:
    page = figures_page(figure="filmstrip")
    assert "No run has a film yet" in texts(page)
    page.selectbox(key="figure").set_value("fig6").run()
    models = ("compact_gap_imagenette", "compact_mfa_imagenette")
    assert now(page).runs == models and "imagenette" in page.code[0].value
    assert ", 1 panel, " in texts(page)
    runs = tmp_path / "runs"
    for pooling in ("gap", "mfa"):
        a_run(runs / pooling, pooling, "ucmerced", (0.2, 0.4))
    a_film(runs / "filmed")
    page.run()
    page.multiselect(key="runs").set_value(["gap", "mfa", models[0]]).run()
    assert now(page).runs == ("gap", "mfa", models[0]) and "ucmerced, imagenette" in page.code[0].value
    page.selectbox(key="figure").set_value("filmstrip").run()
    assert now(page).runs == ("filmed",) and "10 panels" in texts(page)


def test_a_recipe_is_taken_in_and_compared(figures_page: OpenPage) -> None:
    asked = FigureSpec("fig7", ("compact_mfa",), ("scene-46", "scene-27"), options=Options(top=(2,), dpi=72, k=20))
    made = make(asked, FileSources())
    page = figures_page()
    page.file_uploader(key="figure_recipe").upload("fig.svg", made.as_bytes("svg"), "image/svg+xml").run()
    assert now(page) == asked
    assert "the data is the same, bit for bit" in texts(page)
    page.number_input(key="figure_k").set_value(10).run()
    assert "is not the same" in texts(page) and "k was 20" in texts(page)


def test_a_recipe_that_cannot_be_followed_is_said(figures_page: OpenPage, tmp_path: Path) -> None:
    made = make(FigureSpec("fig5", ("compact_mfa",), ("scene-23",), options=Options(dpi=72)), FileSources())
    told = json.loads(made.recipe.to_text())
    told["pictures"][0] |= {"where": "/etc/hostname", "from": "file"}
    page = figures_page()
    for content, sentence in ((json.dumps(told).encode(), "picture hostname is not here"), (b"{}", "holds no recipe")):
        page.file_uploader(key="figure_recipe").upload("r.json", content, "application/json").run()
        assert not page.exception and sentence in texts(page).replace("\\", "")


def test_own_pictures_are_known_by_their_digest(figures_page: OpenPage) -> None:
    picture = gallery.specimen("photo-rocket").picture.resize((90, 60))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    page = figures_page(subjects="scene-23")
    page.selectbox(key="figure_source").set_value("Your pictures").run()
    page.file_uploader(key="figure_files").upload("rocket.png", buffer.getvalue(), "image/png").run()
    name = figure_sources.UPLOADED + gallery.from_picture("", picture).digest
    assert now(page).pictures == ("scene-23", name)
