"""The findings of an evaluation as sections of the Evaluate page. No numbers are made here."""

from __future__ import annotations

import json

import streamlit as st

from app.base import component_values, errors, session
from app.base.i18n import _, class_name, pgettext
from app.base.settings import shared
from app.base.wording import wording
from app.features.evaluate import class_match, evaluation_status, evaluations, findings_words, picture_grid, words
from app.features.evaluate.evaluations import Choice
from app.services import model_titles, models
from app.ui import colours
from app.ui.components import component
from app.ui.tables import frame
from mvfa_core.evaluation import EvaluationSpec, Findings
from mvfa_core.evaluation.metrics import (
    by_class,
    confused,
    rescued_and_harmed,
    side_by_side,
)
from mvfa_core.evaluation.tables import csv_table, summary
from mvfa_core.names import visible
from mvfa_core.percent import of_count

_matrix = component("matrix", styles=("saves",))
_sorted = component("sorted")

WRONG = "#d55e00"


def headline(findings: Findings) -> None:
    """How often it is right, and whether the views helped, in numbers and in words."""
    pair, right, n = rescued_and_harmed(findings), int(findings.right_N.sum()), len(findings)
    figures = [(_("Ensemble of the views") if pair else _("GAP head"), findings_words.share(right, n))]
    if pair:
        auxiliary = pair.both + pair.only_second
        figures.append((_("Whole-image prediction"), findings_words.share(auxiliary, n)))
        figures += [
            (_("Rescued by the views"), f"{pair.only_first:,}"),
            (_("Harmed by the views"), f"{pair.only_second:,}"),
        ]
    with st.container(horizontal=True, gap="medium"):
        for title, value in figures:
            st.metric(title, value, width="content")
    if pair is None:
        st.markdown(findings_words.headline(n, right, None))
        return
    st.markdown(findings_words.headline(n, right, auxiliary))
    st.markdown(findings_words.views_helped(pair.only_first, pair.only_second, pair.p))
    st.caption(words.headline_note())


def remarks(model: str, spec: EvaluationSpec, findings: Findings) -> None:
    """What must be known beside the numbers: pictures the model has learned from, classes it does not share."""
    if said := class_match.trained_on(model, spec.data, spec.side):
        st.warning(said)
    if findings.note:
        st.caption(_("Classes: {why}.").format(why=wording.plain(findings.note)))


def against(model: str, choice: Choice, findings: Findings) -> None:
    """Another model on the same pictures, if one is chosen."""
    st.header(_("Compare with another model"), anchor=False)
    others = _others(model, choice)
    session.follow_address(session.OTHER, others)
    other = st.selectbox(
        _("On the same pictures"),
        others,
        index=None,
        placeholder=_("Choose another model"),
        key=session.OTHER,
        width=320,
        format_func=model_titles.titles(others),
        persist_state="session",
    )
    if other is None:
        return
    try:
        evaluation = evaluation_status.show(evaluations.request(other, choice))
        if evaluation is None:
            return
        pair = side_by_side(findings, evaluations.findings(evaluation))
    except ValueError as error:
        st.warning(_("They did not look at the same pictures: {why}").format(why=wording.plain(errors.message(error))))
        return
    first, second = pair.both + pair.only_first, pair.both + pair.only_second
    st.markdown(findings_words.against(model, other, first, second, pair.n))
    heads = [title.format(other=visible(other)) for title in ("", _("{other} right"), _("{other} wrong"))]
    rows = [title.format(name=visible(model)) for title in (_("{name} right"), _("{name} wrong"))]
    cells = ((pair.both, pair.only_second), (pair.only_first, pair.neither))
    columns = [rows, *([f"{value:,}" for value in column] for column in cells)]
    frame(dict(zip(heads, columns, strict=True)), hide_index=True, width="content")
    st.markdown(findings_words.chance(pair.p))


def _others(model: str, choice: Choice) -> list[str]:
    """The other models that know a class of these pictures."""
    listed = class_match.fitting(model, choice.data)
    return [name for name in models.model_ids() if name != model and class_match.fits(name, listed)]


def show_confusion(findings: Findings) -> None:
    """The matrix; a pressed cell leaves its pictures in the grid."""
    st.subheader(_("Confusion matrix"), anchor=False)
    cells = confused(findings).tolist()
    pressed = tuple(session.get(key, picture_grid.ANY) for key in (session.TRUTH, session.SAID))
    selected = [findings.classes.index(name) for name in pressed if name in findings.classes]

    def picked() -> None:
        cell = component_values.wholes(session.MATRIX, "picked", 2)
        if cell is None and component_values.value(session.MATRIX, "picked") != []:
            return
        if cell and max(cell) >= len(findings.classes):
            return
        names = [findings.classes[place] for place in cell or ()] or [picture_grid.ANY, picture_grid.ANY]
        for key, name in zip((session.TRUTH, session.SAID), names, strict=True):
            session.put(key, name)
        session.put(session.KIND, "all")
        picture_grid.back_to_start()

    _matrix(
        key=session.MATRIX,
        on_picked_change=picked,
        data={
            "classes": list(findings.classes),
            "cells": cells,
            "selected": selected if len(selected) == 2 else None,
            "right": colours.MAIN,
            "wrong": WRONG,
            "words": words.matrix(),
        },
    )
    st.caption(words.confusion_note())


def show_classes(findings: Findings) -> None:
    """Accuracy of every class, sortable."""
    st.subheader(_("Class by class"), anchor=False)
    rows, titles = (
        by_class(findings),
        {
            "name": _("Class"),
            "n": pgettext("number", "Pictures"),
            "ours": _("Ensemble, %"),
            "auxiliary": _("Auxiliary, %"),
            "gain": _("Views add"),
        },
    )
    views = findings.auxiliary_N is not None
    head = [titles["name"], titles["n"], titles["ours"] if views else _("Accuracy, %")]
    head += [titles["auxiliary"], titles["gain"]] if views else []
    lines = []
    for one in rows:
        lines.append([class_name(findings.classes[one.label]), f"{one.n:,}", of_count(one.accuracy)])
        if one.auxiliary is not None:
            gain = f"{100 * (one.accuracy - one.auxiliary):+.1f}".replace("-", "\u2212")
            lines[-1] += [of_count(one.auxiliary), gain]
    _sorted(key=session.CLASSES, data={"caption": _("Class by class"), "head": head, "rows": lines})
    st.caption(_("A column's head sorts by it."))


def exports(model: str, spec: EvaluationSpec, findings: Findings) -> None:
    """The findings as files, and the same as a command line."""
    st.header(_("Export"), anchor=False)
    stem = f"{spec.name}-{spec.data_name}-{spec.side}".replace("/", "-")
    with st.container(horizontal=True):
        st.download_button(
            _("All pictures (CSV)"), csv_table(findings), f"{stem}.csv", "text/csv", on_click="ignore", key="as_csv"
        )
        told = json.dumps(summary(findings, spec), indent=2, ensure_ascii=False)
        st.download_button(
            _("All figures (JSON)"), told, f"{stem}.json", "application/json", on_click="ignore", key="as_json"
        )
    with st.expander(_("The same from a terminal")):
        st.code(spec.command(places=not shared()), language=None, wrap_lines=True)
