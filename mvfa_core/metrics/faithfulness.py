"""Does the model need what a map marks? Cells are taken away, or brought back, in the order of the map, and the model
is asked again (deletion and insertion, Petsiuk et al. 2018).

    B images · S side in px · H W grid in cells · V versions of one picture

Deleted cells take the picture's mean colour; insertion starts from the blurred picture. Whole cells are exchanged, in
`STEPS` equal parts, so the edges of cells show: part of what falls is the model's surprise at them.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import torch

from mvfa_core.checks import looking_once
from mvfa_core.images import normalise
from mvfa_core.inference import inspects, stages_of
from mvfa_core.model import Classifier
from mvfa_core.precision import tensor_float32

STEPS = 14
BLUR = 1 / 12
"""Of the picture's side: the standard deviation of the blur that insertion starts from."""
AT_ONCE = 64


def order_of(map_HW: np.ndarray) -> np.ndarray:
    """The cells by falling value, indices in row-major order, (H*W,); equal values keep that order."""
    return np.argsort(-map_HW.astype(np.float64).ravel(), kind="stable")


@inspects
def confidences(model: Classifier, images_V: np.ndarray, target: int) -> np.ndarray:
    """The ensemble's confidence in a class on pictures uint8 (V, S, S, 3), (V,), `AT_ONCE` at a time."""
    device = next(model.parameters()).device
    found = []
    with torch.no_grad(), tensor_float32(False), looking_once():
        for start in range(0, len(images_V), AT_ONCE):
            stages = stages_of(model, normalise(torch.from_numpy(images_V[start : start + AT_ONCE]).to(device)))
            views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
            found.append(model.pooling.confidence(stages.ensemble_BC / views)[:, target])
    return torch.cat(found).cpu().numpy()


def exchanged(image: np.ndarray, other: np.ndarray, order_N: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """`image` with the first 0, 1/STEPS, ... all of the cells in the order taken from `other`, (STEPS + 1, S, S, 3)."""
    cells = len(order_N)
    rank_N = np.empty(cells, dtype=np.int64)
    rank_N[order_N] = np.arange(cells)
    rows, columns = (np.arange(side) * n // side for side, n in zip(image.shape[:2], grid, strict=True))
    rank = rank_N.reshape(grid)[rows[:, None], columns]
    counts = np.rint(np.linspace(0, cells, STEPS + 1)).astype(np.int64)
    return np.where((rank < counts[:, None, None])[..., None], other, image)


def faithfulness(
    model: Classifier, image: np.ndarray, maps: Mapping[str, np.ndarray], target: int
) -> dict[str, dict[str, float]]:
    """Deletion and insertion of every map of one picture: the area under confidence over the share of cells.

    Args:
        model: in evaluation mode.
        image: uint8 (S, S, 3) as the model sees it.
        maps: name -> (H, W); maps that order the cells alike are asked about once.
    """
    grey = np.broadcast_to(np.rint(image.mean(axis=(0, 1))).astype(np.uint8), image.shape)
    blurred = cv2.GaussianBlur(np.ascontiguousarray(image), (0, 0), image.shape[0] * BLUR)
    orders = {name: order_of(map_HW) for name, map_HW in maps.items()}
    grids = {order_N.tobytes(): (order_N, maps[name].shape) for name, order_N in orders.items()}
    if not grids:
        return {}
    versions = [
        exchanged(below, above, order_N, (grid[0], grid[1]))
        for order_N, grid in grids.values()
        for below, above in ((image, grey), (blurred, image))
    ]
    # asked all together: an accelerator answers whole batches, and is read back once
    areas = [area(share_V) for share_V in np.split(confidences(model, np.concatenate(versions), target), len(versions))]
    pairs = dict(zip(grids, zip(areas[::2], areas[1::2], strict=True), strict=True))
    return {
        name: dict(zip(("deletion", "insertion"), pairs[order_N.tobytes()], strict=True))
        for name, order_N in orders.items()
    }


def area(values_N: np.ndarray) -> float:
    """The area under a curve at equal distances from 0 to 1, by trapezoids."""
    return float((values_N[1:] + values_N[:-1]).mean() / 2)
