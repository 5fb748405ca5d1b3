"""What a board and its controls are given: one frozen record for each of them, and the only place that writes them as
plain values. `components/contract.js` says the same in JSDoc, and a test holds one against the other.

    H W grid in cells · K anchors · R sizes

The numbers travel once for a picture and a model. Everything else is settings and words: panels that follow from the
method are drawn by the browser, those that only the server can answer come as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """What the visitor has set: K, L_R, the class as its place (None for the predicted one), overlaps hidden."""

    k: int
    sizes: tuple[int, ...]
    class_index: int | None
    distinct: bool


@dataclass(frozen=True)
class Choices:
    """What can be set: up to how many anchors, which sizes, the sizes that stand for none chosen, and whether the model
    has views at all."""

    cells: int
    sizes: tuple[int, ...]
    own_sizes: tuple[int, ...]
    views: bool


@dataclass(frozen=True)
class Controls:
    """The controls of the method and the answer in a sentence.

    Attributes:
        live: the name of the numbers. answers: the number of the movement that these settings answer.
        locks: controls that are "locked" or "hidden" by a teacher's link, by their names in the address.
        truth: the picture's class; None where nobody knows it. note: what is said behind the verdict.
        words: what is written on them and in the sentence.
    """

    live: str
    answers: int
    settings: Settings
    choices: Choices
    locks: Mapping[str, str]
    truth: str | None
    words: Mapping[str, str]


@dataclass(frozen=True)
class Numbers:
    """What all of the page is computed from: `mvfa_core.web.payload` as a column of bytes, the model's classes, and
    what they are called in the language of the screen."""

    live: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    content: Any


@dataclass(frozen=True)
class Drawn:
    """The settings that a panel drawn by the server belongs to; with others it is shown as waiting."""

    k: int
    sizes: tuple[int, ...]
    class_index: int


@dataclass(frozen=True)
class LivePanel:
    """A panel that the browser draws: `draws` names what is drawn (components/answers.js), `words` how it is called."""

    id: str
    kind: str
    draws: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Live:
    """What makes a board live: the numbers, the colours of sizes and anchors, the sentence about a cell, and what the
    panels that the server drew belong to."""

    numbers: str
    drawn: Drawn
    size_colours: tuple[str, ...]
    anchor_colour: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Board:
    """Panels side by side over one picture.

    Attributes:
        name: of the files it exports. channel: boards of one channel point at the same cells.
        picture: the digest of the one on the strip. size: (width, height) in px. grid: (H, W).
        small: many small panels in a row. scale: "own" or "shared" colours until somebody chooses.
        selected: the cell (x, y) that is outlined. live: None for a board whose panels are all as the server drew them.
    """

    name: str
    channel: str
    picture: str
    size: tuple[int, int]
    grid: tuple[int, int]
    small: bool
    scale: str
    selected: tuple[int, int] | None
    palettes: Mapping[str, str]
    panels: tuple[LivePanel | Mapping[str, Any], ...]
    recipe: Mapping[str, Any]
    words: Mapping[str, Any]
    live: Live | None = None


@dataclass(frozen=True)
class Head:
    """One column of the verdict; `answers` says whose confidences the browser takes: "ensemble" or "auxiliary"."""

    name: str
    colour: str
    answers: str


@dataclass(frozen=True)
class LiveVerdict:
    """The classes by falling confidence: the first `most` of them, and those that are asked about."""

    live: str
    heads: tuple[Head, ...]
    truth: str | None
    most: int
    words: Mapping[str, str]


def plain(value: Any) -> Any:
    """A record as what JSON holds, under the names of its fields; bytes in a column stay a column."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
