"""The sentences of the set-up form that are filled in, and its longer texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.base.i18n import _, ngettext
from app.base.wording.wording import plain


def from_run(pooling: str, backbone: str, data: str) -> str:
    """What the form shows after a run was taken over."""
    return _("Filled in from a run: {pooling} on {backbone}, {data}. Change anything.").format(
        pooling=pooling.upper(), backbone=plain(backbone), data=plain(data)
    )


def cannot(problems: Iterable[str]) -> str:
    """Why there is nothing to start."""
    return plain(" ".join((_("This cannot start yet:"), *dict.fromkeys(problems))))


def parameters(count: int, size: int) -> str:
    """How large the model is."""
    return _("{count:,} parameters; with gradients and optimiser {amount}.").format(count=count, amount=amount(size))


def estimated(seconds: float, memory: int | None) -> str:
    """The estimate itself."""
    if memory is None:
        return _("About **{duration}**.").format(duration=duration(seconds))
    return _("About **{duration}**, {amount} of memory at its peak.").format(
        duration=duration(seconds), amount=amount(memory)
    )


def measured(steps: int, batch: int, machine: str, *, beside: bool, scaled: bool) -> str:
    """What it rests on."""
    return (
        ngettext(
            "An estimate from {steps} measured step of {batch} pictures on {machine}{scaled}; decoding the pictures "
            "for the first time comes on top.{beside}",
            "An estimate from {steps} measured steps of {batch} pictures on {machine}{scaled}; decoding the pictures "
            "for the first time comes on top.{beside}",
            steps,
        )
    ).format(
        steps=steps,
        batch=batch,
        machine=plain(machine),
        scaled=_(", scaled up to a whole batch") if scaled else "",
        beside=_(" Another run was being trained meanwhile, so alone it will be faster.") if beside else "",
    )


def amount(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / 2**30:.1f} GB" if size >= 0.95 * 2**30 else f"{max(size / 2**20, 0.1):.3g} MB"


def _duration_words() -> dict[str, str]:
    return {"days": _("{n} days"), "h": _("{n} h"), "min": _("{n} min"), "s": _("{n} s")}


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            n = f"{seconds / size:.1f}" if seconds < 10 * size else f"{seconds / size:,.0f}"
            return _duration_words()[unit].format(n=n)
    return _duration_words()["s"].format(n=f"{seconds:.0f}")


def _counted_sides() -> dict[str, str]:
    return {
        "train": _("{count:,} to train on"),
        "val": _("{count:,} to validate on"),
        "test": _("{count:,} to test on"),
    }


def counted(classes: int, sides: Mapping[str, int]) -> str:
    """How many pictures there are, side by side."""
    said = [_counted_sides()[side].format(count=count) for side, count in sides.items()]
    return _("{classes} classes, {pictures:,} pictures: {sides}.").format(
        classes=classes, pictures=sum(sides.values()), sides=_(", ").join(said)
    )


def each(counts: Sequence[int]) -> str:
    """The same of one class, short."""
    return " + ".join(f"{count:,}" for count in counts)


def passed_over(count: int) -> str:
    """How many files are not used."""
    return (ngettext("{count:,} file is passed over", "{count:,} files are passed over", count)).format(count=count)


def copies(count: int) -> str:
    """How many pictures contradict each other."""
    return (ngettext("{count:,} picture lies in two classes", "{count:,} pictures lie in two classes", count)).format(
        count=count
    )


def reason(count: int, why: str) -> str:
    """Why some of them are not used."""
    return _("{count:,}: {reason}").format(count=count, reason=plain(why))


def grid(channels: int, side: int, stride: int) -> str:
    """What a backbone hands over."""
    return _("Pictures of {side} px become {cells} × {cells} cells of {stride} px with {channels:,} channels.").format(
        side=side, cells=side // stride, stride=stride, channels=channels
    )


def views(k: int, sizes: tuple[int, ...]) -> str:
    """How many views there will be."""
    return _("{k} anchors × {sizes} sizes = {views:,} views of every picture.").format(
        k=k, sizes=len(sizes), views=k * len(sizes)
    )


def timm_help() -> str:
    return _("As timm calls it, regnety_004 say. Its last map of at least 14 × 14 cells becomes F.")


def weights_shown() -> dict[str, str]:
    return {"none": _("Fresh"), "imagenet": _("ImageNet"), "file": _("A file")}


def k_less() -> str:
    return _("K was {asked}; this backbone gives {cells} cells, so there are at most {cells} anchors.")


def anchors_shown() -> dict[str, str]:
    return {
        "adacam": _("AdaCAM's highest cells, as the paper"),
        "random": _("K random cells"),
        "all": _("every cell"),
        "label": _("the label's own map, in training"),
        "covering": _("as many of AdaCAM's highest cells as it covers, up to K (ours)"),
    }


def local_help() -> str:
    return _("The paper sums the losses of all views; mean gives both heads the same weight.")


def global_loss_help() -> str:
    return _("Off: the whole-image classifier learns nothing, and its attention stays as it began.")


def validate_on_shown() -> dict[str, str]:
    return {"val": _("Validation side"), "test": _("Test side, as the paper"), "held-out": _("As this run did")}


def validate_on_help() -> str:
    return _(
        "Validation side: the test side is left alone; where there is none but train and test, a tenth of train is "
        "set apart. Test side: all of train is trained on, and the last weights are the result."
    )


def validate_on_test() -> str:
    return _("The test side chooses nothing: no run ends by it, and the last weights are kept.")


def deterministic_help() -> str:
    return _("A GPU adds in a fixed order, so that the same run gives the same weights. Slower.")
