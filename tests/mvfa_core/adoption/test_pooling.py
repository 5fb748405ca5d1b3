"""Networks of any number of classes a picture: everywhere each class has its own sigmoid."""

from __future__ import annotations

import numpy as np
import pytest
import timm
from PIL import Image

from mvfa_core import adopt, explain
from mvfa_core.analysis.cells import cell_story
from mvfa_core.analysis.rectangle_answers import ask, best_rectangle
from mvfa_core.analysis.rectangles import POWER
from mvfa_core.analysis.stability import prediction_path
from mvfa_core.analysis.votes import agreement, verdicts
from mvfa_core.class_subset import ensemble_logits
from mvfa_core.data.sets import PictureSet
from mvfa_core.evaluation.look import look
from mvfa_core.explain import encode
from mvfa_core.lesson import lesson_facts
from mvfa_core.metrics.faithfulness import confidences
from mvfa_core.web.payload import payload_of
from tests.mvfa_core.adoption.networks import randomised


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8))


def test_nobody_takes_sigmoids_for_a_softmax(picture: Image.Image) -> None:
    """Rectangles, cells, paths, votes, measures and evaluations tell each class's own sigmoid; what can only tell of a
    softmax refuses."""
    model = adopt(randomised(timm.create_model("resnet10t", num_classes=5)), size=96, labels="multi")
    encoding, found = encode(model, picture), explain(model, picture)
    assert found.logits_MC is not None

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-np.asarray(z, np.float64)))

    mean_C = found.logits_C / len(found.logits_MC)
    answer = ask(model, encoding, (0, 0, 1, 2))
    assert np.allclose(answer.confidence_C, sigmoid(answer.logits_C), atol=1e-5)
    story = cell_story(model, encoding, (1, 1), sizes=(1,))
    assert np.allclose(story.regions[0].confidence_C, ask(model, encoding, (1, 1, 1, 1)).confidence_C, atol=1e-5)
    rows, columns = found.grid
    every = {(x0, y0, x1, y1): ask(model, encoding, (x0, y0, x1, y1)) for y0 in range(rows) for y1 in range(y0, rows)
             for x0 in range(columns) for x1 in range(x0, columns)}  # fmt: skip
    whole = every[0, 0, columns - 1, rows - 1]
    lead = {box: (one.logits_C[2] - whole.logits_C[2]) * one.cells**POWER for box, one in every.items()}
    best = best_rectangle(model, encoding, 2)
    assert lead[best.box] == pytest.approx(max(lead.values()), abs=1e-4)
    assert np.allclose(prediction_path(model, encoding).share_NC[found.k - 1], sigmoid(mean_C), atol=1e-5)
    rules = {verdict.rule: verdict for verdict in verdicts(found)}
    assert np.allclose(rules["logit-sum"].share_C, found.ensemble_C, atol=1e-5)
    assert np.allclose(rules["probability-mean"].share_C, sigmoid(found.logits_MC).mean(axis=0), atol=1e-5)
    share_M = sigmoid(found.logits_MC[:, found.target])
    entropy = [-(p * np.log2(p) + (1 - p) * np.log2(1 - p)) for p in (share_M, share_M.mean())]
    split = agreement(found)
    assert (split.unsure, split.total) == pytest.approx((entropy[0].mean(), entropy[1]), abs=1e-5)
    image = np.array(picture.resize((96, 96), Image.Resampling.BILINEAR))
    expected = explain(model, image).ensemble_C
    assert confidences(model, image[None], 3)[0] == pytest.approx(expected[3], abs=1e-4)
    looked = look(model, PictureSet(image[None], np.array([1]), ("a",)), np.arange(1))
    assert looked.confidence_N[0] == pytest.approx(expected.max(), abs=1e-4)
    assert looked.true_N[0] == pytest.approx(expected[1], abs=1e-4)
    for refuses in (lesson_facts, payload_of):
        with pytest.raises(ValueError, match="model: expected one class a picture"):
            refuses(model, encoding)


def test_few_of_many_sigmoids_are_those_of_all(picture: Image.Image) -> None:
    """The likeliest classes of a model of more than fit, in the order of its own answer."""
    model = adopt(randomised(timm.create_model("resnet10t", num_classes=9)), size=96, labels="multi")
    encoding, found = encode(model, picture), explain(model, picture)
    assert np.allclose(ensemble_logits(model, encoding.F_BDHW).detach(), found.logits_C, rtol=1e-3, atol=1e-2)
