"""A request -> a figure with its recipe -> files."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mvfa_core.checks import expect
from mvfa_core.figures import compare, contributions, fig5, fig6, fig7, filmstrip, scale
from mvfa_core.figures.caption import caption, snippet
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.drawing import figure_of, save
from mvfa_core.figures.recipe import FigureProvenance, metadata, note
from mvfa_core.figures.request import FORMATS, FigureSpec
from mvfa_core.figures.room import fitting_dpi, placed
from mvfa_core.figures.sheet import Sheet
from mvfa_core.files import replace_text, whole_file

SHEETS: dict[str, Callable[[FigureSpec, FigureSources], Sheet]] = {
    "fig5": fig5.sheet,
    "fig6": fig6.sheet,
    "fig7": fig7.sheet,
    "contributions": contributions.sheet,
    "scale": scale.sheet,
    "compare": compare.sheet,
    "filmstrip": filmstrip.sheet,
}


@dataclass(frozen=True, eq=False)
class Made:
    """A figure, ready to be written in any format."""

    sheet: Sheet
    recipe: FigureProvenance

    @property
    def request(self) -> FigureSpec:
        """What was asked for."""
        return self.recipe.request

    def as_bytes(self, kind: str, dpi: int | None = None) -> bytes:
        """The file that `kind`, png, svg or pdf, would be; `dpi` in place of the request's, for a preview.

        Raises:
            ValueError: a font or signs that are not there, or panels that would be too narrow.
        """
        options = self.request.options if dpi is None else replace(self.request.options, dpi=dpi)
        buffer = io.BytesIO()
        written = metadata(kind, self.recipe.to_text(), f"MVFA {self.request.kind}")
        save(figure_of(self.sheet, options, kind), buffer, kind, options.dpi, written)
        return buffer.getvalue()

    def fitting_dpi(self, kind: str) -> int:
        """The most dots per inch, up to the request's, with which memory allows a file of that kind; 0 for none.

        Raises:
            ValueError: as `as_bytes`.
        """
        options = self.request.options
        return fitting_dpi(placed(self.sheet, options, kind)[0], options, kind)

    def height(self) -> float:
        """In inches. Raises as `as_bytes`."""
        return placed(self.sheet, self.request.options, "svg")[0].height

    def caption(self) -> str:
        """A draft that states the facts."""
        return caption(self.sheet, self.request.options)

    def latex(self, file: str = "") -> str:
        """The figure environment of a paper."""
        return snippet(self.sheet, self.request, file or f"{self.request.kind}.pdf")


def make(request: FigureSpec, desk: FigureSources) -> Made:
    """Look at the pictures, and note what the figure is made from.

    Raises:
        ValueError: something asked for is not there or does not fit; the sentence says what.
    """
    sheet = SHEETS[request.kind](request, desk)
    return Made(sheet, note(request, desk, sheet))


def kind_of(path: Path) -> str:
    """The format by a file's ending; `ValueError` for another."""
    kind = path.suffix.lower().removeprefix(".")
    expect(kind in FORMATS, "out", "a name that ends in .png, .svg or .pdf", repr(path.name))
    return kind


def write(made: Made, path: Path | str) -> tuple[Path, Path]:
    """The figure, in the format of its ending, and its recipe as JSON beside it; the paths of both."""
    path = Path(path)
    content = made.as_bytes(kind_of(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, durable=False) as file:
        file.write(content)
    beside = path.with_suffix(".json")
    replace_text(beside, made.recipe.to_text() + "\n", durable=False)
    return path, beside
