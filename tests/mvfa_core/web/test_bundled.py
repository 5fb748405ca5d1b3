"""The models that come with the project, on drawn scenes: the browser prints what Python prints."""

from __future__ import annotations

import numpy as np
import pytest

from mvfa_core.checkpoints import bundled, load_model
from mvfa_core.data.synthetic import draw_scene
from mvfa_core.explain import encode, explain_encoding
from mvfa_core.web.payload import payload_of
from tests.mvfa_core.web.conftest import Method
from tests.mvfa_core.web.differences import TOLERANCE, Differences, same

pytestmark = pytest.mark.browser
SEEDS = range(4)


def printed(shares: np.ndarray) -> list[str]:
    return [f"{100 * share:.1f}" for share in shares]


@pytest.mark.parametrize("name", sorted(bundled()))
def test_a_bundled_model_prints_the_same_numbers(method: Method, name: str) -> None:
    model, seen = load_model(bundled()[name]), Differences()
    for seed in SEEDS:
        encoding = encode(model, draw_scene(seed).picture)
        method.take(payload_of(model, encoding).to_bytes())
        (got,) = method.answers([("explain", {"hideOverlaps": True})])
        wanted = explain_encoding(model, encoding)
        same("predicted", got["predicted"], [wanted.predicted])
        assert printed(got["ensemble"]) == printed(wanted.ensemble_C)
        seen.see("ensemble", got["ensemble"], wanted.ensemble_C)
        seen.see("contribution", got["contribution"], wanted.contribution_HW)
        if wanted.anchors_K2 is None or wanted.boxes_KR4 is None:
            continue
        same("anchors", got["anchors"], wanted.anchors_K2 @ [1, wanted.grid[1]])
        same("boxes", got["boxes"], wanted.boxes_KR4)
        top = wanted.top(10, distinct=True)
        assert printed(got["topConfidence"]) == printed(np.array([region.confidence for region in top]))
        same("top boxes", got["topBoxPx"], [region.box_px for region in top])
    assert max(seen.largest.values()) <= TOLERANCE, seen.told(len(SEEDS))
