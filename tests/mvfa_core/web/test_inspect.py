"""Further questions in the browser against Python's answers: cells, rectangles, agreement, other heads and anchors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mvfa_core.adacam import attention_map
from mvfa_core.analysis import votes
from mvfa_core.analysis.cells import cell_story
from mvfa_core.analysis.rectangle_answers import ask
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.model import Classifier
from mvfa_core.web.payload import MOST_ERROR, payload_of
from tests.mvfa_core.web import drawn
from tests.mvfa_core.web.conftest import Method
from tests.mvfa_core.web.differences import TOLERANCE, Differences, best_by, same

pytestmark = pytest.mark.browser
PLACES = range(0, 63, 2)


def told(question: str, seen: Differences, cases: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{question}, in the browser and in Python: {seen.told(cases)}")
    assert max(seen.largest.values()) <= TOLERANCE, seen.told(cases)


def setting(place: int) -> tuple[Classifier, Encoding, dict[str, Any], np.random.Generator]:
    rng = np.random.default_rng(2000 + place)
    model, encoding = drawn.case(place)
    options = drawn.options(rng, model, encoding)
    return model, encoding, {"k": options["k"], "sizes": options["sizes"]}, rng


def test_how_the_views_agree(method: Method, capsys: pytest.CaptureFixture[str]) -> None:
    seen = Differences()
    for place in PLACES:
        model, encoding, options, rng = setting(place)
        a, b = rng.integers(len(model.classes), size=2).tolist()
        method.take(payload_of(model, encoding).to_bytes(most_error=0))
        questions = [("agreement", options), ("anchorWinners", options)]
        questions.append(("leads", options | {"classIndex": a, "against": b}))
        bits, winners, leads = method.answers(questions)
        wanted = explain_encoding(model, encoding, target=a, **options)
        split = votes.agreement(wanted)
        seen.see("agreement, bits", bits["bits"], [split.total, split.unsure, split.disagree])
        assert wanted.logits_MC is not None
        sums_KC = wanted.logits_MC.reshape(wanted.k, len(options["sizes"]), -1).astype(np.float64).sum(axis=1)
        wanted_K = votes.anchor_winners(wanted)
        for place_K in np.flatnonzero(winners["winners"] != wanted_K):
            best_by(sums_KC[place_K], int(winners["winners"][place_K]), "anchor winner")
        seen.see("leads", leads["leads"], votes.pushes(wanted, a, b))
    told("How the views agree", seen, len(PLACES), capsys)


def test_cells_and_rectangles(method: Method, capsys: pytest.CaptureFixture[str]) -> None:
    seen = Differences()
    for place in PLACES:
        model, encoding, options, rng = setting(place)
        height, width = encoding.F_BDHW.shape[-2:]
        x, y = int(rng.integers(width)), int(rng.integers(height))
        columns, rows = np.sort(rng.integers(width, size=2)), np.sort(rng.integers(height, size=2))
        box = [int(columns[0]), int(rows[0]), int(columns[1]), int(rows[1])]
        method.take(payload_of(model, encoding).to_bytes(most_error=0))
        cell, rectangle = method.answers([("cell", options | {"cell": [x, y]}), ("rectangle", {"box": box})])
        story, answer = cell_story(model, encoding, (x, y), sizes=options["sizes"]), ask(model, encoding, box)
        seen.see("G of a cell", cell["G"], story.G_C)
        seen.see("terms", cell["terms"], story.terms_C)
        same("attention", cell["attention"], [np.float32(story.attention)])
        same("rank", cell["rank"], [story.rank])
        same("boxes", cell["boxes"], [region.box for region in story.regions])
        seen.see("regions of a cell", cell["confidence"], [region.confidence_C for region in story.regions])
        seen.see("rectangle", rectangle["logits"], answer.logits_C)
        seen.see("its confidence", rectangle["confidence"], answer.confidence_C)
        same("px", rectangle["px"], answer.box_px)
        same("cells", rectangle["cells"], [answer.cells])
    told("Cells and rectangles", seen, len(PLACES), capsys)


def test_a_page_without_a_server_computes_the_attention_itself(
    method: Method, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Differences()
    for place in PLACES:
        model, encoding, options, _ = setting(place)
        payload = payload_of(model, encoding)
        method.take(payload.to_bytes(most_error=0))
        (alone,) = method.answers([("alone", options)])
        A_BHW, f_BC = attention_map(torch.tensor(payload.G_HWC).movedim(-1, 0)[None])
        seen.see("A", alone["attention"], A_BHW)
        seen.see("f", alone["probabilities"], f_BC)
        (given,) = method.answers([("explain", options)])
        if (alone["anchors"] == given["anchors"]).all():  # all is equal but cells that a last bit tells apart
            seen.see("ensemble", alone["ensemble"], given["ensemble"])
        else:
            best = np.sort(payload.A_HW.ravel())[::-1][: len(alone["anchors"])]
            seen.see("A of the anchors", payload.A_HW.ravel()[alone["anchors"].astype(int)], best)
    told("Attention", seen, len(PLACES), capsys)


@pytest.mark.parametrize("anchors", ["all", "covering", "label"])
def test_other_ways_to_choose_anchors(method: Method, anchors: str) -> None:
    for place in (4, 7, 17, 25):
        model, encoding = drawn.case(place, anchors=anchors)
        cells = encoding.F_BDHW[0, 0].numel()
        k = max(1, cells // 2)
        method.take(payload_of(model, encoding, k=k, sizes=(1, 5)).to_bytes(most_error=0))
        (got,) = method.answers([("explain", {})])
        wanted = explain_encoding(model, encoding, k=k, sizes=(1, 5))
        assert wanted.anchors_K2 is not None
        same("anchors", got["anchors"], wanted.anchors_K2 @ [1, wanted.grid[1]])
        np.testing.assert_allclose(got["ensemble"], wanted.ensemble_C, atol=TOLERANCE)


@pytest.mark.parametrize("head", ["linear", "prototype", "mlp"])
@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_every_head(method: Method, head: str, pooling: str) -> None:
    for place in (3, 10, 12, 34):
        model, encoding = drawn.case(place, head=head, pooling=pooling)
        payload = payload_of(model, encoding)
        method.take(payload.to_bytes(most_error=0))
        (got,) = method.answers([("explain", {})])
        wanted = explain_encoding(model, encoding)
        assert int(got["predicted"][0]) == wanted.predicted
        size = max(1.0, float(np.abs(wanted.adacam_HW).max()))
        np.testing.assert_allclose(got["attention"], wanted.adacam_HW.ravel(), atol=TOLERANCE * size)
        computed = {"cam": wanted.cam_HW, "contribution": wanted.contribution_HW}
        computed |= {"logits": wanted.logits_C, "ensemble": wanted.ensemble_C} if head != "mlp" else {"ensemble": None}
        for name, values in computed.items():
            if values is None:  # the server's to answer
                assert name not in got
            else:
                size = max(1.0, float(np.abs(values).max()))
                np.testing.assert_allclose(got[name], values.ravel(), atol=TOLERANCE * size, err_msg=name)
        assert ("order" in got) == (pooling == "mfa" and head != "mlp")
        assert len(got["anchors"]) == (wanted.k or 0)


def test_equal_views_keep_their_order(method: Method) -> None:
    """Where sums are exact, ties are ties: single cells of two classes with logits in halves, and a blank picture."""
    for place in range(12):
        rng = np.random.default_rng(place)
        model = drawn.classifier(2)
        height, width = (7, 9) if place % 2 else (14, 14)
        F_BDHW = torch.tensor(rng.integers(-2, 3, size=(1, drawn.D, height, width)) / 2, dtype=torch.float32)
        sizes = [1] if place % 2 else [1, 1]  # Python's mean over nine equal cells is not always the last bit's equal
        if place % 3 == 0:
            F_BDHW = torch.zeros_like(F_BDHW)
        with torch.no_grad():
            for parameter in model.pooling.parameters():
                parameter.copy_(torch.tensor(rng.integers(-1, 2, size=parameter.shape) / 2))
        encoding = Encoding(F_BDHW, (80, 60))
        options = {"k": height * width - 3, "sizes": sizes, "classIndex": 1}
        method.take(payload_of(model, encoding).to_bytes())
        (got,) = method.answers([("explain", options | {"hideOverlaps": True})])
        wanted = explain_encoding(model, encoding, target=1, k=options["k"], sizes=sizes)
        log_odds_M = wanted.log_odds(1)
        assert len(set(log_odds_M.tolist())) < len(log_odds_M) / 2, "many are equal"
        same("order", got["order"], np.argsort(-log_odds_M, kind="stable"))
        same("winners", got["winners"], votes.winners(wanted))
        assert wanted.anchors_K2 is not None
        same("anchors", got["anchors"], wanted.anchors_K2 @ [1, width])
        same("top", got["top"], [region.view for region in wanted.top(10, 1, distinct=True)])
        same("predicted", got["predicted"], [wanted.predicted])


def test_a_thousand_classes_in_half_the_bytes_print_alike(method: Method) -> None:
    model, _ = drawn.case(27)
    assert len(model.classes) == 1000
    payload = payload_of(model, Encoding(torch.randn(1, drawn.D, 14, 14), (224, 224)))
    short, long = payload.to_bytes(), payload.to_bytes(most_error=0)
    assert len(short) < 0.52 * len(long)
    options: dict[str, Any] = {"k": 196, "sizes": [1, 3, 9]}
    given = []
    for part in (short, long):
        method.take(part)
        given.append(next(method.answers([("explain", options)])))
    half, full = given
    same("anchors", half["anchors"], full["anchors"])
    assert np.abs(half["confidence"] - full["confidence"]).max() <= MOST_ERROR / 2
    assert np.abs(half["ensemble"] - full["ensemble"]).max() <= MOST_ERROR / 2
    assert np.abs(half["cam"] - full["cam"]).max() <= MOST_ERROR


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("explain", {"k": 0}, "k: expected a whole number from 1 to H*W = 36, got 0"),
    ("explain", {"k": 37}, "k: expected a whole number from 1 to H*W = 36, got 37"),
    ("explain", {"k": 1.5}, "got 1.5"),
    ("explain", {"sizes": []}, "sizes: expected 1 to 64 region sizes, got 0"),
    ("explain", {"sizes": [3, 4]}, "sizes: expected odd whole numbers >= 1, got 3, 4"),
    ("explain", {"sizes": [-1]}, "sizes: expected odd whole numbers >= 1, got -1"),
    ("explain", {"classIndex": 2}, "classIndex: expected a class index from 0 to 1, got 2"),
    ("explain", {"rule": "loudest"}, "rule: expected one of logit-sum, probability-mean, majority, got loudest"),
    ("explain", {"temperature": 0}, "temperature: expected a positive number, got 0"),
    ("rectangle", {"box": [2, 0, 1, 3]}, "box: expected (x_tl, y_tl, x_br, y_br) inside 4 x 9 cells, got (2, 0, 1, 3)"),
    ("cell", {"cell": [4, 0]}, "cell: expected (x, y) inside 4 x 9 cells, got (4, 0)"),
]


@pytest.mark.parametrize(("question", "options", "sentence"), REFUSED)
def test_what_python_refuses_is_refused(method: Method, question: str, options: dict[str, Any], sentence: str) -> None:
    encoding = Encoding(torch.randn(1, drawn.D, 9, 4), (40, 90))
    method.take(payload_of(drawn.classifier(2), encoding).to_bytes())
    (answer,) = method.ask([(question, options)])
    assert isinstance(answer, str) and sentence in answer


BROKEN: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("payload: expected version 1", lambda part: part.replace(b'"version":1', b'"version":2')),
    ("payload: expected a header of", lambda part: part[:40]),
    ("payload: expected the array A", lambda part: part.replace(b'"name":"A"', b'"name":"a"')),
]


@pytest.mark.parametrize(("sentence", "break_it"), BROKEN)
def test_broken_bytes_are_refused(method: Method, sentence: str, break_it: Callable[[bytes], bytes]) -> None:
    encoding = Encoding(torch.randn(1, drawn.D, 9, 4), (40, 90))
    with pytest.raises(Exception, match=sentence):
        method.take(break_it(payload_of(drawn.classifier(2), encoding).to_bytes()))
