"""Longer texts of the Evaluate page."""

from __future__ import annotations

from typing import Any

from app.base.i18n import _, pgettext


def looked_at(number: int | None) -> str:
    """How many pictures were asked for."""
    return _("all") if number is None else f"{number:,}"


def headline_note() -> str:
    return _(
        "Both share one backbone and were trained together: this is what the views add to this model, not what MFA "
        "adds over GAP. For that, compare with a GAP model."
    )


def confusion_note() -> str:
    return _(
        "A row is a true class, a column an answer; the deeper the colour, the larger the share of its row. Press a "
        "cell to see its pictures below, and again to see all."
    )


def matrix() -> dict[str, Any]:
    return {
        "title": _("confusion matrix"),
        "corner": _("true class \\ answer"),
        "save": _("Save {title} as {kind}"),
        "label": _("Confusion matrix: arrow keys move, Enter shows the pictures of a cell."),
        "sum": _("{right} of {all} pictures are correct."),
        "table": _("The counts as a table"),
        "table_caption": _("True class, answer and number of pictures"),
        "table_head": [_("true class"), _("answer"), _("pictures")],
        "hint": _("Point at a cell, or move with the arrow keys."),
        "right": _("{truth}, correct: {count} of {total}"),
        "wrong": _("{truth}, predicted {answer}: {count} of {total}"),
    }


def scale_note() -> str:
    return _(
        "The object's longer side as a share of the image's. Averaging over everything should hurt small objects most."
    )


def scale_columns() -> dict[str, str]:
    return {"name": _("Object size"), "count": pgettext("number", "Pictures"), "value": _("Ensemble")}


def profile_note() -> str:
    return _(
        "Mean confidence in the true class of the views of each size r, in cells. A class whose dots lie apart has a "
        "size that suits it; the last column names the best."
    )
