"""What is said of what a model can answer at all."""

from __future__ import annotations

from collections.abc import Sequence

from app.base import i18n
from app.base.wording import wording_scope as here
from app.base.wording.wording import plain

i18n.speaks(__name__)

SCOPE = "Whatever the picture shows, this model can only answer with one of its {count:,} classes: {names}."
SCOPE_ONE = "Whatever the picture shows, this model can only answer {names}, its only class."
SCOPE_MORE = "{names} and {count:,} more"
SCOPE_SHAPES = "This model was trained on generated shapes, not on photos like this one."
SCOPE_DATA = "This model was trained on {data}; this photo is not part of it."
MOST_NAMED = 12


def scope(classes: Sequence[str], *, shapes: bool = False, data: str = "") -> str:
    """What a model can say at all, and where the picture is surely none of what it has learned from, what that was:
    generated shapes, or the data set of that title."""
    named = [plain(name) for name in classes[: here.MOST_NAMED]]
    names = ", ".join(named)
    if more := len(classes) - len(named):
        names = here.SCOPE_MORE.format(names=names, count=more)
    said = (here.SCOPE if len(classes) > 1 else here.SCOPE_ONE).format(count=len(classes), names=names)
    before = here.SCOPE_SHAPES if shapes else here.SCOPE_DATA.format(data=plain(data)) if data else ""
    return f"{before} {said}".strip()
