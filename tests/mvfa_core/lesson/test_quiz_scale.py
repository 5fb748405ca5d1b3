"""The self-test's answers, worked out once more; and the object of Figure 1 at three sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.features.lesson import browser_words
from app.services import gallery
from mvfa_core import build_model, load_model
from mvfa_core.checkpoints import bundled
from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.explain import encode, explain
from mvfa_core.lesson import ScaleSeries, lesson_facts, questions, scale_series
from tests.mvfa_core import oracles

SEED, LABEL = gallery.DRAGGED
SCALES = (0.17, 0.25, 0.6)


@pytest.fixture(scope="module")
def series() -> ScaleSeries:
    models = bundled()
    return scale_series(
        load_model(models["compact_gap"]), load_model(models["compact_mfa"]), SEED, LABEL, scales=SCALES
    )


def test_the_dragged_object(series: ScaleSeries) -> None:
    mfa = load_model(bundled()["compact_mfa"])
    for i, scale in enumerate(SCALES):
        scene = draw_scene(SEED, label=LABEL, scale=scale)
        assert (series.pictures[i] == scene.picture).all() and series.boxes[i] == scene.box
        alone = explain(mfa, scene.picture)
        assert series.mfa_S[i] == pytest.approx(alone.ensemble_C[mfa.classes.index(CLASSES[LABEL])], abs=1e-4)
        assert series.mfa_says[i] == mfa.classes[alone.predicted]
        assert series.whole_S[i] == pytest.approx(scene.mask.mean())
        shares = []
        for x0, y0, x1, y1 in np.rint(alone.boxes_px_KR4.reshape(-1, 4)).astype(int):
            shares.append(scene.mask[y0:y1, x0:x1].mean())
        assert series.views_S[i] == pytest.approx(np.mean(shares))
    assert series.gap_S[0] < series.mfa_S[0]  # what the lesson says of this scene


def test_a_model_without_the_shape_is_refused() -> None:
    other = build_model("compact", "gap", 2, seed=0)
    with pytest.raises(ValueError, match="one that knows"):
        scale_series(other, other, SEED, LABEL, scales=(0.2,))


@pytest.mark.parametrize("pooling", ["gap", "mfa"])
@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_questions_have_one_right_answer(pooling: str, head: str, series: ScaleSeries) -> None:
    model = build_model("compact", pooling, 21, head=head, seed=5).eval()
    found = lesson_facts(model, encode(model, gallery.specimen("scene-14").picture))
    asked = {one.kind: one for one in questions(found, series)}
    right = {kind: one.options[one.right] for kind, one in asked.items()}
    for one in asked.values():
        assert len({browser_words.option(one.kind, value) for value in one.options}) == len(one.options) >= 2
        text, why = browser_words.question(one.kind, one.numbers)
        assert "{" not in text + why
    assert right["object-weight"] == series.whole_S[1] and right["shift"] == "order-kept"
    assert right["attention"] == found.A_HW.max()
    if pooling == "gap":
        assert set(asked) == {"object-weight", "attention", "shift"} | ({"mean-map"} if head == "linear" else set())
        return
    views = found.views
    assert views and right["count"] == 200
    numbers = asked["clamped"].numbers
    box = oracles.region((numbers["x"], numbers["y"]), numbers["r"], *found.grid)
    assert right["clamped"] == len(oracles.cells_of(box)) < numbers["r"] ** 2
    two = asked["two"].numbers
    assert right["two"] == (two["a"] if two["a1"] + two["a2"] >= two["b1"] + two["b2"] else two["b"])
    assert right["per-view"] == pytest.approx(views.loss_MT[:, found.place].mean())


def test_without_a_series_and_with_one_view() -> None:
    model = build_model("compact", "mfa", 2, seed=5, k=1, sizes=(1,)).eval()
    found = lesson_facts(model, encode(model, gallery.specimen("scene-14").picture))
    kinds = [one.kind for one in questions(found)]
    assert kinds[0] == "cell-weight" and "clamped" not in kinds and "two" not in kinds
    assert replace(found).cells == 196
