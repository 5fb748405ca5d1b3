"""The furniture of the Views page: the vote map, the ledger, the maps that add up, and how the views agree."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import streamlit as st

from app.base import component_values, formats, session
from app.base.i18n import _, class_name, pgettext
from app.base.wording import wording
from app.features.views import words
from app.services import explanations
from app.services.gallery import Picture
from app.ui import bar_table, colours, panels
from app.ui.tables import frame
from mvfa_core.analysis import votes
from mvfa_core.checks import is_whole
from mvfa_core.explain import Explanation


def against(explanation: Explanation, rival: int | None) -> int:
    """The class to hold against the explained one: the one asked for, or else the best of the others."""
    if rival is not None and rival != explanation.target:
        return rival
    order = np.argsort(-explanation.logits_C, kind="stable").tolist()
    return next(c for c in order if c != explanation.target)


def _winners(explanation: Explanation) -> dict[int, tuple[str, str]]:
    """The classes that win a view or an anchor, most views first: their colour and their letters."""
    tally_C = votes.tally(explanation)
    seen = set(np.flatnonzero(tally_C).tolist()) | set(votes.anchor_winners(explanation).tolist())
    order = sorted(seen, key=lambda c: (-tally_C[c], c))
    short = formats.initials([class_name(explanation.classes[c]) for c in order])
    return {c: (colours.winner(place), short[class_name(explanation.classes[c])]) for place, c in enumerate(order)}


def winning(explanation: Explanation) -> list[int]:
    """The classes that win a view or an anchor, most views first: the order of their colours."""
    return list(_winners(explanation))


def board(explanation: Explanation, *, distinct: bool) -> list[dict]:
    """The vote map, the top-1 region and the top-10 regions."""
    return [_vote_map(explanation), *panels.regions(explanation, distinct=distinct)[1:]]


def _vote_map(explanation: Explanation) -> dict:
    winner_K, known = votes.anchor_winners(explanation).tolist(), _winners(explanation)
    names = explanation.classes
    first = max(set(winner_K), key=lambda c: (winner_K.count(c), -c))
    rest = _("{count} of {k} anchors choose {name}").format(
        count=winner_K.count(first), k=explanation.k, name=names[first]
    )
    key = [
        {"text": f"{letters} = {names[c]}", "colour": colour, "shape": "dot"}
        for c, (colour, letters) in known.items()
        if c in winner_K
    ]
    votes_title = _("Vote map")
    return panels.anchors(explanation) | {
        "id": "votes",
        "title": _("Vote map"),
        "symbol": _("K = {k} anchors").format(k=explanation.k),
        "caption": _(
            "Every anchor with the class that its {r} views choose together, by the sum of their logits."
        ).format(r=len(explanation.sizes or ())),
        "colours": [known[c][0] for c in winner_K],
        "letters": [known[c][1] for c in winner_K],
        "names": [names[c] for c in winner_K],
        "key": key,
        "rest": rest,
        "alt": f"{votes_title}: {rest}",
    }


# --- the ledger ---


def show_ledger(explanation: Explanation, rival: int) -> None:
    """All K*R views, the surest first, each with its push; and the balance."""
    name, other = class_name(explanation.classes[explanation.target]), class_name(explanation.classes[rival])
    push_M = votes.pushes(explanation, explanation.target)
    total, logit = float(push_M.sum(dtype=np.float64)), float(explanation.logits_C[explanation.target])
    st.markdown(words.ledger_sum(len(push_M), name, total, logit))
    ranked = explanation.top(len(push_M))
    views = [region.view for region in ranked]
    winner_M, lead_M = votes.winners(explanation), votes.pushes(explanation, explanation.target, rival)
    sure, push = _("Sure of {name}, %").format(name=name), _("Push for {name}").format(name=name)
    lead = _("{name} over {against}").format(name=name, against=other)
    columns = {
        _("Rank"): [region.rank for region in ranked],
        _("Anchor"): [region.view // len(explanation.sizes or ()) + 1 for region in ranked],
        _("Cell (x, y)"): ["({}, {})".format(*region.anchor) for region in ranked],
        _("r"): [region.size for region in ranked],
        sure: [100 * region.confidence for region in ranked],
        _("Its own choice"): [class_name(explanation.classes[winner_M[view]]) for view in views],
        push: [float(push_M[view]) for view in views],
        lead: [float(lead_M[view]) for view in views],
    }
    columns |= {title: [region.box_px[i] for region in ranked] for i, title in enumerate(words.ledger_box())}
    signed = dict.fromkeys((push, lead), st.column_config.NumberColumn(format="%+.3f"))
    pixels = dict.fromkeys(words.ledger_box(), st.column_config.NumberColumn(format="%.0f"))
    config = {**signed, **pixels, sure: st.column_config.NumberColumn(format="%.1f")}

    def choose() -> None:
        selection = component_values.value(session.LEDGER, "selection")
        cells = selection.get("cells") if isinstance(selection, Mapping) else None
        row = cells[0][0] if isinstance(cells, list) and cells and isinstance(cells[0], list | tuple) else None
        if isinstance(row, int) and is_whole(row, 0, len(ranked) - 1):
            session.put(session.CELL, list(ranked[row].anchor))

    look: dict = {"hide_index": True, "column_config": config, "height": 388}
    frame(columns, key=session.LEDGER, on_select=choose, selection_mode="single-cell", **look)
    st.caption(
        _(
            "A push is the view's own logit g for the class, its term in Eq. 8. Only differences between classes "
            "decide, so the lead over {against} stands beside it. Click a heading to sort, a row to see its anchor on "
            "the pictures."
        ).format(against=wording.plain(other))
    )


# --- the maps that add up ---


def maps(explanation: Explanation, other: Explanation) -> list[dict]:
    """What every cell adds to the class, to the other one, and to the difference."""
    a, b = class_name(explanation.classes[explanation.target]), class_name(other.classes[other.target])
    both = {"name": a, "against": b}
    shown = [_contribution("mine", explanation), _contribution("other", other)]
    if explanation.contribution_HW is None or other.contribution_HW is None:
        return [_map("contrast", _("Why {name}, not {against}").format(**both), _("M_a − M_b"), None, 0.0, "")]
    title, caption = (
        _("Why {name}, not {against}").format(**both),
        _("The difference of the two: red cells support {name}, blue ones {against}.").format(**both),
    )
    return [*shown, _map("contrast", title, _("M_a − M_b"), *votes.contrast(explanation, other), caption)]


def _contribution(panel_id: str, explanation: Explanation) -> dict:
    name = class_name(explanation.classes[explanation.target])
    title, caption = (
        _("Contribution to {name}").format(name=name),
        _("What every cell adds to the ensemble logit of {name}, over all views that hold it.").format(name=name),
    )
    return _map(
        panel_id, title, _("M_c, Σ + bias = logit"), explanation.contribution_HW, explanation.contribution_bias, caption
    )


def _map(panel_id: str, title: str, symbol: str, map_HW: np.ndarray | None, bias: float, caption: str) -> dict:
    panel = panels.one_map(
        panel_id,
        title,
        symbol,
        map_HW,
        caption,
        missing=_("This head has a hidden layer: its logits are not a sum over cells."),
    )
    if map_HW is not None and not panel.get("message"):
        panel["rest"] = words.contribution_rest(float(map_HW.sum(dtype=np.float64)), bias)
    return panel


def map_sentence(explanation: Explanation, rival: int) -> str:
    """The balance of the maps; empty for a head whose logits are not a sum over cells."""
    if explanation.contribution_HW is None:
        return ""
    logit, cells = (
        float(explanation.logits_C[explanation.target]),
        float(explanation.contribution_HW.sum(dtype=np.float64)),
    )
    lead = logit - float(explanation.logits_C[rival])
    return words.map_sum(
        class_name(explanation.classes[explanation.target]),
        class_name(explanation.classes[rival]),
        cells,
        explanation.contribution_bias,
        logit,
        lead,
    )


def other(model: str, picture: Picture, explanation: Explanation, rival: int) -> Explanation:
    """The same views, asked about the other class."""
    return explanations.explanation(model, picture, rival, explanation.k, explanation.sizes)


# --- how they agree ---


def show_tally(explanation: Explanation) -> None:
    """How many views each class wins."""
    st.subheader(_("Views won by each class"), anchor=False)
    tally_C, count = votes.tally(explanation), len(votes.winners(explanation))
    rows = [
        bar_table.row(class_name(explanation.classes[c]), tally_C[c], str(tally_C[c]), colour, badge=letters)
        for c, (colour, letters) in _winners(explanation).items()
        if tally_C[c]
    ]
    total = (_("All views"), str(count))
    bar_table.show(
        "tally",
        _("Views won by each class"),
        {"name": _("Class"), "cells": [], "value": pgettext("number", "Views")},
        rows,
        span=(0, count),
        total=total,
    )
    st.caption(_("Each view counts once, for its most confident class."))


def show_split(explanation: Explanation) -> None:
    """The entropy of the mean vote and its two parts."""
    st.subheader(_("Uncertainty: doubt or disagreement?"), anchor=False)
    alone = explanation.labels == "multi"
    split, most = votes.agreement(explanation), 1.0 if alone else math.log2(len(explanation.classes))
    rows = [
        bar_table.row(name, value, words.bits(value), colours.MAIN)
        for name, value in ((_("Each is unsure"), split.unsure), (_("They disagree"), split.disagree))
    ]
    total = (_("Entropy of the mean vote"), words.bits(split.total))
    bar_table.show(
        "split",
        _("Uncertainty: doubt or disagreement?"),
        {"name": _("Entropy"), "cells": [], "value": _("bits")},
        rows,
        span=(0, most),
        total=total,
    )
    told = _(
        "The entropy of the mean vote splits in two: how unsure the views are one by one, and how much they "
        "disagree. 0 is certain, {most} would be no idea among {count} classes."
    )
    if alone:
        told = _(
            "Every class has a sigmoid of its own. The entropy of the views' mean confidence in {name} splits in two: "
            "how unsure the views are one by one, and how much they disagree. 0 is certain, 1 would be no idea whether "
            "it is there."
        )
    name = wording.plain(explanation.classes[explanation.target])
    st.caption(told.format(most=f"{most:.2f}", count=len(explanation.classes), name=name))


def show_profile(explanation: Explanation) -> None:
    """Mean confidence of the views of each size."""
    st.subheader(_("Confidence by region size"), anchor=False)
    sizes = explanation.sizes or ()
    rows = [
        bar_table.row(words.square(r), share, wording.percent(float(share)), colours.size(r, sizes))
        for r, share in zip(sizes, votes.scale_profile(explanation, explanation.target), strict=True)
    ]
    bar_table.show(
        "profile",
        _("Confidence by region size"),
        {"name": _("Size r, in cells"), "cells": [], "value": _("Mean confidence")},
        rows,
        span=(0, 1),
    )
    name = wording.plain(class_name(explanation.classes[explanation.target]))
    st.caption(_("Mean confidence in {name} of the {k} views of each size.").format(name=name, k=explanation.k))


def show_rules(explanation: Explanation) -> None:
    """What three ways of counting say."""
    st.subheader(_("Three ways to count the same votes"), anchor=False)
    rows = []
    for verdict in votes.verdicts(explanation):
        share = float(verdict.share_C[verdict.winner])
        text = wording.share(share) if verdict.rule == "majority" else wording.percent(share)
        name = class_name(explanation.classes[verdict.winner])
        rows.append(bar_table.row(words.rules()[verdict.rule], share, text, colours.MAIN, cells=[name]))
    bar_table.show(
        "rules",
        _("Three ways to count the same votes"),
        {"name": _("Rule"), "cells": [_("Says")], "value": _("Share")},
        rows,
        span=(0, 1),
    )
    st.caption(
        _(
            "The paper sums logits, so a view that is surer counts for more. The others are there to be compared; the "
            "bar is the share of the class that wins."
        )
    )


AGREEMENT = (show_tally, show_split, show_profile, show_rules)
