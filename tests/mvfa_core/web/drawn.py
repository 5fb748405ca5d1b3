"""Models without a backbone and feature maps for them: grids of any form, few classes and many, ties on purpose."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from mvfa_core.backbones import find_backbone
from mvfa_core.class_subset import only
from mvfa_core.explain import Encoding
from mvfa_core.model import GAP, MFA, Classifier

D = 6
GRIDS = ((1, 1), (1, 9), (8, 1), (2, 3), (5, 8), (9, 4), (7, 7), (14, 14), (11, 16))
CLASSES = (1, 2, 3, 10, 37, 200, 1000)
KINDS = ("plain", "sharp", "dyadic", "flat", "twins")
"""dyadic: multiples of 1/2, so that many values are equal and sums exact; flat: the lower half is zero; twins: every
class is there twice."""


def case(
    place: int, *, head: str = "linear", pooling: str = "mfa", anchors: str = "adacam"
) -> tuple[Classifier, Encoding]:
    """A model and an encoded picture; every place of a round has another grid, number of classes and kind."""
    rng = np.random.default_rng(place)
    height, width = GRIDS[place % len(GRIDS)]
    classes = CLASSES[place % len(CLASSES)]
    kind = KINDS[place % len(KINDS)]
    model = classifier(max(classes, 2), head=head, pooling=pooling, anchors=anchors)
    F_BDHW = torch.tensor(rng.normal(size=(1, D, height, width)), dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.pooling.parameters():
            values = rng.normal(size=parameter.shape) * (6 if kind == "sharp" else 1)
            if kind == "dyadic":
                values = np.rint(values)
            if kind == "twins":
                values[1::2] = values[: len(values) // 2 * 2 : 2]
            parameter.copy_(torch.tensor(values, dtype=torch.float32))
    if kind == "dyadic":
        F_BDHW = (F_BDHW * 2).round() / 2
    if kind == "flat":
        F_BDHW[..., height // 2 :, :] = 0
    if classes == 1:
        model = only(model, torch.tensor([0]))
    return model, Encoding(F_BDHW, (int(rng.integers(16, 4000)), int(rng.integers(16, 4000))))


def classifier(classes: int, *, head: str = "linear", pooling: str = "mfa", anchors: str = "adacam") -> Classifier:
    """What follows a feature map of D channels."""
    if pooling == "gap":
        module: MFA | GAP = GAP(D, classes, head=head)
    else:
        module = MFA(D, classes, k=1, sizes=(3, 5), head=head, anchors=anchors)
    names = tuple(f"class {c}" for c in range(classes))
    return Classifier(nn.Identity(), module, entry=find_backbone("compact"), config={}, classes=names)


def options(rng: np.random.Generator, model: Classifier, encoding: Encoding) -> dict[str, Any]:
    """K, L_R, class, rule and temperature, the ends of each range more often than chance would."""
    cells = math.prod(encoding.F_BDHW.shape[-2:])
    sizes = rng.choice(np.arange(1, 24, 2), size=rng.integers(1, 6), replace=bool(rng.integers(2))).tolist()
    return {
        "k": int(rng.choice([1, cells, rng.integers(1, cells + 1), rng.integers(1, cells + 1)])),
        "sizes": sizes,
        "classIndex": None if rng.random() < 0.3 else int(rng.integers(len(model.classes))),
        "hideOverlaps": bool(rng.integers(2)),
        "rule": str(rng.choice(["logit-sum", "probability-mean", "majority"])),
        "temperature": float(rng.choice([0.01, 0.5, 1.0, 3.0, 100.0])),
    }
