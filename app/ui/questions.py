"""Questions that a link puts before the page: the visitor answers, and then the page is shown."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st

from app.base import component_values, session
from app.base.i18n import _, class_name
from app.base.wording import wording_sharing as words
from app.services import explanations
from app.services.gallery import Picture
from app.ui import colours
from app.ui.components import component
from mvfa_core.explain import Explanation

_guess = component("ask")


def pose(model: str, picture: Picture, explanation: Explanation) -> None:
    """Put the next question that has no answer yet, and end the page with it; then tell how the answers fared."""
    for name in _asked(explanation):
        key = session.ANSWERED(
            f"{name}_{model}_{picture.digest}_{explanation.k}_{explanation.sizes}_{explanation.target}"
        )
        if not isinstance(answer := session.get(key), tuple):
            _put(name, key, picture, explanation)
            st.stop()
        st.markdown(f"**{words.questions()[name]}** {_result(name, answer[0], model, picture, explanation)}")


def _asked(explanation: Explanation) -> list[str]:
    """The questions in the session, or else in the address, then in both; those alone that this model can answer."""
    key = session.QUESTIONS
    if key not in st.session_state:
        told = [name for text in st.query_params.get_all(key) for name in re.split(r"[,|\s]+", text) if name]
        if strange := [name for name in told if name not in words.questions()]:
            session.ignore(key, strange)
        st.session_state[key] = [name for name in words.questions() if name in told]
    names: list[str] = st.session_state[key]
    session.tell(key, [",".join(names)] if names else [])
    return names if explanation.pooling == "mfa" else [name for name in names if name == "where"]


# --- asking ---


def _put(name: str, key: str, picture: Picture, explanation: Explanation) -> None:
    with st.container(border=True):
        st.subheader(words.questions()[name], anchor=False)
        st.caption(_("Before the page answers: what do you think?"))
        answer = {"where": _where, "winner": _winner, "k1": _k1}[name](picture, explanation)
        with st.container(horizontal=True):
            none = answer is None
            st.button(
                _("This is my answer"), on_click=session.put, args=(key, (answer,)), disabled=none, type="primary"
            )
            st.button(_("Show me"), on_click=session.put, args=(key, (None,)))


def _where(picture: Picture, explanation: Explanation) -> list[int] | None:
    st.markdown(_("Click the cell of the picture where AdaCAM will be highest, or move there with the arrow keys."))
    key = session.ANSWER("where")
    rows, columns = explanation.grid
    box = component_values.wholes(key, "box", 4)
    with st.container(width=420):
        _guess(
            key=key,
            on_box_change=lambda: None,
            data={
                "picture": picture.digest,
                "size": list(explanation.size_px),
                "grid": [rows, columns],
                "box": box or [columns // 2, rows // 2, columns // 2, rows // 2],
                "tag": "",
                "single": True,
                "colour": colours.ANCHOR,
                "best": None,
                "words": {
                    "label": _("The picture: click a cell, or move to it with the arrow keys"),
                    "readout": _("cell ({x0}, {y0})"),
                },
            },
        )
    return box[:2] if box and box[0] < columns and box[1] < rows else None


def _winner(_picture: Picture, explanation: Explanation) -> int | None:
    label = _("Of which size, in cells, is the region most confident in {name}?").format(
        name=words.plain(class_name(explanation.classes[explanation.target]))
    )
    sizes = list(explanation.sizes or ())
    return st.radio(label, sizes, None, lambda r: f"{r} × {r}", key=session.ANSWER("winner"), horizontal=True)


def _k1(_picture: Picture, explanation: Explanation) -> bool | None:
    label = _(
        "With K = 1 only the regions around the highest cell of AdaCAM vote. Does the answer stay **{name}**?"
    ).format(name=words.plain(class_name(explanation.classes[explanation.predicted])))
    options = dict(zip((True, False), (_("It stays"), _("It changes")), strict=True))
    return st.radio(label, list(options), None, options.__getitem__, key=session.ANSWER("k1"), horizontal=True)


# --- telling ---


def _result(name: str, answer: object, model: str, picture: Picture, explanation: Explanation) -> str:
    if name == "where":
        cell = (int(answer[0]), int(answer[1])) if isinstance(answer, list) else None
        x, y = cell or (0, 0)
        rank = 1 + int((explanation.adacam_HW > explanation.adacam_HW[y, x]).sum())
        return words.where_result(cell, rank, explanation.adacam_HW.size, explanation.k)
    if name == "winner":
        (best,) = explanation.top(1)
        said = answer if isinstance(answer, int) else None
        return words.winner_result(
            said, best.size, class_name(explanation.classes[explanation.target]), best.confidence
        )
    alone = explanations.explanation(model, picture, None, 1, explanation.sizes)
    winner = int(np.argmax(alone.ensemble_C))
    said_stays = answer if isinstance(answer, bool) else None
    return words.k1_result(
        said_stays, class_name(explanation.classes[explanation.predicted]), class_name(explanation.classes[winner])
    )
