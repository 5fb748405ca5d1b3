"""The record of a forward pass."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from mvfa_core import GAP, MFA, Stages
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import CASES, DTYPES, C, D, array, close, features


def test_the_record_is_frozen_and_its_tensors_carry_their_shapes() -> None:
    case = CASES["wide"]
    stages = MFA(D, C, k=case.k, sizes=case.sizes).double()(features(case))
    with pytest.raises(dataclasses.FrozenInstanceError):
        stages.f_BC = None
    sizes = {"B": 3, "D": D, "C": C, "H": 5, "W": 8, "K": case.k, "R": 2, "M": 2 * case.k, "2": 2, "4": 4}
    names = {field.name for field in dataclasses.fields(Stages)} - {"sizes"} | {"views_BMD", "auxiliary_BC"}
    for name in names:
        assert getattr(stages, name).shape == tuple(sizes[letter] for letter in name.split("_")[1]), name
    assert stages.sizes == case.sizes
    assert stages.grid == (5, 8)


def test_the_gap_twin_fills_two_fields() -> None:
    stages = GAP(D, C).double()(features(CASES["wide"]))
    filled = {field.name for field in dataclasses.fields(Stages) if getattr(stages, field.name) is not None}
    assert filled == {"F_BDHW", "ensemble_BC"}
    assert stages.views_BMD is None
    assert stages.auxiliary_BC is None
    assert stages.grid == (5, 8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_views_made_when_asked_for_are_the_crops(dtype: torch.dtype) -> None:
    case = CASES["tall"]
    stages = MFA(D, C, k=case.k, sizes=case.sizes).to(dtype)(features(case, dtype))
    for b in range(3):
        boxes = [tuple(box) for box in stages.boxes_BKR4[b].flatten(0, 1).tolist()]
        close(stages.views_BMD[b], [oracles.crop_mean(array(stages.F_BDHW[b]), box) for box in boxes], dtype)
    assert stages.views_BMD is stages.views_BMD


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mean_of_the_class_maps_is_the_auxiliary_logits(dtype: torch.dtype) -> None:
    case = CASES["wide"]
    stages = MFA(D, C, k=case.k, sizes=case.sizes).to(dtype)(features(case, dtype))
    means_BC = [[oracles.global_mean(G_HW) for G_HW in G_CHW] for G_CHW in array(stages.G_BCHW)]
    close(stages.auxiliary_BC, means_BC, dtype)
    close(stages.auxiliary_BC.softmax(dim=1), array(stages.f_BC), dtype)
