"""What a figure takes before it is drawn: its texts and fonts, its places, and the memory of its dots."""

from __future__ import annotations

import threading

from mvfa_core import budget
from mvfa_core.figures.fonts import families
from mvfa_core.figures.layout import Plan, plan
from mvfa_core.figures.request import LEAST_DPI, Options
from mvfa_core.figures.sheet import Chart, Sheet, Tile

DRAWING = threading.RLock()
"""Held while Matplotlib draws: all threads share its settings and font caches."""
MOST_PX = 1600
"""Dots of a picture on a side, however many are asked for."""


def texts(sheet: Sheet, options: Options) -> list[str]:
    """Everything that will be written."""
    found = [*sheet.rows, sheet.unit, *(label for label, _ in sheet.legend), "0123456789−.,+…"]
    for panel in sheet.all():
        found += [panel.above, panel.below]
        if isinstance(panel, Chart):
            found += [panel.x_label, panel.y_label]
    return found if options.labels else [sheet.unit, "0123456789−.", *(label for label, _ in sheet.legend)]


def placed(sheet: Sheet, options: Options, kind: str) -> tuple[Plan, list[str]]:
    """Places for everything, and the fonts.

    Raises:
        ValueError: a font that is not there, signs that no font here has (an SVG is then shown in the reader's own
        fonts), or panels that would be too narrow.
    """
    fonts, lacking = families(options.font, texts(sheet, options))
    if lacking and kind != "svg":
        raise ValueError(
            f"font: none on this machine has the signs {lacking[:8]}; install one (Noto Sans CJK has Chinese), "
            "or write an SVG, which is shown in the reader's own fonts"
        )
    with DRAWING:
        return plan(sheet, options, fonts), fonts


def fitting_dpi(places: Plan, options: Options, kind: str) -> int:
    """The most dots per inch, up to those of the options, with which memory allows a figure as png, svg or pdf; 0 if
    there are none. See `budget.of_figure`."""
    return budget.dpi_that_fits(*_sides(places, kind), options.dpi, MOST_PX)


def expect_room(places: Plan, options: Options, kind: str) -> None:
    """Raise `budget.TooLargeError` if the figure takes more memory than it may, or has more dots than can be drawn."""
    fits = fitting_dpi(places, options, kind)
    if fits >= options.dpi:
        return
    needed = budget.amount(budget.of_figure(*_sides(places, kind), options.dpi, MOST_PX))
    size = f"{places.width:.1f} x {places.height:.1f} inches at {options.dpi} dpi"
    advice = f"at most {fits} dpi fit" if fits >= LEAST_DPI else "ask for fewer panels or less width"
    limit = (
        f"{budget.amount(budget.allowed())} ({budget.VARIABLE}) and {budget.MOST_CANVAS_PX:,} dots a side are allowed"
    )
    raise budget.TooLargeError(f"a figure of {size} would take {needed} of memory; {limit}; {advice}")


def _sides(places: Plan, kind: str) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """The size in inches of what is made of dots: the whole of a PNG, and every picture."""
    pictures = [(one.rect.w, one.rect.h) for one in places.panels if isinstance(one.panel, Tile)]
    return (places.width, places.height) if kind == "png" else (0.0, 0.0), pictures
