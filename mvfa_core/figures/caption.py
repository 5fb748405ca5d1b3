"""A caption that states the facts, and the lines that put the figure into a LaTeX paper."""

from __future__ import annotations

import re

from mvfa_core.figures.request import FigureSpec, Options
from mvfa_core.figures.sheet import Sheet
from mvfa_core.i18n import N_
from mvfa_core.i18n.catalogues import translations

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "−": "$-$", "Σ": r"$\Sigma$",
}  # fmt: skip
WIDE_IN = 4.0
"""From here on a figure spans both columns of a page."""


def caption(sheet: Sheet, options: Options) -> str:
    """Sentences: what is shown, what it was made from, and what the marks mean."""
    facts = list(sheet.facts)
    if sheet.maps():
        facts.append((N_("What a map highlights may not be decisive."), {}))
    _ = translations(options.language).gettext
    sentences = [_(message).format(**values) for message, values in facts]
    return ("" if options.language == "zh" else " ").join(sentences)


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it is, with the method's symbols as formulas."""
    whole = "".join(_LATEX.get(char, char) for char in text)
    whole = whole.replace(r"L\_R", "$L_R$")
    return re.sub(r"\bK\b(?= =| views| 个)", "$K$", whole)


def snippet(sheet: Sheet, request: FigureSpec, file: str) -> str:
    """A figure environment for the file; its label is the kind of the figure."""
    options = request.options
    wide = options.inches >= WIDE_IN
    environment, width = ("figure*", r"\textwidth") if wide else ("figure", r"\columnwidth")
    lines = [
        f"% {options.inches:g} in wide, text of {options.size:g} pt at that width",
        *(["% Chinese needs \\usepackage{ctex} and XeLaTeX or LuaLaTeX"] if options.language == "zh" else []),
        f"\\begin{{{environment}}}[t]",
        r"  \centering",
        f"  \\includegraphics[width={width}]{{{file}}}",
        f"  \\caption{{{latex_text(caption(sheet, options))}}}",
        f"  \\label{{fig:{request.kind}}}",
        f"\\end{{{environment}}}",
    ]
    return "\n".join(lines) + "\n"
