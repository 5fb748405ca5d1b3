"""The hand-out of a view: model, picture, answer, maps, regions, votes, contribution and the link, in one file."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from app.base import i18n
from app.base.wording import wording
from app.base.wording import wording_handout as words
from app.services import gallery, models, visitor_files
from app.services.gallery import Picture
from mvfa_core import handout
from mvfa_core.analysis import votes
from mvfa_core.explain import Explanation
from mvfa_core.names import visible

MOST_CLASSES = 10


def offer(model: str, picture: Picture, explanation: Explanation) -> None:
    """A button that makes the hand-out of what is on the screen; it is made when it is pressed."""
    address = link()
    card = models.card(model)
    st.download_button(
        words.BUTTON,
        lambda: make(model, card, picture, explanation, address),
        f"mfa-{picture.id.replace('/', '-')}-{model.replace('/', '-')}.html",
        "text/html",
        on_click="ignore",
        help=words.BUTTON_HELP,
        icon=":material/print:",
        key="handout",
    )


def link() -> str:
    """The address of this view, as far as the server knows it."""
    base = (st.context.url or "").partition("?")[0]
    query = urlencode([(key, one) for key in st.query_params for one in st.query_params.get_all(key)], safe="/,")
    return f"{base}?{query}" if query else base


def make(model: str, card: dict[str, Any], picture: Picture, explanation: Explanation, address: str) -> str:
    """The whole hand-out as HTML."""
    parts = [handout.paragraph(_answer(picture, explanation), "lead")]
    parts += [handout.heading(words.FACTS), handout.facts(_facts(model, card, picture, explanation))]
    parts += [handout.heading(words.ANSWER), _classes(explanation)]
    drawn = handout.canvas(picture.picture)
    parts += [handout.heading(words.MAPS), *_maps(drawn, picture, explanation)]
    if explanation.sizes:
        parts += [handout.heading(words.REGIONS), *_regions(drawn, explanation)]
        parts += [handout.heading(words.VOTES), *_votes(explanation)]
    if explanation.contribution_HW is not None and np.isfinite(explanation.contribution_HW).all():
        parts += [handout.heading(words.CONTRIBUTION), *_contribution(drawn, explanation)]
    parts += [handout.heading(words.LINK), handout.link(address)]
    if picture.id == gallery.OWN or model.startswith(visitor_files.OWN_PREFIX):
        parts.append(handout.paragraph(words.LINK_OWN, "note"))
    parts.append(handout.paragraph(words.VERSIONS.format(**_versions()), "note"))
    return handout.page(words.TITLE.format(model=model, picture=picture.id), parts, language=i18n.current())


def _answer(picture: Picture, explanation: Explanation) -> str:
    name, known = explanation.classes[explanation.predicted], picture.truth in explanation.classes
    said = wording.verdict(
        name, float(explanation.ensemble_C[explanation.predicted]), picture.truth, picture.scale, known=known
    )
    return said.replace("**", "").replace("\\", "")


def _facts(model: str, card: dict[str, Any], picture: Picture, explanation: Explanation) -> list[tuple[str, object]]:
    told = {**card, "accuracy": _share(card.get("accuracy"))}
    views = words.NO_VIEWS
    if explanation.sizes and explanation.logits_MC is not None:
        sizes = ", ".join(map(str, explanation.sizes))
        views = words.VIEWS_OF.format(k=explanation.k, sizes=sizes, count=len(explanation.logits_MC))
    rows: list[tuple[str, object]] = [(words.MODEL, visible(model))]
    rows += [(title, told[key]) for key, title in words.CARD.items() if told.get(key) not in (None, "")]
    rows += [(words.PICTURE, picture.id), (words.DIGEST, picture.digest)]
    return [*rows, (words.CLASS, explanation.classes[explanation.target]), (words.VIEWS, views)]


def _share(value: object) -> str:
    """A card may come from anybody."""
    return wording.share(value, 2) if isinstance(value, float | int) and 0 <= value <= 1 else ""


def _classes(explanation: Explanation) -> str:
    order = np.argsort(-explanation.ensemble_C, kind="stable")[:MOST_CLASSES].tolist()
    heads = (
        [explanation.ensemble_C]
        if explanation.auxiliary_C is None
        else [explanation.ensemble_C, explanation.auxiliary_C]
    )
    names = [words.GAP_HEAD] if explanation.auxiliary_C is None else [words.ENSEMBLE, words.AUXILIARY]
    rows = [(explanation.classes[c], *(wording.percent(float(head_C[c])) for head_C in heads)) for c in order]
    return handout.table(words.ANSWER_TABLE, [words.CLASS_HEAD, *names], rows)


def _maps(drawn: np.ndarray, picture: Picture, explanation: Explanation) -> list[str]:
    named = {"CAM": explanation.cam_HW, "Grad-CAM": explanation.grad_cam_HW, "AdaCAM": explanation.adacam_HW}
    maps = {title: map_HW for title, map_HW in named.items() if map_HW is not None and np.isfinite(map_HW).all()}
    width, height = explanation.size_px
    figures = [handout.figure(drawn, words.PICTURE, words.PICTURE_CAPTION.format(width=width, height=height))]
    if not maps:
        return [handout.row(figures), handout.paragraph(wording.NOT_FINITE)]
    within = handout.limits(list(maps.values()))
    for title, map_HW in maps.items():
        y, x = (int(i) for i in np.unravel_index(map_HW.argmax(), map_HW.shape))
        low, high, name = float(map_HW.min()), float(map_HW.max()), explanation.classes[explanation.target]
        caption = words.MAP_CAPTION.format(name=name, low=low, high=high, x=x, y=y)
        figures.append(handout.figure(handout.map_over(drawn, map_HW, within), title, caption))
    return [handout.row(figures), handout.colour_bar(within, words.UNIT), handout.paragraph(words.MAPS_NOTE, "note")]


def _regions(drawn: np.ndarray, explanation: Explanation) -> list[str]:
    name, top = explanation.classes[explanation.target], explanation.top(10)
    figures = [
        handout.figure(
            handout.anchors_on(drawn, explanation), wording.ANCHORS_TITLE, words.ANCHORS_CAPTION.format(k=explanation.k)
        ),
        handout.figure(
            handout.regions_on(drawn, explanation, 1), words.TOP_ONE, words.TOP_ONE_CAPTION.format(name=name)
        ),
        handout.figure(handout.regions_on(drawn, explanation, 10), words.TOP_TEN, words.TOP_TEN_CAPTION),
    ]
    rows = [
        (
            one.rank,
            "({}, {})".format(*one.anchor),
            one.size,
            ", ".join(f"{side:.0f}" for side in one.box_px),
            wording.percent(one.confidence),
        )
        for one in top
    ]
    head = [title.format(name=name) for title in words.TOP_HEAD]
    return [handout.row(figures), handout.table(words.TOP_TABLE, head, rows)]


def _votes(explanation: Explanation) -> list[str]:
    tally_C = votes.tally(explanation)
    order = [c for c in np.argsort(-tally_C, kind="stable").tolist() if tally_C[c]][:MOST_CLASSES]
    total, name = int(tally_C.sum()), explanation.classes[explanation.target]
    rows = [(explanation.classes[c], int(tally_C[c]), wording.share(int(tally_C[c]) / total, 2)) for c in order]
    shares = votes.scale_profile(explanation, explanation.target)
    profile = [
        (f"{r} × {r}", wording.percent(float(one))) for r, one in zip(explanation.sizes or (), shares, strict=True)
    ]
    return [
        handout.table(words.VOTES_TABLE, words.VOTES_HEAD, rows),
        handout.table(words.PROFILE_TABLE.format(name=name), words.PROFILE_HEAD, profile),
    ]


def _contribution(drawn: np.ndarray, explanation: Explanation) -> list[str]:
    assert explanation.contribution_HW is not None
    within = handout.limits([explanation.contribution_HW])
    numbers = {"cells": float(explanation.contribution_HW.sum(dtype=np.float64)), "bias": explanation.contribution_bias}
    name, logit = explanation.classes[explanation.target], float(explanation.logits_C[explanation.target])
    caption = words.CONTRIBUTION_CAPTION.format(name=name, logit=logit, **numbers)
    map_ = handout.figure(handout.map_over(drawn, explanation.contribution_HW, within), words.CONTRIBUTION, caption)
    return [handout.row([map_]), handout.colour_bar(within, words.UNIT)]


def _versions() -> dict[str, str]:
    told = {"python": platform.python_version(), "date": datetime.now(UTC).strftime("%Y-%m-%d")}
    for key, package in (("mvfa", "mvfa"), ("torch", "torch"), ("numpy", "numpy")):
        try:
            told[key] = version(package)
        except PackageNotFoundError:
            told[key] = "?"
    return told
