"""A sheet on paper, with Matplotlib: pictures and maps as rasters, boxes, anchors, lines and text as vectors."""

from __future__ import annotations

import math
import warnings
from typing import Any, BinaryIO

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MaxNLocator

from mvfa_core import draw
from mvfa_core.figures.layout import POINT, SMALL, Placed, Plan, Rect, fitted, number, round_numbers, text_width
from mvfa_core.figures.request import Options
from mvfa_core.figures.room import DRAWING, MOST_PX, expect_room, placed
from mvfa_core.figures.sheet import Chart, Sheet, Tile, alone_in
from mvfa_core.images import squash

RC: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "mvfa", "pdf.fonttype": 42, "image.composite_image": False,
    "axes.unicode_minus": True, "path.simplify": False,
}  # fmt: skip
"""Text stays text, and the same figure gives the same bytes."""
INK, RIM, FRAME = "#1a1a1a", "#141414", "#8a8a8a"
LEAST_PX = 64
ANCHOR = "#{:02x}{:02x}{:02x}".format(*draw.ANCHOR_RGB)


def figure_of(sheet: Sheet, options: Options, kind: str = "png") -> Figure:
    """The figure for a file of a kind, png, svg or pdf.

    Raises:
        ValueError: a font that is not there, signs that no font here has (an SVG is then shown in the reader's own
        fonts), panels that would be too narrow, or (`budget.TooLargeError`) more dots than memory allows.
    """
    places, fonts = placed(sheet, options, kind)
    expect_room(places, options, kind)
    with DRAWING, matplotlib.rc_context(RC):
        figure = Figure(figsize=(places.width, places.height), dpi=options.dpi, facecolor="white")
        pen = _Pen(figure, places, options, fonts, kind)
        for one in places.panels:
            if isinstance(one.panel, Tile):
                pen.tile(one, one.panel)
            else:
                pen.chart(one, one.panel)
        pen.rows()
        pen.bar(sheet)
        pen.legend(sheet)
    return figure


def save(figure: Figure, target: BinaryIO, kind: str, dpi: int, metadata: dict[str, Any]) -> None:
    """Write the file; the same figure gives the same bytes."""
    with DRAWING, matplotlib.rc_context(RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing")  # an SVG leaves them to the reader's fonts
        figure.savefig(target, format=kind, dpi=dpi, metadata=metadata, facecolor="white")


class _Pen:
    """Draws at places in inches on one figure."""

    def __init__(self, figure: Figure, placed: Plan, options: Options, fonts: list[str], kind: str) -> None:
        self.figure, self.plan, self.options, self.fonts, self.kind = figure, placed, options, fonts, kind
        self.em = options.size * POINT
        self.thin = 0.4 + 0.02 * options.size

    def axes(self, rect: Rect) -> Axes:
        height = self.plan.height
        place = (rect.x / self.plan.width, 1 - (rect.y + rect.h) / height, rect.w / self.plan.width, rect.h / height)
        return self.figure.add_axes(place)

    def text(self, x: float, y: float, text: str, points: float | None = None, **options: Any) -> None:
        points = self.options.size if points is None else points
        options = {"color": INK, "ha": "center", "va": "baseline"} | options
        self.figure.text(
            x / self.plan.width, 1 - y / self.plan.height, text,
            fontsize=points, family=self.fonts, parse_math=False, **options,
        )  # fmt: skip

    # --- pictures ---

    def tile(self, one: Placed, tile: Tile) -> None:
        axes = self.axes(one.rect)
        width, height = tile.picture.size
        raster = self.raster(tile, one.rect)
        # "none" leaves an SVG or PDF its raster as it is; a PNG is resampled once, to its own dots
        shown = axes.imshow(
            raster, extent=(0, width, height, 0), aspect="auto",
            interpolation="auto" if self.kind == "png" else "none",
        )  # fmt: skip
        shown.set_gid(f"{tile.name}.picture")
        axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(linewidth=0.3, color=FRAME)
        self.boxes(axes, tile, one.rect)
        self.anchors(axes, tile, one.rect)
        if self.options.labels and tile.above:
            self.above(one.rect, tile.above)
        foot = one.rect.y + one.rect.h
        if self.options.labels and tile.below:
            text, points = fitted(tile.below, SMALL * self.options.size, one.rect.w, self.fonts)
            self.text(one.rect.x + one.rect.w / 2, foot + 0.95 * self.em, text, points)
            foot += 1.2 * self.em
        if tile.bar:
            self.small_bar(one.rect, foot + 0.04, tile)

    def raster(self, tile: Tile, rect: Rect) -> np.ndarray:
        """The picture, with its map over it, at the dots of its place."""
        size = tuple(min(MOST_PX, max(LEAST_PX, math.ceil(side * self.options.dpi))) for side in (rect.h, rect.w))
        shown = squash(tile.picture, (size[0], size[1]))
        if tile.map_HW is None:
            return shown
        options = self.options
        look: Any = {"opacity": options.opacity, "name": tile.palette, "smooth": options.smooth}
        return draw.overlay(shown, tile.map_HW, tile.limits, **look)

    def boxes(self, axes: Axes, tile: Tile, rect: Rect) -> None:
        width = max(0.5, min(1.6, rect.w))  # a point for every inch of the picture, within reason
        for box in sorted(tile.boxes, key=lambda box: -box.rank):  # the best on top
            x0, y0, x1, y1 = box.corners
            patch = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=box.colour, linewidth=width)
            patch.set(joinstyle="miter", gid=f"{tile.name}.box{box.rank}")
            patch.set_path_effects([Stroke(linewidth=1.7 * width, foreground=RIM), Normal()])
            axes.add_patch(patch)

    def anchors(self, axes: Axes, tile: Tile, rect: Rect) -> None:
        if tile.anchors_K2 is None:
            return
        (rows, columns), (width, height) = tile.grid, tile.picture.size
        step_x, step_y, count = width / columns, height / rows, len(tile.anchors_K2)
        radius = min(step_x, step_y) * 0.26
        dots = [
            Circle(((x + 0.5) * step_x, (y + 0.5) * step_y), radius * (1 - 0.5 * rank / count))
            for rank, (x, y) in reversed(list(enumerate(tile.anchors_K2.tolist())))
        ]
        collection = PatchCollection(dots, facecolor=ANCHOR, edgecolor=RIM, linewidth=0.25)
        collection.set_gid(f"{tile.name}.anchors")
        axes.add_collection(collection)

    def above(self, rect: Rect, text: str) -> None:
        text, points = fitted(text, self.options.size, rect.w + 0.02, self.fonts)
        self.text(rect.x + rect.w / 2, rect.y - 0.3 * self.em, text, points)

    # --- charts ---

    def chart(self, one: Placed, chart: Chart) -> None:
        axes, options = self.axes(one.rect), self.options
        for place, line in enumerate(chart.lines):
            if line.low:
                band = axes.fill_between(line.x, line.low, line.high, color=line.colour, alpha=0.22, linewidth=0)
                band.set_gid(f"{chart.name}.band{place}")
            width = (0.7 if line.thin else 1.2) * max(0.8, options.size / 8)
            (drawn,) = axes.plot(line.x, line.y, line.dash, color=line.colour, linewidth=width, marker=line.marker)
            drawn.set(markersize=0.35 * options.size, gid=f"{chart.name}.line{place}", clip_on=False)
            if not line.marker and (alone := alone_in(line.y)):  # no line leads to a point between two gaps
                drawn.set(marker=".", markevery=alone)
        _scales(axes, chart)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set(linewidth=self.thin, color=INK)
        small = SMALL * options.size
        axes.tick_params(
            labelsize=small, width=self.thin, length=0.25 * options.size, pad=0.2 * options.size, color=INK
        )
        axes.grid(color="#d9d9d9", linewidth=0.4)
        axes.set_axisbelow(True)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set(family=self.fonts, color=INK)
        shared = chart.range_y is not None
        if shared and not one.first:
            axes.tick_params(labelleft=False)
        if not options.labels:
            return
        if chart.above:
            self.above(one.rect, chart.above)
        if one.first:  # once for all that stand beside it
            middle = (one.rect.x + self.plan.width) / 2
            self.text(middle, one.rect.y + one.rect.h + 2.35 * self.em, chart.x_label)
            self.upright(Rect(0, one.rect.y, 1.3 * self.em, one.rect.h), chart.y_label)

    # --- around them ---

    def rows(self) -> None:
        for name, rect in self.plan.rows:
            self.upright(rect, name)

    def upright(self, rect: Rect, text: str) -> None:
        text, points = fitted(text, self.options.size, 1.5 * rect.h if not self.plan.rows else rect.h, self.fonts)
        where = (rect.x + 0.6 * self.em, rect.y + rect.h / 2)
        self.text(*where, text, points, rotation=90, va="center", rotation_mode="default")

    def bar(self, sheet: Sheet) -> None:
        if self.plan.bar is None:
            return
        rect, tile = self.plan.bar, sheet.maps()[0]
        axes = self.axes(rect)
        self.ramp(axes, tile, upright=True)
        axes.yaxis.tick_right()
        low, high = tile.limits
        ticks = round_numbers(low, high)
        axes.set_yticks([(value - low) / (high - low or 1) for value in ticks])
        axes.set_yticklabels([number(value) for value in ticks])
        self.bar_labels(axes)
        if self.options.labels:
            x = self.plan.width - 0.25 * self.em
            text, points = fitted(sheet.unit, self.options.size, rect.h, self.fonts)
            self.text(x, rect.y + rect.h / 2, text, points, rotation=90, va="center", ha="right")

    def small_bar(self, rect: Rect, y: float, tile: Tile) -> None:
        axes = self.axes(Rect(rect.x, y, rect.w, 0.07))
        self.ramp(axes, tile, upright=False)
        axes.set_xticks([])
        points = SMALL * self.options.size
        foot = y + 0.07 + 0.95 * self.em
        self.text(rect.x, foot, number(tile.limits[0]), points, ha="left")
        self.text(rect.x + rect.w, foot, number(tile.limits[1]), points, ha="right")

    def ramp(self, axes: Axes, tile: Tile, *, upright: bool) -> None:
        colours = draw.palette(tile.palette)
        ramp = colours[:, None] if upright else colours[None]
        axes.imshow(ramp, extent=(0, 1, 0, 1), origin="lower", aspect="auto", interpolation="nearest")
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(linewidth=0.3, color=FRAME)

    def bar_labels(self, axes: Axes) -> None:
        size = self.options.size
        axes.tick_params(labelsize=SMALL * size, width=self.thin, length=0.2 * size, pad=0.15 * size, color=INK)
        for label in axes.get_yticklabels():
            label.set(family=self.fonts, color=INK)

    def legend(self, sheet: Sheet) -> None:
        if self.plan.legend is None:
            return
        rect, points = self.plan.legend, SMALL * self.options.size
        lines = sheet.kind == "fig6"
        swatch = (2.2 if lines else 0.8) * self.em
        widths = [swatch + 0.35 * self.em + text_width(label, points, self.fonts) for label, _ in sheet.legend]
        step = 1.1 * self.em
        x = rect.x + (rect.w - sum(widths) - step * (len(widths) - 1)) / 2
        for (label, colour), width in zip(sheet.legend, widths, strict=True):
            axes = self.axes(Rect(x, rect.y + 0.25 * self.em, swatch, 0.75 * self.em))
            axes.set_axis_off()
            axes.set(xlim=(0, 1), ylim=(0, 1))
            if lines:
                dash = _dash_of(sheet, label)
                axes.plot((0, 1), (0.45, 0.45), dash, color=colour, linewidth=1.2 * max(0.8, self.options.size / 8))
            else:
                edge: Any = {"edgecolor": RIM, "linewidth": 0.3}
                axes.add_patch(Rectangle((0.02, 0.05), 0.9, 0.9, facecolor=colour, clip_on=False, **edge))
            self.text(x + swatch + 0.35 * self.em, rect.y + 0.95 * self.em, label, points, ha="left")
            x += width + step


def _dash_of(sheet: Sheet, label: str) -> str:
    lines = (line for chart in sheet.all() if isinstance(chart, Chart) for line in chart.lines)
    return next((line.dash for line in lines if line.label == label), "-")


def _scales(axes: Axes, chart: Chart) -> None:
    if chart.range_y is not None:
        axes.set_ylim(*chart.range_y)
        axes.set_yticks([0, 0.5, 1])
        axes.set_yticklabels(["0", "0.5", "1"])
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if chart.ticks:
        axes.set_xticks(list(chart.ticks))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:g}")
