"""All class maps at once, against the equations by hand, on a grid that is not square."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mvfa_core import build_model
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.explain import Encoding, explain_encoding
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, layer

GRID = (5, 8)


@pytest.fixture
def encoding() -> Encoding:
    return Encoding(torch.randn(1, 128, *GRID, generator=torch.Generator().manual_seed(8)), (320, 150))


def test_class_maps_and_probabilities(encoding: Encoding) -> None:
    model = build_model("compact", num_classes=4, k=3, seed=1)
    atlas = class_atlas(model, encoding)
    G_CHW = oracles.class_maps(array(encoding.F_BDHW), *layer(model.pooling.auxiliary))[0]
    np.testing.assert_allclose(atlas.G_CHW, G_CHW, atol=1e-4)
    np.testing.assert_allclose(atlas.f_C, oracles.auxiliary(G_CHW), atol=1e-5)
    assert (atlas.winner_HW == G_CHW.argmax(axis=0)).all()


def test_the_dial_goes_from_one_class_through_adacam_to_the_mean(encoding: Encoding) -> None:
    model = build_model("compact", num_classes=4, k=3, seed=1)
    atlas = class_atlas(model, encoding, temperatures=(1e-4, 1, 1e6))
    first, middle, last = atlas.dial_THW
    np.testing.assert_allclose(first, atlas.G_CHW[atlas.f_C.argmax()], atol=1e-4)
    np.testing.assert_allclose(middle, explain_encoding(model, encoding).adacam_HW, atol=1e-5)
    np.testing.assert_allclose(last, atlas.G_CHW.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(np.einsum("tc,chw->thw", atlas.weights_TC, atlas.G_CHW), atlas.dial_THW, atol=1e-4)
    np.testing.assert_allclose(atlas.weights_TC.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_of_a_gap_model_the_head_at_every_cell(head: str, encoding: Encoding) -> None:
    model = build_model("compact", pooling="gap", num_classes=4, head=head, seed=1)
    atlas = class_atlas(model, encoding)
    with torch.no_grad():
        one = model.pooling(encoding.F_BDHW[:, :, 2:3, 6:7]).ensemble_BC[0].numpy()
    np.testing.assert_allclose(atlas.G_CHW[:, 2, 6], one, atol=1e-4)
    np.testing.assert_allclose(atlas.dial_THW[0], explain_encoding(model, encoding).adacam_HW, atol=1e-5)


@pytest.mark.parametrize("temperatures", [(), (0.0,), (1.0, -2.0)])
def test_refusals(temperatures: tuple[float, ...], encoding: Encoding) -> None:
    with pytest.raises(ValueError, match="temperature"):
        class_atlas(build_model("compact", num_classes=4, k=3), encoding, temperatures)
