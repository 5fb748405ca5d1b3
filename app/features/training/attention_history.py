"""The film of a run: the same pictures at every validation, scrubbed together with the curves."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.base import i18n, session
from app.base.i18n import _
from app.features.training import history_words as words
from app.ui import colours
from app.ui.components import component
from mvfa_core.training.attention_history import FRAMES, history_picture, read_history
from mvfa_core.training.runs import Run

_film = component("film")

MOST_SHOWN = 720
"""Pictures times validations that are sent to a browser: 120 validations of six pictures."""


def show(run: Run, *, live: bool) -> None:
    """The film of a run, if it has one; `live`: it grows, and the newest frame is followed."""
    try:
        stamp = (run.path / FRAMES).stat()
    except OSError:
        return
    made = _reel(str(run.path), stamp.st_mtime_ns, stamp.st_size, i18n.current())
    if made["frames"]:
        _film(key=session.FILM, data={**made, "name": run.id, "live": live, "palettes": colours.palettes()})


@st.cache_resource(show_spinner=False, max_entries=16)
def _reel(path: str, mtime_ns: int, size: int, spoken: str) -> dict[str, Any]:
    # Made once a validation for all who look and speak that language; nobody changes it.
    run = Run(Path(path))
    return reel(run, run.recipe().pooling)


def _film_caption() -> dict[str, str]:
    return {
        "mfa": _(
            "The same pictures of the validation split at every validation: AdaCAM in logits, and the K anchors as "
            "dots. Step 0 is the untrained network."
        ),
        "gap": _(
            "The same pictures of the validation split at every validation: the class activation map (CAM) of the "
            "class that is predicted, in logits. Step 0 is the untrained network."
        ),
    }


def reel(run: Run, pooling: str) -> dict[str, Any]:
    """What the browser needs: the pictures once, and for every validation shown the maps as bytes between their lowest
    and highest value, the anchors and the answers."""
    lines = [line for line in read_history(run) if line["frames"]]
    fixed = _pictures_of(lines[-1]) if lines else []
    lines = [line for line in lines if _pictures_of(line) == fixed]
    kept = thinned(lines, MOST_SHOWN // max(len(fixed), 1))
    note = (
        _("{shown} of {count} validations are shown, evenly spread.").format(shown=len(kept), count=len(lines))
        if len(kept) < len(lines)
        else ""
    )
    first = lines[-1]["frames"] if lines else []
    return {
        "pictures": [{"src": _source(run, frame["id"]), "label": frame["label"]} for frame in first],
        "frames": [{"step": line["step"], "shown": [_frame(frame) for frame in line["frames"]]} for line in kept],
        "grid": list(np.shape(first[0]["adacam"])) if first else [1, 1],
        "anchor": colours.ANCHOR if first and first[0]["anchors"] is not None else "",
        "caption": f"{_film_caption()[pooling]} {note}".strip(),
        "words": {
            "title": _("Watch attention form"),
            "scrub": _("Validation"),
            "help": _("Film. The arrow keys move from validation to validation, Escape returns to the newest."),
            "play": _("Play"),
            "pause": _("Pause the film"),
            "newest": _("Newest"),
            "this": _("Range of this step"),
            "all": _("Range of all steps"),
            "range": _("Range of the colours"),
            "anchors": _("Anchors"),
            "save": _("Save the strip as PNG"),
            "step": _("step {step}"),
            "at": _("step {step}: {answer} (truth: {label})"),
            "following": _("the newest"),
            "unit": _("logits"),
            "right": _("right"),
            "wrong": _("wrong"),
            "table": _("The answers as a table"),
            "table_title": _("The answer for every picture at every validation; a check mark means correct"),
            "table_step": _("step"),
        },
    }


def _pictures_of(line: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    """Which pictures a line is about, and the grids of their maps."""
    return [(frame["id"], np.shape(frame["adacam"])) for frame in line["frames"]]


def thinned(lines: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most that many lines and the newest: every second one, or every fourth and so on, so that those shown stay
    shown while the film grows."""
    stride = 2 ** max(0, math.ceil(math.log2(max(len(lines), 1) / most)))
    return lines[::stride] if (len(lines) - 1) % stride == 0 else [*lines[::stride], lines[-1]]


def _frame(frame: dict[str, Any]) -> dict[str, Any]:
    values = np.asarray(frame["adacam"], dtype=float)
    low, high = float(values.min()), float(values.max())
    steps = np.rint(255 * (values - low) / (high - low or 1.0)).astype(np.uint8)
    cells = np.asarray(frame["anchors"] or [], dtype=np.uint8)
    return {
        "low": float(f"{low:.4g}"),
        "high": float(f"{high:.4g}"),
        "map": base64.b64encode(steps.tobytes()).decode(),
        "anchors": base64.b64encode(cells.tobytes()).decode(),
        "answer": words.answer(frame["predicted"], frame["confidence"]),
        "right": frame["predicted"] == frame["label"],
    }


def _source(run: Run, picture_id: str) -> str:
    file = history_picture(run, picture_id)
    return "" if file is None else "data:image/webp;base64," + base64.b64encode(file.read_bytes()).decode()
