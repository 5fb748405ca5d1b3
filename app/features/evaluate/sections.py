"""The findings of an evaluation as sections of the Evaluate page. No numbers are made here."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.base import component_values, errors, session
from app.base.settings import shared
from app.base.wording import wording, wording_findings
from app.base.wording import wording_dataset as words
from app.features.evaluate import class_match, evaluation_status, evaluations, picture_grid
from app.features.evaluate.evaluations import Choice
from app.services import model_titles, models
from app.ui import colours
from app.ui.components import component
from app.ui.tables import frame
from mvfa_core.evaluation import EvaluationSpec, Findings
from mvfa_core.evaluation.metrics import (
    by_class,
    by_scale,
    confused,
    profiles,
    reliability,
    rescued_and_harmed,
    side_by_side,
)
from mvfa_core.evaluation.tables import csv_table, summary
from mvfa_core.names import visible
from mvfa_core.percent import of_count

_matrix = component("matrix", styles=("saves",))
_dots = component("dots", styles=("saves",))
_sorted = component("sorted")

WRONG = "#d55e00"
MANY = 15
"""More rows than this scroll in a frame."""


def headline(findings: Findings) -> None:
    """How often it is right, and whether the views helped, in numbers and in words."""
    pair, right, n = rescued_and_harmed(findings), int(findings.right_N.sum()), len(findings)
    figures = [(words.ACCURACY if pair else words.ACCURACY_GAP, wording_findings.share(right, n))]
    if pair:
        auxiliary = pair.both + pair.only_second
        figures.append((words.AUXILIARY, wording_findings.share(auxiliary, n)))
        figures += [(words.RESCUED, f"{pair.only_first:,}"), (words.HARMED, f"{pair.only_second:,}")]
    with st.container(horizontal=True, gap="medium"):
        for title, value in figures:
            st.metric(title, value, width="content")
    if pair is None:
        st.markdown(wording_findings.headline(n, right, None))
        return
    st.markdown(wording_findings.headline(n, right, auxiliary))
    st.markdown(wording_findings.views_helped(pair.only_first, pair.only_second, pair.p))
    st.caption(words.HEADLINE_NOTE)


def remarks(model: str, spec: EvaluationSpec, findings: Findings) -> None:
    """What must be known beside the numbers: pictures the model has learned from, classes it does not share."""
    if said := class_match.trained_on(model, spec.data, spec.side):
        st.warning(said)
    if findings.note:
        st.caption(words.UNSHARED.format(why=wording.plain(findings.note)))


def against(model: str, choice: Choice, findings: Findings) -> None:
    """Another model on the same pictures, if one is chosen."""
    st.header(words.AGAINST_TITLE, anchor=False)
    others = _others(model, choice)
    session.follow_address(session.OTHER, others)
    other = st.selectbox(
        words.AGAINST, others, index=None, placeholder=words.AGAINST_NONE, key=session.OTHER, width=320,
        format_func=model_titles.titles(others), persist_state="session",
    )  # fmt: skip
    if other is None:
        return
    try:
        evaluation = evaluation_status.show(evaluations.request(other, choice))
        if evaluation is None:
            return
        pair = side_by_side(findings, evaluations.findings(evaluation))
    except ValueError as error:
        st.warning(words.AGAINST_UNLIKE.format(why=wording.plain(errors.message(error))))
        return
    first, second = pair.both + pair.only_first, pair.both + pair.only_second
    st.markdown(wording_findings.against(model, other, first, second, pair.n))
    heads = [title.format(other=visible(other)) for title in words.AGAINST_COLUMNS]
    rows = [title.format(name=visible(model)) for title in words.AGAINST_ROWS]
    cells = ((pair.both, pair.only_second), (pair.only_first, pair.neither))
    columns = [rows, *([f"{value:,}" for value in column] for column in cells)]
    frame(dict(zip(heads, columns, strict=True)), hide_index=True, width="content")
    st.markdown(wording_findings.chance(pair.p))


def _others(model: str, choice: Choice) -> list[str]:
    """The other models that know a class of these pictures."""
    listed = class_match.fitting(model, choice.data)
    return [name for name in models.model_ids() if name != model and class_match.fits(name, listed)]


def show_confusion(findings: Findings) -> None:
    """The matrix; a pressed cell leaves its pictures in the grid."""
    st.subheader(words.CONFUSION_TITLE, anchor=False)
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
            "words": words.MATRIX,
        },
    )
    st.caption(words.CONFUSION_NOTE)


def show_classes(findings: Findings) -> None:
    """Accuracy of every class, sortable."""
    st.subheader(words.CLASSES_TITLE, anchor=False)
    rows, titles = by_class(findings), words.CLASS_COLUMNS
    views = findings.auxiliary_N is not None
    head = [titles["name"], titles["n"], titles["ours"] if views else words.CLASS_OURS_GAP]
    head += [titles["auxiliary"], titles["gain"]] if views else []
    lines = []
    for one in rows:
        lines.append([findings.classes[one.label], f"{one.n:,}", of_count(one.accuracy)])
        if one.auxiliary is not None:
            gain = f"{100 * (one.accuracy - one.auxiliary):+.1f}".replace("-", "\u2212")
            lines[-1] += [of_count(one.auxiliary), gain]
    _sorted(key=session.CLASSES, data={"caption": words.CLASSES_TITLE, "head": head, "rows": lines})
    st.caption(words.CLASSES_NOTE)


def show_scales(findings: Findings) -> None:
    """Accuracy by the size of the object, where it is known."""
    bands = by_scale(findings)
    if not bands:
        return
    st.header(words.SCALE_TITLE, anchor=False)
    key = [_key(colours.MAIN, words.ACCURACY)]
    if findings.auxiliary_N is not None:
        key.insert(0, _key(colours.AUXILIARY, words.AUXILIARY, hollow=True))
    else:
        key = [_key(colours.GAP, words.ACCURACY_GAP)]
    rows = []
    for band in bands:
        values = [band["accuracy"]] if "auxiliary" not in band else [band["auxiliary"], band["accuracy"]]
        name = words.SCALE_BAND.format(low=100 * band["from"], high=100 * band["to"])
        rows.append(_row(name, band["n"], values, wording.share(band["accuracy"])))
    columns = (
        words.SCALE_COLUMNS if findings.auxiliary_N is not None else {**words.SCALE_COLUMNS, "value": words.SCALE_RIGHT}
    )
    _show_dots("scale", words.SCALE_TITLE, columns, key, rows)
    st.caption(words.SCALE_NOTE)


def show_profiles(findings: Findings) -> None:
    """Mean confidence in the true class by region size, class by class."""
    of_class = profiles(findings)
    if not of_class:
        return
    st.header(words.PROFILE_TITLE, anchor=False)
    key = [_key(colours.size(r, findings.sizes), words.SIZE_KEY.format(r=r)) for r in findings.sizes]
    counts = np.bincount(findings.label_N, minlength=len(findings.classes))
    rows = []
    for label, values in of_class.items():
        best = words.SIZE_KEY.format(r=findings.sizes[int(values.argmax())])
        rows.append(_row(findings.classes[label], int(counts[label]), values.tolist(), best))
    _show_dots("profile", words.PROFILE_TITLE, words.PROFILE_COLUMNS, key, rows)
    st.caption(words.PROFILE_NOTE)


def _key(colour: str, label: str, *, hollow: bool = False) -> dict:
    return {"colour": colour, "label": label, "hollow": hollow}


def _row(name: str, count: int, dots: list[float], value: str) -> dict:
    return {"name": name, "count": f"{count:,}", "n": count, "dots": [round(dot, 4) for dot in dots], "value": value}


def _show_dots(key: str, caption: str, columns: dict[str, str], looks: list[dict], rows: list[dict]) -> None:
    data = {"caption": caption, "columns": columns, "key": looks, "rows": rows, "scroll": len(rows) > MANY}
    data["table"] = words.DOTS_TABLE
    data["save"] = words.SAVE
    _dots(key=session.DOTS(key), data=data)


def show_reliability(findings: Findings) -> None:
    """The reliability diagram with the number of answers in each bin, and what it says."""
    st.header(words.RELIABILITY_TITLE, anchor=False)
    bins, error = reliability(findings)
    colour = colours.GAP if findings.auxiliary_N is None else colours.MAIN
    told = [[wording.share(one.accuracy), one.confidence] for one in bins]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.TOTAL, "dash": "dot", "width": 1.5},
        name=words.RELIABILITY_IDEAL, hoverinfo="skip",
    )  # fmt: skip
    figure.add_bar(
        x=[(one.low + one.high) / 2 for one in bins], y=[one.accuracy for one in bins], width=0.094,
        marker={"color": colour, "opacity": 0.85}, text=[f"n = {one.n:,}" for one in bins], textposition="outside",
        cliponaxis=False, name=words.RELIABILITY_Y, customdata=told,
        hovertemplate="%{customdata[0]} right, %{customdata[1]:.1%} sure, %{text}<extra></extra>",
    )  # fmt: skip
    axis = {"tickformat": ".0%", "fixedrange": True, "zeroline": False, "automargin": True}
    figure.update_layout(
        height=320, margin={"l": 8, "r": 8, "t": 26, "b": 8}, bargap=0, dragmode=False,
        showlegend=False,
        xaxis={**axis, "range": [0, 1.001], "title": words.RELIABILITY_X, "dtick": 0.2},
        yaxis={**axis, "range": [0, 1.08], "title": words.RELIABILITY_Y, "dtick": 0.25},
    )  # fmt: skip
    said = wording_findings.calibration(error, float(findings.confidence_N.mean()), float(findings.right_N.mean()))
    alt = f"{words.RELIABILITY_TITLE} {said}"
    st.plotly_chart(figure, key="reliability", config={"displaylogo": False, "modeBarButtons": [["toImage"]]}, alt=alt)
    with st.expander(words.RELIABILITY_TABLE):
        right = [float(of_count(one.accuracy)) for one in bins]
        rows = [(100 * one.low, 100 * one.high, one.n, share, 100 * one.confidence)
                for one, share in zip(bins, right, strict=True)]  # fmt: skip
        columns = dict(zip(words.RELIABILITY_COLUMNS, zip(*rows, strict=True), strict=True))
        frame({title: [round(value, 2) for value in column] for title, column in columns.items()},
                     hide_index=True)  # fmt: skip
    st.markdown(said)


def exports(model: str, spec: EvaluationSpec, findings: Findings) -> None:
    """The findings as files, and the same as a command line."""
    st.header(words.EXPORT_TITLE, anchor=False)
    stem = f"{spec.name}-{spec.data_name}-{spec.side}".replace("/", "-")
    with st.container(horizontal=True):
        st.download_button(words.CSV, csv_table(findings), f"{stem}.csv", "text/csv", on_click="ignore", key="as_csv")
        told = json.dumps(summary(findings, spec), indent=2, ensure_ascii=False)
        st.download_button(words.JSON, told, f"{stem}.json", "application/json", on_click="ignore", key="as_json")
    with st.expander(words.COMMAND):
        st.code(spec.command(places=not shared()), language=None, wrap_lines=True)
