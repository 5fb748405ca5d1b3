"""Small pictures of an evaluation, a page at a time; each opens its picture on the page of the visitor's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from app.base import component_values, session
from app.base.wording import wording, wording_findings
from app.base.wording import wording_dataset as words
from app.base.wording import wording_views as view_words
from app.services import dataset_pictures, gallery
from app.ui import colours
from app.ui.components import component
from mvfa_core.evaluation import EvaluationSpec, Findings
from mvfa_core.evaluation.metrics import chosen, wrong_crops

_pictures = component("pictures")

ON_A_PAGE = 24
CROPS = 12
SIDE_PX = 160
PAGES = {"explore": "./", "anchors": "anchors", "views": "views"}
"""Where a picture can be opened, with the address of each."""
ANY = ""
"""In place of a class: all of them."""
OF_VIEWS = ("split", "rescued", "harmed")
"""Kinds that only a model with views has."""


def show(model: str, asked: EvaluationSpec, found: Findings) -> None:
    """The pictures that the filters leave, sorted, with the filters above them."""
    order = _sorted(found, _filtered(found))
    last = max(0, (len(order) - 1) // ON_A_PAGE)
    page = session.follow(session.PAGE, range(last + 1), 0, session.number)
    here = order[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    items = [_item(model, asked, found, i) for i in here.tolist()]
    _show(session.GRID, items, wording_findings.shown(len(order), len(found)), page, last)


def show_crops(model: str, asked: EvaluationSpec, found: Findings) -> None:
    """The views that are surest of a wrong class, on their pictures."""
    items = [_crop(model, asked, found, i) for i in wrong_crops(found, CROPS).tolist()]
    _show(session.CROPS, items, wording_findings.shown(len(items), len(found)), 0, 0)


def back_to_start() -> None:
    """Other filters: from the first page on."""
    session.put(session.PAGE, 0)


def follow() -> None:
    """Open the picture that was pressed, if one was."""
    if target := session.take(session.OPEN):
        picture, model, page = target
        session.put(session.PICTURE, picture)  # that page reads the session first
        st.switch_page(f"../pages/{page}.py", query_params={session.PICTURE: picture, session.MODEL: model})


# --- which pictures ---


def _filtered(found: Findings) -> np.ndarray:
    kinds = [kind for kind in words.KINDS if found.tally_NC is not None or kind not in OF_VIEWS]
    session.remembered(session.KIND, kinds.__contains__, "all")
    kind = st.segmented_control(
        words.SHOW,
        kinds,
        required=True,
        format_func=lambda one: f"{words.KINDS[one]} {int(chosen(found, one).sum()):,}",
        key=session.KIND,
        help=words.KINDS_HELP,
        on_change=back_to_start,
        persist_state="session",
    )
    with st.container(horizontal=True):
        truth = _class(words.TRUE, session.TRUTH, found)
        said = _class(words.SAID, session.SAID, found)
        sorts = _sorts(found)
        session.remembered(session.SORT, sorts.__contains__, sorts[0])
        st.selectbox(
            words.SORT, sorts, key=session.SORT, format_func=words.SORTS.__getitem__, on_change=back_to_start,
            width=220, persist_state="session",
        )  # fmt: skip
    kept = chosen(found, kind or "all")
    kept &= True if truth is None else found.label_N == truth
    return kept & (True if said is None else found.predicted_N == said)


def _class(label: str, key: str, found: Findings) -> int | None:
    options = [ANY, *found.classes]
    session.remembered(key, options.__contains__, ANY)
    name = st.selectbox(
        label, options, key=key, format_func=lambda one: one or words.ANY, on_change=back_to_start, width=170,
        persist_state="session",
    )  # fmt: skip
    return None if name == ANY else found.classes.index(name)


def _sorts(found: Findings) -> list[str]:
    left_out = {*(("small", "large") if found.scale_N is None else ())}
    left_out |= {"disagree"} if found.disagree_N is None else set()
    return [name for name in words.SORTS if name not in left_out]


def _sorted(found: Findings, kept: np.ndarray) -> np.ndarray:
    by = session.get(session.SORT, "place")
    keys = {"sure": -found.confidence_N, "unsure": found.confidence_N, "margin": found.margin_N}
    if found.disagree_N is not None:
        keys["disagree"] = -found.disagree_N
    if found.scale_N is not None:
        keys |= {"small": found.scale_N, "large": -found.scale_N}
    order = np.argsort(keys[by], kind="stable") if by in keys else np.arange(len(found))
    return order[kept[order]]


# --- on the screen ---


def _title(page: str) -> str:
    return {"explore": wording.EXPLORE, "anchors": view_words.ANCHORS_NAV, "views": view_words.VIEWS_NAV}[page]


def _show(key: str, items: Sequence[dict[str, Any]], count: str, page: int, last: int) -> None:
    def opened() -> None:
        what = component_values.texts_of(key, "open")
        item = next((one for one in items if one["id"] == what.get("id")), None)
        if item and what.get("page") in PAGES:
            session.put(session.OPEN, (item["id"], item["model"], what["page"]))

    def turned() -> None:
        to = component_values.whole(key, "page")
        if to is not None and to <= last:
            session.put(session.PAGE, to)

    _pictures(
        key=key,
        on_open_change=opened,
        on_page_change=turned,
        data={
            "label": words.GRID_LABEL,
            "items": list(items),
            "page": page,
            "last": last,
            "pages": [{"id": name, "title": _title(name), "address": address} for name, address in PAGES.items()],
            "words": {**words.GRID, "count": count, "none": words.GRID_NONE},
        },
    )


def _item(model: str, asked: EvaluationSpec, found: Findings, i: int) -> dict[str, Any]:
    truth, said = found.classes[found.label_N[i]], found.classes[found.predicted_N[i]]
    agreeing, sure = found.agreeing_N, float(found.confidence_N[i])
    lines = (
        wording_findings.answer(truth, said),
        wording_findings.sure(sure, None if agreeing is None else float(agreeing[i])),
    )
    return _tile(model, asked, found, i) | {"lines": lines, "alt": wording_findings.sure_hint(truth, said, sure)}


def _crop(model: str, asked: EvaluationSpec, found: Findings, i: int) -> dict[str, Any]:
    assert found.wrong_N is not None and found.wrong_confidence_N is not None
    assert found.wrong_size_N is not None and found.wrong_box_N4 is not None
    truth, wrong = found.classes[found.label_N[i]], found.classes[found.wrong_N[i]]
    sure, r = float(found.wrong_confidence_N[i]), int(found.wrong_size_N[i])
    return _tile(model, asked, found, i) | {
        "lines": (truth, *wording_findings.crop_line(wrong, sure, r)),
        "alt": wording_findings.crop_hint(truth, wrong, sure, r),
        "box": [round(float(share), 4) for share in found.wrong_box_N4[i]],
        "colour": colours.size(r, found.sizes),
    }


def _tile(model: str, asked: EvaluationSpec, found: Findings, i: int) -> dict[str, Any]:
    picture = dataset_pictures.address(asked, int(found.place_N[i]))
    return {
        "id": picture,
        "model": model,
        "src": thumbnail(picture),
        "tone": "right" if found.right_N[i] else "wrong",
        "query": "?" + urlencode({session.PICTURE: picture, session.MODEL: model}, safe="/"),
        "box": None,
    }


@st.cache_data(show_spinner=False, max_entries=1024, ttl=3600)
def thumbnail(picture_id: str) -> str:
    """The whole picture, small, as a data URL; empty if it cannot be read."""
    try:
        return gallery.data_url(dataset_pictures.specimen(picture_id).picture, SIDE_PX)
    except KeyError:
        return ""
