"""Runs: the table, what can be done with what is ticked, and the way back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.features.training import runs_table
from app.services import training_runs
from mvfa_core.training import archive
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.app.samples import a_run

OpenPage = Callable[[], AppTest]
Shown = Callable[[str], dict]


@pytest.fixture
def runs_page(app: AppTest) -> Callable[..., AppTest]:
    """runs_page("a", "b") opens the page with these runs ticked."""

    def go(*picked: str) -> AppTest:
        page = app.run().switch_page("../pages/runs.py")
        page.session_state["picked"] = list(picked)
        return page.run()

    return go


def buttons(page: AppTest) -> dict[str, bool]:
    """Which of the actions can be pressed."""
    return {one.key.removeprefix("run_"): not one.disabled for one in page.button if one.key.startswith("run_")}


def test_without_runs_it_says_how_to_begin(runs_page: OpenPage) -> None:
    page = runs_page()
    assert not page.exception and any("No run yet" in element.value for element in page.markdown)


def test_every_folder_is_a_row(runs_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    a_run(tmp_path, "good", "finished", recipe=replace(quick(), data="/data/ucmerced"))
    bad = tmp_path / "runs" / "bad"
    bad.mkdir()
    (bad / "recipe.json").write_text('{"pooling": "quantum"}')
    page = runs_page()
    assert not page.exception
    rows = {row["id"]: row for row in shown("runs_table")["rows"]}
    assert rows["good"]["label"] == "Finished" and rows["good"]["data"] == "ucmerced" and not rows["good"]["why"]
    assert rows["good"]["shown"]["accuracy"] == "75.0\u00a0%" and rows["good"]["curve"] == [0.75]
    assert rows["bad"]["label"] == "Unreadable"
    assert "quantum" in rows["bad"]["why"] and "the folder bad;" in rows["bad"]["why"]
    assert str(tmp_path) not in rows["bad"]["why"]


def test_only_what_makes_sense_can_be_pressed(runs_page: OpenPage, tmp_path: Path) -> None:
    a_run(tmp_path, "done", "finished")
    a_run(tmp_path, "halted", "stopped")
    assert not any(buttons(runs_page()).values())
    done = buttons(runs_page("done"))
    assert {name for name, can in done.items() if can} >= {"watch", "duplicate", "rename", "extend", "remove"}
    assert not done["stop"] and not done["pause"]
    assert buttons(runs_page("halted"))["resume"]
    two = buttons(runs_page("done", "halted"))
    assert {name for name, can in two.items() if can} == {"remove"}


def test_removing_can_be_undone(runs_page: OpenPage, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        a_run(tmp_path, name, "finished")
    page = runs_page("one", "two")
    page.button(key="run_remove").click().run()
    assert not page.exception and [run.id for run in training_runs.runs()] == ["three"]
    page.button(key="run_undo").click().run()
    assert not page.exception and {run.id for run in training_runs.runs()} == {"one", "two", "three"}
    assert not archive.removed() and "undo" not in buttons(page)


def test_a_run_gets_another_name(runs_page: OpenPage, tmp_path: Path) -> None:
    a_run(tmp_path, "one", "finished")
    a_run(tmp_path, "taken", "finished")
    page = runs_page("one")
    page.text_input(key="run_name_one").set_value("taken")
    page.button(key="run_rename").click().run()
    assert any("taken" in element.value for element in page.error)
    page.text_input(key="run_name_one").set_value("better")
    page.button(key="run_rename").click().run()
    assert not page.exception and not page.error and {run.id for run in training_runs.runs()} == {"better", "taken"}
    assert page.session_state["picked"] == ["better"]


def test_a_run_is_extended_and_goes_on(runs_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[str] = []
    monkeypatch.setattr("mvfa_core.training.launch.launch", lambda run: launched.append(run.id))
    run = a_run(tmp_path, "one", None)
    run.end(500, "finished")
    page = runs_page("one")
    page.number_input(key="run_steps_one").set_value(40)
    page.button(key="run_extend").click().run()
    assert not page.exception and run.recipe().steps == 540 and run.recipe().restarts == (500,)
    assert set(launched) == {"one"}


def test_another_like_it_fills_the_form_in(runs_page: OpenPage, tmp_path: Path) -> None:
    a_run(tmp_path, "one", "finished", recipe=replace(quick(), k=17, steps=321, seed=5))
    page = runs_page("one")
    page.button(key="run_duplicate").click().run()
    assert not page.exception
    told = " ".join(element.value for element in page.code)
    assert "--k 17" in told and "--steps 321" in told and "--seed 5" in told


def test_a_run_is_watched_in_train(runs_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    a_run(tmp_path, "older", "finished")
    a_run(tmp_path, "newer", "finished")
    page = runs_page("older")
    page.button(key="run_watch").click().run()
    assert not page.exception and page.selectbox(key="run").value == "older"
    assert shown("curves")["name"] == "older"


def test_a_run_travels_as_a_zip(runs_page: OpenPage, tmp_path: Path) -> None:
    run = a_run(tmp_path, "one", "finished")
    packed = io.BytesIO()
    archive.export_zip(run, packed)
    page = runs_page("one")
    page.file_uploader(key="run_import_file").set_value(("one.zip", packed.getvalue(), "application/zip")).run()
    page.text_input(key="run_import_name").set_value("copy").run()
    page.button(key="run_import").click().run()
    assert not page.exception and not page.error
    assert Run(tmp_path / "runs" / "copy").status() == run.status()
    page.file_uploader(key="run_import_file").set_value(("one.zip", b"no zip", "application/zip")).run()
    page.button(key="run_import").click().run()
    assert not page.exception and len(page.error) == 1
    assert "recipe.json" in " ".join(zipfile.ZipFile(packed).namelist())


def test_two_runs_side_by_side(runs_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    a_run(tmp_path, "mine", "finished", recipe=replace(quick(), k=17))
    a_run(tmp_path, "gap", "stopped", recipe=replace(quick(), pooling="gap", seed=3))
    page = runs_page("mine", "gap")
    assert not page.exception
    there = {run.id: run for run in training_runs.runs()}
    rows = {row[0]: row[1:] for row in runs_table.side_by_side([there["mine"], there["gap"]])}
    assert rows["pooling"] == ("mfa", "gap") and rows["seed"] == ("0", "3")
    assert "k" not in rows and "lr" not in rows  # GAP has no anchors; the rates are the same
    assert rows["State"] == ("Finished", "Stopped")
    assert {one["name"] for one in shown("curves")["series"]} == {"mine", "gap"}
