"""Small pictures of an evaluation, a page at a time; each opens its picture on the page of the visitor's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from app.base import component_values, session
from app.base.i18n import _, class_name, pgettext
from app.features.evaluate import findings_words
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


def show(model: str, spec: EvaluationSpec, findings: Findings) -> None:
    """The pictures that the filters leave, sorted, with the filters above them."""
    order = _sorted(findings, _filtered(findings))
    last = max(0, (len(order) - 1) // ON_A_PAGE)
    page = session.follow(session.PAGE, range(last + 1), 0, session.number)
    here = order[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    items = [_item(model, spec, findings, i) for i in here.tolist()]
    _show(session.GRID, items, findings_words.shown(len(order), len(findings)), page, last)


def show_crops(model: str, spec: EvaluationSpec, findings: Findings) -> None:
    """The views that are surest of a wrong class, on their pictures."""
    items = [_crop(model, spec, findings, i) for i in wrong_crops(findings, CROPS).tolist()]
    _show(session.CROPS, items, findings_words.shown(len(items), len(findings)), 0, 0)


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


def _kinds() -> dict[str, str]:
    return {
        "all": _("All"),
        "wrong": _("Wrong"),
        "right": _("Right"),
        "sure": _("Confident and wrong"),
        "split": _("Views disagree"),
        "rescued": _("Rescued"),
        "harmed": _("Harmed"),
    }


def _sorts_words() -> dict[str, str]:
    return {
        "place": _("Place in the set"),
        "sure": _("Most confident first"),
        "unsure": _("Least confident first"),
        "disagree": _("Views disagree most"),
        "margin": _("Narrowest margin"),
        "small": _("Smallest object"),
        "large": _("Largest object"),
    }


def _filtered(findings: Findings) -> np.ndarray:
    kinds = [kind for kind in _kinds() if findings.tally_NC is not None or kind not in OF_VIEWS]
    session.remembered(session.KIND, kinds.__contains__, "all")
    kind = st.segmented_control(
        _("Show"),
        kinds,
        required=True,
        format_func=lambda one: f"{_kinds()[one]} {int(chosen(findings, one).sum()):,}",
        key=session.KIND,
        help=_(
            "Confident: at least 80 % sure. Views disagree: fewer than half of them vote for the answer. Rescued: the "
            "whole-image classifier is wrong and the ensemble right; harmed: the other way round."
        ),
        on_change=back_to_start,
        persist_state="session",
    )
    with st.container(horizontal=True):
        truth = _class(_("True class"), session.TRUTH, findings)
        said = _class(_("Answer"), session.SAID, findings)
        sorts = _sorts(findings)
        session.remembered(session.SORT, sorts.__contains__, sorts[0])
        st.selectbox(
            _("Sort by"),
            sorts,
            key=session.SORT,
            format_func=_sorts_words().__getitem__,
            on_change=back_to_start,
            width=220,
            persist_state="session",
        )
    kept = chosen(findings, kind or "all")
    kept &= True if truth is None else findings.label_N == truth
    return kept & (True if said is None else findings.predicted_N == said)


def _class(label: str, key: str, findings: Findings) -> int | None:
    options = [ANY, *findings.classes]
    session.remembered(key, options.__contains__, ANY)
    name = st.selectbox(
        label,
        options,
        key=key,
        format_func=lambda one: one or _("(any)"),
        on_change=back_to_start,
        width=170,
        persist_state="session",
    )
    return None if name == ANY else findings.classes.index(name)


def _sorts(findings: Findings) -> list[str]:
    left_out = {*(("small", "large") if findings.scale_N is None else ())}
    left_out |= {"disagree"} if findings.disagree_N is None else set()
    return [name for name in _sorts_words() if name not in left_out]


def _sorted(findings: Findings, kept: np.ndarray) -> np.ndarray:
    by = session.get(session.SORT, "place")
    keys = {"sure": -findings.confidence_N, "unsure": findings.confidence_N, "margin": findings.margin_N}
    if findings.disagree_N is not None:
        keys["disagree"] = -findings.disagree_N
    if findings.scale_N is not None:
        keys |= {"small": findings.scale_N, "large": -findings.scale_N}
    order = np.argsort(keys[by], kind="stable") if by in keys else np.arange(len(findings))
    return order[kept[order]]


# --- on the screen ---


def _title(page: str) -> str:
    return {"explore": _("Explore"), "anchors": _("Anchors"), "views": _("Views")}[page]


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
            "label": _("Pictures"),
            "items": list(items),
            "page": page,
            "last": last,
            "pages": [{"id": name, "title": _title(name), "address": address} for name, address in PAGES.items()],
            "words": {
                **{
                    "previous": pgettext("page", "Previous"),
                    "next": pgettext("page", "Next"),
                    "page": _("page {page} of {last}"),
                    "open": _("Open in"),
                },
                "count": count,
                "none": _("No picture is of this kind."),
            },
        },
    )


def _item(model: str, spec: EvaluationSpec, findings: Findings, i: int) -> dict[str, Any]:
    truth, said = (
        class_name(findings.classes[findings.label_N[i]]),
        class_name(findings.classes[findings.predicted_N[i]]),
    )
    agreeing, sure = findings.agreeing_N, float(findings.confidence_N[i])
    lines = (
        findings_words.answer(truth, said),
        findings_words.sure(sure, None if agreeing is None else float(agreeing[i])),
    )
    return _tile(model, spec, findings, i) | {"lines": lines, "alt": findings_words.sure_hint(truth, said, sure)}


def _crop(model: str, spec: EvaluationSpec, findings: Findings, i: int) -> dict[str, Any]:
    assert findings.wrong_N is not None and findings.wrong_confidence_N is not None
    assert findings.wrong_size_N is not None and findings.wrong_box_N4 is not None
    truth, wrong = class_name(findings.classes[findings.label_N[i]]), class_name(findings.classes[findings.wrong_N[i]])
    sure, r = float(findings.wrong_confidence_N[i]), int(findings.wrong_size_N[i])
    return _tile(model, spec, findings, i) | {
        "lines": (truth, *findings_words.crop_line(wrong, sure, r)),
        "alt": findings_words.crop_hint(truth, wrong, sure, r),
        "box": [round(float(share), 4) for share in findings.wrong_box_N4[i]],
        "colour": colours.size(r, findings.sizes),
    }


def _tile(model: str, spec: EvaluationSpec, findings: Findings, i: int) -> dict[str, Any]:
    picture = dataset_pictures.address(spec, int(findings.place_N[i]))
    return {
        "id": picture,
        "model": model,
        "src": thumbnail(picture),
        "tone": "right" if findings.right_N[i] else "wrong",
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
