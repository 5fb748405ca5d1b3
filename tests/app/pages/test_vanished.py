"""What was chosen is gone between two runs of a page: a sentence, something else in its place, and nothing lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.base import session
from app.base.wording import wording
from app.services import cache, dataset_pictures
from mvfa_core import build_model
from mvfa_core.checkpoints import save_model
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from tests.app.samples import a_run

OF_A_MODEL = ("explore", "lesson", "maps", "anchors", "views", "region", "compare")
OTHERS = ("evaluate", "figures", "train", "runs", "results")


@pytest.fixture
def trained(tmp_path: Path) -> Run:
    """A run with a model, as it stands in the folder of runs."""
    run = a_run(tmp_path, "gone", "finished", recipe=Recipe(backbone="compact", pooling="mfa", k=4, sizes=(3,)))
    model = build_model("compact", "mfa", 2, classes=("cat", "dog"), k=4, sizes=(3,))
    save_model(model, run.path / "model.safetensors", {"name": "gone", "data": "mine"})
    return run


def opened(app: AppTest, name: str) -> AppTest:
    """A page that has not been run yet."""
    return app if name == "explore" else app.run().switch_page(f"../pages/{name}.py")


@pytest.mark.parametrize("name", OF_A_MODEL)
def test_a_model_whose_run_was_removed(app: AppTest, trained: Run, name: str) -> None:
    page = opened(app, name)
    page.query_params["model"] = "runs/gone"
    page.query_params["k"] = "3"
    assert not page.run().exception and page.session_state[session.MODEL] == "runs/gone"
    shutil.rmtree(trained.path)
    assert not page.run().exception and not page.error
    assert wording.lost("model", "runs/gone", own=False) in [one.value for one in page.info]
    assert page.session_state[session.MODEL] != "runs/gone"
    if name != "region":  # it has no K
        assert page.query_params["k"] == "3", "what else was set stays"
    assert not page.run().exception
    assert wording.lost("model", "runs/gone", own=False) in [one.value for one in page.info]


@pytest.mark.parametrize("name", OTHERS)
def test_a_run_that_was_removed(app: AppTest, trained: Run, name: str) -> None:
    page = opened(app, name)
    page.query_params["run" if name in ("train", "runs") else "models"] = (
        "gone" if name in ("train", "runs") else "runs/gone"
    )
    assert not page.run().exception
    shutil.rmtree(trained.path)
    assert not page.run().exception
    assert not page.run().exception


def test_ones_own_is_asked_for_again(app: AppTest) -> None:
    """A link from elsewhere, or a server that was started anew."""
    app.query_params["picture"] = "own"
    app.query_params["model"] = "uploaded/1234abcd"
    assert not app.run().exception
    said = [one.value for one in app.info]
    assert (
        "This view was of somebody's own picture, and this server does not have it. Open the picture again to "
        "see it here. Until then the view shows an example."
    ) in said and "Your own model is not on this server any more. Upload it again to go on with it." in said
    assert "picture" not in app.query_params and app.session_state[session.PICTURE] == "scene-23"
    assert (
        "This view was of somebody's own picture, and this server does not have it. Open the picture again to "
        "see it here. Until then the view shows an example."
    ) in [one.value for one in app.run().info], "until another picture is chosen"
    app.session_state[session.PICTURE] = "scene-15"
    assert (
        "This view was of somebody's own picture, and this server does not have it. Open the picture again to "
        "see it here. Until then the view shows an example."
    ) not in [one.value for one in app.run().info]


def test_a_picture_of_a_data_set_that_was_moved(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "ucmerced"
    for place, path in enumerate(
        folder / side / name for side in ("train", "test") for name in ("agricultural", "airplane")
    ):
        path.mkdir(parents=True)
        Image.new("RGB", (16, 16), (40 * place, 90, 0)).save(path / "1.png")
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    dataset_pictures._side.clear()
    name, *_ = dataset_pictures.few("ucmerced")
    app.query_params["picture"] = name
    assert not app.run().exception and app.session_state[session.PICTURE] == name
    shutil.rmtree(folder)
    cache.clear()
    assert not app.run().exception
    assert wording.lost("picture", name, own=False) in [one.value for one in app.info]
