"""The furniture of the Anchors page: the attention, the anchors in their order, and the story of one cell."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from app.base import session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.features.views import words
from app.ui import bar_table, colours, panels
from mvfa_core.analysis.cells import CellRegion, CellStory
from mvfa_core.explain import Explanation

MOST_TERMS = 12


def chosen(explanation: Explanation) -> tuple[int, int]:
    """The cell (x, y) to tell about: the one that was clicked, or else the first anchor."""
    if cell := session.cell(explanation.grid):
        return cell
    assert explanation.anchors_K2 is not None
    x, y = explanation.anchors_K2[0].tolist()
    return x, y


def board(explanation: Explanation, story: CellStory) -> list[dict]:
    """The attention in cells, the anchors, and the regions of the chosen cell."""
    A_HW = explanation.adacam_HW
    attention = panels.one_map(
        "attention",
        "AdaCAM",
        "A = Σ f_i G_i",
        A_HW,
        _(
            "AdaCAM as the method uses it: one number per cell, nothing smoothed. No class needs choosing; the "
            "strongest cells become anchors."
        ),
        sharp=True,
    )
    if not attention.get("message"):
        attention["rest"] = words.attention_rest(float(A_HW.min()), float(A_HW.max()))
    return [attention, panels.anchors(explanation), _regions(story)]


def _regions(story: CellStory) -> dict:
    sizes = tuple(region.size for region in story.regions)
    place = {"x": story.cell[0], "y": story.cell[1], "count": len(sizes)}
    rest = _("{count} regions around cell ({x}, {y})").format(**place)
    used = sorted(set(sizes))
    regions_title = _("Regions of the cell")
    return {
        "id": "cell-regions",
        "kind": "boxes",
        "single": True,
        "title": _("Regions of the cell"),
        "symbol": _("R = {count}, cell ({x}, {y})").format(**place),
        "caption": _(
            "One region of each size, and the class predicted for each. Each cell also sees its surroundings."
        ),
        "boxes": [_box(rank, region, story, sizes) for rank, region in enumerate(story.regions, start=1)],
        "key": panels.size_key(used, sizes),
        "rest": rest,
        "alt": f"{regions_title}: {rest}",
    }


def _box(rank: int, region: CellRegion, story: CellStory, sizes: tuple[int, ...]) -> dict:
    winner = int(region.confidence_C.argmax())
    share = float(region.confidence_C[winner])
    said = {"r": region.size, "name": class_name(story.classes[winner]), "share": wording.percent(share)}
    return {
        "px": [round(value, 3) for value in region.box_px],
        "rank": rank,
        "size": region.size,
        "confidence": share,
        "colour": colours.size(region.size, sizes),
        "name": _("{r} × {r}: {name}").format(**said),
        "value": said["share"],
        "tag": _("{r} × {r}: {name}, {share}").format(**said),
        "label": _("{r} × {r} cells: {share} sure of {name}").format(**said),
    }


def sentence(explanation: Explanation, story: CellStory) -> str:
    """The chosen cell's place among all cells."""
    return words.cell(
        *story.cell,
        story.attention,
        story.rank,
        math.prod(story.grid),
        _rank(explanation, story.cell),
        explanation.k or 0,
    )


def _rank(explanation: Explanation, cell: tuple[int, int]) -> int | None:
    assert explanation.anchors_K2 is not None
    hits = np.flatnonzero((explanation.anchors_K2 == cell).all(axis=1))
    return int(hits[0]) + 1 if len(hits) else None


def show_terms(story: CellStory) -> None:
    """The C terms of Eq. 2 at the cell, the largest first, and their sum. Of many, the small ones in one row."""
    st.subheader(_("What its attention is made of"), anchor=False)
    order = np.argsort(-np.abs(story.terms_C), kind="stable")
    first, rest = order[:MOST_TERMS].tolist(), order[MOST_TERMS:]
    rows = [
        _term(
            class_name(story.classes[i]),
            float(story.terms_C[i]),
            [wording.percent(float(story.f_C[i])), words.fixed(float(story.G_C[i]), 3)],
        )
        for i in first
    ]
    if len(rest):
        left = float(story.terms_C[rest].sum(dtype=np.float64))
        rows.append(_term(words.others(len(rest)), left, [wording.percent(float(story.f_C[rest].sum())), ""]))
    total = (_("A at this cell, their sum, in logits"), words.fixed(story.attention))
    bar_table.show(
        "terms",
        _("What its attention is made of"),
        {"name": _("Class i"), "cells": [_("f_i"), _("G_i here")], "value": _("f_i G_i")},
        rows,
        total=total,
    )
    st.caption(
        _(
            "A = Σ f_i G_i: the evidence G_i for every class here, times how probable the whole-image classifier "
            "finds that class in the whole picture. Red adds to the attention, blue takes away."
        )
    )


def _term(name: str, term: float, cells: list[str]) -> dict:
    return bar_table.row(name, term, words.fixed(term), colours.FOR if term >= 0 else colours.AGAINST, cells=cells)


def show_ranking(explanation: Explanation, cell: tuple[int, int]) -> None:
    """The K anchors by falling A; pressing one chooses its cell."""
    assert explanation.anchors_K2 is not None
    st.subheader(_("The anchors in their order"), anchor=False)
    rows = []
    for rank, (x, y) in enumerate(explanation.anchors_K2.tolist(), start=1):
        value = float(explanation.adacam_HW[y, x])
        options: dict = {"cells": [f"({x}, {y})"], "cell": (x, y), "chosen": (x, y) == cell}
        rows.append(bar_table.row(str(rank), value, words.fixed(value), colours.ANCHOR, **options))
    bar_table.show(
        "ranking",
        _("The anchors in their order"),
        {"name": _("Rank"), "cells": [_("Cell (x, y)")], "value": _("A, in logits")},
        rows,
        scroll=True,
    )
    st.caption(_("Sorted by attention. Press a row to go to its cell."))


def show_corners(story: CellStory) -> None:
    """Eq. 5 with this cell's numbers, one line a size."""
    st.latex(
        _(
            "\\footnotesize \\begin{array}{ll} x_{tl} = \\max(x - h,\\, 0) & x_{br} = \\min(x + h,\\, W{-}1) \\\\ "
            "y_{tl} = \\max(y - h,\\, 0) & y_{br} = \\min(y + h,\\, H{-}1) \\end{array}"
        )
    )
    st.caption(
        _(
            "Eq. 5 with h = (r − 1) / 2 and the numbers of this cell, on a grid of H × W = {rows} × {columns} cells "
            "counted from 0. All four corners belong to the region."
        ).format(rows=story.grid[0], columns=story.grid[1])
    )
    lines = [_line(region, story) for region in story.regions]
    titles = {
        "size": _("r"),
        "x_tl": _("x_tl"),
        "y_tl": _("y_tl"),
        "x_br": _("x_br"),
        "y_br": _("y_br"),
        "clamped": _("Clamped to the grid"),
        "cells": _("Cells averaged"),
        "says": _("Per-view classifier"),
    }
    st.table({title: [line[name] for line in lines] for name, title in titles.items()}, hide_index=True)


def _line(region: CellRegion, story: CellStory) -> dict[str, str]:
    (x, y), half = story.cell, (region.size - 1) // 2
    x_tl, y_tl, x_br, y_br = region.box
    bottom, right = story.grid[0] - 1, story.grid[1] - 1
    winner = int(region.confidence_C.argmax())
    return {
        "size": words.square(region.size),
        "x_tl": words.corner(True, x, half, 0, x_tl),
        "y_tl": words.corner(True, y, half, 0, y_tl),
        "x_br": words.corner(False, x, half, right, x_br),
        "y_br": words.corner(False, y, half, bottom, y_br),
        "clamped": words.clamped(region.cut),
        "cells": words.cells_averaged(region.cells, region.size),
        "says": words.says(class_name(story.classes[winner]), float(region.confidence_C[winner])),
    }
