"""An explanation as panels of a board, as rows of the verdict, and on the screen. No numbers are made here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from app.base import component_values, session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.services.gallery import Picture
from app.ui import colours
from app.ui.components import component
from app.ui.contract import Board, Live, LivePanel, plain
from mvfa_core.explain import Explanation, Region

_board = component("board")

TOP = 10
CHANNEL = "cells"  # boards and tables of one page tell each other which cell is pointed at


def show_board(
    key: str,
    name: str,
    picture: str,
    explanation: Explanation,
    panels: Sequence[dict | LivePanel],
    recipe: dict,
    *,
    selected: tuple[int, int] | None = None,
    small: bool = False,
    channel: str = CHANNEL,
    scale: Literal["own", "shared"] = "shared",
    live: Live | None = None,
) -> None:
    """Panels side by side over one picture. A clicked cell is kept under `session.CELL` and shown on every board.

    Args:
        key, name: of the board on the page, and of the files it exports.
        picture: the digest of the one on the strip. recipe: what made the numbers; goes into exported files.
        selected: the cell that is outlined; the clicked one if not given. small: many small panels in a row.
        channel: boards of one channel point at the same cells.
        scale: whether the colours of a map span its own values or those of all maps, until somebody chooses.
        live: what makes a board live; see contract.py.
    """

    def keep() -> None:
        session.put(session.CELL, component_values.wholes(key, "cell", 2))  # an empty list is none

    board = Board(
        name=f"{name} {recipe['picture']} {recipe['model']}", channel=channel, picture=picture,
        size=explanation.size_px, grid=explanation.grid, small=small, scale=scale,
        selected=selected or session.cell(explanation.grid), palettes=colours.palettes(), panels=tuple(panels),
        recipe=recipe, words=wording.board(), live=live,
    )  # fmt: skip
    _board(key=key, on_cell_change=keep, data=plain(board))


def recipe(model: str, picture: Picture, explanation: Explanation) -> dict:
    """What made the numbers, for exported files: as fields and as one line of text."""
    fields: dict[str, Any] = {"model": model, "picture": picture.id, "picture_digest": picture.digest}
    fields["class"] = explanation.classes[explanation.target]
    if explanation.sizes:
        fields |= {"k": explanation.k, "sizes": list(explanation.sizes)}
    text = ", ".join(f"{name} {value}" for name, value in fields.items() if name != "picture_digest")
    return fields | {"text": text}


def maps(explanation: Explanation) -> list[dict]:
    """CAM, Grad-CAM and AdaCAM."""
    name = class_name(explanation.classes[explanation.target])
    gap = explanation.pooling == "gap"
    cam = wording.cam_caption_gap() if gap else wording.cam_caption()
    gradients = wording.grad_cam_caption_gap() if gap else wording.grad_cam_caption()
    attention = wording.adacam_caption_gap() if gap else wording.adacam_caption()
    return [
        one_map("cam", "CAM", f"G_c, {name}", explanation.cam_HW, cam.format(name=name)),
        one_map("grad-cam", "Grad-CAM", f"∂/∂F, {name}", explanation.grad_cam_HW, gradients.format(name=name)),
        one_map("adacam", "AdaCAM", "A = Σ f_i G_i", explanation.adacam_HW, attention),
    ]


def one_map(
    panel_id: str,
    title: str,
    symbol: str,
    values_HW: np.ndarray | None,
    caption: str,
    *,
    missing: str | None = None,
    sharp: bool = False,
) -> dict:
    """One map of (H, W) in logits as a panel; `missing` is said where there is none, else that CAM
    needs a linear head; `sharp` keeps it in cells."""
    panel: dict[str, Any] = {
        "id": panel_id,
        "kind": "map",
        "title": title,
        "symbol": symbol,
        "unit": _("logits"),
        "caption": caption,
    }
    panel["sharp"] = sharp
    missing = missing or wording.no_cam()
    if values_HW is None:
        return panel | {"alt": f"{title}: {missing}", "message": missing, "values": None}
    if not np.isfinite(values_HW).all():
        return panel | {"alt": f"{title}: {wording.not_finite()}", "message": wording.not_finite(), "values": None}
    y, x = (int(i) for i in np.unravel_index(values_HW.argmax(), values_HW.shape))
    low, high = float(values_HW.min()), float(values_HW.max())
    return panel | {
        "values": [round(value, 6) for value in values_HW.ravel().tolist()],
        "alt": wording.map_alt(title, x, y, high),
        "rest": wording.map_rest(low, high),
    }


def regions(explanation: Explanation, *, distinct: bool) -> list[dict]:
    """Anchors, the top-1 region and the top-10 regions; only for models with views."""
    assert explanation.anchors_K2 is not None and explanation.confidence_MC is not None and explanation.k is not None
    name = class_name(explanation.classes[explanation.target])
    ranked = explanation.top(TOP, distinct=distinct)
    symbol = _("of {count} views, for {name}").format(count=len(explanation.confidence_MC), name=name)
    return [
        anchors(explanation),
        _boxes("top-1", _("Top-1 region"), symbol, wording.top_one_caption(), ranked[:1], explanation),
        _boxes("top-10", _("Top-10 regions"), symbol, wording.top_ten_caption(), ranked, explanation),
    ]


def anchors(explanation: Explanation) -> dict:
    """The anchors as dots, larger for a higher rank."""
    assert explanation.anchors_K2 is not None
    x, y = explanation.anchors_K2.T
    rest = _("{k} of {cells} cells are anchors").format(k=explanation.k, cells=math.prod(explanation.grid))
    key = [{"text": _("rank 1"), "colour": colours.ANCHOR, "shape": "dot"}]
    if explanation.k and explanation.k > 1:
        key += [{"text": _("rank {k}").format(k=explanation.k), "colour": colours.ANCHOR, "shape": "dot small"}]
    anchors_title = _("Anchors")
    return {
        "id": "anchors",
        "kind": "anchors",
        "title": _("Anchors"),
        "symbol": _("V, K = {k}").format(k=explanation.k),
        "caption": wording.anchors_caption().format(k=explanation.k),
        "cells": explanation.anchors_K2.tolist(),
        "values": [round(value, 6) for value in explanation.adacam_HW[y, x].tolist()],
        "colour": colours.ANCHOR,
        "key": key,
        "rest": rest,
        "alt": f"{anchors_title}: {rest}",
    }


def _boxes(
    panel_id: str, title: str, symbol: str, caption: str, ranked: Iterable[Region], explanation: Explanation
) -> dict:
    ranked, sizes, name = tuple(ranked), explanation.sizes or (), class_name(explanation.classes[explanation.target])
    used = sorted({region.size for region in ranked})
    best, last = (wording.percent(ranked[i].confidence) for i in (0, -1))
    rest = wording.top_rest(best, last, len(ranked), name)
    return {
        "id": panel_id,
        "kind": "boxes",
        "title": title,
        "symbol": symbol,
        "caption": caption.format(name=name),
        "boxes": [_box(region, colours.size(region.size, sizes), name) for region in ranked],
        "key": size_key(used, sizes),
        "rest": rest,
        "alt": f"{title}: {rest}",
    }


def size_key(used: Sequence[int], sizes: Sequence[int]) -> list[dict]:
    """The legend of boxes: the sizes in use, in their colours among L_R."""
    return [{"text": _("{r} × {r} cells").format(r=r), "colour": colours.size(r, sizes), "shape": "box"} for r in used]


def _box(region: Region, colour: str, name: str) -> dict:
    words = {"rank": region.rank, "r": region.size, "share": wording.percent(region.confidence), "name": name}
    return {
        "px": [round(value, 3) for value in region.box_px],
        "rank": region.rank,
        "size": region.size,
        "confidence": region.confidence,
        "colour": colour,
        "name": "{r} × {r}".format(**words),
        "value": words["share"],
        "tag": _("{rank}: {r} × {r}, {share}").format(**words),
        "label": _("rank {rank}: {r} × {r} cells, {share} sure of {name}").format(**words),
    }


def cell_sentence(explanation: Explanation, cell: tuple[int, int]) -> str | None:
    """What one cell (x, y) did; None if it lies outside this grid."""
    x, y = cell
    if not (0 <= x < explanation.grid[1] and 0 <= y < explanation.grid[0]):
        return None
    all_maps = {"CAM": explanation.cam_HW, "Grad-CAM": explanation.grad_cam_HW, "AdaCAM": explanation.adacam_HW}
    values = {title: float(map_HW[y, x]) for title, map_HW in all_maps.items() if map_HW is not None}
    rank, inside, views = None, 0, 0
    if explanation.anchors_K2 is not None and explanation.boxes_KR4 is not None:
        hits = np.flatnonzero((explanation.anchors_K2 == (x, y)).all(axis=1))
        rank = int(hits[0]) + 1 if len(hits) else None
        x0, y0, x1, y1 = explanation.boxes_KR4.reshape(-1, 4).T
        inside, views = int(((x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)).sum()), len(x0)
    share = None if explanation.contribution_HW is None else float(explanation.contribution_HW[y, x]) / max(views, 1)
    return wording.cell(x, y, class_name(explanation.classes[explanation.target]), values, rank, inside, views, share)
