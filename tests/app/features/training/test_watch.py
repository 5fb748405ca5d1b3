"""Watching on the Train page: where a run stands, the race, the line, and what happens elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from app.features.training import run_overlay
from app.services import training_runs
from app.ui import colours
from mvfa_core.training.recipes import Recipe, paper, quick
from mvfa_core.training.runs import Run
from tests.app.samples import a_run

OpenPage = Callable[[], AppTest]
Shown = Callable[[str], dict]


def alive(run: Run) -> Run:
    """The run as if this process trained it."""
    me = psutil.Process()
    note = {"pid": os.getpid(), "created": me.create_time(), "started": me.create_time()}
    (run.path / "process.json").write_text(json.dumps(note))
    return run


def facts(shown: Shown) -> dict[str, str]:
    return dict(shown("run_line")["facts"])


def test_a_running_run_tells_where_it_stands(train_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    run = alive(a_run(tmp_path, "one", None))
    page = train_page()
    assert not page.exception
    line = shown("run_line")
    assert line["state"] == "running" and line["share"] == 20 / 500
    told = facts(shown)
    assert told["Step"] == "20 / 500" and told["Speed"] == "4.0 steps a second" and told["Time left"] == "2 min"
    assert told["Validation"] == "75.0\u00a0%" and told["Best so far"] == "75.0\u00a0% at 20"
    page.button(key="pause").click().run()
    assert run.asked() == "pause" and page.button(key="pause").disabled and not page.button(key="stop").disabled
    page.button(key="stop").click().run()
    assert run.asked() == "stop" and page.button(key="stop").disabled


def test_a_paused_run_can_be_resumed(train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_run(tmp_path, "one", "paused")
    gone_on: list[str] = []
    monkeypatch.setattr(training_runs, "launch", lambda run: gone_on.append(run.id))
    page = train_page()
    assert any("Paused" in element.value for element in page.info)
    page.button(key="resume").click().run()
    assert not page.exception and gone_on == ["one"]


def test_where_a_run_is_trained_the_next_one_waits(
    train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[str] = []
    monkeypatch.setattr("mvfa_core.training.launch.launch", lambda run: launched.append(run.id))
    first = alive(a_run(tmp_path, "first", None))
    page = train_page()
    page.button(key="start").click().run()
    assert not page.exception and not launched
    waiting = next(run for run in training_runs.runs() if run.id != "first")
    assert waiting.status().state == "queued" and page.selectbox(key="run").value == waiting.id
    # the line moves on at a tick once the first has ended
    (first.path / "process.json").unlink()
    first.end(20, "finished")
    page.run()
    assert launched == [waiting.id]


def test_what_is_in_line_can_leave_it(train_page: OpenPage, tmp_path: Path) -> None:
    alive(a_run(tmp_path, "first", None))
    run = a_run(tmp_path, "second", "stopped", claimed=False)
    run.join_queue()
    page = train_page()
    page.button(key="leave").click().run()
    assert not page.exception and run.queued_since() is None and run.status().state == "stopped"
    page.button(key="run_show_first").click().run()
    assert not page.exception and page.selectbox(key="run").value == "first"


def test_a_tick_notices_runs_from_elsewhere(train_page: OpenPage, tmp_path: Path) -> None:
    page = train_page()
    assert any("No run yet" in element.value for element in page.markdown)
    before = training_runs.standing()
    a_run(tmp_path, "by-hand", "finished")
    assert training_runs.standing() == (("by-hand", False),) != before
    alive(Run(tmp_path / "runs" / "by-hand")).forget_end()
    assert training_runs.standing() == (("by-hand", True),)
    assert training_runs.tick_s(before) > training_runs.tick_s(training_runs.standing())


# --- the race ---


def test_the_race_lays_runs_on_one_chart(train_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    a_run(tmp_path, "old-gap", "finished", recipe=replace(quick(), pooling="gap"))
    a_run(tmp_path, "mine", "finished")
    page = train_page()
    assert not shown("curves")["series"][0]["id"].startswith("mine")
    page.multiselect(key="with").set_value(["old-gap"]).run()
    assert not page.exception and page.query_params["with"] == "old-gap"
    series = {(one["name"], one["chart"]): one for one in shown("curves")["series"]}
    assert set(series) == {(name, chart) for name in ("mine", "old-gap") for chart in ("loss", "accuracy")}
    assert series["mine", "accuracy"]["colour"] == colours.MFA
    assert series["old-gap", "accuracy"]["colour"] == colours.GAP
    # the loss that both have, not MFA's sum over its views
    assert series["mine", "loss"]["values"] == [2.0, 2.0]
    assert any("L_global" in element.value for element in page.caption)


def test_colours_stay_when_runs_come_and_go(train_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    for name in ("c", "b", "a"):
        a_run(tmp_path, name, "finished", recipe=replace(quick(), seed=ord(name)))
    page = train_page()
    page.selectbox(key="run").set_value("a").run()

    def seen() -> dict[str, tuple[str, str]]:
        return {one["name"]: (one["colour"], one["dash"]) for one in shown("curves")["series"]}

    page.multiselect(key="with").set_value(["b", "c"]).run()
    three = seen()
    assert len(set(three.values())) == 3 and three["a"][0] == colours.MFA
    page.multiselect(key="with").set_value(["c"]).run()
    assert seen() == {name: three[name] for name in ("a", "c")}
    assert any("the seed" in element.value for element in page.caption)


def test_the_twin_differs_in_its_ending_only(
    train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Recipe] = []

    def start(recipe: Recipe, *, wait: bool) -> Run:
        started.append(recipe)
        return a_run(tmp_path, "fresh", "stopped", recipe=recipe)

    monkeypatch.setattr(training_runs, "start_training", start)
    recipe = replace(quick(), k=20, seed=4)
    a_run(tmp_path, "mine", "finished", recipe=recipe)
    page = train_page()
    page.button(key="twin").click().run()
    assert not page.exception and started == [replace(recipe, pooling="gap")]
    assert page.selectbox(key="run").value == "mine" and page.multiselect(key="with").value == ["fresh"]
    # the second time it is there already
    page.multiselect(key="with").set_value([]).run()
    page.button(key="twin").click().run()
    assert len(started) == 1 and page.multiselect(key="with").value == ["fresh"]


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (replace(paper(), data="imagenette"), ("VGG16_MFA", 0.8845)),  # Table 1
        (replace(paper(), data="imagenette", pooling="gap"), ("VGG16_GAP", 0.8204)),
        (replace(paper(), data="/data/ucmerced", k=20), ("VGG16_MFA, K = 20", 0.9452)),  # Table 3
        (replace(paper(), data="ucmerced", k=25), None),
        (quick(), None),
    ],
)
def test_the_paper_is_a_level_where_it_has_one(recipe: Recipe, said: tuple[str, float] | None) -> None:
    found = run_overlay.published(recipe)
    assert found is None if said is None else found and (found[0], round(found[1], 4)) == said
    assert len(run_overlay.reference_lines([recipe, recipe])) == (said is not None)


def test_the_curves_on_paper_are_those_on_the_screen(tmp_path: Path, app: AppTest) -> None:
    a_run(tmp_path, "mine", "finished")
    a_run(tmp_path, "other", "finished", recipe=replace(quick(), pooling="gap"))
    shades = {"mine": ("#0072b2", "solid"), "other": ("#e69f00", "dash")}
    made = run_overlay.pdf([run for run in training_runs.runs() if run.id in shades], shades)
    assert made.startswith(b"%PDF") and made.rstrip().endswith(b"%%EOF")
