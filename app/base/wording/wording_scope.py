"""What is said of what a model can answer at all."""

from __future__ import annotations

from collections.abc import Sequence

from app.base.i18n import _, class_name
from app.base.wording.wording import plain

MOST_NAMED = 40


def scope(classes: Sequence[str], *, shapes: bool = False, data: str = "", unknown: bool = False) -> str:
    """What a model can say at all, and where the picture is surely none of what it has learned from, what that was:
    generated shapes, or the data set of that title.

    Args:
        unknown: the picture is known to show none of the classes.
    """
    count = len(classes)
    if count > MOST_NAMED:  # the model's card names some of them
        line = (
            _("This photo shows none of this model's {count:,} classes, so no answer can be right.")
            if unknown
            else _("Whatever the picture shows, this model can only answer with one of its {count:,} classes.")
        )
    elif count == 1:
        line = _("Whatever the picture shows, this model can only answer {names}, its only class.")
    else:
        line = (
            _("This photo shows none of its {count:,} classes: {names}.")
            if unknown and (shapes or data)
            else _("Whatever the picture shows, this model can only answer with one of its {count:,} classes: {names}.")
        )
    names = ", ".join(plain(class_name(name)) for name in classes[:MOST_NAMED])
    said = line.format(count=count, names=names)
    before = (
        _("This model was trained on generated shapes, not on photos like this one.")
        if shapes
        else _("This model was trained on {data}; this photo is not part of it.").format(data=plain(data))
        if data
        else ""
    )
    return f"{before} {said}".strip()
