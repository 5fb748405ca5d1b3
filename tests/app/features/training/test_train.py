"""Train: an empty state, every way a run can end, and a form that says the same as the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.features.training import curve_charts
from app.services import training_runs
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from tests.app.samples import a_run

OpenPage = Callable[[], AppTest]


def test_without_runs_it_says_how_to_begin(train_page: OpenPage) -> None:
    page = train_page()
    assert not page.exception
    assert any("No run yet" in element.value for element in page.markdown)


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("finished", "75.0\u00a0%"),
        ("stopped", "kept"),
        ("diverged", "no longer a number"),
        ("failed", "error"),
        (None, "gone"),
    ],
)
def test_every_ending_says_what_happened(train_page: OpenPage, tmp_path: Path, reason: str | None, says: str) -> None:
    a_run(tmp_path, "one", reason)
    page = train_page()
    assert not page.exception
    told = [element.value for kind in (page.success, page.info, page.warning, page.error) for element in kind]
    assert len(told) == 1 and says in told[0]


def test_a_folder_that_is_no_run_is_passed_over(train_page: OpenPage, tmp_path: Path) -> None:
    a_run(tmp_path, "good", "finished")
    (tmp_path / "runs" / "bad").mkdir()
    (tmp_path / "runs" / "bad" / "recipe.json").write_text("{")
    page = train_page()
    assert not page.exception
    assert page.selectbox(key="run").options == ["good"]


def test_a_button_of_a_run_that_is_gone_says_so(train_page: OpenPage, tmp_path: Path) -> None:
    run = a_run(tmp_path, "one", "stopped")
    a_run(tmp_path, "two", "finished")
    page = train_page()
    page.selectbox(key="run").select("one").run()
    shutil.rmtree(run.path)  # by another server, or by hand
    page.button(key="continue").click().run()
    assert not page.exception
    (note,) = page.toast
    assert "one" in note.value and str(tmp_path) not in note.value


def test_the_address_names_the_run(app: AppTest, tmp_path: Path) -> None:
    a_run(tmp_path, "older", "finished")
    a_run(tmp_path, "newer", "stopped")
    page = app.run().switch_page("../pages/train.py")
    page.query_params["run"] = "older"
    page.run()
    assert not page.exception and page.selectbox(key="run").value == "older"


def test_curves_hold_both_losses_apart(train_page: OpenPage, tmp_path: Path, shown: Callable[[str], dict]) -> None:
    a_run(tmp_path, "one", "finished")
    train_page()
    series = {one["id"]: one for one in shown("curves")["series"]}
    assert series["loss_global"]["values"] == [2.0, 2.0] and series["loss_local"]["values"] == [39.8, 19.9]
    assert series["accuracy"]["steps"] == [20] and series["train_accuracy"]["values"] == [0.5, 0.5]


def test_start_hands_over_what_the_form_shows(
    train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Recipe] = []

    def start(recipe: Recipe, *, wait: bool) -> Run:
        assert wait  # its turn comes at once where no other run is being trained
        started.append(recipe)
        return a_run(tmp_path, "fresh", "stopped")

    monkeypatch.setattr(training_runs, "start_training", start)
    page = train_page()
    page.segmented_control(key="set_up_pooling").set_value("gap").run()
    page.button(key="start").click().run()
    assert not page.exception
    assert started[0].pooling == "gap" and started[0].data == "synthetic"
    assert page.selectbox(key="run").value == "fresh"


def test_the_table_holds_everything(tmp_path: Path) -> None:
    lines = curve_charts.table(a_run(tmp_path, "one", "finished").events()[0]).splitlines()
    assert len(lines) == 4 and lines[0].startswith("event,step,time_s,lr")
