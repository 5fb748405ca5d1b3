"""Where the objects are, from the files that people have: a CSV with one box a line, or VOC-style XML.

All boxes of a picture count as its object, whatever their class is called. Corners are (x0, y0, x1, y1) in px, half
open; VOC counts from 1 and names the last pixel, so its x0 and y0 are lowered by one.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from mvfa_core.data.sets import DataError
from mvfa_core.names import visible

if TYPE_CHECKING:
    from _csv import Reader as _Reader  # the class has no public name before Python 3.13

MAX_BYTES = 64 * 2**20
DEEPEST, MOST_ELEMENTS = 16, 1_000_000
_CORNERS = (("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"), ("x_min", "y_min", "x_max", "y_max"))
_FILE = ("file", "filename", "image", "picture", "path", "name", "image_id")


@dataclass(frozen=True, eq=False)
class BoxAnnotation:
    """The boxes of one picture.

    Attributes:
        file: its name as the annotation gives it. boxes_N4: px, half open.
        size_px: (width, height) of the picture that the corners are meant for; None if they are meant for the file.
    """

    file: str
    boxes_N4: np.ndarray
    size_px: tuple[float, float] | None = None


def read_boxes(path: Path | str) -> tuple[BoxAnnotation, ...]:
    """The boxes in a CSV file, a VOC XML file, or all XML files of a folder.

    A CSV needs a header with `file` and `x0,y0,x1,y1` (or `xmin,ymin,xmax,ymax`). Columns `width` and `height`, or a
    number after the corners' names (`x0_224`), say for which size of picture the corners are meant.

    Raises:
        DataError: not there, not readable, or a box that is none; the sentence names the place.
    """
    path = Path(path)
    if _is_folder(path):
        files = sorted(path.glob("*.xml"))
        if not files:
            raise DataError(f"{path.name}: no .xml file in this folder; name one with VOC annotations, or a .csv file")
        return tuple(_voc(file) for file in files)
    if not _is_file(path):
        raise DataError(f"{visible(path.name)}: no such file; name a .csv file, a VOC .xml file or a folder of them")
    if path.suffix.lower() == ".xml":
        return (_voc(path),)
    return _table(path)


def _is_file(path: Path) -> bool:
    with suppress(OSError):  # a name that no file can have
        return path.is_file()
    return False


def _is_folder(path: Path) -> bool:
    with suppress(OSError):
        return path.is_dir()
    return False


def match(marked: Sequence[BoxAnnotation], names: Sequence[str]) -> Mapping[int, BoxAnnotation]:
    """Index of a picture -> its boxes. A picture is meant by its path, the end of its path, or its name without ending.

    Raises:
        DataError: no picture is meant at all, or two are meant by the same words.
    """
    by_end: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        parts = Path(name).parts
        for start in range(len(parts)):
            by_end.setdefault("/".join(parts[start:]), []).append(i)
        if Path(name).stem != Path(name).name:
            by_end.setdefault(Path(name).stem, []).append(i)
    found: dict[int, BoxAnnotation] = {}
    for one in marked:
        places = by_end.get(one.file) or by_end.get(Path(one.file).name, [])
        if len(places) > 1:
            first = visible(names[places[0]])
            raise DataError(f"{visible(one.file)}: means {len(places)} pictures, first {first}; give longer paths")
        if places:
            found[places[0]] = one
    if not found:
        raise DataError(f"boxes: none of {len(marked)} marked pictures is among the {len(names)} held-out ones, "
                        f"first {visible(marked[0].file)}")  # fmt: skip
    return found


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise DataError(f"{path.name}: larger than {MAX_BYTES // 2**20} MiB, too large for a list of boxes")
    return data


def _table(path: Path) -> tuple[BoxAnnotation, ...]:
    rows = csv.reader(_text_of(path).splitlines(), strict=True)
    # by places, not as a dictionary a row: short rows under a header of a million columns would each take a million
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise DataError(f"{path.name}: not a text file with commas; save it as CSV in UTF-8") from error
    columns, size = _columns(path.name, header)
    places = {name: place for place, name in enumerate(header)}
    boxes: dict[str, list[list[float]]] = {}
    sizes: dict[str, tuple[float, float] | None] = {}
    for line, cells in _rows(path, rows):
        where = f"{path.name}, line {line}"

        def cell(name: str, cells: list[str] = cells) -> str | None:
            place = places.get(name, len(cells))
            return cells[place] if place < len(cells) else None

        file = (cell(columns[0]) or "").strip().replace("\\", "/").removeprefix("./")
        if not file:
            raise DataError(f"{where}: expected the name of a picture, got nothing")
        own = size or _own_size(where, cell("width"), cell("height"))
        boxes.setdefault(file, []).append(_box(where, [cell(name) for name in columns[1:]], own))
        if sizes.setdefault(file, own) != own:
            raise DataError(f"{where}: gives {visible(file)} another size than a line above it")
    if not boxes:
        raise DataError(f"{path.name}: expected a line for every box below the header, got none")
    return tuple(BoxAnnotation(file, np.array(found), sizes[file]) for file, found in boxes.items())


def _text_of(path: Path) -> str:
    try:
        return _text(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: not a text file with commas; save it as CSV in UTF-8") from error


def _rows(path: Path, rows: _Reader) -> Iterator[tuple[int, list[str]]]:
    """The number of every line that says anything, and its cells."""
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path.name}, line {rows.line_num + 1}: no line of a table ({error})") from error
        if cells:
            yield rows.line_num, cells


def _columns(name: str, header: Sequence[str]) -> tuple[tuple[str, ...], tuple[float, float] | None]:
    """The columns (file, x0, y0, x1, y1), and the size that a number after the corners' names gives."""
    by_lower = {column.lower(): column for column in header}
    file = next((by_lower[known] for known in _FILE if known in by_lower), None)
    for corners in _CORNERS:
        for suffix in {m.group(1) for c in by_lower if (m := re.fullmatch(rf"{corners[0]}(_\d{{1,6}}|)", c))}:
            wanted = [corner + suffix for corner in corners]
            if file is not None and all(column in by_lower for column in wanted):
                side = _number(f"{name}, column {wanted[0]}"[:80], suffix[1:]) if suffix else None
                return (file, *(by_lower[c] for c in wanted)), None if side is None else (side, side)
    raise DataError(f"{name}: expected a header with file,x0,y0,x1,y1, got {visible(','.join(header)) or 'nothing'}")


def _own_size(where: str, width: str | None, height: str | None) -> tuple[float, float] | None:
    return (_number(where, width), _number(where, height)) if width and height else None


def _box(where: str, corners: Sequence[str | None], size: tuple[float, float] | None, first: float = 0) -> list[float]:
    """A box from its texts, cut at the edges of the picture where its size is known."""
    x0, y0, x1, y1 = (_number(where, text) for text in corners)
    x0, y0 = max(x0 - first, 0.0), max(y0 - first, 0.0)
    if size is not None:
        x1, y1 = min(x1, size[0]), min(y1, size[1])
    if x0 >= x1 or y0 >= y1:
        given = ", ".join(visible(str(text).strip(), 40) for text in corners)
        raise DataError(f"{where}: expected a box with x0 < x1 and y0 < y1 inside the picture, got {given}")
    return [x0, y0, x1, y1]


def _number(where: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: expected a number, got {visible((text or 'nothing').strip(), 40)}")
    return value


def _voc(path: Path) -> BoxAnnotation:
    root = _parsed(path)
    if root.tag != "annotation":
        raise DataError(f"{path.name}: expected VOC annotations, <annotation>, got <{visible(root.tag, 40)}>")
    wide, high = root.findtext("size/width"), root.findtext("size/height")
    size = (_number(path.name, wide), _number(path.name, high)) if wide and high else None
    size = size if size and min(size) > 0 else None  # some tools write 0 x 0 where they did not look
    boxes = [_box(path.name, corners, size, first=1) for corners in _corners(root)]
    if not boxes:
        raise DataError(f"{path.name}: expected at least one <object> with a <bndbox>, got none")
    file = (root.findtext("filename") or path.stem).strip().replace("\\", "/")
    return BoxAnnotation(file, np.array(boxes), size)


def _corners(root: Element) -> Iterator[list[str | None]]:
    for box in root.iterfind("object/bndbox"):
        yield [box.findtext(corner) for corner in _CORNERS[1]]


def _parsed(path: Path) -> Element:
    """The root of an XML file that declares nothing: without a document type there are no entities to grow or fetch."""
    builder, parser = TreeBuilder(), expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise DataError(f"{path.name}: declares a document type, which boxes do not need; remove the DOCTYPE lines")

    parser.StartDoctypeDeclHandler = refuse
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEEPEST or count > MOST_ELEMENTS:
            raise DataError(f"{path.name}: more than {DEEPEST} levels or {MOST_ELEMENTS:,} elements; boxes need few")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(_text(path), True)
        return builder.close()
    except DataError:
        raise
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:  # the last for an empty document
        raise DataError(f"{path.name}: not XML ({error})") from error
