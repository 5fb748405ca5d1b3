"""What a model is: one line under the list of models, and its card to unfold."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from app.base.wording import wording
from app.base.wording import wording_own_model as words
from app.services import model_titles, models, own_models
from mvfa_core.data.catalogue import CATALOGUE

NAMED = 12
"""Classes that a card names; ImageNet's would fill the side panel."""
UNREADABLE = (ValueError, OSError, KeyError, TypeError, AttributeError)
"""What a card may cause that somebody wrote by hand; the page says what is wrong with the file."""


def show(model_id: str) -> None:
    """The line and the card; nothing for a file that cannot be read."""
    with suppress(*UNREADABLE):
        card = models.card(model_id)
        adopted = "adopted" in card["model"]
        st.caption(words.SUMMARY_BETWEEN.join(_adopted_summary(card) if adopted else _summary(card)))
        lines = [*(words.card(_told(card)) if adopted else _trained(card)), _classes(card)]
        with st.expander(words.CARD):
            for line in lines:
                st.caption(line)


def _summary(card: dict[str, Any]) -> list[str]:
    parts = [_count(card)]
    if isinstance(accuracy := card.get("accuracy"), float):
        side = words.SUMMARY_SIDES[card.get("side", "val")]
        parts.append(words.SUMMARY_RIGHT.format(share=wording.share(accuracy), side=side))
    return [*parts, words.SUMMARY_TRAINED]


def _adopted_summary(card: dict[str, Any]) -> list[str]:
    backbone = wording.plain(model_titles.backbone(str(card["model"]["adopted"].get("name", ""))))
    return [part for part in (_count(card), backbone, words.SUMMARY_ADOPTED) if part]


def _count(card: dict[str, Any]) -> str:
    return words.SUMMARY_CLASSES.format(count=f"{len(card['classes']):,}")


def _trained(card: dict[str, Any]) -> list[str]:
    """The card of a model that was trained here, a sentence each."""
    model = card["model"]
    lines = [
        words.CARD_NETWORK.format(
            backbone=wording.plain(model_titles.backbone(str(model["backbone"]))),
            method=wording.plain(str(model["pooling"]).upper()),
        )
    ]
    if isinstance(accuracy := card.get("accuracy"), float):
        lines.append(
            words.CARD_ACCURACY.format(
                share=wording.share(accuracy),
                count=f"{int(card['n']):,}",
                side=words.SUMMARY_SIDES[card.get("side", "val")],
                steps=f"{int(card['step']):,}",
            )
        )
    if (data := str(card.get("data", ""))) and "train_n" in card:
        title = str(card.get("data_title") or (CATALOGUE[data].title if data in CATALOGUE else data))
        terms = str(card.get("data_terms", ""))
        line = words.CARD_DATA if terms else words.CARD_DATA_PLAIN
        count = f"{int(card['train_n']):,}"
        lines.append(line.format(title=wording.plain(title), count=count, terms=wording.plain(terms)))
    return lines


def _classes(card: dict[str, Any]) -> str:
    classes = [wording.plain(str(name)) for name in card["classes"]]
    line = words.CARD_CLASSES if len(classes) <= NAMED else words.CARD_CLASSES_MORE
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
    }
