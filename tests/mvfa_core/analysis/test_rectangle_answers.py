"""The head's answer for a rectangle against the head on a crop, and the best one against trying all by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mvfa_core import build_model
from mvfa_core.analysis.rectangle_answers import ask, best_rectangle
from mvfa_core.analysis.rectangles import POWER
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.model import Classifier

GRID, SIZE_PX = (4, 6), (300, 80)
HEADS = ["linear", "mlp", "prototype"]


@pytest.fixture
def encoding() -> Encoding:
    return Encoding(torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8)), SIZE_PX)


def make(head: str = "linear", pooling: str = "mfa") -> Classifier:
    return build_model("compact", pooling=pooling, num_classes=4, k=3, head=head, seed=1)


def on_a_crop(model: Classifier, encoding: Encoding, box: tuple[int, int, int, int]) -> np.ndarray:
    """The head on the mean of the crop's features, as a vector."""
    x0, y0, x1, y1 = box
    mean_D = encoding.F_BDHW[0, :, y0 : y1 + 1, x0 : x1 + 1].mean(dim=(1, 2))
    head = model.pooling.head
    with torch.no_grad():
        return head.finish(head.maps(mean_D[None, :, None, None])[:, :, 0, 0])[0].numpy()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("box", [(0, 0, 5, 3), (2, 1, 2, 1), (3, 0, 5, 2)])
def test_the_answer_is_the_head_on_the_crop(head: str, box: tuple[int, int, int, int], encoding: Encoding) -> None:
    model = make(head)
    asked = ask(model, encoding, box)
    logits_C = on_a_crop(model, encoding, box)
    np.testing.assert_allclose(asked.logits_C, logits_C, atol=1e-5)
    np.testing.assert_allclose(asked.confidence_C, np.exp(logits_C) / np.exp(logits_C).sum(), atol=1e-5)
    assert asked.cells == (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
    assert asked.box_px == pytest.approx((50 * box[0], 20 * box[1], 50 * (box[2] + 1), 20 * (box[3] + 1)))


def test_the_whole_grid_of_gap_is_the_models_answer(encoding: Encoding) -> None:
    model = make(pooling="gap")
    found = explain_encoding(model, encoding)
    np.testing.assert_allclose(ask(model, encoding, (0, 0, 5, 3)).confidence_C, found.ensemble_C, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_the_best_box_by_trying_all(head: str, encoding: Encoding) -> None:
    model, scores = make(head), {}
    for y0 in range(4):
        for y1 in range(y0, 4):
            for x0 in range(6):
                for x1 in range(x0, 6):
                    logits_C = on_a_crop(model, encoding, (x0, y0, x1, y1)).astype(np.float64)
                    odds = logits_C[2] - np.logaddexp.reduce(np.delete(logits_C, 2))
                    scores[x0, y0, x1, y1] = (odds, (x1 - x0 + 1) * (y1 - y0 + 1))
    whole = scores[0, 0, 5, 3][0]
    scores = {box: (odds - whole) * cells**POWER for box, (odds, cells) in scores.items()}
    found = best_rectangle(model, encoding, 2)
    assert scores[found.box] == pytest.approx(max(scores.values()), abs=1e-4)


@pytest.mark.parametrize("box", [(0, 0, 6, 3), (0, -1, 2, 2), (3, 0, 2, 2)])
def test_refusals(box: tuple[int, int, int, int], encoding: Encoding) -> None:
    with pytest.raises(ValueError, match="inside 6 x 4 cells"):
        ask(make(), encoding, box)
