"""What is said of what a model can answer at all."""

from __future__ import annotations

from collections.abc import Sequence

from app.base import i18n
from app.base.wording import wording_scope as here
from app.base.wording.wording import plain

i18n.speaks(__name__)

SCOPE = "Whatever the picture shows, this model can only answer with one of its {count:,} classes: {names}."
SCOPE_ONE = "Whatever the picture shows, this model can only answer {names}, its only class."
SCOPE_SHAPES = "This model was trained on generated shapes, not on photos like this one."
SCOPE_DATA = "This model was trained on {data}; this photo is not part of it."
SCOPE_UNKNOWN = "This photo shows none of its {count:,} classes: {names}."
SCOPE_UNKNOWN_MANY = "This photo shows none of this model's {count:,} classes, so no answer can be right."
SCOPE_MANY = "Whatever the picture shows, this model can only answer with one of its {count:,} classes."
MOST_NAMED = 40


def scope(classes: Sequence[str], *, shapes: bool = False, data: str = "", unknown: bool = False) -> str:
    """What a model can say at all, and where the picture is surely none of what it has learned from, what that was:
    generated shapes, or the data set of that title.

    Args:
        unknown: the picture is known to show none of the classes.
    """
    count = len(classes)
    if count > here.MOST_NAMED:  # the model's card names some of them
        line = here.SCOPE_UNKNOWN_MANY if unknown else here.SCOPE_MANY
    elif count == 1:
        line = here.SCOPE_ONE
    else:
        line = here.SCOPE_UNKNOWN if unknown and (shapes or data) else here.SCOPE
    names = ", ".join(plain(name) for name in classes[: here.MOST_NAMED])
    said = line.format(count=count, names=names)
    before = here.SCOPE_SHAPES if shapes else here.SCOPE_DATA.format(data=plain(data)) if data else ""
    return f"{before} {said}".strip()
