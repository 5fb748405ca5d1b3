"""Every sentence about a model of one's own: how it is brought, what is asked for, and what was found."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording import wording


def needs_classes(count: int) -> str:
    """How many names are asked for."""
    return _(
        "This model has {count} classes, and the file does not name them. Paste their names, or go on with numbers."
    ).format(count=f"{count:,}")


def _card_kinds() -> dict[str, str]:
    return {
        "exact": _(
            "Exact: it averages its last map and ends in a linear layer, so maps, views and answer are one account."
        ),
        "pooled": _(
            "Pooled: a nonlinear layer follows the average of its last map. Views are exact, cells are approximate."
        ),
        "tokens": _("Tokens: a class token answers. Its head is read at the patches, which is approximate throughout."),
    }


def card(told: dict) -> list[str]:
    """What an adoption found, a sentence each.

    Args:
        told: origin, architecture (None for none), count, kind, preprocessing and self_test as the card has them, and
            others, the networks that have the same tensors.
    """
    prepared, test = told["preprocessing"], told["self_test"]
    mean, std = (" ".join(f"{value:.3g}" for value in prepared[name]) for name in ("mean", "std"))
    agreement = wording.share(test["agreement"], 0)
    whole = test["whole_view"]
    found = _("**{architecture}** from {origin}, {count} classes. It was not trained here.").format(
        architecture=wording.plain(told["architecture"] or _("a network of its own")),
        origin=wording.plain(told["origin"]),
        count=f"{told['count']:,}",
    )
    ready = _("Pictures are resized to {side} × {side} px; mean {mean}, standard deviation {std} ({origin}).").format(
        side=int(prepared["side"]), mean=mean, std=std, origin=wording.plain(prepared["origin"])
    )
    line = (
        _("Self-test: the views name the classifier's own class for {agreement} of {pictures} pictures.")
        if whole is None
        else _(
            "Self-test: the view of the whole map differs from the classifier's own answer by {whole}; the views name "
            "its class for {agreement} of {pictures} pictures."
        )
    )
    distance = "" if whole is None else f"{whole:.0e}"
    tested = line.format(whole=distance, agreement=agreement, pictures=int(test["pictures"]))
    lines = [found, _card_kinds()[told["kind"]], ready, tested]
    if told["others"]:
        others = wording.plain(", ".join(told["others"]))
        lines.append(
            _(
                "Taken for {architecture}, though {others} have the same tensors. If it is one of those, choose "
                "another architecture under *Use your own model*."
            ).format(architecture=wording.plain(told["architecture"] or ""), others=others)
        )
    return lines
