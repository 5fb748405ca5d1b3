"""Compare: both models' own maps, their likeness and their answers, on one picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from streamlit.testing.v1 import AppTest

from app.services import explanations, models, pictures
from mvfa_core import build_model, save_model

Shown = Callable[[str], dict[str, Any]]
PAGE = "../pages/compare.py"
HARD = "scene-14"


def opened(app: AppTest) -> AppTest:
    app.query_params["picture"] = HARD
    app.run().switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


def saved_run(runs: Path, name: str, classes: tuple[str, ...]) -> None:
    folder = runs / name
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text("{}")
    model = build_model("compact", num_classes=len(classes), k=5, classes=classes, seed=4)
    save_model(model, folder / "model.safetensors", {"name": name})


def test_opens_on_the_bundled_twins(app: AppTest, shown: Shown) -> None:
    opened(app)
    assert app.selectbox(key="second").value == "compact_gap"
    panels = shown("board_compared_maps")["panels"]
    assert [panel["title"] for panel in panels] == [
        f"{title}, {model}"
        for model in ("Generated shapes, MFA", "Generated shapes, GAP")
        for title in ("CAM", "Grad-CAM", "AdaCAM")
    ]
    for panel, model, k, sizes in (
        (panels[2], "compact_mfa", 50, (3, 5, 7, 9)),
        (panels[5], "compact_gap", None, None),
    ):
        found = explanations.explanation(model, pictures.specimen(HARD), None, k, sizes)
        np.testing.assert_allclose(panel["values"], found.adacam_HW.ravel(), atol=1e-5)


def test_likeness_and_answers(app: AppTest, shown: Shown) -> None:
    opened(app)
    mfa = explanations.explanation("compact_mfa", pictures.specimen(HARD), None, 50, (3, 5, 7, 9))
    gap = explanations.explanation("compact_gap", pictures.specimen(HARD), None, None, None)
    row = app.dataframe[0].value.set_index("Map").loc["AdaCAM"]
    assert row["Rank correlation"] == pytest.approx(spearmanr(mfa.adacam_HW, gap.adacam_HW, axis=None).statistic)
    verdict = shown("verdict")
    assert [head["name"] for head in verdict["heads"]] == ["Generated shapes, MFA", "Generated shapes, GAP"]
    for entry in verdict["rows"]:
        c = mfa.classes.index(entry["name"])
        assert [value["share"] for value in entry["values"]] == pytest.approx([mfa.ensemble_C[c], gap.ensemble_C[c]])


def test_a_class_is_held_for_both(app: AppTest, shown: Shown) -> None:
    opened(app).selectbox(key="class").set_value("ring").run()
    assert all("ring" in panel["symbol"] for panel in shown("board_compared_maps")["panels"] if "CAM," in panel["title"]
               and not panel["title"].startswith("AdaCAM"))  # fmt: skip


def test_other_classes_stand_side_by_side(app: AppTest, shown: Shown, tmp_path: Path) -> None:
    saved_run(tmp_path / "runs", "two", ("cat", "dog"))
    opened(app).selectbox(key="second").set_value("runs/two").run()
    assert not app.exception and not app.error
    assert {row["name"] for row in shown("verdict_runs/two")["rows"]} == {"cat", "dog"}
    assert any("do not know the same classes" in caption.value for caption in app.caption)


def test_one_model_only_is_said(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "model_ids", lambda: ["compact_mfa"])
    opened(app)
    assert any("one model so far" in info.value for info in app.info)
