"""The furniture of "how firmly it stands": the answer for every K, and the fewest views that carry or overturn it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.base import session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.features.views import stability_words as words
from app.features.views import views
from app.ui import colours, line_chart, panels
from app.ui.tables import frame
from mvfa_core.analysis import votes
from mvfa_core.analysis.stability import PredictionPath, Stability
from mvfa_core.explain import Explanation

MOST_LINES = 6
MOST_BOXES = 12
LEAST_SHARE = 0.02


def _path_columns() -> tuple[str, ...]:
    return (_("K from"), _("K to"), _("Answer"), _("Confidence at the start"), _("Confidence at the end"))


def show_path(path: PredictionPath, explanation: Explanation, recipe: dict) -> None:
    """The share of the leading classes for every K, the sentence, and where the answer changes."""
    st.subheader(_("The answer as K grows"), anchor=False)
    k = explanation.k or 1
    runs = _runs(path)
    here = next(run for run in runs if run[0] <= k <= run[1])
    cells = len(path.winner_N)
    st.markdown(words.path_sentence(class_name(explanation.classes[here[2]]), k, len(runs), here[0], here[1], cells))
    series = [
        line_chart.line(class_name(explanation.classes[c]), path.share_NC[:, c], colours.winner(place))
        for place, c in enumerate(_leading(path, explanation))
    ]
    marks = [line_chart.mark(change - 1) for change in path.changes()]
    marks.append(line_chart.mark(k - 1, _("K = {k}").format(k=k), strong=True))
    line_chart.show(
        "path",
        _("The answer as K grows"),
        line_chart.Axes(_("anchors K"), _("confidence, %"), _("K = {value}"), percent=True),
        range(1, cells + 1),
        series,
        marks=marks,
        chosen=k,
        sets=session.K,
        recipe=recipe,
    )
    st.caption(
        _(
            "softmax of Σ g over the first K anchors / (K·R), Eq. 8, from the one highest cell to all of them. Press "
            "a place to take that K. An answer that holds for every K is stable in this respect, which does not make "
            "it right."
        )
    )
    columns: dict[str, list] = {title: [] for title in _path_columns()}
    for first, last, winner in runs:
        row = (first, last, class_name(explanation.classes[winner]),
               *(words.share(float(path.share_NC[n - 1, winner])) for n in (first, last)))  # fmt: skip
        for title, value in zip(_path_columns(), row, strict=True):
            columns[title].append(value)
    frame(columns, hide_index=True, height=min(250, 36 * (len(runs) + 1) + 2))


def _runs(path: PredictionPath) -> list[tuple[int, int, int]]:
    """The stretches of K with one answer: first K, last K, class."""
    starts = [1, *path.changes()]
    ends = [start - 1 for start in starts[1:]] + [len(path.winner_N)]
    return [(a, b, int(path.winner_N[a - 1])) for a, b in zip(starts, ends, strict=True)]


def _leading(path: PredictionPath, explanation: Explanation) -> list[int]:
    """The classes worth a line: those that win votes, in their order and colours, then the likeliest of all K."""
    best = np.argsort(-path.share_NC.max(axis=0), kind="stable").tolist()
    order = list(dict.fromkeys([*views.winning(explanation), *path.winner_N.tolist(), *best]))
    seen = [c for c in best if path.share_NC[:, c].max() >= LEAST_SHARE]
    wanted = set(list(dict.fromkeys([explanation.predicted, *path.winner_N.tolist(), *seen]))[:MOST_LINES])
    return [c for c in order if c in wanted]


def show_views(firm: Stability, explanation: Explanation, shown: str, recipe: dict) -> None:
    """The two counts, how the lead falls and grows view by view, the views themselves, and their table."""
    st.subheader(_("The fewest views that are enough to win or to flip it"), anchor=False)
    lead_M = votes.pushes(explanation, explanation.predicted, firm.rival).astype(np.float64)
    order_M = np.argsort(-lead_M, kind="stable")
    sums = np.concatenate(([0.0], np.cumsum(lead_M[order_M])))
    total, against = float(sums[-1]), float(-lead_M[lead_M < 0].sum())
    carry, overturn, count = len(firm.carry), len(firm.overturn), len(lead_M)
    name, rival = class_name(explanation.classes[explanation.predicted]), class_name(explanation.classes[firm.rival])
    st.markdown(words.views_sentence(name, rival, total, carry, overturn, count))
    line_chart.show(
        "firmness",
        _("The fewest views that are enough to win or to flip it"),
        line_chart.Axes(_("views, most helpful first"), _("lead, logits"), _("{value} views")),
        range(count + 1),
        [
            line_chart.line(_("lead left without the first n"), total - sums, colours.AGAINST),
            line_chart.line(_("the first n against all opponents"), sums - against, colours.FOR, dashed=True),
        ],
        marks=[
            line_chart.mark(carry, _("{n} enough to win").format(n=carry)),
            line_chart.mark(overturn, _("{n} enough to flip it").format(n=overturn)),
        ],
        cells=[None, *(_anchor(explanation, view) for view in order_M.tolist())],
        recipe=recipe,
    )
    st.caption(
        _(
            "The lead over {rival} is Σ (g_a − g_b) over the views (Eq. 8), so taking the largest terms first is the "
            "best that can be done. Views overlap: taking one out of the sum is not hiding its part of the picture."
        ).format(rival=wording.plain(rival))
    )
    both = [
        _boxes(
            "carry",
            _("Enough to win"),
            _("The fewest views that alone outweigh every view which supports {rival}{cut}."),
            firm.carry,
            lead_M,
            explanation,
            rival,
        ),
        _boxes(
            "overturn",
            _("Enough to flip it"),
            _("The fewest views without which {rival} is ahead or level{cut}."),
            firm.overturn,
            lead_M,
            explanation,
            rival,
        ),
    ]
    panels.show_board(session.FIRM, "firmness", shown, explanation, both, recipe)
    _table(order_M, lead_M, total - sums[1:], firm, explanation, rival)


def _anchor(explanation: Explanation, view: int) -> tuple[int, int]:
    assert explanation.anchors_K2 is not None and explanation.sizes is not None
    x, y = explanation.anchors_K2[view // len(explanation.sizes)].tolist()
    return x, y


def _boxes(
    panel_id: str,
    title: str,
    caption: str,
    chosen: Sequence[int],
    lead_M: np.ndarray,
    explanation: Explanation,
    rival: str,
) -> dict[str, Any]:
    assert explanation.boxes_px_KR4 is not None and explanation.sizes is not None
    sizes, drawn, count = explanation.sizes, chosen[:MOST_BOXES], len(lead_M)
    boxes: list[dict[str, Any]] = []
    for rank, view in enumerate(drawn, start=1):
        k, place = divmod(view, len(sizes))
        said = {"rank": rank, "r": sizes[place], "rival": rival}
        said["lead"] = words.fixed(float(lead_M[view]), 2)
        boxes.append(
            {
                "px": [round(value, 3) for value in explanation.boxes_px_KR4[k, place].tolist()],
                "rank": rank,
                "size": sizes[place],
                "confidence": float(lead_M[view]),
                "colour": colours.size(sizes[place], sizes),
                "name": "{r} × {r}".format(**said),
                "value": said["lead"],
                "tag": _("{rank}: {r} × {r}, {lead}").format(**said),
                "label": _("{rank}: {r} × {r} cells, a lead of {lead} logits over {rival}").format(**said),
            }
        )
    cut = _("; the first {shown} are drawn").format(shown=len(drawn)) if len(drawn) < len(chosen) else ""
    rest = _("{n} of {count} views").format(n=len(chosen), count=count)
    return {
        "id": panel_id,
        "kind": "boxes",
        "title": title,
        "symbol": _("{n} of {count} views").format(n=len(chosen), count=count),
        "caption": caption.format(rival=rival, cut=cut),
        "boxes": boxes,
        "key": panels.size_key(sorted({box["size"] for box in boxes}), sizes),
        "rest": rest,
        "alt": f"{title}: {rest}",
    }


def _table(
    order_M: np.ndarray, lead_M: np.ndarray, left_M: np.ndarray, firm: Stability, explanation: Explanation, rival: str
) -> None:
    """All views by how much they help, with what is left without them."""
    assert explanation.sizes is not None
    carry, overturn = len(firm.carry), len(firm.overturn)
    places = range(1, len(order_M) + 1)
    views_M = order_M.tolist()
    titles = [
        title.format(rival=rival)
        for title in (
            _("Place"),
            _("Cell (x, y)"),
            _("r"),
            _("Lead over {rival}, logits"),
            _("Left without it"),
            _("Carries"),
            _("Flips it"),
        )
    ]
    values = (
        list(places),
        ["({}, {})".format(*_anchor(explanation, view)) for view in views_M],
        [explanation.sizes[view % len(explanation.sizes)] for view in views_M],
        lead_M[order_M].tolist(),
        left_M.tolist(),
        [place <= carry for place in places],
        [place <= overturn for place in places],
    )
    numbers = st.column_config.NumberColumn(format="%+.3f")
    look = {titles[3]: numbers, titles[4]: numbers}
    frame(dict(zip(titles, values, strict=True)), hide_index=True, column_config=look, height=250)
