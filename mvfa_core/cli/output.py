"""What the commands share in printing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mvfa_core.data.sets import Progress, silent
from mvfa_core.devices import Place
from mvfa_core.files import expect_writable, sentence_of
from mvfa_core.names import visible

WIDEST = 100
"""Characters of a cell, as many as the name of a run may have; --json tells all."""


class FailureError(RuntimeError):
    """The request was right and could not be carried out: exit status 1."""


def expect_place(option: str, path: str | Path, *, folder: bool = False) -> None:
    """Look whether what an option names can be written, before the work that leads to it.

    Raises:
        ValueError: it cannot, with the option, the name and the reason.
    """
    try:
        expect_writable(Path(path), folder=folder)
    except OSError as error:
        kind = "cannot be a folder for it: " if folder else ""
        raise ValueError(f"{option}: {kind}{sentence_of(error)}") from error


def say(text: object) -> None:
    """Lines on standard output, in which no name can move the cursor, colour the screen or turn the line round."""
    print("\n".join(visible(line, None) for line in str(text).split("\n")))


def tell_place(place: Place) -> None:
    """Where a model was computed, on standard error; nothing for the CPU in float32, which nobody asked otherwise."""
    if not place.is_plain:
        print(place, file=sys.stderr)


def print_json(value: object) -> None:
    """One JSON document on standard output; what cannot be seen stands in it by number, as JSON allows."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    print("".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their widest cell; numbers to the right."""
    cells = [[visible(str(cell), WIDEST) for cell in row] for row in rows]
    header = [visible(title, WIDEST) for title in header]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    lines = [[*header], ["-" * width for width in widths], *cells]
    return "\n".join("  ".join(_aligned(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in lines)  # fmt: skip


def _aligned(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.removeprefix("-")[:1].isdigit() else cell.ljust(width)


PICTURES = {"unit": "picture"}
BYTES = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}


def bars(quiet: bool, unit: Callable[[str], dict[str, Any]] = lambda what: PICTURES) -> Progress:
    """A progress listener that draws one bar for each thing being done, counted in the unit of that thing."""
    if quiet:
        return silent
    open_bars: dict[str, tqdm] = {}

    def show(what: str, done: int, total: int) -> None:
        if what not in open_bars:
            open_bars[what] = tqdm(total=total or None, initial=done, desc=what, **unit(what))
        bar = open_bars[what]
        bar.update(done - bar.n)
        if total and done >= total:
            bar.close()

    return show
