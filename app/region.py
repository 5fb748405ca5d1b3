"""The furniture of the Region page: the rectangle on the picture, and the answer for it beside the picture's."""

from __future__ import annotations

import math

import streamlit as st

from app import colours, panels, sent, state, wording
from app import wording_region as words
from app.components import component
from app.gallery import Specimen
from mvfa_core.asked import Asked, Corners
from mvfa_core.explain import Explanation

_ask = component("ask")


def chosen(found: Explanation) -> Corners:
    """The rectangle in the session or the address, if it lies on this grid; else the middle of the picture."""
    rows, columns = found.grid
    box = state.region(found.grid)
    if box and box[0] <= box[2] < columns and box[1] <= box[3] < rows:
        return box
    return columns // 4, rows // 4, columns - 1 - columns // 4, rows - 1 - rows // 4


def show(picture: Specimen, found: Explanation, asked: Asked, best: Asked | None) -> None:
    """The picture with the rectangle that can be dragged, and the best one if it was searched."""

    def keep() -> None:
        state.put(state.REGION, sent.wholes(state.ASK, "box", 4))

    winner = int(asked.confidence_C.argmax())
    tag = words.TAG.format(name=found.classes[winner], share=wording.percent(float(asked.confidence_C[winner])))
    _ask(
        key=state.ASK,
        on_box_change=keep,
        data={
            "picture": picture.digest,
            "size": list(found.size_px),
            "grid": list(found.grid),
            "box": list(asked.box),
            "tag": tag,
            "colour": colours.ANCHOR,
            "best": best and _best(found, best),
            "words": words.ASK,
            "name": f"region {picture.id}",
            "record": _record(picture, found, asked),
        },
    )


def _record(picture: Specimen, found: Explanation, asked: Asked) -> dict:
    """The answer for the rectangle, for a file."""
    return {
        "picture": picture.id,
        "picture_digest": picture.digest,
        "box_cells": list(asked.box),
        "box_px": list(asked.box_px),
        "confidence": dict(zip(found.classes, asked.confidence_C.tolist(), strict=True)),
        "logits": dict(zip(found.classes, asked.logits_C.tolist(), strict=True)),
    }


def _best(found: Explanation, best: Asked) -> dict:
    share = wording.percent(float(best.confidence_C[found.target]))
    tag = words.BEST_TAG.format(name=found.classes[found.target], share=share)
    return {"box": list(best.box), "colour": colours.MAIN, "tag": tag}


def show_answer(found: Explanation, asked: Asked, truth: str | None) -> None:
    """What the head says about the rectangle, class by class, beside its answer for the picture."""
    winner = int(asked.confidence_C.argmax())
    share = float(asked.confidence_C[winner])
    st.markdown(words.answer(found.classes[winner], share, asked.cells, math.prod(found.grid)))
    family = colours.GAP if found.pooling == "gap" else colours.MAIN
    heads = [{"name": words.HEAD_REGION, "colour": colours.ANCHOR}, {"name": words.HEAD_PICTURE, "colour": family}]
    answers = [asked.confidence_C, found.ensemble_C]
    panels.show_rows(state.VERDICT, panels.rows(found, heads, answers, truth) | {"words": words.VERDICT})


def buttons(found: Explanation, best: Asked | None) -> None:
    """Two rectangles worth asking about."""
    rows, columns = found.grid
    whole = [0, 0, columns - 1, rows - 1]
    with st.container(horizontal=True):
        st.button(words.WHOLE, key="whole", on_click=state.put, args=(state.REGION, whole))
        if best:
            st.button(words.USE_BEST, key="use_best", on_click=state.put, args=(state.REGION, list(best.box)))


def best_caption(found: Explanation) -> str:
    """What was searched, and by which score."""
    rows, columns = found.grid
    count = rows * (rows + 1) * columns * (columns + 1) // 4
    return words.BEST_CAPTION.format(count=f"{count:,}", name=wording.plain(found.classes[found.target]))
