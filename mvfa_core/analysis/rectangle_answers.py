"""What the main head says about any rectangle of a picture, and the rectangle that speaks most for a class.

    C classes · H W grid in cells

A rectangle is a view like those of Section 2.2, only chosen by hand; the search is ours, not the paper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mvfa_core.analysis.rectangles import areas, best_box, rectangle_means
from mvfa_core.checks import expect, expect_target
from mvfa_core.explain import Encoding, expect_room
from mvfa_core.inference import inspects
from mvfa_core.model import Classifier
from mvfa_core.regions import cells_to_pixels

Corners = tuple[int, int, int, int]


@dataclass(frozen=True)
class RectangleAnswer:
    """A rectangle and the main head's answer for it.

    Attributes:
        box: inclusive corners (x_tl, y_tl, x_br, y_br) in cells. cells: how many it holds.
        box_px: corners in px of the original picture, lower right exclusive.
        logits_C: the head on the mean of F over the rectangle. confidence_C: their softmax, which sums
            to 1, or of a model of any number of classes a picture the sigmoid of each.
    """

    box: Corners
    cells: int
    box_px: tuple[float, float, float, float]
    logits_C: np.ndarray
    confidence_C: np.ndarray


@inspects
def ask(model: Classifier, encoding: Encoding, box: Sequence[int]) -> RectangleAnswer:
    """The main head's answer for one rectangle; for the whole grid of a GAP model it is the model's answer.

    Raises:
        ValueError: a box that is inside out or leaves the grid.
    """
    F_BDHW = encoding.F_BDHW
    height, width = F_BDHW.shape[-2:]
    x0, y0, x1, y1 = box
    inside = 0 <= x0 <= x1 < width and 0 <= y0 <= y1 < height
    expect(inside, "box", f"(x_tl, y_tl, x_br, y_br) inside {width} x {height} cells", tuple(box))
    boxes_14 = torch.tensor([list(box)], device=F_BDHW.device)
    expect_room(model, encoding, k=1)
    with torch.no_grad():
        head = model.pooling.head
        maps_BEHW = head.maps(F_BDHW)
        logits_C = head.finish(rectangle_means(maps_BEHW, boxes_14).to(maps_BEHW))[0, 0].float()
    box_px = cells_to_pixels(boxes_14, (height, width), (encoding.size_px[1], encoding.size_px[0]))[0].tolist()
    return RectangleAnswer(
        box=(x0, y0, x1, y1),
        cells=int(areas(boxes_14)[0]),
        box_px=tuple(box_px),
        logits_C=logits_C.cpu().numpy(),
        confidence_C=model.pooling.confidence(logits_C).cpu().numpy(),
    )


@inspects
def best_rectangle(model: Classifier, encoding: Encoding, target: int) -> RectangleAnswer:
    """The rectangle that speaks most for a class, by trying all of them (see `boxes.best_box` for the score).

    Raises:
        ValueError: a class out of range.
    """
    target = expect_target(target, len(model.classes))
    alone = getattr(model.pooling, "labels", "single") == "multi"
    targets_B = torch.tensor([target], device=encoding.F_BDHW.device)
    found = best_box(model.pooling.head, encoding.F_BDHW, targets_B, alone=alone)
    return ask(model, encoding, found.boxes_B4[0].tolist())
