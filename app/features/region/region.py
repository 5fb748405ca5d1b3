"""The furniture of the Region page: the rectangle on the picture, and the answer for it beside the picture's."""

from __future__ import annotations

import math

import streamlit as st

from app.base import component_values, session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.features.region import words
from app.services.gallery import Picture
from app.ui import colours, verdict
from app.ui.components import component
from mvfa_core.analysis.rectangle_answers import Corners, RectangleAnswer
from mvfa_core.explain import Explanation

_ask = component("ask")


def chosen(explanation: Explanation) -> Corners:
    """The rectangle in the session or the address, if it lies on this grid; else the middle of the picture."""
    rows, columns = explanation.grid
    box = session.region(explanation.grid)
    if box and box[0] <= box[2] < columns and box[1] <= box[3] < rows:
        return box
    return columns // 4, rows // 4, columns - 1 - columns // 4, rows - 1 - rows // 4


def show(picture: Picture, explanation: Explanation, answer: RectangleAnswer, best: RectangleAnswer | None) -> None:
    """The picture with the rectangle that can be dragged, and the best one if it was searched."""

    def keep() -> None:
        session.put(session.REGION, component_values.wholes(session.ASK, "box", 4))

    winner = int(answer.confidence_C.argmax())
    tag = _("{name}, {share}").format(
        name=class_name(explanation.classes[winner]), share=wording.percent(float(answer.confidence_C[winner]))
    )
    _ask(
        key=session.ASK,
        on_box_change=keep,
        data={
            "picture": picture.digest,
            "size": list(explanation.size_px),
            "grid": list(explanation.grid),
            "box": list(answer.box),
            "tag": tag,
            "colour": colours.ANCHOR,
            "best": best and _best(explanation, best),
            "words": {
                "label": _("The picture: drag a rectangle; the arrow keys move it, with Shift they resize it"),
                "saves": [_("Save the picture as PNG"), _("Save the answer as JSON")],
                "readout": _("{columns} × {rows} cells, from ({x0}, {y0}) to ({x1}, {y1})"),
            },
            "name": f"region {picture.id}",
            "record": _record(picture, explanation, answer),
        },
    )


def _record(picture: Picture, explanation: Explanation, answer: RectangleAnswer) -> dict:
    """The answer for the rectangle, for a file."""
    return {
        "picture": picture.id,
        "picture_digest": picture.digest,
        "box_cells": list(answer.box),
        "box_px": list(answer.box_px),
        "confidence": dict(zip(explanation.classes, answer.confidence_C.tolist(), strict=True)),
        "logits": dict(zip(explanation.classes, answer.logits_C.tolist(), strict=True)),
    }


def _best(explanation: Explanation, best: RectangleAnswer) -> dict:
    share = wording.percent(float(best.confidence_C[explanation.target]))
    tag = _("best for {name}: {share}").format(name=class_name(explanation.classes[explanation.target]), share=share)
    return {"box": list(best.box), "colour": colours.MAIN, "tag": tag}


def show_answer(explanation: Explanation, answer: RectangleAnswer, truth: str | None) -> None:
    """What the head says about the rectangle, class by class, beside its answer for the picture."""
    winner = int(answer.confidence_C.argmax())
    share = float(answer.confidence_C[winner])
    st.markdown(words.answer(class_name(explanation.classes[winner]), share, answer.cells, math.prod(explanation.grid)))
    family = colours.GAP if explanation.pooling == "gap" else colours.MAIN
    heads = [
        {"name": _("This rectangle"), "colour": colours.ANCHOR},
        {"name": _("The whole picture"), "colour": family},
    ]
    answers = [answer.confidence_C, explanation.ensemble_C]
    caption = _("Confidence in each class for the rectangle and for the whole picture")
    verdict.show_rows(session.VERDICT, verdict.rows(explanation, heads, answers, truth, caption))


def buttons(explanation: Explanation, best: RectangleAnswer | None) -> None:
    """Two rectangles worth asking about."""
    rows, columns = explanation.grid
    whole = [0, 0, columns - 1, rows - 1]
    with st.container(horizontal=True):
        st.button(_("Ask about the whole picture"), key="whole", on_click=session.put, args=(session.REGION, whole))
        if best:
            st.button(
                _("Ask about the best rectangle"),
                key="use_best",
                on_click=session.put,
                args=(session.REGION, list(best.box)),
            )


def best_caption(explanation: Explanation) -> str:
    """What was searched, and by which score."""
    rows, columns = explanation.grid
    count = rows * (rows + 1) * columns * (columns + 1) // 4
    return _(
        "Of all {count} rectangles, the one with the most evidence for {name}: how far its log-odds lead the whole "
        "picture's, summed over its cells. The search is ours, not the paper's."
    ).format(count=f"{count:,}", name=wording.plain(class_name(explanation.classes[explanation.target])))
