"""All class maps of a picture at once, and the dial from one class's map to the mean of all (Eq. 1-2).

C classes · T temperatures · H W grid in cells
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mvfa_core import budget
from mvfa_core.adacam import label_dial, softened
from mvfa_core.checks import expect
from mvfa_core.explain import Encoding
from mvfa_core.inference import inspects
from mvfa_core.model import GAP, MFA, Classifier


@dataclass(frozen=True)
class ClassAtlas:
    """What the auxiliary head says at every cell.

    Attributes:
        classes: C names. G_CHW: the class maps, in logits. f_C: the auxiliary probabilities, sum to 1.
        winner_HW: the class with the highest G at each cell; equal values go to the lower index.
        temperatures: T of every map of the dial. dial_THW: sum_i softmax(z / T)_i G_i, in logits.
        weights_TC: softmax(z / T), rows sum to 1.
    """

    classes: tuple[str, ...]
    G_CHW: np.ndarray
    f_C: np.ndarray
    winner_HW: np.ndarray
    temperatures: tuple[float, ...]
    dial_THW: np.ndarray
    weights_TC: np.ndarray


@inspects
def class_atlas(model: Classifier, encoding: Encoding, temperatures: Sequence[float] = (1.0,)) -> ClassAtlas:
    """The atlas of an encoded picture; no call of the backbone. A GAP model's one head is read at every cell, which
    for a linear head is the head's class maps.

    Raises:
        ValueError: no temperature, or one that is not positive; `budget.TooLargeError`: more memory than it may take.
    """
    expect(len(temperatures) > 0, "temperatures", "at least one", "none")
    cells, count = encoding.F_BDHW.shape[-2] * encoding.F_BDHW.shape[-1], len(model.classes)
    needed = budget.of_atlas(count, cells, len(temperatures))
    budget.expect_fits(needed, f"the maps of {count:,} classes", "the model has too many classes for it")
    with torch.no_grad():
        G_BCHW = _class_maps(model, encoding.F_BDHW).float()
        z_BC = G_BCHW.mean(dim=(-2, -1))
        dial = [label_dial(G_BCHW, temperature)[0] for temperature in temperatures]
        weights = [softened(z_BC, temperature)[0] for temperature in temperatures]
        f_C = _probabilities(model.pooling, encoding.F_BDHW, G_BCHW)[0]
    return ClassAtlas(
        classes=model.classes,
        G_CHW=G_BCHW[0].cpu().numpy(),
        f_C=f_C.cpu().numpy(),
        winner_HW=G_BCHW[0].argmax(dim=0).cpu().numpy(),
        temperatures=tuple(float(temperature) for temperature in temperatures),
        dial_THW=torch.stack(dial).cpu().numpy(),
        weights_TC=torch.stack(weights).cpu().numpy(),
    )


def _probabilities(pooling: MFA | GAP, F_BDHW: torch.Tensor, G_BCHW: torch.Tensor) -> torch.Tensor:
    """f_BC; that of an adopted classifier may be another than the softmax of G's mean."""
    if isinstance(pooling, MFA):
        return pooling.attend(F_BDHW, G_BCHW)[1]
    return G_BCHW.mean(dim=(-2, -1)).softmax(dim=1)


def _class_maps(model: Classifier, F_BDHW: torch.Tensor) -> torch.Tensor:
    pooling = model.pooling
    if isinstance(pooling, MFA):
        return pooling.class_maps(F_BDHW)
    return pooling.head.finish(pooling.head.maps(F_BDHW).movedim(1, -1)).movedim(-1, 1)
