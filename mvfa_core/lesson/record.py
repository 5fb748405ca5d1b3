"""The record of a walk: the numbers of every step, as NumPy and plain Python.

D channels · C classes · H W grid in cells · N = H*W cells · K anchors · R sizes · M = K*R views, m = k*R + r
T classes that are spelled out · P channels that are spelled out · Q largest terms of a sum
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CamProof:
    """The same class map made twice: G_c by a 1x1 convolution, and CAM by weights after global average pooling.

    Attributes:
        cam_HW: sum_d w_{c,d} F_d. bias: b_c, which CAM leaves out.
        left_HW: G_c - b_c - CAM_c, the rounding. most: its largest size.
        logit_conv: the mean of G_c over the cells. logit_fc: w_c . GAP(F) + b_c, the same number.
    """

    cam_HW: np.ndarray
    bias: float
    left_HW: np.ndarray
    most: float
    logit_conv: float
    logit_fc: float


@dataclass(frozen=True)
class Views:
    """What only a model with views has.

    Attributes:
        k, sizes: K and L_R as used. rule: how the anchors are chosen, "adacam" unless the model is an ablation.
        order_N2: all cells (x, y) in the order in which they become anchors; the first K are V.
        boxes_NR4: inclusive corners around every cell in row-major order (Eq. 5).
        pooled_MP: a_{i,d} of the views for the told channels.
        logits_MT: g_{i,c} of the views for the told classes. loss_MT: -log s_{i,c}, their terms of Eq. 6.
        odds_M: log(s / (1 - s)) of every view for the target: the order of confidence, also where s rounds to 1.
        winner_M: the class that every view is surest of, an index into all C.
        bias_T: b_c of a linear head, so that w_c . a_i = g_{i,c} - b_c; None where the head is not linear.
        sums_NT: sum_i g_{i,c} (Eq. 8) for K = n + 1; the row of K itself is `sums_T`.
        path_NT: for K = n + 1 the softmax of the mean view logit. path_winner_N: the arg max of Eq. 8 over all C.
        global_T: L_global (Eq. 1) if the true class were that one. local_T: L_local (Eq. 6), likewise.
    """

    k: int
    sizes: tuple[int, ...]
    rule: str
    order_N2: np.ndarray
    boxes_NR4: np.ndarray
    pooled_MP: np.ndarray
    logits_MT: np.ndarray
    loss_MT: np.ndarray
    odds_M: np.ndarray
    winner_M: np.ndarray
    bias_T: np.ndarray | None
    sums_NT: np.ndarray
    path_NT: np.ndarray
    path_winner_N: np.ndarray
    global_T: np.ndarray
    local_T: np.ndarray

    @property
    def sums_T(self) -> np.ndarray:
        """Eq. 8 for the K in use."""
        return self.sums_NT[self.k - 1]


@dataclass(frozen=True)
class LessonFacts:
    """Everything the lesson shows about one picture.

    Attributes:
        classes: C names. told: T class indices by falling f. target: the class the lesson is about, the predicted one.
        pooling: "mfa" or "gap". head: "linear", "mlp" or "prototype", the main head.
        grid: (H, W). channels: D. size_px: (width, height) of the picture.
        channel_P: the told channels, those whose mean adds most to the target's logit first.
        F_PHW: their maps. u_P: their means over the cells.
        term_NQ: for every cell the channels of the largest |w_{c,d} F_d| of the target's class map, largest first.
        weight_NQ, feature_NQ: w_{c,d} and F_d there. None where G is not linear in F (an MLP head after GAP).
        rest_N: the sum of all smaller terms. bias: b_c of the target's class map.
        G_THW: class maps of the told classes. z_T: their means. f_T: softmax over all C of the means.
        f_rest: what is left of f for the others.
        A_HW: attention. A_rest_N: what all but the first Q told classes add to it.
        rank_HW: the place of every cell by falling A, from 1; equal cells keep row-major order.
        cam: the proof that G_c is CAM, None where there is no linear layer to read weights from.
        answer_T: the model's confidence in the told classes. views: None for a GAP model.
        loss_T: the cross-entropy of a GAP model if the true class were that one; None for a model with views.
    """

    classes: tuple[str, ...]
    told: tuple[int, ...]
    target: int
    pooling: str
    head: str
    grid: tuple[int, int]
    channels: int
    size_px: tuple[int, int]
    channel_P: tuple[int, ...]
    F_PHW: np.ndarray
    u_P: np.ndarray
    term_NQ: np.ndarray | None
    weight_NQ: np.ndarray | None
    feature_NQ: np.ndarray | None
    rest_N: np.ndarray | None
    bias: float
    G_THW: np.ndarray
    z_T: np.ndarray
    f_T: np.ndarray
    f_rest: float
    A_HW: np.ndarray
    A_rest_N: np.ndarray
    rank_HW: np.ndarray
    cam: CamProof | None
    answer_T: np.ndarray
    views: Views | None
    loss_T: np.ndarray | None

    @property
    def place(self) -> int:
        """Where the target stands among the told classes."""
        return self.told.index(self.target)

    @property
    def cells(self) -> int:
        """N = H*W."""
        return math.prod(self.grid)
