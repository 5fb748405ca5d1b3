"""One drawn object at a series of sizes, and what a GAP model and its MFA twin say (Figure 1).

    S sizes of the object · M = K*R views

Only the object's size changes: photograph, marks, colour and turn stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mvfa_core.checks import expect
from mvfa_core.data.synthetic import CLASSES, SCALES, draw_scene
from mvfa_core.images import to_tensor
from mvfa_core.inference import features, head_on_cpu, inference
from mvfa_core.model import Classifier
from mvfa_core.regions import cells_to_pixels
from mvfa_core.stages import Stages

STEPS = 20


@dataclass(frozen=True)
class ScaleSeries:
    """An object drawn small to large.

    Attributes:
        name: the true class. scales: the longer side of the object as a fraction of the picture's.
        pictures: uint8 (side, side, 3) each. boxes: (x0, y0, x1, y1) of the object in px, half-open.
        gap_S, mfa_S: confidence of the two models in the true class.
        gap_says, mfa_says: the classes they answer.
        whole_S: the share of the picture that the object covers, its weight in the mean over the whole map.
        views_S: the same share inside the regions, averaged over the M views.
    """

    name: str
    scales: tuple[float, ...]
    pictures: tuple[np.ndarray, ...]
    boxes: tuple[tuple[int, int, int, int], ...]
    gap_S: np.ndarray
    mfa_S: np.ndarray
    gap_says: tuple[str, ...]
    mfa_says: tuple[str, ...]
    whole_S: np.ndarray
    views_S: np.ndarray


def scale_series(
    gap: Classifier, mfa: Classifier, seed: int, label: int, *, scales: Sequence[float] | None = None
) -> ScaleSeries:
    """The scene of `seed` with the shape `label` at every scale, each model asked once, in one batch.

    Args:
        gap, mfa: models that know the drawn shapes.
        scales: within `SCALES`; small ones lie closer together if not given, because that is where it matters.

    Raises:
        ValueError: a scale or label out of range, or a model without that class.
    """
    name = CLASSES[label]
    for model in (gap, mfa):
        expect(name in model.classes, "model", f"one that knows {name}", ", ".join(model.classes[:5]))
    if scales is None:
        scales = np.geomspace(*SCALES, STEPS).tolist()
    scenes = [draw_scene(seed, label=label, scale=min(max(s, SCALES[0]), SCALES[1])) for s in scales]
    masks_SHW = np.stack([scene.mask for scene in scenes]).astype(np.float64)
    found = {}
    for key, model in (("gap", gap), ("mfa", mfa)):
        batch_B3SS = torch.cat([to_tensor(scene.picture, model.side) for scene in scenes])
        with inference(model) as seen:
            stages = head_on_cpu(seen).pooling(features(seen, batch_B3SS).cpu())
        views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
        share_BC = (stages.ensemble_BC.double() / views).softmax(dim=1)
        says = tuple(model.classes[c] for c in share_BC.argmax(dim=1).tolist())
        found[key] = (share_BC[:, model.classes.index(name)].numpy(), says, stages)
    return ScaleSeries(
        name=name,
        scales=tuple(float(s) for s in scales),
        pictures=tuple(scene.picture for scene in scenes),
        boxes=tuple(scene.box for scene in scenes),
        gap_S=found["gap"][0],
        mfa_S=found["mfa"][0],
        gap_says=found["gap"][1],
        mfa_says=found["mfa"][1],
        whole_S=masks_SHW.mean(axis=(1, 2)),
        views_S=_inside(masks_SHW, found["mfa"][2]),
    )


def _inside(masks_SHW: np.ndarray, stages: Stages) -> np.ndarray:
    """The object's share of every region's pixels, averaged over the views of a picture, from summed-area tables."""
    assert stages.boxes_BKR4 is not None
    boxes_BM4 = stages.boxes_BKR4.flatten(1, 2)
    corners_BM4 = cells_to_pixels(boxes_BM4, stages.grid, masks_SHW.shape[1:]).round().long().numpy()
    shares = []
    for mask_HW, corners_M4 in zip(masks_SHW, corners_BM4, strict=True):
        table = np.pad(mask_HW.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        x0, y0, x1, y1 = corners_M4.T
        covered_M = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
        shares.append((covered_M / ((x1 - x0) * (y1 - y0))).mean())
    return np.array(shares)
