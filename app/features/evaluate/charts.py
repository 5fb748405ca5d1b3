"""The charts of an evaluation: accuracy by size of the object, by size of region, and calibration."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.base import session
from app.base.i18n import _, class_name, pgettext
from app.base.wording import wording
from app.features.evaluate import findings_words, words
from app.ui import colours
from app.ui.components import component
from app.ui.tables import frame
from mvfa_core.evaluation import Findings
from mvfa_core.evaluation.metrics import (
    by_scale,
    profiles,
    reliability,
)
from mvfa_core.percent import of_count

_dots = component("dots", styles=("saves",))


MANY = 15
"""More rows than this scroll in a frame."""


def show_scales(findings: Findings) -> None:
    """Accuracy by the size of the object, where it is known."""
    bands = by_scale(findings)
    if not bands:
        return
    st.header(_("By the size of the object"), anchor=False)
    key = [_key(colours.MAIN, _("Ensemble of the views"))]
    if findings.auxiliary_N is not None:
        key.insert(0, _key(colours.AUXILIARY, _("Whole-image prediction"), hollow=True))
    else:
        key = [_key(colours.GAP, _("GAP head"))]
    rows = []
    for band in bands:
        values = [band["accuracy"]] if "auxiliary" not in band else [band["auxiliary"], band["accuracy"]]
        name = _("{low:.0f} to {high:.0f}\u00a0%").format(low=100 * band["from"], high=100 * band["to"])
        rows.append(_row(name, band["n"], values, wording.share(band["accuracy"])))
    columns = (
        words.scale_columns()
        if findings.auxiliary_N is not None
        else {**words.scale_columns(), "value": pgettext("share", "Right")}
    )
    _show_dots("scale", _("By the size of the object"), columns, key, rows)
    st.caption(words.scale_note())


def show_profiles(findings: Findings) -> None:
    """Mean confidence in the true class by region size, class by class."""
    of_class = profiles(findings)
    if not of_class:
        return
    st.header(_("Which size of region recognises which class"), anchor=False)
    key = [_key(colours.size(r, findings.sizes), _("r = {r}").format(r=r)) for r in findings.sizes]
    counts = np.bincount(findings.label_N, minlength=len(findings.classes))
    rows = []
    for label, values in of_class.items():
        best = _("r = {r}").format(r=findings.sizes[int(values.argmax())])
        rows.append(_row(class_name(findings.classes[label]), int(counts[label]), values.tolist(), best))
    _show_dots(
        "profile",
        _("Which size of region recognises which class"),
        {"name": _("Class"), "count": pgettext("number", "Pictures"), "value": _("Best")},
        key,
        rows,
    )
    st.caption(words.profile_note())


def _key(colour: str, label: str, *, hollow: bool = False) -> dict:
    return {"colour": colour, "label": label, "hollow": hollow}


def _row(name: str, count: int, dots: list[float], value: str) -> dict:
    return {"name": name, "count": f"{count:,}", "n": count, "dots": [round(dot, 4) for dot in dots], "value": value}


def _show_dots(key: str, caption: str, columns: dict[str, str], looks: list[dict], rows: list[dict]) -> None:
    data = {"caption": caption, "columns": columns, "key": looks, "rows": rows, "scroll": len(rows) > MANY}
    data["table"] = _("The dots as a table")
    data["save"] = _("Save {title} as {kind}")
    _dots(key=session.DOTS(key), data=data)


def show_reliability(findings: Findings) -> None:
    """The reliability diagram with the number of answers in each bin, and what it says."""
    st.header(_("Calibration"), anchor=False)
    bins, error = reliability(findings)
    colour = colours.GAP if findings.auxiliary_N is None else colours.MAIN
    told = [[wording.share(one.accuracy), one.confidence] for one in bins]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": colours.TOTAL, "dash": "dot", "width": 1.5},
        name=_("confidence = accuracy"),
        hoverinfo="skip",
    )
    figure.add_bar(
        x=[(one.low + one.high) / 2 for one in bins],
        y=[one.accuracy for one in bins],
        width=0.094,
        marker={"color": colour, "opacity": 0.85},
        text=[f"n = {one.n:,}" for one in bins],
        textposition="outside",
        cliponaxis=False,
        name=_("Share of right answers"),
        customdata=told,
        hovertemplate="%{customdata[0]} right, %{customdata[1]:.1%} sure, %{text}<extra></extra>",
    )
    axis = {"tickformat": ".0%", "fixedrange": True, "zeroline": False, "automargin": True}
    figure.update_layout(
        height=320,
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        bargap=0,
        dragmode=False,
        showlegend=False,
        xaxis={**axis, "range": [0, 1.001], "title": _("Confidence in the answer"), "dtick": 0.2},
        yaxis={**axis, "range": [0, 1.08], "title": _("Share of right answers"), "dtick": 0.25},
    )
    said = findings_words.calibration(error, float(findings.confidence_N.mean()), float(findings.right_N.mean()))
    reliability_title = _("Calibration")
    alt = f"{reliability_title} {said}"
    st.plotly_chart(figure, key="reliability", config={"displaylogo": False, "modeBarButtons": [["toImage"]]}, alt=alt)
    with st.expander(_("The bars as a table")):
        right = [float(of_count(one.accuracy)) for one in bins]
        rows = [(100 * one.low, 100 * one.high, one.n, share, 100 * one.confidence)
                for one, share in zip(bins, right, strict=True)]  # fmt: skip
        columns = dict(
            zip(
                (
                    _("Confidence from, %"),
                    _("to, %"),
                    pgettext("number", "Pictures"),
                    _("Right, %"),
                    _("Mean confidence, %"),
                ),
                zip(*rows, strict=True),
                strict=True,
            )
        )
        frame({title: [round(value, 2) for value in column] for title, column in columns.items()}, hide_index=True)
    st.markdown(said)
