"""Seconds for a figure of 4 x 6 panels, from the pictures to the file, in each format: on the clock, and of processor
time, which other work on the machine does not lengthen as much."""

from __future__ import annotations

import time

from mvfa_core.checkpoints import bundled
from mvfa_core.figures import FORMATS, FigureSpec, FileSources, Options, make

ROWS, COLUMNS = 4, 6


def request(model: str | None = None, pictures: tuple[str, ...] = ()) -> FigureSpec:
    """Figure 7 with four rows of six pictures, across both columns of a page at 300 dots per inch."""
    pictures = pictures or tuple(f"synthetic-val-{place}" for place in range(COLUMNS))
    options = Options(top=(1, 3, 10, 50), width="double")
    return FigureSpec("fig7", (model or next(name for name in bundled() if "mfa" in name),), pictures, options=options)


def maps_request(model: str | None = None, pictures: tuple[str, ...] = ()) -> FigureSpec:
    """Contribution maps of twelve pictures, two blocks of two rows: as many panels, half of them maps."""
    pictures = pictures or tuple(f"synthetic-val-{place}" for place in range(2 * COLUMNS))
    one = request(model, pictures)
    return FigureSpec("contributions", one.models, pictures, options=Options(width="double", columns=COLUMNS))


def bench_figure(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """What is timed -> (seconds on the clock, of the processor), a pair a round.

    Every round begins with nothing opened: model and pictures are read, the network runs, and the figure is written.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for name, asked in (("regions", request()), ("maps", maps_request())):
        make(asked, FileSources()).as_bytes("png")  # the first of a process loads fonts
        for _ in range(rounds):
            for kind in FORMATS:
                began = time.perf_counter(), time.process_time()
                make(asked, FileSources()).as_bytes(kind)
                found.setdefault(f"{name}, {kind}", []).append(
                    (time.perf_counter() - began[0], time.process_time() - began[1])
                )
    return found
