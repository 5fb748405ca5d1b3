"""The furniture of the Lesson page: the facts of a walk as the browser shows them. No numbers are made here."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from app.base import session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.features.lesson import browser_words as browser
from app.features.lesson import map_words, words
from app.services import explanations, findings, gallery, models
from app.services.gallery import Picture
from app.ui import colours, controls
from app.ui.components import component
from mvfa_core.lesson import CamProof, LessonFacts, Views, questions

_walk = component("walk", styles=("board",))

STEPS = (
    "problem", "guess", "features", "maps", "belief", "attention", "cam", "anchors", "regions", "views", "votes",
    "losses", "ensemble", "test",
)  # fmt: skip
NEEDS_VIEWS = ("anchors", "regions", "views", "votes", "ensemble")
SCENE_PX = 360


def step() -> str:
    """The step to open with, kept in the address."""
    return session.remembered(session.STEP, lambda name: name in STEPS, STEPS[0])


def method(facts: explanations.ModelInfo) -> tuple[int | None, tuple[int, ...] | None]:
    """K and L_R from the side panel; a model without views has neither."""
    if facts.pooling == "gap":
        return None, None
    with st.sidebar:
        st.subheader(_("Method"))
        return controls.anchors(facts), controls.sizes(facts)


def truth_of(picture: Picture, facts: explanations.ModelInfo) -> int | None:
    """The true class as an index of the model's classes, where it is known to both."""
    return facts.classes.index(picture.truth) if picture.truth in facts.classes else None


def show(model: str, picture: Picture, facts: explanations.ModelInfo, found: LessonFacts) -> None:
    """The lesson. It is turned in the browser; only the step and the wish for another model come back."""
    first = step()
    told = session.get(session.WALK) or {}
    if "step" in told:  # opened before: the same data again need not travel again
        first = session.get(session.WALK_FIRST, first)
    session.put(session.WALK_FIRST, first)

    def turned() -> None:
        session.remember(session.STEP, _reported("step", STEPS), STEPS[0])

    def wanted() -> None:
        session.put(session.MODEL, _with_views())

    _walk(
        key=session.WALK,
        on_step_change=turned,
        on_wanted_change=wanted,
        data={**data(model, picture, facts, found), "step": first},
    )


def _reported(name: str, allowed: tuple[str, ...]) -> str:
    value = (session.get(session.WALK) or {}).get(name)
    return value if value in allowed else allowed[0]


def _with_views() -> str | None:
    """A model that has views, the one that came with the project first."""
    for name in models.model_ids():
        if models.card(name).get("model", {}).get("pooling") == "mfa":
            return name
    return None


def data(model: str, picture: Picture, facts: explanations.ModelInfo, found: LessonFacts) -> dict[str, Any]:
    """Everything that the browser needs, once."""
    truth = truth_of(picture, facts)
    series = findings.scales()
    return {
        "subject": f"{model} {picture.digest} {found.views and (found.views.k, found.views.sizes)}",
        "model": model,
        "picture": picture.digest,
        "size": list(found.size_px),
        "grid": list(found.grid),
        "palettes": colours.palettes(),
        "colours": _colours(found),
        "recipe": {
            "model": model,
            "picture": picture.id,
            "picture_digest": picture.digest,
            "text": f"model {model}, picture {picture.id}",
        },
        "board": wording.board(),
        "words": browser.words(),
        "steps": [_step(name, model, picture, facts, found) for name in STEPS],
        "facts": told(found, facts, truth),
        "scale": scale_data(),
        "quiz": [_question(one) for one in questions(found, series)],
    }


def _colours(facts: LessonFacts) -> dict[str, Any]:
    sizes = facts.views.sizes if facts.views else ()
    return {
        "anchor": colours.ANCHOR,
        "gap": colours.GAP,
        "mfa": colours.MFA,
        "auxiliary": colours.AUXILIARY,
        "main": colours.MAIN if facts.views else colours.GAP,
        "sizes": [colours.size(r, sizes) for r in sizes],
        "classes": [colours.winner(place) for place in range(len(facts.told))],
    }


# --- the words of a step ---


def _step(name: str, model: str, picture: Picture, facts: explanations.ModelInfo, found: LessonFacts) -> dict[str, Any]:
    texts = words.step(name)
    said = _said(picture, facts, found)
    variant = _variant(name, found)
    step: dict[str, Any] = {
        "id": name,
        "short": words.short()[name],
        "title": texts["title"],
        "sentence": str(texts.get(f"sentence_{variant}", texts["sentence"])).format(**said),
        "details": [text.format(**said) for text in texts.get(f"details_{variant}", texts["details"])],
    }
    for more in ("after", "question", "single"):
        if more in texts:
            step[more] = str(texts[more]).format(**said)
    if name == "losses":
        known = picture.truth in found.classes
        step["details"].insert(0, (words.losses()["told"] if known else words.losses()["untold"]).format(**said))
    return step | _missing(name, model, found)


def _missing(name: str, model: str, facts: LessonFacts) -> dict[str, Any]:
    """Why a step does not apply, and the model that it does apply to."""
    if facts.views is None and name in NEEDS_VIEWS:
        other = _with_views()
        missing = {"missing": words.not_here().format(model=model)}
        if other is None:
            no_views_anywhere = _("There is no model with views here. Train one on the Train page.")
            return {"missing": f"{missing['missing']} {no_views_anywhere}"}
        return missing | {"offer": _("Show it with {model}").format(model=other)}
    if name == "cam" and facts.cam is None:
        return {"missing": str(map_words.cam()["missing"])}
    if name == "problem" and findings.scales() is None:
        return {"missing": str(map_words.problem()["absent"])}
    return {}


def _variant(name: str, facts: LessonFacts) -> str:
    """Which of a step's sentences fits this model."""
    if facts.views is None:
        mlp = facts.cam is None and name in ("features", "maps")
        return "mlp" if mlp else "gap"
    if name == "anchors":
        return facts.views.rule
    return facts.head if name == "votes" else ""


def _said(picture: Picture, facts: explanations.ModelInfo, found: LessonFacts) -> dict[str, Any]:
    """What the words of the steps may name."""
    views = found.views
    series = findings.scales()
    k = views.k if views else 1
    other = browser.words()["with_all"].format(cells=found.cells) if k == 1 else browser.words()["with_one"]
    return {
        "rows": found.grid[0],
        "columns": found.grid[1],
        "cells": found.cells,
        "channels": found.channels,
        "shown": len(found.channel_P),
        "name": class_name(found.classes[found.target]),
        "truth": picture.truth,
        "k": k,
        "own": facts.k,
        "m": len(views.odds_M) if views else 1,
        "most": browser.quantity(found.cam.most) if found.cam else "",
        "scene": series.name if series else "",
        "steps": len(series.scales) if series else 0,
        "other": other,
    }


# --- the numbers ---


def told(found: LessonFacts, facts: explanations.ModelInfo, truth: int | None) -> dict[str, Any]:
    """The facts as JSON types; maps are flat and row-major, numbers have seven digits."""
    label = found.target if truth is None else truth
    cam = found.cam
    return {
        "names": [class_name(found.classes[c]) for c in found.told],
        "classes": len(found.classes),
        "place": found.place,
        "label": found.told.index(label),
        "pooling": found.pooling,
        "head": found.head,
        "D": found.channels,
        "channels": list(found.channel_P),
        "F": numbers(found.F_PHW.reshape(len(found.channel_P), -1)),
        "u": numbers(found.u_P),
        "term": None if found.term_NQ is None else found.term_NQ.tolist(),
        "weight": None if found.weight_NQ is None else numbers(found.weight_NQ),
        "feature": None if found.feature_NQ is None else numbers(found.feature_NQ),
        "term_rest": None if found.rest_N is None else numbers(found.rest_N),
        "bias": numbers(found.bias),
        "G": numbers(found.G_THW.reshape(len(found.told), -1)),
        "z": numbers(found.z_T),
        "f": numbers(found.f_T),
        "A": numbers(found.A_HW.ravel()),
        "A_rest": numbers(found.A_rest_N),
        "rank": found.rank_HW.ravel().tolist(),
        "cam": cam and _cam(cam),
        "answer": numbers(found.answer_T),
        "loss": None if found.loss_T is None else numbers(found.loss_T),
        "views": found.views and _views(found, found.views),
    }


def _cam(cam: CamProof) -> dict[str, Any]:
    return {
        "map": numbers(cam.cam_HW.ravel()),
        "left": numbers(cam.left_HW.ravel()),
        "bias": numbers(cam.bias),
        "most": numbers(cam.most),
        "conv": numbers(cam.logit_conv),
        "fc": numbers(cam.logit_fc),
    }


def _views(facts: LessonFacts, views: Views) -> dict[str, Any]:
    names = facts.classes
    return {
        "k": views.k,
        "sizes": list(views.sizes),
        "rule": views.rule,
        "order": views.order_N2.tolist(),
        "boxes": views.boxes_NR4.tolist(),
        "pooled": numbers(views.pooled_MP),
        "logits": numbers(views.logits_MT),
        "loss": numbers(views.loss_MT),
        "ranked": np.argsort(-views.odds_M, kind="stable").tolist(),
        "bias": None if views.bias_T is None else numbers(views.bias_T),
        "sums": numbers(views.sums_NT),
        "path": numbers(views.path_NT),
        "answers": [names[c] for c in views.path_winner_N],
        "global": numbers(views.global_T),
        "local": numbers(views.local_T),
    }


def numbers(values: Any) -> Any:
    """Floats with seven significant digits, nested as the array is."""
    if isinstance(values, np.ndarray | list):
        return [numbers(value) for value in values]
    return float(f"{float(values):.7g}")


@st.cache_data(show_spinner=False, max_entries=2)
def scale_data() -> dict[str, Any] | None:
    """The drawn object at all sizes, for the browser."""
    series = findings.scales()
    if series is None:
        return None
    return {
        "name": series.name,
        "scales": numbers(list(series.scales)),
        "pictures": [gallery.data_url(Image.fromarray(picture), SCENE_PX) for picture in series.pictures],
        "size": list(series.pictures[0].shape[1::-1]),
        "boxes": [list(box) for box in series.boxes],
        "gap": numbers(series.gap_S),
        "mfa": numbers(series.mfa_S),
        "gap_says": list(series.gap_says),
        "mfa_says": list(series.mfa_says),
        "whole": numbers(series.whole_S),
        "views": numbers(series.views_S),
    }


def _question(one: Any) -> dict[str, Any]:
    asked, why = browser.question(one.kind, one.numbers)
    options = [browser.option(one.kind, value) for value in one.options]
    return {"kind": one.kind, "asked": asked, "why": why, "options": options, "right": one.right}
