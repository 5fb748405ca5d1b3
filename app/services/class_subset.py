"""Models of more classes than memory allows: asked about a picture, they answer with the likeliest of their classes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.base.i18n import _
from app.base.settings import shared
from app.services import inference_queue
from app.services.cache import cached
from mvfa_core.class_subset import classes_for, likeliest

MOST_SIZES = 7
"""Region sizes that a page offers besides those of the model."""
SHARE = 0.25
"""Of the memory allowed, on a shared server. Time follows memory: with all of 512 MB the slowest job takes a second on
one core, and everybody else waits for it."""


@cached("narrowed models", megabytes=64, key=lambda model, encoding, most, version, digest: (version, digest, most))
def _narrowed(model: Any, encoding: Any, most: int, version: tuple[str, int], digest: str) -> Any:
    return inference_queue.infer(likeliest, model, encoding, most)


def fitted(model: Any, version: tuple[str, int], digest: str, encoding: Any) -> Any:
    """The model as it is asked about one picture: with all its classes, or as many of the likeliest as fit with every
    anchor and region size that a page offers."""
    sizes = MOST_SIZES + len(getattr(model.pooling, "sizes", ()))
    most = classes_for(model, encoding, sizes, SHARE if shared() else 1.0)
    return model if most >= len(model.classes) else _narrowed(model, encoding, most, version, digest)


def note(known: int, shown: int) -> None:
    """Says so where not all classes of a model are looked at."""
    if shown < known:
        st.caption(
            _(
                "This model knows {known:,} classes. All of them would take more memory than this server allows; "
                "shown are the {shown:,} likeliest for this picture, and shares are among those."
            ).format(known=known, shown=shown)
        )
