"""The figures of `metrics` as tables: for a terminal, Markdown, LaTeX or CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from mvfa_core import csv_files
from mvfa_core.experiments.formats import latex_table, markdown_table
from mvfa_core.files import replace_text
from mvfa_core.metrics.meanings import DOUBTS, FIGURES
from mvfa_core.metrics.sets import Row

NOTE = "In brackets: 95 % bootstrap interval over the pictures. Thresholds of box figures are fixed on the other half."
DOUBT_FIGURES = ("aurc", "auroc", "gain")
MAP_FIGURES = tuple(name for name in FIGURES if name not in DOUBT_FIGURES)
WHOLE = (MAP_FIGURES, DOUBT_FIGURES)
PARTS = (MAP_FIGURES[:5], MAP_FIGURES[5:], DOUBT_FIGURES)
"""The same in tables that fit a terminal."""

Table = tuple[list[str], list[list[str]]]


def tables(rows: Sequence[Row], groups: Sequence[Sequence[str]] = PARTS) -> list[Table]:
    """(header, lines) of methods x figures for every group of figures; a table without a line is left out."""
    found = []
    for group in groups:
        part = [row for row in rows if row.figure in group]
        figures = [name for name in group if any(row.figure == name for row in part)]
        texts = {(row.method, row.figure): _text(row) for row in part}
        lines = [[m, *(texts.get((m, f), "") for f in figures)] for m in dict.fromkeys(row.method for row in part)]
        if lines:
            found.append((["", *(FIGURES[name].title for name in figures)], lines))
    return found


def notes(rows: Sequence[Row]) -> list[str]:
    """What every figure and every doubt in the rows means, and what the brackets hold."""
    figures = [FIGURES[name] for name in FIGURES if any(row.figure == name for row in rows)]
    doubts = [name for name in DOUBTS if any(row.method == name for row in rows)]
    said = [f"{one.title}: {one.sentence} {one.better.capitalize()} is better." for one in figures]
    return [*said, *(f"{name}: {DOUBTS[name]}." for name in doubts), NOTE]


def write(file: Path, title: str, rows: Sequence[Row]) -> None:
    """The table in the format that the name's ending says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_text(file, WRITERS[file.suffix](title, rows), durable=False)


def _text(row: Row) -> str:
    """A figure and its interval: four digits of the small AURC, three of its companions, two of the rest."""
    digits = 4 if row.figure == "aurc" else 3 if row.figure in DOUBT_FIGURES else 2
    value, low, high = (f"{number:z.{digits}f}" for number in (row.value, row.low, row.high))
    return f"{value} ({low} to {high})"


def _markdown(title: str, rows: Sequence[Row]) -> str:
    found = tables(rows, WHOLE)
    last = len(found) - 1
    return "".join(markdown_table(title, *one, notes(rows) if i == last else []) for i, one in enumerate(found))


def _latex(title: str, rows: Sequence[Row]) -> str:
    return "\n".join(latex_table(title, *one, notes(rows)) for one in tables(rows, WHOLE))


def _csv(title: str, rows: Sequence[Row]) -> str:
    """One line a figure, at full precision."""
    return csv_files.records(Row.__dataclass_fields__, (asdict(row) for row in rows))


WRITERS: dict[str, Callable[[str, Sequence[Row]], str]] = {".md": _markdown, ".csv": _csv, ".tex": _latex}
