"""Lists of pictures with their classes, as data sets come with: one picture a line or a table with a header.

Read are `path`, `path label`, `path,label`, with tabs, semicolons or bars too, quoted fields, and tables with a header
in any case. Without a label the class is the folder that the picture is in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mvfa_core.data.encodings import text_of
from mvfa_core.data.places import composed
from mvfa_core.data.sets import DataError
from mvfa_core.data.side_names import side_of
from mvfa_core.names import visible

LONGEST_LIST = 256 * 2**20
PATHS = (
    "filepath", "filepaths", "imagepath", "path", "filename", "file", "files", "imagename", "imagefile", "image",
    "images", "img", "imgname", "imgpath", "imageid", "photo", "picture", "id", "name",
)  # fmt: skip
LABELS = (
    "label", "labels", "classname", "labelname", "class", "classes", "category", "categories", "target", "species",
    "tag", "y", "classid", "labelid", "类别", "标签",
)  # fmt: skip
SPLITS = ("split", "set", "subset", "dataset", "partition", "phase", "usage", "fold")
DELIMITERS = ("\t", ",", ";", "|", None, " ")
SAMPLE = 200


class Row(NamedTuple):
    """One picture of a list: its path as it is written, its class, and its side where the list says it."""

    path: str
    label: str
    side: str | None = None


@dataclass(frozen=True)
class Table:
    """What a list says. `sure` is whether its header names a column of pictures and one of classes; `known` is the
    share of its first rows whose pictures are there."""

    rows: tuple[Row, ...]
    sure: bool
    known: float


def lines_of(file: Path) -> list[str]:
    """The lines of a text that are not empty, with "/" between the parts of paths.

    Raises:
        DataError: the file is too large, or cannot be opened.
    """
    try:
        if file.stat().st_size > LONGEST_LIST:
            raise DataError(f"{file.name}: larger than {LONGEST_LIST // 2**20} MiB, too large for a list of pictures")
        text = text_of(file.read_bytes())
    except OSError as error:
        raise DataError(f"{visible(file.name)}: cannot be opened ({error.strerror})") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_list(file: Path, is_there: Callable[[str], bool]) -> Table:
    """The rows of a list.

    Args:
        is_there: whether a path, or its last part, may be a picture of the folder; it tells columns apart.

    Raises:
        DataError: the file is too large, empty, or names a file that is not below the folder.
    """
    lines = lines_of(file)
    if not lines:
        raise DataError(f"{file.name}: the list is empty")
    best: tuple[int, list[list[str]], list[str]] = (-1, [], [])
    for delimiter in DELIMITERS:
        if delimiter and not any(delimiter in line for line in lines[:SAMPLE]):
            continue
        cells = _cells(lines[:SAMPLE], delimiter, is_there)
        head = _header(cells, is_there)
        count = sum(is_there(row[_path_column(cells, head, is_there)]) for row in cells[1 if head else 0 :])
        if count > best[0]:
            best = (count, _cells(lines, delimiter, is_there), head)
    count, cells, head = best
    if count <= 0 and not head:
        cells = _cells(lines, next((d for d in "\t,;|" if d in lines[0]), None), is_there)
    return _table(file, cells, head, max(count, 0) / max(1, min(len(cells), SAMPLE) - bool(head)), is_there)


def _cells(lines: Sequence[str], delimiter: str | None, is_there: Callable[[str], bool]) -> list[list[str]]:
    if delimiter is None:
        return [[line] for line in lines]
    if delimiter == " ":
        return [_at_blank(line, is_there) for line in lines]
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # an endless field
        return [[line] for line in lines]
    return [row for row in ([cell.strip() for cell in row] for row in rows) if any(row)]


def _at_blank(line: str, is_there: Callable[[str], bool]) -> list[str]:
    """(path, label): divided at the last blank before which there is a picture, else at the last one. Both may hold
    blanks themselves."""
    if is_there(line):
        return [line]
    for blank in reversed(list(re.finditer(r"\s+", line))):
        if is_there(path := line[: blank.start()].strip('"')):
            return [path, line[blank.end() :].strip('"')]
    path, _, label = line.rpartition(" ")
    return [path.strip(), label] if path else [line]


def _plain(title: str) -> str:
    return re.sub(r"[\s_\-.]+", "", title).casefold()


def _header(cells: list[list[str]], is_there: Callable[[str], bool]) -> list[str]:
    """The titles of the columns in small letters, or nothing where the first row is a picture's."""
    if len(cells) < 2 or any(is_there(cell) for cell in cells[0]):
        return []
    titles = [_plain(cell) for cell in cells[0]]
    named = any(title in (*PATHS, *LABELS) for title in titles)
    return titles if named or (is_there(cells[1][0]) and len(titles) > 1) else []


def _path_column(cells: list[list[str]], head: list[str], is_there: Callable[[str], bool]) -> int:
    """The column of pictures: of those that are called so, the one whose pictures are there."""
    named = sorted((place for place, title in enumerate(head) if title in PATHS), key=lambda at: PATHS.index(head[at]))
    counts = {at: sum(len(row) > at and is_there(row[at]) for row in cells[1:SAMPLE]) for at in named}
    return max(named, key=lambda at: counts[at], default=0)


def _label_column(cells: list[list[str]], head: list[str], path: int, split: int | None) -> int | None:
    """The column of classes: one that is called so, words before numbers; else the only other one of words."""
    body = cells[1:] if head else cells
    wide = max(len(row) for row in cells)

    def numbers(at: int) -> bool:
        return all(re.fullmatch(r"-?\d+(\.\d+)?", row[at]) for row in body[:SAMPLE] if len(row) > at)

    named = sorted((at for at, title in enumerate(head) if title in LABELS), key=lambda at: LABELS.index(head[at]))
    if named:
        return next((at for at in named if not numbers(at)), named[0])
    others = [at for at in range(wide) if at not in (path, split)]
    if not head or len(others) == 1:
        return others[0] if others else None
    words = [at for at in others if not numbers(at)]
    return words[0] if len(words) == 1 else None


def _table(file: Path, cells: list[list[str]], head: list[str], known: float, is_there: Callable[[str], bool]) -> Table:
    path = _path_column(cells, head, is_there)
    split = next((at for at, title in enumerate(head) if title in SPLITS), None)
    body = cells[1:] if head else cells
    if split is not None and not any(len(row) > split and side_of(row[split]) for row in body):
        split = None
    label = _label_column(cells, head, path, split)
    marks = _marks(body, head, path, split) if label is None and len(head) > 2 else None
    rows = []
    for row in body:
        if len(row) <= path or not row[path]:
            continue
        given = row[label] if label is not None and len(row) > label else ""
        name = composed(marks(row) if marks else given.strip())
        side = (side_of(row[split]) or row[split]) if split is not None and len(row) > split else None
        rows.append(Row(_below(file, row[path]), name, side))
    sure = bool(head) and head[path] in PATHS and (marks is not None or (label is not None and head[label] in LABELS))
    return Table(tuple(rows), sure, known)


def _marks(body: list[list[str]], head: list[str], path: int, split: int | None) -> Callable[[list[str]], str] | None:
    """The class of a row where every class has a column, with one 1 among zeros."""
    columns = [at for at in range(len(head)) if at not in (path, split)]
    values = [[row[at] for at in columns if len(row) > at] for row in body]
    ones = ({"0", "1"}, {"0.0", "1.0"})
    if not all(set(row) <= one and sum(float(v) for v in row) == 1 for row in values for one in ones if row[0] in one):
        return None
    if not all(row and row[0] in ("0", "1", "0.0", "1.0") for row in values):
        return None
    return lambda row: head[next(at for at in columns if float(row[at]) == 1)]


def _below(file: Path, path: str) -> str:
    """A listed path, as long as it stays below the folder."""
    path = path.strip().replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path):
        raise DataError(f"{file.name}: {visible(path)} leads out of the folder; lists name files below it")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def paths_of(file: Path) -> list[str]:
    """The paths of a list of nothing else."""
    return [_below(file, line) for line in lines_of(file)]


def labelled(file: Path, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """(path, class) of every row.

    Raises:
        DataError: a row without a class, in no folder.
    """
    found = []
    for row in rows:
        name = row.label or composed(row.path.rpartition("/")[0].rpartition("/")[2])
        if not name:
            raise DataError(
                f"{file.name}: {visible(row.path)} lies in no class folder; write the class after a tab or a comma"
            )
        found.append((row.path, name))
    return found
