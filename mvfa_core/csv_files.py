"""Tables as CSV, the project's only way to write them. A spreadsheet takes a cell that begins with =, +, -, @, a tab or
the end of a line for a formula and carries it out, also where the name of a class or a run says it: such texts get an
apostrophe in front, which spreadsheets take for "this is a text". Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula may begin; full-width signs too, which spreadsheets in East Asia take for the others."""
MOST_COLUMNS = 256
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,5})?%?", re.ASCII)


def defused(value: Any) -> Any:
    """The value of a cell that no spreadsheet carries out; a number, or a text that is one, is left as it is."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # which the writer would leave without quotes
    return f"'{text}" if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) else text


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> str:
    """Rows under a header; None is an empty cell. A note stands first, in a line that begins with #."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if note:
        writer.writerow([f"# {' '.join(note.split())}"])
    for row in (head, *rows):
        writer.writerow([defused(value) for value in row])
    return buffer.getvalue()


def records(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A line for every mapping, with the columns in that order; at most `MOST_COLUMNS`, as a stranger's may be many."""
    head = list(columns)[:MOST_COLUMNS]
    return table(head, ([row.get(name) for name in head] for row in rows))
