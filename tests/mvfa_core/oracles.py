"""The method a second time, from the paper's equations alone: plain loops over NumPy arrays, in float64.

Nothing here knows the library under test, and nothing is clever: one crop after the other, one cell after the other.

    B images · D channels · C classes · H W grid in cells · K anchors · R sizes · M = K*R views
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Box = tuple[int, int, int, int]
Head = Callable[[Array], Array]


class Passage(NamedTuple):
    """What Eq. 2-8 give for a batch, in the order of the equations."""

    G_BCHW: Array
    f_BC: Array
    A_BHW: Array
    anchors_BK2: list[list[tuple[int, int]]]
    boxes_BKR4: list[list[list[Box]]]
    views_BMD: Array
    logits_BMC: Array
    ensemble_BC: Array
    prediction_B: list[int]


def softmax(z: Array) -> Array:
    powers = [math.exp(v - max(z)) for v in z]
    return np.array([p / sum(powers) for p in powers])


def class_maps(F_BDHW: Array, weight_CD: Array, bias_C: Array) -> Array:
    """G_c(x, y) = sum_d w_cd F_d(x, y) + b_c, the 1x1 convolution."""
    B, D, H, W = F_BDHW.shape
    G = np.zeros((B, len(bias_C), H, W))
    for b in range(B):
        for c in range(len(bias_C)):
            for y in range(H):
                for x in range(W):
                    G[b, c, y, x] = bias_C[c] + sum(weight_CD[c, d] * F_BDHW[b, d, y, x] for d in range(D))
    return G


def global_mean(map_HW: Array) -> float:
    return sum(float(v) for row in map_HW for v in row) / (len(map_HW) * len(map_HW[0]))


def auxiliary(G_CHW: Array) -> Array:
    """f = softmax(GAP(G)), above Eq. 1."""
    return softmax(np.array([global_mean(G_HW) for G_HW in G_CHW]))


def attention(G_CHW: Array, f_C: Array) -> Array:
    """A = sum_i G_i f_i, Eq. 2."""
    A = np.zeros(G_CHW.shape[1:])
    for G_HW, f in zip(G_CHW, f_C, strict=True):
        A += G_HW * f
    return A


def anchors(A_HW: Array, k: int) -> list[tuple[int, int]]:
    """The K largest by falling A, (x, y), Eq. 3-4; of equal ones the first in row-major order comes first."""
    left = [(x, y) for y in range(A_HW.shape[0]) for x in range(A_HW.shape[1])]
    chosen = []
    for _ in range(k):
        best = left[0]
        for x, y in left:
            if A_HW[y, x] > A_HW[best[1], best[0]]:
                best = (x, y)
        left.remove(best)
        chosen.append(best)
    return chosen


def region(centre: tuple[int, int], r: int, H: int, W: int) -> Box:
    """Eq. 5: inclusive corners (x_tl, y_tl, x_br, y_br)."""
    x, y = centre
    half = (r - 1) // 2
    return max(x - half, 0), max(y - half, 0), min(x + half, W - 1), min(y + half, H - 1)


def cells_of(box: Box) -> list[tuple[int, int]]:
    return [(x, y) for y in range(box[1], box[3] + 1) for x in range(box[0], box[2] + 1)]


def crop_mean(F_DHW: Array, box: Box) -> Array:
    """Average pooling of one crop, channel by channel."""
    cells = cells_of(box)
    return np.array([sum(float(F_HW[y, x]) for x, y in cells) / len(cells) for F_HW in F_DHW])


def integral_mean(F_DHW: Array, box: Box) -> Array:
    """The same mean from a summed-area table."""
    D, H, W = F_DHW.shape
    table = np.zeros((D, H + 1, W + 1))
    table[:, 1:, 1:] = F_DHW.cumsum(axis=1).cumsum(axis=2)
    x0, y0, x1, y1 = box[0], box[1], box[2] + 1, box[3] + 1
    total = table[:, y1, x1] - table[:, y0, x1] - table[:, y1, x0] + table[:, y0, x0]
    return total / ((x1 - x0) * (y1 - y0))


def fully_connected(layers: Sequence[tuple[Array, Array]]) -> Head:
    """Layers (W, b) joined by ReLU; with one layer the paper's single FC."""

    def head(a: Array) -> Array:
        for index, (weight, bias) in enumerate(layers):
            a = np.array([float(weight[o] @ a) + bias[o] for o in range(len(bias))])
            if index < len(layers) - 1:
                a = np.array([max(v, 0.0) for v in a])
        return a

    return head


def prototypes(points_CD: Array, gamma: float) -> Head:
    """-gamma ||a - p_c||^2 (Yang et al. 2018)."""

    def head(a: Array) -> Array:
        return np.array([-gamma * sum((a[d] - p[d]) ** 2 for d in range(len(a))) for p in points_CD])

    return head


def mfa(F_BDHW: Array, aux: tuple[Array, Array], head: Head, k: int, sizes: Sequence[int]) -> Passage:
    """Eq. 2-8, one picture, one anchor, one crop at a time."""
    B, _, H, W = F_BDHW.shape
    G = class_maps(F_BDHW, *aux)
    f = np.array([auxiliary(G[b]) for b in range(B)])
    A = np.array([attention(G[b], f[b]) for b in range(B)])
    points = [anchors(A[b], k) for b in range(B)]
    boxes = [[[region(v, r, H, W) for r in sizes] for v in points[b]] for b in range(B)]
    views, logits, ensemble, prediction = [], [], [], []
    for b in range(B):
        views.append([crop_mean(F_BDHW[b], box) for regions in boxes[b] for box in regions])
        logits.append([head(a) for a in views[b]])
        votes = [sum(float(g[c]) for g in logits[b]) for c in range(len(logits[b][0]))]
        ensemble.append(votes)
        prediction.append(votes.index(max(votes)))
    return Passage(G, f, A, points, boxes, np.array(views), np.array(logits), np.array(ensemble), prediction)


def contributions(F_DHW: Array, weight_D: Array, boxes: Sequence[Box]) -> Array:
    """What every cell adds to the sum of the view logits of one class: each view spreads its logit over its cells."""
    M = np.zeros(F_DHW.shape[1:])
    for box in boxes:
        cells = cells_of(box)
        for x, y in cells:
            M[y, x] += float(weight_D @ F_DHW[:, y, x]) / len(cells)
    return M


def global_loss(f_BC: Array, y_BC: Array) -> float:
    """First term of Eq. 9."""
    total = 0.0
    for f, y in zip(f_BC, y_BC, strict=True):
        for c in range(len(f)):
            total -= float(y[c]) * math.log(f[c])
    return total / len(f_BC)


def local_loss(logits_BMC: Array, y_BC: Array) -> float:
    """Second term of Eq. 9: the sum over the views, averaged over the batch."""
    total = 0.0
    for logits_MC, y in zip(logits_BMC, y_BC, strict=True):
        for g in logits_MC:
            s = softmax(g)
            for c in range(len(s)):
                total -= float(y[c]) * math.log(s[c])
    return total / len(logits_BMC)


def box_in_pixels(box: Box, grid: tuple[int, int], size_px: tuple[int, int]) -> tuple[float, float, float, float]:
    """Cell x of W covers the pixels [x s, (x + 1) s), s = width / W; `size_px` is (width, height)."""
    sx, sy = size_px[0] / grid[1], size_px[1] / grid[0]
    return box[0] * sx, box[1] * sy, (box[2] + 1) * sx, (box[3] + 1) * sy


def overlap(a: Box, b: Box) -> float:
    """Intersection over union by counting cells."""
    first, second = set(cells_of(a)), set(cells_of(b))
    return len(first & second) / len(first | second)
