"""The furniture of the Maps page: the dial, the class atlas, the likeness of maps, and other methods' maps."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.base import formats
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.features.maps import words
from app.ui import colours, panels
from app.ui.tables import frame
from mvfa_core.analysis.atlas import ClassAtlas
from mvfa_core.analysis.similarity import map_similarity
from mvfa_core.explain import Explanation

TEMPERATURES = (0.01, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0, 100.0)
MOST_CLASSES = 12


def likeliest(atlas: ClassAtlas) -> int:
    """The class with the highest auxiliary probability."""
    return int(atlas.f_C.argmax())


def dial(atlas: ClassAtlas, *, gap: bool) -> list[dict]:
    """The likeliest class's map, the dial, and the mean of all class maps."""
    first = likeliest(atlas)
    name = class_name(atlas.classes[first])
    caption = (
        _("The head's map of {name} alone, which it finds likeliest in the whole picture.")
        if gap
        else _("The class map of {name} alone, which the whole-image classifier finds likeliest in the whole picture.")
    ).format(name=name)
    return [
        panels.one_map(
            "likeliest", _("Likeliest class"), _("G_c, {name}").format(name=name), atlas.G_CHW[first], caption
        ),
        _turning(atlas, first),
        panels.one_map(
            "mean",
            _("All classes equally"),
            _("Σ G_i / C"),
            atlas.G_CHW.mean(axis=0),
            _("The mean of all {count} class maps: what is left when no class is preferred.").format(
                count=len(atlas.classes)
            ),
        ),
    ]


def _turning(atlas: ClassAtlas, first: int) -> dict:
    frames = []
    for place, temperature in enumerate(atlas.temperatures):
        frame = panels.one_map(
            "dial",
            _("Class temperature"),
            _("Σ softmax(z / T)_i G_i"),
            atlas.dial_THW[place],
            _(
                "Turn T: near 0 only the likeliest class counts, at 1 it is AdaCAM (Eq. 2), and far above 1 every "
                "class counts the same."
            ),
        )
        if frame.get("message"):
            return frame
        label = words.temperature(temperature, class_name(atlas.classes[first]), float(atlas.weights_TC[place, first]))
        shown = {key: frame[key] for key in ("values", "rest", "alt")}
        frames.append({**shown, "name": f"{temperature:g}", "label": label})
    start = atlas.temperatures.index(1.0)
    return frame | frames[start] | {"frames": frames, "frame": start, "ends": (_("one class"), _("all classes"))}


def claim(atlas: ClassAtlas, explanation: Explanation, k: int) -> str:
    """The paper's claim that A is very close to the predicted class's map, measured on this picture."""
    first = likeliest(atlas)
    alike = map_similarity(explanation.adacam_HW, atlas.G_CHW[first], k)
    return words.claim(class_name(atlas.classes[first]), float(atlas.f_C[first]), alike.rank, alike.shared, k)


def show_likeness(atlas: ClassAtlas, explanation: Explanation, others: dict[str, np.ndarray], k: int) -> None:
    """AdaCAM against every other map on the page, as a table."""
    first = likeliest(atlas)
    maps = {
        _("Map of the likeliest class ({name})").format(name=class_name(atlas.classes[first])): atlas.G_CHW[first],
        _("Mean of all class maps"): atlas.G_CHW.mean(axis=0),
    }
    named = {"CAM": explanation.cam_HW, "Grad-CAM": explanation.grad_cam_HW}
    name = class_name(explanation.classes[explanation.target])
    maps |= {f"{title}, {name}": map_HW for title, map_HW in named.items() if map_HW is not None}
    maps |= {f"{_(title)}, {name}": map_HW for title, map_HW in others.items()}
    rows = [(title, map_similarity(explanation.adacam_HW, map_HW, k)) for title, map_HW in maps.items()]
    columns = {
        _("AdaCAM against"): [title for title, _unused in rows],
        _("Rank correlation"): [None if np.isnan(alike.rank) else alike.rank for _unused, alike in rows],
        _("Highest {k} cells in common, %").format(k=k): [100 * alike.shared for _unused, alike in rows],
    }
    look = {
        _("Rank correlation"): st.column_config.NumberColumn(format="%+.3f"),
        _("Highest {k} cells in common, %").format(k=k): st.column_config.NumberColumn(format="%.0f"),
    }
    frame(columns, hide_index=True, column_config=look)
    st.caption(
        _(
            "Rank correlation (Spearman) compares the order of all cells: 1 is the same order, 0 none, −1 the "
            "reverse. Cells in common is intersection over union of the {k} highest of each; 100 % means the same "
            "anchors."
        ).format(k=k)
    )


def _others_captions() -> dict[str, str]:
    return {
        "Grad-CAM++": _("Channels weighted by their positive gradients, after second and third powers of them."),
        "XGrad-CAM": _("Channels weighted by gradient times activation, as a share of the channel's sum."),
        "HiResCAM": _("Gradient times activation at every cell, summed over channels; it adds up for a linear head."),
        "LayerCAM": _("Positive gradients times activation at every cell, summed over channels."),
        "Grad-CAM, cell by cell": _("Gradient times activation at every cell, the negative part cut before summing."),
        "Eigen-CAM": _(
            "The first principal component of the activations. It knows no class, so its sign means nothing."
        ),
        "EigenGrad-CAM": _("The first principal component of gradient times activation; its sign means nothing."),
    }


def other_panels(explanation: Explanation, others: dict[str, np.ndarray]) -> list[dict]:
    """The maps of other methods, each on its own range."""
    symbol = _("for {name}").format(name=class_name(explanation.classes[explanation.target]))
    made = [
        panels.one_map(f"other-{place}", _(method), symbol, map_HW, _others_captions()[method])
        for place, (method, map_HW) in enumerate(others.items())
    ]
    return [_in_own_unit(panel) for panel in made]


def _in_own_unit(panel: dict) -> dict:
    said = {key: panel[key].replace(_("logits"), "").strip() for key in ("rest", "alt") if key in panel}
    return panel | said | {"own": True, "unit": _("arbitrary units")}


def atlas_panels(atlas: ClassAtlas) -> list[dict]:
    """The strongest class of every cell, then the maps of the likeliest classes."""
    order = np.argsort(-atlas.f_C, kind="stable")[:MOST_CLASSES].tolist()
    return [_winners(atlas), *(_class_map(atlas, c) for c in order)]


def _class_map(atlas: ClassAtlas, c: int) -> dict:
    symbol = _("f = {share}").format(share=wording.percent(float(atlas.f_C[c])))
    return panels.one_map(f"class-{c}", class_name(atlas.classes[c]), symbol, atlas.G_CHW[c], "")


def _winners(atlas: ClassAtlas) -> dict:
    """One dot a cell, in the colour and with the letters of the class that is strongest there."""
    rows, columns = atlas.winner_HW.shape
    counts_C = np.bincount(atlas.winner_HW.ravel(), minlength=len(atlas.classes))
    order = [c for c in np.argsort(-counts_C, kind="stable").tolist() if counts_C[c]]
    short = formats.initials([class_name(atlas.classes[c]) for c in order])
    look = {c: (colours.winner(place), short[class_name(atlas.classes[c])]) for place, c in enumerate(order)}
    cells = [[x, y] for y in range(rows) for x in range(columns)]
    winners = [int(atlas.winner_HW[y, x]) for x, y in cells]
    best = [float(atlas.G_CHW[c, y, x]) for c, (x, y) in zip(winners, cells, strict=True)]
    rest = _("{name} is strongest in {count} of {cells} cells").format(
        name=class_name(atlas.classes[order[0]]), count=int(counts_C[order[0]]), cells=len(cells)
    )
    winner_title = _("Strongest class")
    return {
        "id": "winners",
        "kind": "anchors",
        "title": _("Strongest class"),
        "symbol": _("arg max_c G_c"),
        "caption": _(
            "At each cell, the class whose map is highest there. Colours are given by how many cells a class wins."
        ),
        "cells": cells,
        "values": [round(value, 6) for value in best],
        "colour": colours.ANCHOR,
        "colours": [look[c][0] for c in winners],
        "letters": [look[c][1] for c in winners],
        "names": [class_name(atlas.classes[c]) for c in winners],
        "key": [
            {"text": f"{letters} = {class_name(atlas.classes[c])}", "colour": colour, "shape": "dot"}
            for c, (colour, letters) in look.items()
        ],
        "rest": rest,
        "alt": f"{winner_title}: {rest}",
    }


def atlas_note(atlas: ClassAtlas, *, gap: bool) -> str:
    """How many of the classes are shown."""
    count = len(atlas.classes)
    if gap:
        return _("The head read at every cell, on the same scale; f is its answer for the whole picture.")
    note = (
        _("All {count} classes on the same scale. f is the whole-image prediction for the class.")
        if count <= MOST_CLASSES
        else _(
            "The {shown} likeliest of {count} classes on the same scale. f is the whole-image prediction for the class."
        )
    )
    return note.format(count=count, shown=MOST_CLASSES)
