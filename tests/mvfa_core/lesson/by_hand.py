"""The numbers of the lesson a second time, in float64 and by the loops of `tests/mvfa_core/oracles.py`, from
features and weights alone."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mvfa_core.explain import encode
from mvfa_core.model import Classifier
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array, layer, oracle_head


class ByHand(NamedTuple):
    """F, the head's layer for class maps (W, b), the passage of Eq. 2-8, and z, the means of the class maps."""

    F_DHW: np.ndarray
    aux: tuple[np.ndarray, np.ndarray]
    passage: oracles.Passage
    z_C: np.ndarray


def by_hand(model: Classifier, picture: object, k: int, sizes: tuple[int, ...]) -> ByHand:
    F_BDHW = array(encode(model, picture).F_BDHW)
    aux = layer(model.pooling.auxiliary)
    passage = oracles.mfa(F_BDHW, aux, oracle_head(model.pooling.head), k, sizes)
    z_C = np.array([oracles.global_mean(G_HW) for G_HW in passage.G_BCHW[0]])
    return ByHand(F_BDHW[0], aux, passage, z_C)


def loss_of(logits_C: np.ndarray, label: int) -> float:
    """-log softmax, in a form that keeps small losses: log(1 + sum of exp of the differences)."""
    others = [math.exp(float(g - logits_C[label])) for c, g in enumerate(logits_C) if c != label]
    return math.log1p(sum(others))
