"""The furniture of "what a region really saw": the receptive field as an outline, in px, and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.base import session
from app.base.i18n import _
from app.features.views import receptive_field_words as words
from app.ui import colours, panels
from mvfa_core.analysis.cells import CellRegion, CellStory
from mvfa_core.analysis.receptive_field import ReceptiveField
from mvfa_core.explain import Explanation


@dataclass(frozen=True)
class Seen:
    """A region and the part of the picture that can change it, px (x0, y0, x1, y1)."""

    region: CellRegion
    px: tuple[float, float, float, float]
    share: float


def seen(story: CellStory, sight: ReceptiveField, explanation: Explanation) -> dict[int, Seen]:
    """What the region of every size saw."""
    width, height = explanation.size_px
    all_seen = {}
    for region in story.regions:
        x0, y0, x1, y1 = sight.of(region.box, explanation.size_px)
        all_seen[region.size] = Seen(region, (x0, y0, x1, y1), (x1 - x0) * (y1 - y0) / (width * height))
    return all_seen


def with_outlines(boards: list[dict], all_seen: dict[int, Seen]) -> list[dict]:
    """Panels whose boxes also know what they saw: it is outlined while a box is pointed at."""
    return [
        panel | {"boxes": [box | {"seen": _rounded(all_seen[box["size"]].px)} for box in panel["boxes"]]}
        if panel.get("boxes")
        else panel
        for panel in boards
    ]


def show(
    shown: str,
    explanation: Explanation,
    story: CellStory,
    sight: ReceptiveField,
    all_seen: dict[int, Seen],
    recipe: dict,
) -> None:
    """The chosen region with its outline on the left, the sentence and all sizes on the right."""
    left, right = st.columns([2, 3], gap="large")
    sizes = tuple(all_seen)
    with right:
        session.forget_unless(session.SEEN, sizes)
        size = st.segmented_control(
            _("Region size r, in cells"),
            sizes,
            default=sizes[0],
            required=True,
            key=session.SEEN,
            bind="query-params",
        )
        one = all_seen[size]
        st.markdown(_sentence(sight, one.share))
        _table(all_seen, explanation)
        st.caption(_scale(sight, explanation))
        st.latex(_("\\footnotesize i \\;\\leftarrow\\; i\\,s - p \\;\\ldots\\; i\\,s - p + d\\,(k - 1)"))
        st.caption(
            _(
                "Output i of a layer takes these inputs: k is its kernel, s its stride, p its padding, d its "
                "dilation. Layer by layer this leads down to the picture; where branches meet, the farther one counts."
            )
        )
    with left:
        panels.show_board(
            session.SEEN_BOARD, "seen", shown, explanation, [_panel(one, story, sizes)], recipe, selected=story.cell
        )


def _panel(one: Seen, story: CellStory, sizes: tuple[int, ...]) -> dict:
    region, (x0, y0, x1, y1) = one.region, one.px
    r, own = region.size, region.box_px
    colour = colours.size(r, sizes)
    label = _("the region is {own} px, it saw {seen} px of the picture").format(
        own=words.pixels(own[2] - own[0], own[3] - own[1]), seen=words.pixels(x1 - x0, y1 - y0)
    )
    box = {
        "px": _rounded(own),
        "seen": _rounded(one.px),
        "rank": 1,
        "size": r,
        "confidence": float(region.confidence_C.max()),
        "colour": colour,
        "name": _("{r} × {r} cells").format(r=r),
        "value": "",
        "tag": _("saw {width} × {height} px").format(width=f"{x1 - x0:.0f}", height=f"{y1 - y0:.0f}"),
        "label": label,
    }
    panel_title = _("Region and what it saw")
    return {
        "id": "seen",
        "kind": "boxes",
        "single": True,
        "outlined": True,
        "title": _("Region and what it saw"),
        "symbol": _("r = {r}, cell ({x}, {y})").format(r=r, x=story.cell[0], y=story.cell[1]),
        "caption": _(
            "Solid: the region of Eq. 5. Dashed: all pixels that can change its cells. Those near the middle count "
            "most, so the dashed line is a limit, not a weight."
        ),
        "boxes": [box],
        "key": [
            {"text": _("region of Eq. 5"), "colour": colour, "shape": "box"},
            {"text": _("what it saw"), "colour": colour, "shape": "box dashed"},
        ],
        "rest": label,
        "alt": f"{panel_title}: {label}",
    }


def _sentence(sight: ReceptiveField, share: float) -> str:
    if sight.cell is None:
        return (
            _(
                "No rule here knows the layers of this network, so it was measured: on a picture of noise **every "
                "pixel can change every cell**. Attention or pooling over the whole picture does that."
            )
            if sight.everywhere
            else words.measured(share)
        )
    if sight.everywhere:
        return words.rule_everywhere(sight.cell, sight.side)
    return words.rule(sight.cell, sight.side, share)


def _columns() -> dict[str, str]:
    return {"size": _("r"), "own": _("Region, px"), "seen": _("Saw, px"), "share": _("Of the picture")}


def _table(all_seen: dict[int, Seen], explanation: Explanation) -> None:
    lines = []
    for r, one in all_seen.items():
        own, (x0, y0, x1, y1) = one.region.box_px, one.px
        lines.append(
            {
                "size": words.region(r),
                "own": words.pixels(own[2] - own[0], own[3] - own[1]),
                "seen": words.pixels(x1 - x0, y1 - y0),
                "share": words.share(one.share),
            }
        )
    st.table({title: [line[name] for line in lines] for name, title in _columns().items()}, hide_index=True)


def _scale(sight: ReceptiveField, explanation: Explanation) -> str:
    width, height = explanation.size_px
    if width == height:
        return _("In px of this picture, {width} × {height}; the network is given it as {side} × {side} px.").format(
            side=sight.side, width=width, height=height
        )
    return _(
        "In px of this picture. The picture is resized to {side} × {side} px for the network, so one px there is "
        "{width} × {height} px here."
    ).format(side=sight.side, width=f"{width / sight.side:.2f}", height=f"{height / sight.side:.2f}")


def _rounded(px: tuple[float, ...]) -> list[float]:
    return [round(value, 3) for value in px]
