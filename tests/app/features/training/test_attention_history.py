"""The film and the lesson on the Train page: what is sent to the browser, and what the buttons ask of a run."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

from app.base.session import HELD
from app.features.training import attention_history, step_inspector
from app.services import training_runs
from mvfa_core.training import step_control
from mvfa_core.training.recipes import Recipe, quick
from mvfa_core.training.runs import Run, list_runs
from mvfa_core.training.step_control import StepControl

OpenPage = Callable[[], AppTest]
Shown = Callable[[str], dict]


def a_run(folder: Path, *, alive: bool = False, recipe: Recipe | None = None) -> Run:
    """A run folder as a process would have left it; alive, it is this process that is said to train it."""
    run = Run(folder / "runs" / "one")
    run.create(recipe or quick())
    run.append({"event": "start", "step": 0, "time_s": 0, "classes": ["a", "b"], "train_n": 8, "val_n": 4})
    run.append({"event": "validation", "step": 20, "accuracy": 0.75, "n": 4, "time_s": 6.0})
    if alive:
        mine = psutil.Process()
        note = {"pid": mine.pid, "created": mine.create_time(), "started": 1.0}
        (run.path / "process.json").write_text(json.dumps(note))
    else:
        run.append({"event": "end", "step": 20, "reason": "finished", "message": ""})
    return run


def a_film(run: Run, count: int, map_HW: np.ndarray, anchors: list | None) -> None:
    """`count` lines of one picture, whose answer is right from the second on."""
    with (run.path / "film.jsonl").open("a") as file:
        for step in range(count):
            frame = {"id": "3", "adacam": (map_HW * step).tolist(), "anchors": anchors, "confidence": 0.5}
            frame |= {"predicted": "![x](http://x)" if step else "b", "label": "![x](http://x)"}
            file.write(json.dumps({"event": "film", "step": step, "frames": [frame]}) + "\n")


def test_a_run_without_a_film_shows_none(train_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    a_run(tmp_path)
    assert not train_page().exception
    with pytest.raises(AssertionError, match="no component"):
        shown("film")


def test_the_film_reaches_the_browser(train_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    run = a_run(tmp_path)
    map_HW = np.array([[-1.0, 0.5, 3.0], [0.0, 2.0, 1.0]])
    a_film(run, 3, map_HW, [[2, 0], [1, 1]])
    assert not train_page().exception
    sent = shown("film")
    assert (sent["name"], sent["live"], sent["grid"]) == ("one", False, [2, 3])
    assert [frame["step"] for frame in sent["frames"]] == [0, 1, 2]
    last = sent["frames"][2]["shown"][0]
    found = last["low"] + (last["high"] - last["low"]) * np.frombuffer(base64.b64decode(last["map"]), np.uint8) / 255
    assert found == pytest.approx(2 * map_HW.ravel(), abs=8 / 255 / 2 + 1e-9)
    assert np.frombuffer(base64.b64decode(last["anchors"]), np.uint8).tolist() == [2, 0, 1, 1]
    assert (last["right"], sent["frames"][0]["shown"][0]["right"]) == (True, False)
    assert last["answer"] == "![x](http://x) 50.0\u00a0%", "as text, whatever the class is called"


def test_a_film_of_gap_has_no_anchors(tmp_path: Path) -> None:
    run = a_run(tmp_path, recipe=replace(quick(), pooling="gap"))
    a_film(run, 2, np.ones((2, 2)), None)
    made = attention_history.reel(run, "gap")
    assert made["anchor"] == "" and "CAM" in made["caption"]


@pytest.mark.parametrize("count", [1, 2, 119, 120, 121, 240, 241, 1_000])
def test_a_long_film_is_thinned_evenly_and_ends_with_the_newest(count: int) -> None:
    lines = [{"step": step} for step in range(count)]
    steps = [line["step"] for line in attention_history.thinned(lines, 120)]
    assert len(steps) <= 121 and steps[0] == 0 and steps[-1] == count - 1
    assert len(set(np.diff(steps[:-1]).tolist())) <= 1
    if count <= 120:
        assert len(steps) == count
    longer = {line["step"] for line in attention_history.thinned([*lines, {"step": count}], 120)}
    assert longer <= {*steps, count}, "no other frame appears than the newest"


def lesson_of(**changes: object) -> dict:
    picture = {"src": "data:,", "label": "a", "before": ["b", 0.6], "after": ["a", 0.7]}
    losses = {"before": {"total": 42.0, "global": 2.0, "local": 40.0},
              "after": {"total": 31.5, "global": 1.5, "local": 30.0}}  # fmt: skip
    told = {"step": 3, "steps": 9, "batch": 4, "views": 20, "local": "sum", "global_loss": "on", "pooling": "mfa",
            "lr": 1e-3, "losses": losses, "right": {"before": 1, "after": 2}, "pictures": [picture],
            "moved": [{"name": "backbone 1", "share": 0.01}, {"name": "main head", "share": 0.04},
                      {"name": "auxiliary head", "share": None}], "gradient": 5.0}  # fmt: skip
    return told | changes


def test_a_lesson_in_words() -> None:
    told = step_inspector.told(lesson_of())
    assert told["title"] == "Step 3 of 9 is done"
    assert [row[2:] for row in told["losses"]["rows"]] == [
        ["2", "1.5", "\u22120.5"], ["40", "30", "\u221210"], ["42", "31.5", "\u221210.5"],
    ]  # fmt: skip
    seven, nine = told["losses"]["equations"]
    assert "2 + 40 = 42 \u2192 1.5 + 30 = 31.5" in seven
    assert "M = 20" in nine and "2 \u2192 1.5 a view" in nine
    assert [answer["right"] for answer in told["batch"]["pictures"][0]["answers"]] == [False, True]
    assert "1 of 4 were right before the step, 2 after it" in told["batch"]["note"]
    assert [(row["amount"], row["value"]) for row in told["moved"]["rows"]] == [
        (0.25, "1\u00a0%"), (1.0, "4\u00a0%"), (0.0, "\u2013"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"step": 0, "losses": {"before": {"total": 42.0, "global": 2.0, "local": 40.0}, "after": None},
          "right": {"before": 1, "after": None}, "moved": None, "gradient": None}, "2 + 40 = 42"),
        ({"losses": {"before": {"total": 42.0, "global": 2.0, "local": 40.0},
                     "after": {"total": None, "global": None, "local": None}}}, "not a number"),
        ({"losses": {"before": None, "after": None}, "right": {"before": None, "after": None}}, "Eq. 7"),
        ({"global_loss": "off", "losses": {"before": {"total": 4.0, "global": 2.0, "local": 4.0},
                                           "after": {"total": 3.0, "global": 2.0, "local": 3.0}}}, "leaves L_global"),
        ({"losses": {"before": {"total": 50.0, "global": 2.0, "local": 40.0},
                     "after": {"total": 40.0, "global": 2.0, "local": 30.0}}}, "prototype loss"),
        ({"pooling": "gap", "views": 1, "losses": {"before": {"total": 2.0, "global": 2.0, "local": None},
                                                   "after": {"total": 1.0, "global": 1.0, "local": None}}}, "One view"),
    ],
)  # fmt: skip
def test_every_kind_of_lesson_can_be_told(changes: dict, said: str) -> None:
    told = step_inspector.told(lesson_of(**changes))
    assert said in " ".join(told["losses"]["equations"])
    json.dumps(told, allow_nan=False)


def test_the_buttons_ask_what_they_say(train_page: OpenPage, tmp_path: Path, shown: Shown) -> None:
    run = a_run(tmp_path, alive=True)
    page = train_page()
    assert not page.toggle(key=HELD(False)).value
    page.toggle(key=HELD(False)).set_value(True).run()
    assert step_control.control_of(run) == StepControl("hold", 0) and page.button(key="step_one").disabled
    (run.path / "lesson.json").write_text(json.dumps(lesson_of()))
    page.run()
    assert shown("lesson")["title"] == "Step 3 of 9 is done" and not shown("lesson")["busy"]
    page.button(key="step_one").click().run()
    assert step_control.control_of(run) == StepControl("hold", 4) and shown("lesson")["busy"]
    page.button(key="step_ten").click().run()
    assert step_control.control_of(run) == StepControl("hold", 14)
    page.button(key="step_slow").click().run()
    assert step_control.control_of(run) == StepControl("slow", 0, 1.0)
    page.selectbox(key="delay").set_value(2.0).run()
    assert step_control.control_of(run) == StepControl("slow", 0, 2.0)
    page.button(key="step_hold").click().run()
    assert step_control.control_of(run).mode == "hold"
    page.button(key="step_free").click().run()
    assert (
        not page.exception and step_control.control_of(run) == StepControl() and not page.toggle(key=HELD(False)).value
    )


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs for which a process would have been made."""
    made: list[Run] = []
    monkeypatch.setattr(training_runs, "launch", made.append)
    monkeypatch.setattr("mvfa_core.training.launch.launch", made.append)
    return made


def test_starting_over_keeps_recipe_and_seed(train_page: OpenPage, tmp_path: Path, launched: list[Run]) -> None:
    run = a_run(tmp_path, alive=True, recipe=replace(quick(), seed=5))
    step_control.hold(run)
    (run.path / "lesson.json").write_text(json.dumps(lesson_of()))
    page = train_page()
    page.button(key="step_over").click().run()
    (fresh,) = launched
    assert not page.exception and run.asked() == "stop" and fresh.id != run.id
    assert fresh.recipe() == run.recipe() and step_control.control_of(fresh) == StepControl("hold", 0)
    assert page.selectbox(key="run").value == fresh.id


def test_a_run_can_start_held(train_page: OpenPage, launched: list[Run]) -> None:
    page = train_page()
    page.toggle(key="held_start").set_value(True).run()
    page.button(key="start").click().run()
    assert not page.exception
    (run,) = list_runs()
    assert {one.id for one in launched} == {run.id} and step_control.control_of(run) == StepControl("hold", 0)
