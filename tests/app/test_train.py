"""Train: an empty state, every way a run can end, and a form that says the same as the command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import charts, jobs
from mvfa_core.training.recipes import Recipe, quick
from mvfa_core.training.runs import Run

OpenPage = Callable[[], AppTest]


def a_run(folder: Path, name: str, reason: str | None, *, claimed: bool = True) -> Run:
    """A run folder as a process would have left it, without one having been there."""
    run = Run(folder / "runs" / name)
    run.create(quick())
    run.append({"event": "start", "step": 0, "time_s": 0, "classes": ["a", "b"], "train_n": 8, "val_n": 4})
    for step in (10, 20):
        losses = {"loss": 400.0 / step, "loss_global": 2.0, "loss_local": 398.0 / step, "train_accuracy": 0.5}
        run.append({"event": "step", "step": step, "time_s": step / 4, "lr": 1e-3, "steps_per_s": 4.0, **losses})
    run.append({"event": "validation", "step": 20, "accuracy": 0.75, "n": 4, "time_s": 6.0})
    if reason:
        run.append({"event": "end", "step": 20, "reason": reason, "message": "![x](http://x) no space"})
    if claimed:
        (run.path / "process.json").write_text(json.dumps({"pid": 2**22 - 3, "created": 1.0, "started": 1.0}))
    return run


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


def test_the_form_says_the_same_as_the_command(train_page: OpenPage) -> None:
    page = train_page()
    page.selectbox(key="set_up_backbone").set_value("mobilenet24").run()
    page.number_input(key="set_up_steps").set_value(123).run()
    page.slider(key="set_up_k").set_value(20).run()
    words = shlex.split(page.code[0].value)
    assert not page.exception
    assert words[:4] == ["python", "-m", "mvfa_core", "train"]
    for name, value in {"--backbone": "mobilenet24", "--steps": "123", "--k": "20", "--recipe": "quick"}.items():
        assert words[words.index(name) + 1] == value


def test_a_preset_fills_the_form_in(train_page: OpenPage) -> None:
    page = train_page()
    page.number_input(key="set_up_steps").set_value(123).run()
    page.segmented_control(key="set_up_preset").set_value("paper").run()
    assert not page.exception
    assert page.selectbox(key="set_up_backbone").value == "vgg16"
    assert page.number_input(key="set_up_steps").value == 20_000


def test_a_coarse_grid_has_fewer_anchors(train_page: OpenPage) -> None:
    page = train_page()
    page.selectbox(key="set_up_backbone").set_value("resnet50").run()
    assert not page.exception and page.slider(key="set_up_k").max == 49 and page.slider(key="set_up_k").value == 49


def test_start_hands_over_what_the_form_shows(
    train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Recipe] = []

    def start(recipe: Recipe) -> Run:
        started.append(recipe)
        return a_run(tmp_path, "fresh", "stopped")

    monkeypatch.setattr(jobs, "start", start)
    page = train_page()
    page.segmented_control(key="set_up_pooling").set_value("gap").run()
    page.button(key="start").click().run()
    assert not page.exception
    assert started[0].pooling == "gap" and started[0].data == "synthetic"
    assert page.selectbox(key="run").value == "fresh"


def test_a_folder_must_be_there_before_it_starts(train_page: OpenPage, tmp_path: Path) -> None:
    page = train_page()
    page.selectbox(key="set_up_data").set_value("a folder of mine").run()
    assert page.button(key="start").disabled
    page.text_input(key="set_up_path").set_value(str(tmp_path / "nowhere")).run()
    assert page.button(key="start").disabled
    page.text_input(key="set_up_path").set_value(str(tmp_path)).run()
    assert not page.exception and not page.button(key="start").disabled


def test_a_data_set_of_the_catalogue_is_offered_once_it_is_there(
    train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "ucmerced").mkdir(parents=True)
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    page = train_page()
    assert page.selectbox(key="set_up_data").options == ["synthetic", "ucmerced", "a folder of mine"]


def test_thinning_keeps_both_ends_and_every_spike() -> None:
    values = [float(i % 7) for i in range(9_000)]
    values[4_321] = 1e6
    kept = charts.thin(values)
    assert len(kept) <= charts.MOST_POINTS and kept == sorted(set(kept))
    assert {0, 4_321, 8_999} <= set(kept)
    assert charts.thin(values[:500]) == list(range(500))


def test_the_table_holds_everything(tmp_path: Path) -> None:
    lines = charts.table(a_run(tmp_path, "one", "finished").events()[0]).splitlines()
    assert len(lines) == 4 and lines[0].startswith("event,step,time_s,lr")
