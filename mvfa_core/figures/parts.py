"""All parts of a figure as one ZIP: each panel as its own PNG with its arrays, the figure in three formats, the recipe,
the caption and the lines for LaTeX."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np

from mvfa_core.figures.drawing import figure_of, save
from mvfa_core.figures.layout import plan
from mvfa_core.figures.making import Made
from mvfa_core.figures.request import FORMATS, Options
from mvfa_core.figures.room import texts
from mvfa_core.figures.sheet import Chart, Panel, Sheet, Tile

DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest a ZIP can tell: the same parts give the same bytes."""


def zipped(made: Made, dpi: int | None = None) -> bytes:
    """The ZIP, with `dpi` in place of the request's where those are too many. Formats that cannot be written here, for
    want of a font, are left out and told in README.txt."""
    kind = made.request.kind
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        left_out = []
        for ending in FORMATS:
            try:
                _add(archive, f"{kind}.{ending}", made.as_bytes(ending, dpi))
            except ValueError as error:
                left_out.append(f"{kind}.{ending}: {error}")
        for panel in made.sheet.all():
            _add(archive, f"panels/{panel.name}.png", panel_png(panel, made, dpi))
            for what, values in panel.arrays():
                _add(archive, f"arrays/{panel.name}.{what}.npy", _npy(values))
        _add(archive, f"{kind}.json", (made.recipe.to_text() + "\n").encode())
        _add(archive, f"{kind}.tex", made.latex().encode())
        _add(archive, "caption.txt", (made.caption() + "\n").encode())
        _add(archive, "README.txt", _readme(made, left_out).encode())
    return buffer.getvalue()


def panel_png(panel: Panel, made: Made, dpi: int | None = None) -> bytes:
    """One panel without any name around it, as wide as it is in the figure; a chart keeps its axes."""
    from mvfa_core.figures.fonts import families

    options = made.request.options if dpi is None else replace(made.request.options, dpi=dpi)
    fonts, _ = families(options.font, texts(made.sheet, options))
    cell = plan(made.sheet, options, fonts).cell
    wide = max(cell, 1.2) + 0.5 if isinstance(panel, Chart) else max(cell, 1.0)
    bare = replace(panel, bar=False) if isinstance(panel, Tile) else panel
    alone = Sheet(made.sheet.kind, ("",), ((bare,),), span="own")
    look = _bare(options, wide, labels=isinstance(panel, Chart) and not _lacks(made))
    buffer = io.BytesIO()
    save(figure_of(alone, look), buffer, "png", options.dpi, {"Software": None, "Title": panel.name})
    return buffer.getvalue()


def _bare(options: Options, width: float, *, labels: bool) -> Options:
    return replace(options, width=width, labels=labels, bar=False, columns=None)


def _lacks(made: Made) -> bool:
    from mvfa_core.figures.fonts import families

    return bool(families(made.request.options.font, texts(made.sheet, made.request.options))[1])


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _readme(made: Made, left_out: list[str]) -> str:
    kind = made.request.kind
    lines = [
        f"{kind}.png, .svg, .pdf   the figure; each holds its recipe",
        f"{kind}.json              the recipe: python -m mvfa_core figure --recipe {kind}.json --out {kind}.pdf",
        f"{kind}.tex, caption.txt  for a paper",
        "panels/                every panel alone",
        "arrays/                what is plotted, as NumPy reads it: maps (H, W) in grid cells, their limits, boxes as",
        "                       (left, top, right, bottom) in px of the picture, anchors as (x, y) in cells, lines as",
        "                       rows of x, y and, where there is a band, its lower and upper bound",
        *(f"left out: {one}" for one in left_out),
        "",
        "names of the panels: " + json.dumps([panel.name for panel in made.sheet.all()]),
    ]
    return "\n".join(lines) + "\n"
