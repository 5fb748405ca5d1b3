"""A shared server opens its data folder to visitors and nothing else, and says nothing about what lies elsewhere."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.base import component_values, session, settings
from app.features.evaluate import evaluations
from app.features.training import form_fields
from app.services import allowed_paths, training_runs, visitor_files
from mvfa_core.checkpoints import save_model
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import place_of
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.model import build_model
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import RunError, list_runs


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared server with two class folders in its data folder, and two elsewhere."""
    for home in ("data/mine", "elsewhere"):
        for name in ("a", "b"):
            (tmp_path / home / name).mkdir(parents=True)
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MVFA_FOLDERS", "")
    monkeypatch.setenv(settings.SHARED, "1")
    return tmp_path / "data"


CLOSED = (
    "/etc",
    "/",
    "/root",
    "/nowhere/at/all",
    "~root",
    "~nobody-is-called-so",
    "x" * 5000,
    "a\0b",
    "../elsewhere",
    "",
)


def test_only_the_data_folder_is_opened(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "link").symlink_to(data.parent / "elsewhere")
    assert allowed_paths.folder(str(data / "mine")) == data / "mine" and allowed_paths.is_data("synthetic")
    for told in (*CLOSED, str(data.parent / "elsewhere"), str(data / "link"), str(data / "mine" / ".." / ".."), ["x"]):
        assert allowed_paths.folder(told) is None and not allowed_paths.is_data(told), told
    monkeypatch.setenv("MVFA_FOLDERS", str(data.parent / "elsewhere"))
    assert allowed_paths.folder(str(data.parent / "elsewhere"))
    monkeypatch.delenv(settings.SHARED)
    assert (
        allowed_paths.folder("/etc") == Path("/etc").resolve() and allowed_paths.folder("~nobody-is-called-so") is None
    )


@pytest.mark.parametrize("told", CLOSED[:-1])
def test_the_form_says_one_sentence_for_all_others(app: AppTest, data: Path, told: str) -> None:
    """It told `/etc` from what is not there, and how many folders are in it."""
    app.run().switch_page("../pages/train.py").run()
    app.selectbox(form_fields.key("data")).select("Your folder").run()
    app.text_input(form_fields.key("path")).input(told.replace("\0", "")).run()
    said = [one.value for one in app.markdown if "error" in one.value]
    assert not app.exception and len(said) == 1 and "data folder alone" in said[0]


def test_a_recipe_of_other_places_is_not_started(data: Path) -> None:
    (data / "weights").mkdir()
    (data / "weights" / "mine.safetensors").touch()
    (offered,) = allowed_paths.weights()
    assert allowed_paths.may_be_used(replace(quick(), backbone="vgg16", weights=offered))
    for recipe in (
        replace(quick(), data="/etc"),
        replace(quick(), data=str(data.parent / "elsewhere")),
        replace(quick(), backbone="vgg16", weights="/etc/passwd"),
        replace(quick(), backbone="vgg16", weights=str(data / "weights" / ".." / "x.pth")),
    ):
        with pytest.raises(RunError, match="opens nothing to visitors"):
            training_runs.start_training(recipe, wait=True)
    assert list_runs() == []


def test_what_is_not_there_and_what_is_closed_sound_alike(data: Path) -> None:
    said = []
    for name in ("there", "not-there"):
        (data.parent / "there").mkdir(exist_ok=True)
        with pytest.raises(DataError) as caught:
            place_of(str(data.parent / name))
        said.append(str(caught.value).replace(name, "it"))
    assert said[0] == said[1]


@pytest.mark.parametrize("told", [["a", "list"], {"a": 1}, 5, None, "/etc"])
def test_a_card_opens_no_folder_and_breaks_no_page(app: AppTest, tmp_path: Path, told: object) -> None:
    """A list as `data` ended the page in a redacted exception, and a path told whether it is there."""
    file = tmp_path / "m.safetensors"
    save_model(build_model("compact", "gap", 3), file, {"data": told, "recipe": {"data": told}})
    name_of_model = visitor_files.keep_model(file.read_bytes(), "m.safetensors")
    app.run()
    for name in ("evaluate", "explore", "maps", "figures"):
        app.query_params[session.MODEL] = app.query_params[session.OF_MODEL] = visitor_files.OWN_PREFIX + name_of_model
        app.switch_page(f"../pages/{name}.py").run()
        assert not app.exception, name
    app.switch_page("../pages/evaluate.py").run()
    assert "etc" not in app.selectbox(session.DATA).options


SENT = (None, 5, "x", [], [1], ["a", "b"], [1, 2, 3, 4, 5], [-1, 2], [1.5, 2], [10**400, 0], {"a": 1}, [[1], [2]], True)


@pytest.mark.parametrize("told", SENT)
def test_whatever_a_component_sends(monkeypatch: pytest.MonkeyPatch, told: object) -> None:
    """Of another form it counts as nothing sent."""
    for held in ({"it": told}, told):
        monkeypatch.setattr(session, "get", lambda key, default=None, held=held: held)
        assert component_values.wholes("k", "it", 2) is None and component_values.whole("k", "it") in (None, 5)
        assert component_values.text("k", "it") in (None, "x") and set(component_values.texts("k", "it")) <= {"a", "b"}
        assert component_values.texts_of("k", "it") == {}
    monkeypatch.setattr(session, "get", lambda key, default=None: {"it": [3, 4]})
    assert component_values.wholes("k", "it", 2) == [3, 4] and component_values.wholes("k", "it", 4) is None


def test_a_command_line_runs_nothing_else(tmp_path: Path) -> None:
    """A folder named `x'; touch pwn; '` gave a command that ran it."""
    evil = f"{tmp_path}/x'; touch {tmp_path}/pwn; '"
    for one in (
        EvaluationSpec(evil, "c", "n", evil, limit=3).command(),
        EvaluationSpec("m", "c", evil, evil).command(places=False),
        replace(quick(), data=evil).command(evil),
    ):
        assert shlex.split(one)[:3] == ["python", "-m", "mvfa_core"]
        subprocess.run(["sh", "-c", one.replace("python", "true", 1)], check=True)
        assert not (tmp_path / "pwn").exists()
    told = EvaluationSpec("/home/me/m.safetensors", "c", "m", "/home/me/pictures").command(places=False)
    assert "/home" not in told and json.dumps(told)


def test_a_page_for_visitors_tells_no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not settings.shared()
    monkeypatch.setenv("MVFA_READ_ONLY", "1")
    assert settings.shared() and evaluations.OWN == "own"
