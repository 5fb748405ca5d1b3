"""What an adopted model is, in a few sentences, under the list of models."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from app.base.wording import wording_own_model as words
from app.services import models, own_models


def show(model_id: str) -> None:
    """Its card; nothing for a model that was trained here."""
    with suppress(ValueError, OSError, KeyError, TypeError, AttributeError):  # the page says what is wrong with a file
        lines = words.card(_told(models.card(model_id)))
        with st.expander(words.CARD):
            for line in lines:
                st.caption(line)


def _told(card: dict[str, Any]) -> dict[str, Any]:
    """What the card says of the adoption; `KeyError` where there was none."""
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
