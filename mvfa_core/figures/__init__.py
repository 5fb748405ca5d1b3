"""Figures for papers, with recipes that make them again.

request.py      what is asked for: kind, models, pictures or runs, options
desk.py         where models, pictures and runs come from
choose.py       pictures by rule
sheet.py        what is shown, as numbers; one digest for all of it
common.py       what the kinds share
fig5.py fig6.py fig7.py contributions.py scale.py compare.py filmstrip.py    a kind each: request -> sheet
fonts.py        fonts by name
layout.py       places on the paper
drawing.py      sheet -> Matplotlib figure -> PNG, SVG, PDF
recipe.py       the recipe, in files and out of them
differences.py  what changed since, in words
caption.py      caption and LaTeX
making.py       request -> figure with recipe -> files
parts.py        all parts as a ZIP
"""

from mvfa_core.figures.choose import RULES, choose
from mvfa_core.figures.desk import FigureSources, FileSources, ModelSource, PictureSource
from mvfa_core.figures.differences import differences, same_data
from mvfa_core.figures.making import Made, kind_of, make, write
from mvfa_core.figures.parts import zipped
from mvfa_core.figures.recipe import FigureProvenance, ProvenanceError, read
from mvfa_core.figures.request import FORMATS, KINDS, OF_RUNS, WIDTHS, FigureSpec, Options

__all__ = [
    "FORMATS",
    "KINDS",
    "OF_RUNS",
    "RULES",
    "WIDTHS",
    "FigureProvenance",
    "FigureSources",
    "FigureSpec",
    "FileSources",
    "Made",
    "ModelSource",
    "Options",
    "PictureSource",
    "ProvenanceError",
    "choose",
    "differences",
    "kind_of",
    "make",
    "read",
    "same_data",
    "write",
    "zipped",
]  # fmt: skip
