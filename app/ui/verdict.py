"""Classes with a bar for each of several answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.base import session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.ui import colours, live_words
from app.ui.components import component
from app.ui.contract import Head, LiveVerdict, plain
from mvfa_core.explain import Explanation

_verdict = component("verdict")

MOST_ROWS = 12


def show(explanation: Explanation, truth: str | None, live: str | None = None) -> None:
    """The confidence of every head in every class, and what the heads are; with `live`, the name of the numbers, the
    browser answers."""
    views = explanation.boxes_KR4 is not None
    if live is None:
        show_rows(session.VERDICT, verdict(explanation, truth))
        count = explanation.boxes_KR4[..., 0].size if explanation.boxes_KR4 is not None else 0
        st.caption(live_words.verdict_note(views=views).format(count=count))
        return
    data = LiveVerdict(live, tuple(_heads(explanation)), truth, MOST_ROWS, live_words.verdict(views=views))
    _verdict(key=session.VERDICT, data=plain(data))


def show_rows(key: str, data: dict) -> None:
    """Classes with a bar for each of several answers, as `rows` makes them."""
    _verdict(key=key, data=data)


def _heads(explanation: Explanation) -> list[Head]:
    if explanation.auxiliary_C is None:
        return [Head(_("GAP head"), colours.GAP, "ensemble")]
    return [
        Head(_("Ensemble of the views"), colours.MAIN, "ensemble"),
        Head(_("Whole-image prediction, f"), colours.AUXILIARY, "auxiliary"),
    ]


def verdict(explanation: Explanation, truth: str | None) -> dict:
    """The classes by falling confidence of the answer, as each head of the model sees them."""
    answers = {"ensemble": explanation.ensemble_C, "auxiliary": explanation.auxiliary_C}
    heads = _heads(explanation)
    shares = [share_C for head in heads if (share_C := answers[head.answers]) is not None]
    return rows(explanation, [{"name": head.name, "colour": head.colour} for head in heads], shares, truth)


def rows(
    explanation: Explanation,
    heads: list[dict],
    answers: Sequence[np.ndarray],
    truth: str | None,
    caption: str | None = None,
) -> dict:
    """The classes by falling confidence of the first answer; of many, the first ones and those that are asked about.

    Args:
        heads: name and colour of each answer. answers: (C,) confidences, the answer of `explanation` first.
        caption: of the table, where the answers are not those of a model's heads.
    """
    order = np.argsort(-answers[0], kind="stable").tolist()
    kept = [
        c
        for place, c in enumerate(order)
        if place < MOST_ROWS or c == explanation.target or explanation.classes[c] == truth
    ]
    made = []
    for c in kept:
        notes = [_("true class")] if explanation.classes[c] == truth else []
        notes += [_("explained")] if c == explanation.target != explanation.predicted else []
        values = [{"share": float(answer_C[c]), "text": wording.percent(float(answer_C[c]))} for answer_C in answers]
        made.append(
            {
                "name": class_name(explanation.classes[c]),
                "notes": notes,
                "predicted": c == explanation.predicted,
                "values": values,
            }
        )
    return {
        "heads": heads,
        "rows": made,
        "words": wording.verdict_words() | ({"caption": caption} if caption else {}),
        "more": wording.further(len(order) - len(kept)),
    }
