"""The sentences of the Figures page that are filled in."""

from __future__ import annotations

from app.base.i18n import _, ngettext
from app.base.wording.wording import plain


def says(inches: float, height: float, panels: int, size: float) -> str:
    """Size, panels and text of the figure that is shown."""
    counted = (ngettext("{n} panel", "{n} panels", panels)).format(n=panels)
    return _("{inches:g} × {height:.2f} in, {panels}, text of {size:g} pt").format(
        inches=inches, height=height, panels=counted, size=size
    )


def not_likely(name: str, shown: int, known: int) -> str:
    """The class to explain is not among those that are looked at."""
    return _(
        "{name} is not among the {shown:,} likeliest of {known:,} classes for a picture, and all of them take more "
        "memory than this server allows; choose another class"
    ).format(name=name, shown=shown, known=known)


def fewer_dots(asked: int, dpi: int) -> str:
    """Files are coarser than asked for."""
    return _(
        "With {asked} dots per inch the figure takes more memory than this server allows: files are made with {dpi}."
    ).format(asked=asked, dpi=dpi)


def missing(names: list[str]) -> str:
    """What a recipe names and is not here."""
    return _("It cannot be made again: {why}").format(why="; ".join(plain(name) for name in names))


def rule_told(rule: str) -> str:
    """How the pictures were chosen."""
    return _("Chosen by rule: {rule}.").format(rule=plain(rule))


def _width_shown() -> dict[str, str]:
    return {"single": _("single"), "double": _("double"), "slide": _("slide")}


def width(name: str, inches: float) -> str:
    """A width with its inches: of a slide, or of one or two columns of a journal, "cvpr-single" say."""
    shown = "-".join(_width_shown().get(part, part) for part in name.split("-"))
    return _("{name}, {inches:g} in").format(name=shown, inches=inches)


def kinds() -> dict[str, str]:
    return {
        "fig5": _("CAM and AdaCAM (Fig. 5)"),
        "fig6": _("Learning curves (Fig. 6)"),
        "fig7": _("Most confident regions (Fig. 7)"),
        "contributions": _("Contribution maps"),
        "scale": _("Scale profiles"),
        "compare": _("Models side by side"),
        "filmstrip": _("Film of a run"),
    }


def targets() -> dict[str, str]:
    return {"true": _("its own where known"), "predicted": _("the predicted one")}


def spans() -> dict[str, str]:
    return {"figure": _("one for all"), "picture": _("one a picture"), "own": _("each its own")}


def shapes() -> dict[str, str]:
    return {"squash": _("resized to a square"), "own": _("own proportions")}
