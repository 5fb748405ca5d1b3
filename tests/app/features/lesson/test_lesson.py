"""Lesson: what is sent to the browser fits the model, whichever it is, and the address decides the step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.features.lesson import lesson
from app.services import findings, gallery
from mvfa_core import build_model, save_model
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run

Shown = Callable[[str], dict[str, Any]]
PAGE = "../pages/lesson.py"


def opened(app: AppTest) -> AppTest:
    app.run().switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


def with_run(tmp_path: Path, pooling: str, classes: int, head: str) -> str:
    run = Run(tmp_path / "runs" / "mine")
    run.create(quick())
    model = build_model("compact", pooling, classes, head=head, seed=1)
    save_model(model, run.path / "model.safetensors", {})
    return "runs/mine"


def test_opens_on_the_problem(app: AppTest, shown: Shown) -> None:
    opened(app)
    data = shown("walk")
    assert data["step"] == "problem" and [step["id"] for step in data["steps"]] == list(lesson.STEPS)
    assert not any("missing" in step for step in data["steps"])
    assert all("{" not in step["sentence"] and step["details"] for step in data["steps"])
    facts, scale = data["facts"], data["scale"]
    assert len(facts["A"]) == 196 == len(facts["term_rest"]) and len(facts["views"]["loss"]) == 200
    assert len(scale["pictures"]) == len(scale["gap"]) == len(scale["boxes"]) == 20
    assert len(data["quiz"]) >= 6


def test_the_step_and_k_are_kept(app: AppTest, shown: Shown) -> None:
    app.session_state["step"], app.session_state["k"] = "votes", 7
    opened(app)
    assert app.query_params["step"] in ("votes", ["votes"])
    data = shown("walk")
    assert data["facts"]["views"]["k"] == 7
    assert data["step"] == "votes"


@pytest.mark.parametrize("bad", ["nonsense", "", "<b>", "14"])
def test_a_step_that_is_none_opens_the_first(app: AppTest, shown: Shown, bad: str) -> None:
    app.session_state["step"] = bad
    opened(app)
    assert shown("walk")["step"] == "problem" and "step" not in app.query_params


@pytest.mark.parametrize(
    ("pooling", "classes", "head"),
    [("gap", 2, "linear"), ("gap", 3, "mlp"), ("mfa", 1000, "linear"), ("mfa", 2, "mlp"), ("mfa", 3, "prototype")],
)
def test_any_model(app: AppTest, shown: Shown, tmp_path: Path, pooling: str, classes: int, head: str) -> None:
    name = with_run(tmp_path, pooling, classes, head)
    app.session_state["model"] = name
    opened(app)
    data = shown("walk")
    assert data["model"] == name and data["facts"]["head"] == head
    json.dumps(data, allow_nan=False)
    missing = {step["id"] for step in data["steps"] if "missing" in step}
    wanted = set(lesson.NEEDS_VIEWS) if pooling == "gap" else set()
    assert missing == wanted | ({"cam"} if (pooling, head) == ("gap", "mlp") else set())
    offers = {step.get("offer") for step in data["steps"] if step["id"] in wanted}
    assert offers <= {"Show it with compact_mfa"}
    assert all("{" not in step["sentence"] for step in data["steps"])
    assert len(data["facts"]["names"]) <= 11 and data["facts"]["classes"] == classes


def test_the_true_class_is_spelled_out(app: AppTest, shown: Shown) -> None:
    app.session_state["picture"] = "scene-22"
    opened(app)
    facts = shown("walk")["facts"]
    assert facts["names"][facts["label"]] == "square"


def test_numbers_keep_seven_digits() -> None:
    assert lesson.numbers(np.array([[1 / 3, 1e-9 / 3]])) == [[0.3333333, 3.333333e-10]]


def test_the_scene_is_sent_as_it_was_asked_about(app: AppTest) -> None:
    series, data = findings.scales(), lesson.scale_data()
    assert series is not None and data is not None
    assert data["name"] == series.name and data["gap"] == pytest.approx(series.gap_S.tolist(), rel=1e-6)
    assert gallery.DRAGGED[0] >= gallery.FIRST_SEED
