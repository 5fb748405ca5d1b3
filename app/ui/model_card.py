"""What a model is: one line under the list of models, and its card to unfold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from app.base.i18n import _
from app.base.wording import wording
from app.base.wording import wording_own_model as words
from app.services import model_titles, models, own_models
from mvfa_core.data.catalogue import CATALOGUE

NAMED = 12
"""Classes that a card names; ImageNet's would fill the side panel."""
UNREADABLE = (ValueError, OSError, KeyError, TypeError, AttributeError)
"""What a card may cause that somebody wrote by hand; the page says what is wrong with the file."""


def show(model_id: str) -> None:
    """The line and the card; nothing for a file that cannot be read. Where a model is computed stands in the card, and
    under the line where that is another place than the CPU, or was to be."""
    with suppress(*UNREADABLE):
        card = models.card(model_id)
        adopted = "adopted" in card["model"]
        st.caption(" · ".join(_adopted_summary(card) if adopted else _summary(card)))
        lines = [*(words.card(_told(card)) if adopted else _trained(card)), _classes(card)]
        with suppress(ValueError):  # it is there, and no model: the page says why
            place = models.model(*models.version(model_id)).place
            lines.append(words.place(place))
            if not place.is_plain:
                st.caption(words.place(place))
        if rate := rate_of_views(card):
            lines.append(rate)
        with st.expander(_("About this model")):
            for line in lines:
                st.caption(line)


def rate_of_views(card: dict[str, Any]) -> str:
    """How often the views of a model help and harm, from the evaluation on its card; "" where there is none."""
    told = card.get("evaluation")
    if told is None:
        return ""
    return _(
        "On {count} pictures of {data} the average of the whole picture is right for {average}, the views for {views}: "
        "they rescued {rescued} and harmed {harmed}."
    ).format(
        count=f"{told['n']:,}",
        data=wording.plain(CATALOGUE[told["data"]].title.partition(" (")[0]),
        average=wording.share(told["auxiliary_accuracy"]),
        views=wording.share(told["accuracy"]),
        rescued=told["rescued"],
        harmed=told["harmed"],
    )


def _summary_sides() -> dict[str, str]:
    return {"val": _("validation"), "test": _("test"), "train": _("training")}


def _summary(card: dict[str, Any]) -> list[str]:
    parts = [_count(card)]
    if isinstance(accuracy := card.get("accuracy"), float):
        side = _summary_sides()[card.get("side", "val")]
        parts.append(_("{share} right ({side})").format(share=wording.share(accuracy), side=side))
    return [*parts, _("trained here")]


def _adopted_summary(card: dict[str, Any]) -> list[str]:
    backbone = wording.plain(model_titles.backbone(str(card["model"]["adopted"].get("name", ""))))
    return [part for part in (_count(card), backbone, _("used as it is")) if part]


def _count(card: dict[str, Any]) -> str:
    return _("{count} classes").format(count=f"{len(card['classes']):,}")


def _trained(card: dict[str, Any]) -> list[str]:
    """The card of a model that was trained here, a sentence each."""
    model = card["model"]
    lines = [
        _("**Network**: {backbone} with {method}.").format(
            backbone=wording.plain(model_titles.backbone(str(model["backbone"]))),
            method=wording.plain(str(model["pooling"]).upper()),
        )
    ]
    if isinstance(accuracy := card.get("accuracy"), float):
        lines.append(
            _("**Accuracy**: {share} of {count} {side} pictures, after {steps} steps of training.").format(
                share=wording.share(accuracy),
                count=f"{int(card['n']):,}",
                side=_summary_sides()[card.get("side", "val")],
                steps=f"{int(card['step']):,}",
            )
        )
    if (data := str(card.get("data", ""))) and "train_n" in card:
        title = str(card.get("data_title") or (CATALOGUE[data].title if data in CATALOGUE else data))
        terms = str(card.get("data_terms", ""))
        line = (
            _("**Pictures it learned from**: {title}, {count}. Terms: {terms}.")
            if terms
            else _("**Pictures it learned from**: {title}, {count}.")
        )
        count = f"{int(card['train_n']):,}"
        lines.append(line.format(title=wording.plain(title), count=count, terms=wording.plain(terms)))
    return lines


def _classes(card: dict[str, Any]) -> str:
    classes = [wording.plain(str(name)) for name in card["classes"]]
    line = _("**Classes**: {names}.") if len(classes) <= NAMED else _("**Classes**: {names} and {count} more.")
    return line.format(names=", ".join(classes[:NAMED]), count=f"{len(classes) - NAMED:,}")


def _told(card: dict[str, Any]) -> dict[str, Any]:
    """What the card says of the adoption."""
    spec = card["model"]["adopted"]
    made = spec["network"]
    architecture = f"{made['library']}:{made['name']}" if made else None
    named = own_models.NETWORK.findall(" ".join(map(str, spec.get("notes", ()))))
    return {
        "origin": str(spec["origin"]),
        "architecture": architecture,
        "others": [name for name in dict.fromkeys(named) if name != architecture],
        "count": len(card["classes"]),
        "kind": spec["anatomy"]["kind"],
        "preprocessing": spec["preprocessing"],
        "self_test": spec["self_test"],
        "labels": spec.get("labels", "single"),
    }
