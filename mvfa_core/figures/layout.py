"""Where everything stands on the paper, in inches from the upper left corner, before anything is drawn.

Panels keep one width; a row is as high as its highest picture. More pictures than `columns` go on in a block below.
"""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.ticker import MaxNLocator

from mvfa_core.figures.request import Options
from mvfa_core.figures.sheet import Chart, Panel, Sheet, Tile

POINT = 1 / 72
GAP_IN = 0.035
BLOCK_IN = 0.1
BAR_IN = 0.07
BAR_GAP_IN = 0.05
SMALL = 0.85
"""Of the text's size: numbers of axes and what stands below a panel."""
CHART_HEIGHT = 0.72
"""Of a chart, over its width."""
LEAST_CELL_IN = 0.2
FIRST_WIDE = 0x2E80
_measure = TextToPath()


@dataclass(frozen=True)
class Rect:
    """Left, top, width and height in inches, downwards."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, eq=False)
class Placed:
    """A panel and its place; `first` and `last` say whether it stands at the left of its block and at its foot."""

    panel: Panel
    rect: Rect
    first: bool
    last: bool


@dataclass(frozen=True, eq=False)
class Plan:
    """A figure's size and its panels; `rows` are (name, place) of the row names, `bar` is the figure's colour bar."""

    width: float
    height: float
    panels: tuple[Placed, ...]
    rows: tuple[tuple[str, Rect], ...]
    bar: Rect | None
    legend: Rect | None
    cell: float


def plan(sheet: Sheet, options: Options, families: list[str]) -> Plan:
    """Places for everything.

    Raises:
        ValueError: panels that would be narrower than a fifth of an inch.
    """
    em = options.size * POINT
    charts = [panel for panel in sheet.all() if isinstance(panel, Chart)]
    left = 1.45 * em if options.labels and any(sheet.rows) else 0.0
    ticks = _tick_width(sheet, options, families) if charts else 0.0
    left = max(left, (1.35 * em if options.labels else 0) + ticks) if charts else left
    shared_bar = options.bar and sheet.span == "figure" and bool(sheet.maps())
    right = (
        BAR_IN + BAR_GAP_IN + _bar_width(sheet, options, families) if shared_bar else (0.01 if not charts else 0.5 * em)
    )
    own_axes = bool(charts) and all(chart.range_y is None for chart in charts)
    gap = ticks + 0.6 * em if own_axes else (0.5 * em if charts else GAP_IN)
    room = options.inches - left - right
    # not asked for any: all, or as many as can be told apart
    fitting = max(1, int((room + gap) / (LEAST_CELL_IN + gap) + 1e-9))
    columns = min(options.columns or fitting, sheet.columns)
    cell = (room - (columns - 1) * gap) / columns
    if cell < LEAST_CELL_IN:
        raise ValueError(f"columns: {columns} panels leave {cell:.2f} in each; ask for fewer columns or more width")
    placed: list[Placed] = []
    names: list[tuple[str, Rect]] = []
    y = 0.02
    first_top = None
    for start in range(0, sheet.columns, columns):
        y += BLOCK_IN if start else 0.0
        for r, row in enumerate(sheet.panels):
            here = row[start : start + columns]
            y += 1.3 * em if options.labels and any(panel.above for panel in here) else 0.0
            y += 0.5 * em if r and any(isinstance(panel, Chart) for panel in here) else 0.0
            height = max(_height(panel, cell, options) for panel in here)
            first_top = y if first_top is None else first_top
            for place, panel in enumerate(here):
                own = _height(panel, cell, options)
                rect = Rect(left + place * (cell + gap), y + (height - own) / 2, cell, own)
                placed.append(Placed(panel, rect, place == 0, r == len(sheet.panels) - 1))
            if options.labels and sheet.rows[r]:
                names.append((sheet.rows[r], Rect(0.0, y, 1.3 * em, height)))
            y += height + _below(here, options) + (GAP_IN if r < len(sheet.panels) - 1 else 0.0)
    bottom = placed[-1].rect.y + placed[-1].rect.h
    legend = None
    if sheet.legend and options.bar:
        legend = Rect(left, y + 0.35 * em, options.inches - left, 1.25 * em)
        y += 1.6 * em
    top = first_top or 0.0
    bar_height = min(bottom - top, max(2.2, 3 * cell))
    bar = Rect(options.inches - right + BAR_GAP_IN, top, BAR_IN, bar_height) if shared_bar else None
    return Plan(options.inches, y + 0.02, tuple(placed), tuple(names), bar, legend, cell)


def text_width(text: str, points: float, families: list[str]) -> float:
    """How wide a text is, in inches."""
    wide = sum(ord(char) >= FIRST_WIDE for char in text)  # Chinese signs are squares, whatever the font
    narrow = "".join(char for char in text if ord(char) < FIRST_WIDE)
    prop = FontProperties(family=families[:1], size=points)
    width, _, _ = _measure.get_text_width_height_descent(narrow, prop, ismath=False) if narrow else (0.0, 0, 0)
    return (width + wide * points) * POINT


def fitted(text: str, points: float, room: float, families: list[str]) -> tuple[str, float]:
    """The text and a size at which it fits: down to three quarters, then cut with dots."""
    width = text_width(text, points, families)
    if width <= room:
        return text, points
    smaller = max(0.75 * points, points * room / width)
    if text_width(text, smaller, families) <= 1.01 * room:
        return text, smaller
    while len(text) > 1 and text_width(text + "…", smaller, families) > room:
        text = text[:-1]
    return text.rstrip() + "…", smaller


def number(value: float) -> str:
    """A number as bars and axes write it: three digits, with a real minus sign."""
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def _height(panel: Panel, cell: float, options: Options) -> float:
    if isinstance(panel, Chart):
        return CHART_HEIGHT * cell
    if options.shape == "squash":
        return cell
    return cell * min(3.0, panel.picture.height / panel.picture.width)


def _below(row: tuple[Panel, ...], options: Options) -> float:
    """The room below a row for its lines of text, small bars and axes."""
    em = options.size * POINT
    room = 1.2 * em if options.labels and any(panel.below for panel in row) else 0.0
    if any(isinstance(panel, Tile) and panel.bar for panel in row):
        room += BAR_IN + 0.04 + 1.05 * em
    if any(isinstance(panel, Chart) for panel in row):
        room += 1.4 * em + (1.25 * em if options.labels else 0.0)
    return room


def _bar_width(sheet: Sheet, options: Options, families: list[str]) -> float:
    """The room right of the figure's colour bar: its numbers and, upright, its unit."""
    em, small = options.size * POINT, SMALL * options.size
    widest = max(text_width(number(value), small, families) for value in round_numbers(*sheet.maps()[0].limits))
    return 0.4 * em + widest + (1.2 * em if options.labels and sheet.unit else 0.05 * em)


def round_numbers(low: float, high: float) -> list[float]:
    """Round numbers inside a range, a handful of them."""
    found = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    slack = 1e-6 * (high - low or 1)
    return [float(value) for value in found if low - slack <= value <= high + slack] or [low]


def _tick_width(sheet: Sheet, options: Options, families: list[str]) -> float:
    return text_width("100", SMALL * options.size, families) + 0.5 * options.size * POINT
