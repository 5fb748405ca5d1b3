"""What is asked of a figure: its kind, what it shows, and how it looks. All of it is plain values that JSON holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mvfa_core.checks import expect, expect_choice, expect_sizes, is_whole
from mvfa_core.draw import PALETTES
from mvfa_core.i18n.catalogues import languages

KINDS = ("fig5", "fig6", "fig7", "contributions", "scale", "compare", "filmstrip")
OF_RUNS = ("fig6", "filmstrip")
"""Kinds that are made from runs; the others are made from models and pictures."""
SPANS = ("figure", "picture", "own")
SHAPES = ("squash", "own")
TRUE, PREDICTED = "true", "predicted"
FORMATS = ("png", "svg", "pdf")

WIDTHS = {
    "single": 3.3, "double": 7.0, "slide": 10.0,
    "cvpr-single": 3.25, "cvpr-double": 6.875, "ieee-single": 3.5, "ieee-double": 7.16, "acm-single": 3.33,
    "acm-double": 7.0, "elsevier-single": 3.54, "elsevier-double": 7.48, "neurips": 5.5, "lncs": 4.8,
}  # fmt: skip
"""Widths of a column, or of a page's text, in inches."""
LEAST_IN, MOST_IN = 1.0, 40.0
LEAST_DPI, MOST_DPI = 36, 1200
MOST_PANELS = 400
LONGEST_TEXT = 400
"""Of a title, a class or a font; where a text does not fit it is cut sign by sign."""


@dataclass(frozen=True)
class Options:
    """How a figure is made and how it looks.

    Attributes:
        target: the class explained: "true" (the picture's own where it is known, else the predicted one), "predicted",
        or a class name. k, sizes: K and L_R; the model's own if None. top: how many regions fig7 draws, a row each.
        frames: columns of a filmstrip. columns: panels side by side before a new block begins; None for all
        that fit.
        width: a name in `WIDTHS`, or inches. font: a family, or "sans", "serif", "times". size: of the text, in points.
        palette: colours of maps with one sign. opacity: of a map over its picture. smooth: between cells. span: which
        maps share one range. bar: the colour bar. labels: names of rows and pictures. titles: in place of the classes,
        one a picture. language: of the labels. shape: "squash" as the network saw it, "own" for own proportions.
        dpi: of a PNG and of the pictures in SVG and PDF. seed: of a random choice of pictures.
    """

    target: str = TRUE
    k: int | None = None
    sizes: tuple[int, ...] | None = None
    top: tuple[int, ...] = (1, 10)
    frames: int = 6
    columns: int | None = None
    width: str | float = "single"
    font: str = "sans"
    size: float = 8.0
    palette: str = "inferno"
    opacity: float = 0.55
    smooth: bool = True
    span: str = "figure"
    bar: bool = True
    labels: bool = True
    titles: tuple[str, ...] = ()
    language: str = "en"
    shape: str = "squash"
    dpi: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("sizes", "top", "titles"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, tuple(value))
        expect_choice(self.palette, [name for name in PALETTES if name != "diverging"], "palette")
        expect_choice(self.span, SPANS, "span")
        expect_choice(self.shape, SHAPES, "shape")
        expect_choice(self.language, languages(), "language")
        for name, least, most in (("frames", 1, 60), ("dpi", LEAST_DPI, MOST_DPI), ("columns", 1, 60)):
            value = getattr(self, name)
            fits = (value is None and name == "columns") or is_whole(value, least, most)
            expect(fits, name, f"a whole number {least} to {most}", value)
        for name, low, high in (("size", 3, 40), ("opacity", 0, 1)):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
            expect(number, name, f"a number from {low} to {high}", value)
        for name, least in (("k", 1), ("seed", 0)):
            value = getattr(self, name)
            fits = (value is None and name == "k") or is_whole(value, least, 2**63 - 1)
            expect(fits, name, f"a whole number >= {least}", repr(value))
        if self.sizes is not None:
            expect_sizes(self.sizes)
        good = bool(self.top) and all(isinstance(n, int) and 1 <= n <= 400 for n in self.top)
        expect(good, "top", "whole numbers from 1 to 400", list(self.top))
        for name in ("smooth", "bar", "labels"):
            expect(isinstance(getattr(self, name), bool), name, "true or false", repr(getattr(self, name)))
        for name in ("target", "font"):
            expect(isinstance(getattr(self, name), str), name, "a text", getattr(self, name))
            expect(len(getattr(self, name)) <= LONGEST_TEXT, name, f"at most {LONGEST_TEXT} letters", "more")
        few = len(self.titles) <= MOST_PANELS and all(isinstance(title, str) for title in self.titles)
        expect(few, "titles", f"up to {MOST_PANELS} texts", f"{self.titles!r:.60}")
        expect(
            all(len(title) <= LONGEST_TEXT for title in self.titles),
            "titles",
            f"at most {LONGEST_TEXT} letters each",
            "more",
        )
        expect(len(self.top) <= MOST_PANELS, "top", f"at most {MOST_PANELS} ranks", len(self.top))
        expect(LEAST_IN <= self.inches <= MOST_IN, "width", f"{LEAST_IN:g} to {MOST_IN:g} inches", self.inches)

    @property
    def inches(self) -> float:
        """The width of the figure."""
        if isinstance(self.width, str) and self.width in WIDTHS:
            return WIDTHS[self.width]
        try:
            return float(self.width)
        except (ValueError, OverflowError):
            raise ValueError(f"width: expected inches or one of {', '.join(WIDTHS)}, got {self.width!r:.40}") from None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Options:
        """The options of a recipe; those it does not name take their defaults.

        Raises:
            ValueError: a name that is no option, or a value that cannot be.
        """
        known = {one.name for one in fields(cls)}
        expect(set(values) <= known, "options", "some of " + ", ".join(sorted(known)), sorted(set(values) - known))
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"options: {error}") from error


@dataclass(frozen=True)
class FigureSpec:
    """A figure as it was asked for.

    Attributes:
        models: each a bundled model's name, a run folder or a `.safetensors` file. pictures: each a file, or the
        address of a picture of the gallery or of a data set. runs: each a run folder, or its name below the runs
        folder. rule: how the pictures were chosen, in words; empty if by hand.
    """

    kind: str
    models: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    options: Options = Options()
    rule: str = ""

    def __post_init__(self) -> None:
        expect_choice(self.kind, KINDS, "kind")
        if self.kind in OF_RUNS:
            expect(len(self.runs) > 0, f"{self.kind}: runs", "at least one (--runs)", "none")
            return
        expect(len(self.models) > 0, f"{self.kind}: model", "one (--model)", "none")
        expect(len(self.pictures) > 0, f"{self.kind}: pictures", "at least one (--images, or --rule)", "none")
        several = self.kind == "compare"
        expect(several or len(self.models) == 1, f"{self.kind}: model", "one", f"{len(self.models)}")

    def to_json(self) -> dict[str, Any]:
        """The request as JSON types."""
        return asdict(self)
