"""The record of one explained picture: everything the pages and the command line show, as NumPy and plain Python.

C classes · H W grid in cells · K anchors · R sizes · M = K*R views, m = k*R + r
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from mvfa_core.checks import expect_target, expect_whole

DISTINCT_IOU = 0.5


@dataclass(frozen=True)
class Region:
    """One view: its place in a ranking, where it is, and how sure the main head is of the class asked for.

    Attributes:
        rank: from 1. view: m = k*R + r. anchor: (x, y) in cells. size: r in cells.
        box: inclusive corners in cells. box_px: corners in px of the original picture, lower right exclusive.
        confidence: s_{i,c}.
    """

    rank: int
    view: int
    anchor: tuple[int, int]
    size: int
    box: tuple[int, int, int, int]
    box_px: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True)
class Explanation:
    """What a model made of a picture. Fields that only MFA has are None for its GAP twin.

    Attributes:
        classes: C names. target: the class explained. predicted: arg max of Eq. 8. pooling: "mfa" or "gap".
        size_px: (width, height) of the picture. grid: (H, W) in cells.
        cam_HW: CAM of the auxiliary head (MFA) or of the head (GAP), in logits; None for an MLP head after GAP.
        grad_cam_HW: Grad-CAM of the mean view logit, times H*W so that its unit is CAM's.
        adacam_HW: A of Eq. 2; for GAP of its head read as a 1x1 convolution.
        ensemble_C: softmax of the mean view logit, a confidence whose arg max is Eq. 8's.
        logits_C: the ensemble logits of Eq. 8, sums over M; for GAP the logits.
        auxiliary_C: f of Eq. 1.
        anchors_K2: (x, y) by falling A. boxes_KR4: inclusive cells. boxes_px_KR4: px. confidence_MC: s_{i,c}.
        logits_MC: g_{i,c}, the terms that Eq. 8 sums.
        labels: "single", or "multi" where every class has a sigmoid of its own and confidences do not sum to 1.
        contribution_HW: sums, with contribution_bias, to logits_C[target]; None unless the head is linear.
    """

    classes: tuple[str, ...]
    target: int
    predicted: int
    pooling: str
    size_px: tuple[int, int]
    grid: tuple[int, int]
    cam_HW: np.ndarray | None
    grad_cam_HW: np.ndarray
    adacam_HW: np.ndarray
    ensemble_C: np.ndarray
    logits_C: np.ndarray
    contribution_HW: np.ndarray | None
    contribution_bias: float
    auxiliary_C: np.ndarray | None = None
    k: int | None = None
    sizes: tuple[int, ...] | None = None
    anchors_K2: np.ndarray | None = None
    boxes_KR4: np.ndarray | None = None
    boxes_px_KR4: np.ndarray | None = None
    confidence_MC: np.ndarray | None = None
    logits_MC: np.ndarray | None = None
    labels: str = "single"

    def top(self, n: int, target: int | None = None, *, distinct: bool = False) -> tuple[Region, ...]:
        """The n regions most confident in a class, best first (Figure 7); fewer if there are fewer.

        With `distinct` a region is left out if its overlap (intersection over union) with a better one is above 0.5.
        Empty for GAP.
        """
        if self.logits_MC is None or self.boxes_KR4 is None:
            return ()
        n = expect_whole(n, "n", "a whole number >= 0", 0)
        target = expect_target(self.target if target is None else target, len(self.classes))
        order = np.argsort(-self.log_odds(target), kind="stable").tolist()
        if distinct:
            order = _without_overlap(self.boxes_KR4.reshape(-1, 4), order, n)
        return tuple(self._region(rank, view, target) for rank, view in enumerate(order[:n], start=1))

    def log_odds(self, target: int) -> np.ndarray:
        """log(s / (1 - s)) of every view for a class, (M,): the order of confidence, also where s rounds to 1."""
        assert self.logits_MC is not None
        logits_MC = self.logits_MC.astype(np.float64)
        if self.labels == "multi":
            return logits_MC[:, target]
        others_MC = np.delete(logits_MC, target, axis=1)
        if not others_MC.size:  # of a single class every view is certain
            return np.full(len(logits_MC), np.inf)
        peak_M1 = others_MC.max(axis=1, keepdims=True)  # faster than `np.logaddexp.reduce` by milliseconds
        return logits_MC[:, target] - peak_M1[:, 0] - np.log(np.exp(others_MC - peak_M1).sum(axis=1))

    def to_json(self, top: int = 10) -> dict:
        """Every number of the explanation as JSON types, with the `top` regions spelled out."""
        left_out = ("confidence_MC", "logits_MC")
        arrays = {name: value for name, value in vars(self).items() if name not in left_out}
        plain = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in arrays.items()}
        views = 0 if self.confidence_MC is None else len(self.confidence_MC)
        return {
            **plain,
            "predicted_class": self.classes[self.predicted],
            "target_class": self.classes[self.target],
            "confidence": float(self.ensemble_C[self.predicted]),
            "views": views,
            "top_regions": [asdict(region) for region in self.top(top)],
        }

    def _region(self, rank: int, view: int, target: int) -> Region:
        assert self.sizes and self.anchors_K2 is not None and self.confidence_MC is not None
        assert self.boxes_KR4 is not None and self.boxes_px_KR4 is not None
        anchor, size = divmod(view, len(self.sizes))
        return Region(
            rank=rank,
            view=view,
            anchor=tuple(self.anchors_K2[anchor].tolist()),
            size=self.sizes[size],
            box=tuple(self.boxes_KR4[anchor, size].tolist()),
            box_px=tuple(self.boxes_px_KR4[anchor, size].tolist()),
            confidence=float(self.confidence_MC[view, target]),
        )


def _without_overlap(boxes_M4: np.ndarray, order: list[int], n: int) -> list[int]:
    """The first n views in `order` that overlap no earlier one by more than half."""
    chosen: list[int] = []
    for view in order:
        if all(_iou(boxes_M4[view], boxes_M4[other]) <= DISTINCT_IOU for other in chosen):
            chosen.append(view)
        if len(chosen) == n:
            break
    return chosen


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two inclusive boxes in cells."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    shared = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return float(shared / (sum(areas) - shared))
