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
from app.base.i18n import _, class_name, pgettext
from app.base.wording import wording
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
        _("Hand-out of this view (HTML)"),
        lambda: make(model, card, picture, explanation, address),
        f"mfa-{picture.id.replace('/', '-')}-{model.replace('/', '-')}.html",
        "text/html",
        on_click="ignore",
        help=_("One file with pictures, numbers and the link, for print on A4 or as PDF through the browser's print."),
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
    parts += [handout.heading(_("Model and picture")), handout.facts(_facts(model, card, picture, explanation))]
    parts += [handout.heading(_("The answer")), _classes(explanation)]
    drawn = handout.canvas(picture.picture)
    parts += [handout.heading(_("What the model looked at")), *_maps(drawn, picture, explanation)]
    if explanation.sizes:
        parts += [handout.heading(_("Which regions vote")), *_regions(drawn, explanation)]
        parts += [handout.heading(_("How the views vote")), *_votes(explanation)]
    if explanation.contribution_HW is not None and np.isfinite(explanation.contribution_HW).all():
        parts += [handout.heading(_("What every cell adds")), *_contribution(drawn, explanation)]
    parts += [handout.heading(_("The same view in the app")), handout.link(address)]
    if picture.id == gallery.OWN or model.startswith(visitor_files.OWN_PREFIX):
        parts.append(
            handout.paragraph(_("The picture or the model is not part of the app: the link shows the rest."), "note")
        )
    parts.append(
        handout.paragraph(
            _("Made with MFA {mvfa}, PyTorch {torch}, NumPy {numpy}, Python {python}, on {date}.").format(
                **_versions()
            ),
            "note",
        )
    )
    return handout.page(
        _("How {model} sees {picture}").format(model=model, picture=picture.id), parts, language=i18n.current()
    )


def _answer(picture: Picture, explanation: Explanation) -> str:
    name, known = explanation.classes[explanation.predicted], picture.truth in explanation.classes
    said = wording.verdict(
        name, float(explanation.ensemble_C[explanation.predicted]), picture.truth, picture.scale, known=known
    )
    return said.replace("**", "").replace("\\", "")


def _card() -> dict[str, str]:
    return {
        "data": _("Trained on"),
        "step": _("Steps"),
        "accuracy": _("Accuracy"),
        "n": _("Pictures it is of"),
        "side": _("Side it is of"),
        "train_n": _("Training pictures"),
        "command": _("Trained with"),
    }


def _facts(model: str, card: dict[str, Any], picture: Picture, explanation: Explanation) -> list[tuple[str, object]]:
    told = {**card, "accuracy": _share(card.get("accuracy"))}
    views = _("none: global average pooling")
    if explanation.sizes and explanation.logits_MC is not None:
        sizes = ", ".join(map(str, explanation.sizes))
        views = _("K = {k} anchors, region sizes {sizes} cells, {count} views").format(
            k=explanation.k, sizes=sizes, count=len(explanation.logits_MC)
        )
    rows: list[tuple[str, object]] = [(_("Model"), visible(model))]
    rows += [(title, told[key]) for key, title in _card().items() if told.get(key) not in (None, "")]
    rows += [(_("Picture"), picture.id), (_("Digest of its pixels"), picture.digest)]
    return [*rows, (_("Class explained"), class_name(explanation.classes[explanation.target])), (_("Views"), views)]


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
    names = (
        [_("GAP head")]
        if explanation.auxiliary_C is None
        else [_("Ensemble of the views"), _("Whole-image prediction, f")]
    )
    rows = [
        (class_name(explanation.classes[c]), *(wording.percent(float(head_C[c])) for head_C in heads)) for c in order
    ]
    return handout.table(_("Confidence of each head in the likeliest classes"), [_("Class"), *names], rows)


def _maps(drawn: np.ndarray, picture: Picture, explanation: Explanation) -> list[str]:
    named = {"CAM": explanation.cam_HW, "Grad-CAM": explanation.grad_cam_HW, "AdaCAM": explanation.adacam_HW}
    maps = {title: map_HW for title, map_HW in named.items() if map_HW is not None and np.isfinite(map_HW).all()}
    width, height = explanation.size_px
    figures = [
        handout.figure(
            drawn, _("Picture"), _("as it was given, {width} × {height} px").format(width=width, height=height)
        )
    ]
    if not maps:
        return [handout.row(figures), handout.paragraph(wording.not_finite())]
    within = handout.limits(list(maps.values()))
    for title, map_HW in maps.items():
        y, x = (int(i) for i in np.unravel_index(map_HW.argmax(), map_HW.shape))
        low, high, name = float(map_HW.min()), float(map_HW.max()), class_name(explanation.classes[explanation.target])
        caption = _("for {name}: {low:+.3g} to {high:+.3g} logits, highest at cell ({x}, {y})").format(
            name=name, low=low, high=high, x=x, y=y
        )
        figures.append(handout.figure(handout.map_over(drawn, map_HW, within), title, caption))
    return [
        handout.row(figures),
        handout.colour_bar(within, _("logits")),
        handout.paragraph(_("All maps on the same scale. What a map highlights may not be decisive."), "note"),
    ]


def _regions(drawn: np.ndarray, explanation: Explanation) -> list[str]:
    name, top = class_name(explanation.classes[explanation.target]), explanation.top(10)
    figures = [
        handout.figure(
            handout.anchors_on(drawn, explanation),
            _("Anchors"),
            _("the {k} highest cells of AdaCAM; a larger dot ranks higher").format(k=explanation.k),
        ),
        handout.figure(
            handout.regions_on(drawn, explanation, 1),
            _("Top-1 region"),
            _("the view most confident in {name}").format(name=name),
        ),
        handout.figure(
            handout.regions_on(drawn, explanation, 10), _("Top-10 regions"), _("the ten most confident views")
        ),
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
    head = [
        title.format(name=name)
        for title in (_("Rank"), _("Anchor (x, y)"), _("Size, cells"), _("Box, px of the picture"), _("Sure of {name}"))
    ]
    return [handout.row(figures), handout.table(_("Most confident regions"), head, rows)]


def _votes(explanation: Explanation) -> list[str]:
    tally_C = votes.tally(explanation)
    order = [c for c in np.argsort(-tally_C, kind="stable").tolist() if tally_C[c]][:MOST_CLASSES]
    total, name = int(tally_C.sum()), class_name(explanation.classes[explanation.target])
    rows = [
        (class_name(explanation.classes[c]), int(tally_C[c]), wording.share(int(tally_C[c]) / total, 2)) for c in order
    ]
    shares = votes.scale_profile(explanation, explanation.target)
    profile = [
        (f"{r} × {r}", wording.percent(float(one))) for r, one in zip(explanation.sizes or (), shares, strict=True)
    ]
    return [
        handout.table(_("Views won by each class"), (_("Class"), pgettext("number", "Views"), _("Share")), rows),
        handout.table(
            _("Mean confidence in {name} by region size").format(name=name),
            (_("Size, cells"), _("Mean confidence")),
            profile,
        ),
    ]


def _contribution(drawn: np.ndarray, explanation: Explanation) -> list[str]:
    assert explanation.contribution_HW is not None
    within = handout.limits([explanation.contribution_HW])
    numbers = {"cells": float(explanation.contribution_HW.sum(dtype=np.float64)), "bias": explanation.contribution_bias}
    name, logit = class_name(explanation.classes[explanation.target]), float(explanation.logits_C[explanation.target])
    caption = _(
        "to the ensemble's logit for {name}: the cells' {cells:+.4g} and the bias {bias:+.4g} make {logit:+.4g}"
    ).format(name=name, logit=logit, **numbers)
    map_ = handout.figure(
        handout.map_over(drawn, explanation.contribution_HW, within), _("What every cell adds"), caption
    )
    return [handout.row([map_]), handout.colour_bar(within, _("logits"))]


def _versions() -> dict[str, str]:
    told = {"python": platform.python_version(), "date": datetime.now(UTC).strftime("%Y-%m-%d")}
    for key, package in (("mvfa", "mvfa"), ("torch", "torch"), ("numpy", "numpy")):
        try:
            told[key] = version(package)
        except PackageNotFoundError:
            told[key] = "?"
    return told
