"""The furniture of the Maps page: the dial, the class atlas, the likeness of maps, and other methods' maps."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.base import formats, i18n
from app.base.wording import wording
from app.base.wording import wording_maps as words
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
    name = atlas.classes[first]
    caption = (words.FIRST_CAPTION_GAP if gap else words.FIRST_CAPTION).format(name=name)
    return [
        panels.one_map(
            "likeliest", words.FIRST_TITLE, words.FIRST_SYMBOL.format(name=name), atlas.G_CHW[first], caption
        ),
        _turning(atlas, first),
        panels.one_map(
            "mean",
            words.MEAN_TITLE,
            words.MEAN_SYMBOL,
            atlas.G_CHW.mean(axis=0),
            words.MEAN_CAPTION.format(count=len(atlas.classes)),
        ),
    ]


def _turning(atlas: ClassAtlas, first: int) -> dict:
    frames = []
    for place, temperature in enumerate(atlas.temperatures):
        frame = panels.one_map("dial", words.DIAL_TITLE, words.DIAL_SYMBOL, atlas.dial_THW[place], words.DIAL_CAPTION)
        if frame.get("message"):
            return frame
        label = words.temperature(temperature, atlas.classes[first], float(atlas.weights_TC[place, first]))
        shown = {key: frame[key] for key in ("values", "rest", "alt")}
        frames.append({**shown, "name": f"{temperature:g}", "label": label})
    start = atlas.temperatures.index(1.0)
    return frame | frames[start] | {"frames": frames, "frame": start, "ends": words.DIAL_ENDS}


def claim(atlas: ClassAtlas, explanation: Explanation, k: int) -> str:
    """The paper's claim that A is very close to the predicted class's map, measured on this picture."""
    first = likeliest(atlas)
    alike = map_similarity(explanation.adacam_HW, atlas.G_CHW[first], k)
    return words.claim(atlas.classes[first], float(atlas.f_C[first]), alike.rank, alike.shared, k)


def show_likeness(atlas: ClassAtlas, explanation: Explanation, others: dict[str, np.ndarray], k: int) -> None:
    """AdaCAM against every other map on the page, as a table."""
    first = likeliest(atlas)
    maps = {words.LIKELIEST.format(name=atlas.classes[first]): atlas.G_CHW[first], words.MEAN: atlas.G_CHW.mean(axis=0)}
    named = {"CAM": explanation.cam_HW, "Grad-CAM": explanation.grad_cam_HW}
    name = explanation.classes[explanation.target]
    maps |= {f"{title}, {name}": map_HW for title, map_HW in named.items() if map_HW is not None}
    maps |= {f"{i18n.library(title)}, {name}": map_HW for title, map_HW in others.items()}
    rows = [(title, map_similarity(explanation.adacam_HW, map_HW, k)) for title, map_HW in maps.items()]
    columns = {
        words.ALIKE_AGAINST: [title for title, _ in rows],
        words.ALIKE_RANK: [None if np.isnan(alike.rank) else alike.rank for _, alike in rows],
        words.ALIKE_SHARED.format(k=k): [100 * alike.shared for _, alike in rows],
    }
    look = {
        words.ALIKE_RANK: st.column_config.NumberColumn(format="%+.3f"),
        words.ALIKE_SHARED.format(k=k): st.column_config.NumberColumn(format="%.0f"),
    }
    frame(columns, hide_index=True, column_config=look)
    st.caption(words.ALIKE_CAPTION.format(k=k))


def other_panels(explanation: Explanation, others: dict[str, np.ndarray]) -> list[dict]:
    """The maps of other methods, each on its own range."""
    symbol = words.OTHERS_SYMBOL.format(name=explanation.classes[explanation.target])
    made = [
        panels.one_map(f"other-{place}", i18n.library(method), symbol, map_HW, words.OTHERS_CAPTIONS[method])
        for place, (method, map_HW) in enumerate(others.items())
    ]
    return [_in_own_unit(panel) for panel in made]


def _in_own_unit(panel: dict) -> dict:
    said = {key: panel[key].replace(wording.UNIT, "").strip() for key in ("rest", "alt") if key in panel}
    return panel | said | {"own": True, "unit": words.OTHERS_UNIT}


def atlas_panels(atlas: ClassAtlas) -> list[dict]:
    """The strongest class of every cell, then the maps of the likeliest classes."""
    order = np.argsort(-atlas.f_C, kind="stable")[:MOST_CLASSES].tolist()
    return [_winners(atlas), *(_class_map(atlas, c) for c in order)]


def _class_map(atlas: ClassAtlas, c: int) -> dict:
    symbol = words.ATLAS_SYMBOL.format(share=wording.percent(float(atlas.f_C[c])))
    return panels.one_map(f"class-{c}", atlas.classes[c], symbol, atlas.G_CHW[c], "")


def _winners(atlas: ClassAtlas) -> dict:
    """One dot a cell, in the colour and with the letters of the class that is strongest there."""
    rows, columns = atlas.winner_HW.shape
    counts_C = np.bincount(atlas.winner_HW.ravel(), minlength=len(atlas.classes))
    order = [c for c in np.argsort(-counts_C, kind="stable").tolist() if counts_C[c]]
    short = formats.initials([atlas.classes[c] for c in order])
    look = {c: (colours.winner(place), short[atlas.classes[c]]) for place, c in enumerate(order)}
    cells = [[x, y] for y in range(rows) for x in range(columns)]
    winners = [int(atlas.winner_HW[y, x]) for x, y in cells]
    best = [float(atlas.G_CHW[c, y, x]) for c, (x, y) in zip(winners, cells, strict=True)]
    rest = words.WINNER_REST.format(name=atlas.classes[order[0]], count=int(counts_C[order[0]]), cells=len(cells))
    return {
        "id": "winners",
        "kind": "anchors",
        "title": words.WINNER_TITLE,
        "symbol": words.WINNER_SYMBOL,
        "caption": words.WINNER_CAPTION,
        "cells": cells,
        "values": [round(value, 6) for value in best],
        "colour": colours.ANCHOR,
        "colours": [look[c][0] for c in winners],
        "letters": [look[c][1] for c in winners],
        "names": [atlas.classes[c] for c in winners],
        "key": [
            {"text": f"{letters} = {atlas.classes[c]}", "colour": colour, "shape": "dot"}
            for c, (colour, letters) in look.items()
        ],
        "rest": rest,
        "alt": f"{words.WINNER_TITLE}: {rest}",
    }


def atlas_note(atlas: ClassAtlas, *, gap: bool) -> str:
    """How many of the classes are shown."""
    count = len(atlas.classes)
    if gap:
        return words.ATLAS_NOTE_GAP
    note = words.ATLAS_NOTE_ALL if count <= MOST_CLASSES else words.ATLAS_NOTE
    return note.format(count=count, shown=MOST_CLASSES)
