"""A model of more classes than memory allows: the likeliest are looked at, and every page says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.base import session
from app.services import class_subset, explanations, pictures, visitor_files
from mvfa_core import budget
from mvfa_core.checkpoints import save_model
from mvfa_core.class_subset import classes_for, ensemble_logits
from mvfa_core.explain import encode
from mvfa_core.model import build_model

CLASSES, SIZES = 2_000, tuple(range(1, 26, 2))


@pytest.fixture
def crowded(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app on a server of 32 MB a computation, with such a model chosen."""
    monkeypatch.setenv(budget.VARIABLE, "32")
    model = build_model("compact", "mfa", CLASSES, k=196, sizes=SIZES)
    save_model(model, tmp_path / "crowd.safetensors", {"data": "synthetic"}, half=True)
    name = visitor_files.keep_model((tmp_path / "crowd.safetensors").read_bytes(), "crowd.safetensors")
    app.run()
    app.query_params[session.MODEL] = app.query_params[session.OF_MODEL] = visitor_files.OWN_PREFIX + name
    return app


@pytest.mark.parametrize("name", ["anchors", "maps", "views", "lesson"])
def test_pages_show_the_likeliest_classes(crowded: AppTest, name: str) -> None:
    crowded.switch_page(f"../pages/{name}.py").run()
    assert not crowded.exception and not crowded.error
    (told,) = [one.value for one in crowded.caption if one.value.startswith("This model knows")]
    assert told == (
        "This model knows {known:,} classes. All of them would take more memory than this server allows; shown "
        "are the {shown:,} likeliest for this picture, and shares are among those."
    ).format(known=CLASSES, shown=int(told.split("shown are the ")[1].split()[0]))


def test_figures_show_them_too(crowded: AppTest) -> None:
    crowded.switch_page("../pages/figures.py").run()
    assert not crowded.exception and not crowded.error


def test_they_are_the_likeliest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the whole model's own ensemble, in its order; with memory enough all of them are there."""
    model, picture = (
        build_model("compact", "mfa", CLASSES, k=50, sizes=SIZES).eval(),
        pictures.specimen("scene-23"),
    )
    file = tmp_path / "m.safetensors"
    save_model(model, file, {})
    version = (str(file), file.stat().st_mtime_ns)
    one = encode(model, picture.picture)
    monkeypatch.setenv(budget.VARIABLE, "32")
    few = explanations.model_for(version, picture.digest, one)
    index = [model.classes.index(name) for name in few.classes]
    best = np.argsort(-ensemble_logits(model, one.F_BDHW).detach().numpy(), kind="stable")[: len(index)]
    assert index == sorted(best.tolist()) and 2 < len(index) < CLASSES
    monkeypatch.setenv(budget.VARIABLE, "4000")
    assert explanations.model_for(version, picture.digest, one).classes == model.classes


def test_on_a_shared_server_a_model_takes_a_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the memory allowed, and time follows it."""
    monkeypatch.setenv("MVFA_SHARED", "1")
    monkeypatch.setenv(budget.VARIABLE, "128")
    model = build_model("compact", "mfa", CLASSES, k=196, sizes=SIZES)
    one = encode(model, pictures.specimen("scene-23").picture)
    sizes = len(SIZES) + class_subset.MOST_SIZES
    few = class_subset.fitted(model, ("m", 1), "d", one).classes
    monkeypatch.delenv("MVFA_SHARED")
    all_that_fit = classes_for(model, one, sizes)
    assert 0.18 * all_that_fit < len(few) == classes_for(model, one, sizes, 0.25) < 0.25 * all_that_fit + 1
