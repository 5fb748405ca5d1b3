"""All that looks at a model looks at adopted ones of every kind, too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mvfa_core import adopt, explain
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.analysis.cells import cell_story
from mvfa_core.analysis.other_methods import OTHER_MAPS, other_map
from mvfa_core.analysis.receptive_field import receptive_field
from mvfa_core.analysis.rectangle_answers import ask, best_rectangle
from mvfa_core.analysis.stability import prediction_path, prediction_stability
from mvfa_core.analysis.votes import agreement, tally, verdicts
from mvfa_core.class_subset import likeliest
from mvfa_core.explain import encode, explain_encoding
from mvfa_core.lesson.facts import lesson_facts
from mvfa_core.web.payload import payload_of
from tests.mvfa_core.adoption.networks import CLASSES, EXACT, POOLED, SIDE, Token, randomised

KINDS = {"exact": EXACT["mean of two dimensions"], "pooled": POOLED["layer norm"], "tokens": Token}


@pytest.mark.parametrize("kind", KINDS)
def test_every_question(kind: str) -> None:
    torch.set_num_threads(1)
    model = adopt(randomised(KINDS[kind]()), size=SIDE)
    assert model.config["adopted"]["anatomy"]["kind"] == kind
    picture = np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8)
    encoding = encode(model, picture)
    found = explain_encoding(model, encoding)
    views = model.pooling.k * len(model.pooling.sizes)
    assert found.logits_MC is not None and np.allclose(
        found.logits_MC.sum(axis=0), found.logits_C, rtol=1e-4, atol=1e-3
    )
    atlas = class_atlas(model, encoding)
    assert atlas.G_CHW.shape == (CLASSES, 8, 8) and np.allclose(atlas.f_C, found.auxiliary_C, atol=1e-6)
    assert cell_story(model, encoding, (2, 3)).cell == (2, 3)
    whole = ask(model, encoding, (0, 0, 7, 7))
    assert np.isfinite(best_rectangle(model, encoding, found.target).confidence_C).all()
    if kind != "tokens":
        assert np.allclose(whole.confidence_C, found.auxiliary_C, atol=1e-4)  # the view of the whole map
    assert prediction_path(model, encoding).winner_N.shape == (64,) and prediction_stability(found) is not None
    assert tally(found).sum() == views and agreement(found) is not None and len(verdicts(found)) == 3
    near = likeliest(model, encoding, 3)
    order = np.sort(np.argsort(-found.logits_C)[:3])
    assert near.classes == tuple(model.classes[c] for c in order)
    assert explain_encoding(near, encoding).logits_MC.shape == (views, 3)
    assert lesson_facts(model, encoding).head == ("linear" if kind != "pooled" else "mlp")
    payload = payload_of(model, encoding)
    assert len(payload.to_bytes()) > 1000 and np.array_equal(payload.A_HW, found.adacam_HW)
    assert receptive_field(model).side == SIDE
    for method in OTHER_MAPS:
        assert other_map(model, encoding, method, 0).shape == (8, 8)
    assert explain(model, picture, target=2).target == 2
