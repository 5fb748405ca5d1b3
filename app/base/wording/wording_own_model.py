"""Every sentence about a model of one's own: how it is brought, what is asked for, and what was found."""

from __future__ import annotations

from app.base.i18n import _
from app.base.wording import wording
from mvfa_core.devices import FULL, Place


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
            others, the networks that have the same tensors; labels, "multi" for a sigmoid of each class.
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
    lines = [found, _card_kinds()[told["kind"]], ready, *_remarks(told), tested]
    if told["others"]:
        others = wording.plain(", ".join(told["others"]))
        lines.append(
            _(
                "Taken for {architecture}, though {others} have the same tensors. If it is one of those, choose "
                "another architecture under *Use your own model*."
            ).format(architecture=wording.plain(told["architecture"] or ""), others=others)
        )
    return lines


def _remarks(told: dict) -> list[str]:
    """What is unusual in how pictures are prepared, or in what the answers mean."""
    crop, channels = told["preprocessing"].get("crop"), len(told["preprocessing"]["mean"])
    lines = []
    if crop and crop < 1:
        line = _("It was evaluated on the middle {percent}\u00a0% of pictures; here the whole picture is squashed.")
        lines.append(line.format(percent=round(100 * crop)))
    if channels == 1:
        lines.append(_("It takes grey pictures: it is given the mean of red, green and blue."))
    elif channels != 3:
        line = _("It takes {channels} channels: it is given red, green, blue, red and so on.")
        lines.append(line.format(channels=channels))
    if told.get("labels") == "multi":
        lines.append(
            _(
                "Any number of classes may be in a picture: each has a confidence of its own, a sigmoid, and they do "
                "not add up to 100\u00a0%."
            )
        )
    return lines


def place(told: Place) -> str:
    """Where a model is computed, how finely, and why not otherwise."""
    machine = _("the CPU") if told.device == "cpu" else wording.plain(f"{told.machine} ({told.device})")
    line = _("Computed on {machine} in {precision}.")
    if told.apart is not None and told.precision == told.asked:
        line = _(
            "Computed on {machine} in {precision}, which is faster; on four photographs its answers differ from "
            "float32's by {apart} of the largest logit."
        )
    elif told.apart is not None:
        line = _(
            "Computed on {machine} in {precision}: in {asked} its answers would differ by {apart} of the largest logit "
            "or name another class."
        )
    apart = "" if told.apart is None else wording.share(told.apart, 1)
    said = line.format(machine=machine, precision=told.precision, asked=told.asked, apart=apart)
    return f"{said} {moved(told.why)}" if told.why else said


def moved(why: str) -> str:
    """Why a model is computed on the CPU in another device's place."""
    if why == FULL:
        return _("The memory of the graphics processor is full: this model is computed on the CPU from now on.")
    return _("The graphics processor cannot compute this model: it is computed on the CPU.")
