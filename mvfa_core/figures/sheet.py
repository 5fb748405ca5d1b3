"""What a figure shows, before anything is drawn: panels of pictures, maps, boxes and lines in rows and columns.

H W grid in cells · K anchors

Everything that is plotted stands here as numbers, so a digest of a sheet says whether two figures show the same.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mvfa_core.images import pixel_digest


@dataclass(frozen=True)
class Box:
    """A rectangle on a picture: corners in px of the picture, lower right exclusive; its colour and its place in a
    ranking, from 1."""

    corners: tuple[float, float, float, float]
    colour: str
    rank: int


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture, perhaps with a map over it, boxes and anchors.

    Attributes:
        name: of its file among the parts. picture: as it was opened; its px are the coordinates of the boxes.
        map_HW: drawn over the picture in the colours of `palette` over `limits`, in `unit`.
        anchors_K2: (x, y) in cells of `grid` (H, W), by falling attention.
        above, below: a line of text. bar: a small colour bar below, for limits that are this panel's or column's own.
    """

    name: str
    picture: Image.Image
    map_HW: np.ndarray | None = None
    limits: tuple[float, float] = (0.0, 1.0)
    palette: str = "inferno"
    boxes: tuple[Box, ...] = ()
    anchors_K2: np.ndarray | None = None
    grid: tuple[int, int] = (1, 1)
    above: str = ""
    below: str = ""
    bar: bool = False

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """(what, numbers) of everything plotted but the picture itself."""
        if self.map_HW is not None:
            yield "map", np.asarray(self.map_HW, dtype=np.float32)
            yield "limits", np.array(self.limits, dtype=np.float64)
        if self.boxes:
            yield "boxes", np.array([box.corners for box in self.boxes], dtype=np.float64)
        if self.anchors_K2 is not None:
            yield "anchors", np.asarray(self.anchors_K2, dtype=np.int64)


@dataclass(frozen=True)
class Line:
    """A curve, its colour and dash; `low` and `high` bound a band around it, empty for none."""

    label: str
    colour: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    dash: str = "-"
    marker: str = ""
    thin: bool = False


def alone_in(values: Sequence[float]) -> list[int]:
    """The places of numbers that have no number before and none behind them."""
    number = [False, *map(math.isfinite, values), False]
    return [place - 1 for place in range(1, len(number) - 1) if number[place - 1 : place + 2] == [False, True, False]]


@dataclass(frozen=True)
class Chart:
    """Lines over numbers. `ticks` names the only places of the x axis that get one; `range_y` None follows the data."""

    name: str
    lines: tuple[Line, ...]
    x_label: str
    y_label: str
    above: str = ""
    below: str = ""
    ticks: tuple[int, ...] = ()
    range_y: tuple[float, float] | None = None

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """(what, numbers) of every line: rows of x, y and, where there is a band, its bounds."""
        for place, line in enumerate(self.lines):
            rows = [row for row in (line.x, line.y, line.low, line.high) if row]
            yield f"line{place}", np.array(rows, dtype=np.float64)


Panel = Tile | Chart


@dataclass(frozen=True, eq=False)
class Sheet:
    """Panels by row and column.

    Attributes:
        rows: names of the rows, empty strings for none. panels: one list a row; rows are equally long.
        unit: what the colour bar counts. span: which maps share limits, "figure", "picture" or "own".
        legend: (label, colour) of what colours mean. facts: the caption, English sentences and the values
        in them.
    """

    kind: str
    rows: tuple[str, ...]
    panels: tuple[tuple[Panel, ...], ...]
    unit: str = ""
    span: str = "figure"
    legend: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, dict[str, object]], ...] = ()

    @property
    def columns(self) -> int:
        """How many panels stand side by side before they are broken into blocks."""
        return len(self.panels[0])

    def all(self) -> Iterator[Panel]:
        """Every panel, row after row."""
        for row in self.panels:
            yield from row

    def maps(self) -> list[Tile]:
        """The panels with a map."""
        return [panel for panel in self.all() if isinstance(panel, Tile) and panel.map_HW is not None]


def described(sheet: Sheet) -> list[dict]:
    """What is plotted, an entry an array: its name, shape, digest, least and most. Pictures by their pixels."""
    rows: list[dict] = []
    for panel in sheet.all():
        if isinstance(panel, Tile):
            rows.append({"name": f"{panel.name}.picture", "digest": pixel_digest(panel.picture)})
        for what, values in panel.arrays():
            rows.append(
                {
                    "name": f"{panel.name}.{what}",
                    "shape": list(values.shape),
                    "digest": _digest(values),
                    "least": float(f"{values.min():.6g}"),
                    "most": float(f"{values.max():.6g}"),
                }
            )
    return rows


def data_digest(rows: list[dict]) -> str:
    """One name for all the plotted arrays."""
    text = "\n".join(f"{row['name']} {row['digest']}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _digest(values: np.ndarray) -> str:
    content = f"{values.dtype.str}{values.shape}".encode() + np.ascontiguousarray(values).tobytes()
    return hashlib.sha256(content).hexdigest()[:24]
