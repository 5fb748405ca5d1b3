"""How many bytes a computation takes, told from its sizes before any of it is computed, and how many it may take.

Sizes come from files of strangers: a checkpoint of 19 MB may name 36,000 classes and 64 region sizes, whose votes take
gigabytes. Every estimate is of the most that stands in memory at once, intermediate results included.

    C classes · N = H*W cells · M = K*R views · E outputs of the head's first layer
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from mvfa_core.names import visible

VARIABLE, DEFAULT_MB = "MVFA_MEMORY_MB", 512
"""The environment's word for what one computation may take, and what holds without it."""
LEAST_MB, MOST_MB = 16, 2**20
FLOAT = 4
VIEW_COPIES = 9
"""Of M x C numbers: logits, confidences and their softmax, and in double precision what votes and ranks are counted
from. Measured: 8.4 on the Views page, 2.6 for an explanation alone."""
MAP_COPIES = 4
"""Of C x N numbers: the class maps, their gradient, and what either is made from."""
CANVAS_BYTES, RASTER_BYTES = 12, 16
"""Of a figure, for every dot of the whole and of each picture: the canvas and its copies, a picture and its overlay."""
MOST_CANVAS_PX = 2**16 - 1
COUNT_BYTES = 44
"""Of a matrix of counts, for each: the number, and the same as Python's own."""


class TooLargeError(ValueError):
    """What was asked for would take more memory than it may; the sentence says how much and what to do."""


def allowed() -> int:
    """The bytes that one computation may take, from `MVFA_MEMORY_MB`.

    Raises:
        ValueError: it is no whole number of megabytes, or out of range.
    """
    return 10**6 * (megabytes(VARIABLE) or DEFAULT_MB)


def megabytes(variable: str) -> int | None:
    """The megabytes that a variable of the environment names; None where it is silent.

    Raises:
        ValueError: it is no whole number of megabytes, or out of range.
    """
    told = os.environ.get(variable, "").strip()
    whole = told.isascii() and told.isdigit() and len(told) < 10
    if told and not (whole and LEAST_MB <= int(told) <= MOST_MB):
        raise ValueError(
            f"{variable}: expected whole megabytes from {LEAST_MB} to {MOST_MB:,}, got {visible(told, 40)}"
        )
    return int(told) if told else None


def amount(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(math.ceil(count / 1e6), 1):,} MB"


def expect_fits(needed: int, what: str, advice: str) -> None:
    """Raise `TooLargeError` with that advice if so many bytes are more than `allowed()`."""
    if needed > (most := allowed()):
        raise TooLargeError(
            f"{what}: would take {amount(needed)} of memory, {amount(most)} are allowed ({VARIABLE}); {advice}"
        )


# --- explanations ---


def of_explanation(classes: int, cells: int, views: int, width: int = 0) -> int:
    """Of an explanation and of all that the pages count from its votes; `views` is 0 for a GAP model.

    Args:
        width: E of a head with a layer in between, 0 for one that gives logits at once.
    """
    return _fixed(cells, views, width) + classes * _of_class(cells, views)


def classes_that_fit(cells: int, views: int, width: int = 0, share: float = 1.0) -> int:
    """How many classes an explanation of that many cells and views may have within a share of `allowed()`, at least
    2."""
    return max((int(share * allowed()) - _fixed(cells, views, width)) // _of_class(cells, views), 2)


def _of_class(cells: int, views: int) -> int:
    return FLOAT * (VIEW_COPIES * views + MAP_COPIES * cells + MAP_COPIES)


def _fixed(cells: int, views: int, width: int) -> int:
    """The weights of the views over the cells, and what the first layer makes of either."""
    return FLOAT * (2 * views * cells + 3 * width * (cells + views))


def of_atlas(classes: int, cells: int, temperatures: int) -> int:
    """Of all class maps of a picture, and the dial at so many temperatures."""
    return FLOAT * (MAP_COPIES * classes * cells + temperatures * (cells + 3 * classes))


def of_votes(classes: int, views: int) -> int:
    """Of what is counted from the votes of an explanation that is there."""
    return FLOAT * (VIEW_COPIES - 3) * classes * views


def of_matrix(classes: int) -> int:
    """Of the counts of every class against every other."""
    return COUNT_BYTES * classes * classes


# --- figures ---


def of_figure(size_in: tuple[float, float], pictures_in: Sequence[tuple[float, float]], dpi: int, most_px: int) -> int:
    """Of a figure in inches with pictures in inches on it, each of at most `most_px` dots a side; (0, 0) where only the
    pictures are made of dots, in SVG and PDF."""
    dots = math.prod(math.ceil(side * dpi) for side in size_in)
    pictures = (math.prod(min(math.ceil(side * dpi), most_px) for side in picture) for picture in pictures_in)
    return CANVAS_BYTES * dots + RASTER_BYTES * sum(pictures)


def dpi_that_fits(
    size_in: tuple[float, float], pictures_in: Sequence[tuple[float, float]], dpi: int, most_px: int
) -> int:
    """The most dots per inch up to `dpi` with which a figure may be drawn; 0 if there are none."""
    most = min([dpi, *(int(MOST_CANVAS_PX / side) for side in size_in if side)])
    low, high = 0, most
    while low < high:  # the bytes rise with every dot
        middle = (low + high + 1) // 2
        if of_figure(size_in, pictures_in, middle, most_px) <= allowed():
            low = middle
        else:
            high = middle - 1
    return low
