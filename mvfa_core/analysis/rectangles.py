"""The best box of a class: of all rectangles on the grid the one that speaks most for it. Ours, not the paper's.

    B images · D channels · E outputs of the head's first layer · C classes · H W grid in cells
    N = H(H+1)/2 * W(W+1)/2 rectangles, 11,025 on 14 x 14

Every rectangle is a view that the head can judge: its mean is four look-ups in a summed-area table of the head's maps,
so the backbone is not called again and no rectangle is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mvfa_core.checks import expect, expect_dims, expect_finite, expect_target
from mvfa_core.heads import Head
from mvfa_core.precision import double

POWER = 1.0
"""Of the area in the score: 1 sums the lead over all cells of the rectangle. By the mean alone (0) a few cells always
win. The zero is the whole picture's own log-odds, because a zero of 0 fails where a model is unsure everywhere."""
_MOST_NUMBERS = 2**24


@dataclass(frozen=True)
class BestBox:
    """The best rectangle of every picture.

    Attributes:
        boxes_B4: inclusive corners (x_tl, y_tl, x_br, y_br) in cells.
        log_odds_B: log(s / (1 - s)) of the class for the view that the rectangle is. confidence_B: that s.
    """

    boxes_B4: torch.Tensor
    log_odds_B: torch.Tensor
    confidence_B: torch.Tensor


def rectangles(height: int, width: int, device: torch.device | str | None = None) -> torch.Tensor:
    """Every rectangle of the grid once, boxes_N4 with inclusive corners in cells, by rows and then by columns."""
    rows_2 = torch.triu_indices(height, height, device=device)
    columns_2 = torch.triu_indices(width, width, device=device)
    (y_tl, y_br), (x_tl, x_br) = rows_2, columns_2
    spread, repeat = len(x_tl), len(y_tl)
    corners = (x_tl.repeat(repeat), y_tl.repeat_interleave(spread), x_br.repeat(repeat), y_br.repeat_interleave(spread))
    return torch.stack(corners, dim=-1)


def areas(boxes_N4: torch.Tensor) -> torch.Tensor:
    """Cells in each box of inclusive corners."""
    return (boxes_N4[:, 2] - boxes_N4[:, 0] + 1) * (boxes_N4[:, 3] - boxes_N4[:, 1] + 1)


def rectangle_means(maps_BEHW: torch.Tensor, boxes_N4: torch.Tensor) -> torch.Tensor:
    """The mean of every map over every rectangle, (B, N, E), by a summed-area table in double precision (see
    `double`)."""
    expect_dims(maps_BEHW, "BEHW", "maps_BEHW")
    table = torch.nn.functional.pad(double(maps_BEHW).cumsum(dim=-1).cumsum(dim=-2), (1, 0, 1, 0))
    boxes_N4 = boxes_N4.to(table.device)
    x0, y0, x1, y1 = (boxes_N4 + torch.tensor((0, 0, 1, 1), device=boxes_N4.device)).unbind(-1)
    sums_BEN = table[..., y1, x1] - table[..., y0, x1] - table[..., y1, x0] + table[..., y0, x0]
    return (sums_BEN / areas(boxes_N4)).transpose(1, 2)


def best_box(
    head: Head, F_BDHW: torch.Tensor, targets_B: torch.Tensor, *, power: float = POWER, alone: bool = False
) -> BestBox:
    """The rectangle with the largest lead * cells ** power for each picture's class; ties go to the first.

    The lead is the rectangle's log-odds less those of the whole picture, both as single views.

    Args:
        head: the main head; linear, MLP or prototype.
        F_BDHW: the last feature map.
        targets_B: a class index for each picture.
        power: see `POWER`.
        alone: whether a class has a sigmoid of its own, so that the others say nothing of it.

    Raises:
        ValueError: F not four-dimensional or not finite, or another number of targets than pictures.
    """
    expect_dims(F_BDHW, "BDHW", "F_BDHW")
    expect_finite(F_BDHW, "F_BDHW")
    expect(len(targets_B) == len(F_BDHW), "targets_B", f"{len(F_BDHW)} class indices", len(targets_B))
    with torch.no_grad():
        maps_BEHW = head.maps(F_BDHW)
        boxes_N4 = rectangles(maps_BEHW.shape[-2], maps_BEHW.shape[-1], maps_BEHW.device)
        widest = max(maps_BEHW.shape[1], head.finish(maps_BEHW[:1, :, 0, 0]).shape[-1])
        at_once, boxes_at_once = _at_once(len(boxes_N4), widest)
        parts = zip(maps_BEHW.split(at_once), targets_B.split(at_once), strict=True)
        odds_BN = torch.cat(
            [
                torch.cat([_log_odds(head, *part, boxes, alone) for boxes in boxes_N4.split(boxes_at_once)], dim=1)
                for part in parts
            ]
        )
        cells_N = areas(boxes_N4).to(odds_BN.device)
        lead_BN = odds_BN - odds_BN[:, cells_N.argmax(), None]
        place_B = (lead_BN * cells_N**power).argmax(dim=1)
        odds_B = odds_BN.gather(1, place_B[:, None])[:, 0]
    return BestBox(boxes_N4[place_B.to(boxes_N4.device)], odds_B, odds_B.sigmoid())


def _at_once(boxes: int, widest: int) -> tuple[int, int]:
    """How many pictures, and of one picture how many rectangles, are looked at together."""
    return max(1, _MOST_NUMBERS // (boxes * widest)), max(1, _MOST_NUMBERS // widest)


def _log_odds(
    head: Head, maps_BEHW: torch.Tensor, targets_B: torch.Tensor, boxes_N4: torch.Tensor, alone: bool
) -> torch.Tensor:
    """log(s_c / (1 - s_c)) of every rectangle for each picture's class, (B, N); of a sigmoid that is its logit."""
    logits_BNC = double(head.finish(rectangle_means(maps_BEHW, boxes_N4).to(maps_BEHW)))
    for target in targets_B.tolist():
        expect_target(target, logits_BNC.shape[-1])
    index_BN1 = targets_B.to(logits_BNC.device)[:, None, None].expand(-1, logits_BNC.shape[1], 1)
    own_BN = logits_BNC.gather(2, index_BN1)[..., 0]
    return own_BN if alone else own_BN - logits_BNC.scatter(2, index_BN1, -torch.inf).logsumexp(dim=-1)
