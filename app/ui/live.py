"""What a page gives to the browser so that it answers the controls of the method itself, and what comes back.

The numbers go out once for a picture and a model. While a control moves nothing is sent; when it rests, its value comes
here, and address, files and what only the server knows follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np
import pyarrow as pa

from app.base import component_values, link_locks, session
from app.base.i18n import _, class_name
from app.base.wording import wording
from app.services import payloads
from app.services.explanations import ModelInfo
from app.services.gallery import Picture
from app.ui import colours, controls, live_words
from app.ui.components import component
from app.ui.contract import Choices, Controls, Drawn, Live, LivePanel, Numbers, Settings, plain
from mvfa_core import draw
from mvfa_core.checks import is_whole
from mvfa_core.explain import Explanation

_numbers = component("numbers", isolate=False)
_controls = component("controls")
_NAMES = (session.CLASS, session.K, session.SIZES, session.DISTINCT)


def begin(model: str, picture: Picture, classes: tuple[str, ...]) -> str | None:
    """Give the numbers of a picture to the browser: their name, or None where the server has to answer.

    Once a run of the page and outside of the parts that run again: the bytes do not travel with every movement. They
    are part of the page's own line, so they are nobody else's and need neither an address nor a token.
    """
    payload = payloads.payload(model, picture)
    if payload is None:
        return None
    names = tuple(map(class_name, classes))
    column = pa.table({"bytes": pa.array(np.frombuffer(payload.content, np.uint8))})
    _numbers(key=session.NUMBERS, data=plain(Numbers(payload.name, classes, names, column)))
    return payload.name


def settings(facts: ModelInfo) -> Settings:
    """What is set, from the session or else from the address, and then in both."""
    target = controls.followed_class(session.CLASS, facts)
    if facts.pooling == "gap":
        return Settings(0, (), target, False)
    k, sizes, distinct = controls.followed_k(facts), controls.followed_sizes(facts), controls.followed_distinct()
    return Settings(k, tuple(sorted(sizes)) or facts.sizes, target, distinct)


def show_controls(live: str, facts: ModelInfo, picture: Picture, chosen: Settings, *, known: bool) -> None:
    """The controls of the method over the pictures, and the answer in a sentence; `known` is whether the model has a
    class for the picture."""

    def keep() -> None:
        _keep(component_values.value(session.LIVE, "rest"), facts.classes)

    choices = Choices(facts.cells, tuple(controls.size_options(facts)), facts.sizes, facts.pooling == "mfa")
    held = {name: "hidden" for name in _NAMES if link_locks.hidden(name)}
    held |= {name: "locked" for name in _NAMES if link_locks.locked(name)}
    answers, words = session.get(session.LIVE_ANSWERS, 0), live_words.controls(picture, known=known)
    data = Controls(live, answers, chosen, choices, held, picture.truth, words)
    _controls(key=session.LIVE, on_rest_change=keep, data=plain(data))


def _keep(told: Any, classes: tuple[str, ...]) -> None:
    """What the controls say when they rest. A visitor may send anything in its place: what does not fit is passed over,
    and what a link holds stays."""
    if not isinstance(told, Mapping):
        return
    k, sizes, place, moves = (told.get(name) for name in ("k", "sizes", "class_index", "moves"))
    values: dict[str, Any] = {}
    if _is_number(k):
        values[session.K] = k
    if isinstance(sizes, list) and all(map(_is_number, sizes)):
        values[session.SIZES] = sizes
    if place is None:
        values[session.CLASS] = controls.NO_CLASS
    elif _is_number(place) and place < len(classes):
        values[session.CLASS] = classes[place]
    if isinstance(told.get("distinct"), bool):
        values[session.DISTINCT] = told["distinct"]
    for name, value in values.items():
        if not link_locks.held(name):
            session.put(name, value)
    if _is_number(moves):
        session.put(session.LIVE_ANSWERS, moves)


def _is_number(told: object) -> TypeGuard[int]:
    return is_whole(told, 0, component_values.LARGEST)


def board(live: str, explanation: Explanation, *, cells: bool = False) -> Live:
    """What makes a board live whose other panels show this explanation; `cells`: it tells about the chosen cell."""
    drawn = Drawn(explanation.k or 0, explanation.sizes or (), explanation.target)
    return Live(live, drawn, tuple(map(colours.css, draw.SIZE_RGB)), colours.ANCHOR, live_words.cell() if cells else {})


# --- panels ---


def cam(explanation: Explanation) -> LivePanel:
    """CAM of the class that is explained."""
    caption = wording.cam_caption_gap() if explanation.pooling == "gap" else wording.cam_caption()
    return LivePanel("cam", "map", "cam", live_words.heat_map("CAM", "G_c, {name}", caption))


def adacam(explanation: Explanation) -> LivePanel:
    """AdaCAM."""
    caption = wording.adacam_caption_gap() if explanation.pooling == "gap" else wording.adacam_caption()
    return LivePanel("adacam", "map", "adacam", live_words.heat_map("AdaCAM", "A = Σ f_i G_i", caption))


def anchors() -> LivePanel:
    """The anchors as dots, larger for a higher rank."""
    return LivePanel("anchors", "anchors", "anchors", live_words.anchors())


def regions() -> list[LivePanel]:
    """The top-1 region and the top-10 regions."""
    one = live_words.boxes(_("Top-1 region"), wording.top_one_caption())
    ten = live_words.boxes(_("Top-10 regions"), wording.top_ten_caption())
    return [
        LivePanel("top-1", "boxes", "top-1", one),
        LivePanel("top-10", "boxes", "top-10", ten),
    ]
