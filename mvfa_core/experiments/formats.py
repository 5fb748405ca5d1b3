"""A table as text: Markdown for reading, CSV for programs (one line a figure), LaTeX for papers."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

from mvfa_core import csv_files
from mvfa_core.experiments.plan import Experiment
from mvfa_core.experiments.report import Figure, curves, paper_title, record, what_to_do
from mvfa_core.experiments.standing import DONE, TO_DO
from mvfa_core.i18n import N_
from mvfa_core.names import visible

Lines = list[list[str]]
LEGEND = N_(
    "Accuracy in per cent of the test side (of val where there is none) at the last step, after training on all of "
    "train: ours, ± the standard deviation over n seeds, and in brackets the paper's with the difference. An empty "
    "place was not run."
)
LEGEND_TWIN = N_("Where the paper has no number, the brackets hold what is gained over our own GAP twin.")


def markdown(experiment: Experiment, found: Sequence[Figure]) -> str:
    """Rows x datasets with notes below."""
    return markdown_table(experiment.title, *grid(found))


def markdown_table(title: str, header: Sequence[str], lines: Lines, notes: Sequence[str]) -> str:
    """Any table: its title, its lines with numbers to the right, and its notes."""
    rule = ["---", *("---:" for _ in header[1:])]
    above, *below = ([_in_a_cell(text) for text in line] for line in (header, *lines))
    body = "\n".join(f"| {' | '.join(line)} |" for line in (above, rule, *below))
    return f"**{_in_a_line(title)}**\n\n{body}\n\n" + "\n".join(f"- {_in_a_line(note)}" for note in notes) + "\n"


def latex(experiment: Experiment, found: Sequence[Figure]) -> str:
    """The same as a tabular, notes as comments above it."""
    return latex_table(experiment.title, *grid(found))


def latex_table(title: str, header: Sequence[str], lines: Lines, notes: Sequence[str]) -> str:
    """Any table as a tabular; title and notes are comments."""
    comments = "".join(f"% {_in_a_line(note)}\n" for note in (title, *notes))
    body = "".join("  " + " & ".join(map(_escaped, line)) + " \\\\\n" for line in lines)
    head = "  " + " & ".join(map(_escaped, header)) + " \\\\\n"
    columns = "l" + "r" * (len(header) - 1)
    rule = "  \\hline\n"
    return f"{comments}\\begin{{tabular}}{{{columns}}}\n{rule}{head}{rule}{body}{rule}\\end{{tabular}}\n"


def as_csv(experiment: Experiment, found: Sequence[Figure]) -> str:
    """One line a figure; for the learning curves of Figure 6 one line a validation."""
    records = curves(found) if experiment.name == "fig6" else [record(figure) for figure in found]
    columns = list(records[0]) if records else ["row", "data", "seed", "step", "accuracy"]
    return csv_files.records(columns, records)


FORMATS: dict[str, Callable[[Experiment, Sequence[Figure]], str]] = {
    "markdown": markdown, "csv": as_csv, "latex": latex,
}  # fmt: skip


def text_of(figure: Figure) -> str:
    """A figure in a few characters: "88.31 ± 0.20 (88.45, -0.14)"; what is the matter where there is none."""
    if figure.ours is None:
        state = "" if figure.state in (DONE, TO_DO) else figure.state
        return f"{state} ({figure.paper:.2f})".strip() if figure.paper is not None else state
    ours = f"{figure.ours:.2f}" + (f" ± {figure.spread:.2f}" if figure.spread is not None else "")
    if figure.paper is not None and figure.difference is not None:
        return f"{ours} ({figure.paper:.2f}, {_signed(figure.difference)})"
    return ours if figure.over_gap is None else f"{ours} (GAP {_signed(figure.over_gap)})"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def grid(found: Sequence[Figure]) -> tuple[list[str], Lines, list[str]]:
    """Header, lines and notes. A figure that departs from the paper bears the letter of its note."""
    rows, data = list(dict.fromkeys(f.row for f in found)), list(dict.fromkeys(f.data for f in found))
    marks: dict[str, str] = {}
    texts: dict[tuple[str, str], str] = {}
    for figure in found:
        texts[figure.row, figure.data] = text_of(figure) + _mark(figure, marks)
    lines = [[row, *(texts.get((row, name), "") for name in data)] for row in rows]
    legend = [LEGEND] + ([LEGEND_TWIN] if any("(GAP" in text for text in texts.values()) else [])
    notes = [f"[{letter}] not the paper's settings: {said}" for said, letter in marks.items()]
    commands = dict.fromkeys(command for figure in found if (command := what_to_do(figure)))
    return ["", *map(paper_title, data)], lines, [*legend, *notes, *(f"data missing: {line}" for line in commands)]


def _mark(figure: Figure, marks: dict[str, str]) -> str:
    if not figure.seeds:
        return ""
    seeds = f"n = {figure.seeds}"
    departures = figure.departures()
    if not departures:
        return f", {seeds}"
    said = "; ".join(departures)
    letters = string.ascii_lowercase
    place = len(marks)
    letter = letters[place % 26] * (1 + place // 26)
    return f", {seeds} [{marks.setdefault(said, letter)}]"


def _in_a_line(text: str) -> str:
    """A text as one line, for names may come from strangers."""
    return visible(" ".join(text.split()), None)


def _in_a_cell(text: str) -> str:
    """The same for Markdown, where an upright ends a cell."""
    return _in_a_line(text).replace("\\", "\\\\").replace("|", "\\|")


_LATEX = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "\N{MINUS SIGN}": "$-$",
}  # fmt: skip


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in _in_a_line(text))
