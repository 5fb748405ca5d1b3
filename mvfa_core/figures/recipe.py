"""The recipe of a figure: JSON that says what made it, beside it and inside of it, and reading it back.

A PNG holds it as a tEXt chunk, an SVG in its metadata, a PDF in its information dictionary. Reading takes it out of the
file's text: nothing in the file is carried out.
"""

from __future__ import annotations

import json
import platform
import re
import struct
import zlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import torch

from mvfa_core.checks import expect
from mvfa_core.figures.desk import FigureSources
from mvfa_core.figures.fonts import families
from mvfa_core.figures.request import OF_RUNS, FigureSpec, Options
from mvfa_core.figures.room import texts
from mvfa_core.figures.sheet import Sheet, data_digest, described
from mvfa_core.files import parse_json

FORMAT = 1
PNG_KEY = "mvfa-recipe"
SIGN = "mvfa figure"
"""The value of `what`: tells a recipe from any other JSON."""
MOST_BYTES = 64 * 2**20
LONGEST_RECIPE = 8 * 2**20
MOST_CHUNKS = 100_000
"""Of the text alone: as Python's lists and texts it takes up to twenty times as much memory."""
MOST_SIGNS = 1_000_000
"""Of a PDF's text that are looked at one by one, half a second's work."""
_PDF_SIGN = re.compile(rb"\\(?:[0-7]{3}|[\x00-\xff])|[()]")
PACKAGES = ("mvfa", "torch", "numpy", "matplotlib", "pillow", "opencv-python-headless")


class ProvenanceError(ValueError):
    """No recipe, or one that cannot be followed; the sentence says why."""


@dataclass(frozen=True, eq=False)
class FigureProvenance:
    """A figure that was made: the request, and what it was made from.

    Attributes:
        models, pictures, runs: {"where", "name", "digest", ...} of each in the request's order. arrays: what was
        plotted, an entry an array. data: the digest of all of it. versions: of the packages and the font.
    """

    request: FigureSpec
    models: tuple[dict[str, Any], ...]
    pictures: tuple[dict[str, Any], ...]
    runs: tuple[dict[str, Any], ...]
    arrays: tuple[dict[str, Any], ...]
    data: str
    versions: dict[str, str]

    def to_text(self) -> str:
        """JSON in plain ASCII, the same for the same recipe."""
        request = self.request.to_json()
        whole = {
            "what": SIGN,
            "format": FORMAT,
            "kind": request["kind"],
            "again": "python -m mvfa_core figure --recipe THIS_FILE --out FILE.pdf",
            "models": self.models,
            "pictures": self.pictures,
            "runs": self.runs,
            "rule": request["rule"],
            "options": request["options"],
            "versions": self.versions,
            "data": self.data,
            "arrays": self.arrays,
        }
        return json.dumps(whole, indent=1, ensure_ascii=True)


def note(request: FigureSpec, desk: FigureSources, sheet: Sheet) -> FigureProvenance:
    """The recipe of a figure that was just made from a desk."""
    arrays = described(sheet)
    fonts, _ = families(request.options.font, texts(sheet, request.options))
    of_runs = request.kind in OF_RUNS
    return FigureProvenance(
        request=request,
        models=() if of_runs else tuple(_model(desk, where) for where in request.models),
        pictures=() if of_runs else tuple(_picture(desk, where) for where in request.pictures),
        runs=tuple(_run(desk, where, request.kind) for where in request.runs) if of_runs else (),
        arrays=tuple(arrays),
        data=data_digest(arrays),
        versions={**versions(), "font": ", ".join(fonts)},
    )


def versions() -> dict[str, str]:
    """What might change a figure without anybody having changed it."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | {"threads": str(torch.get_num_threads())}


def _model(desk: FigureSources, where: str) -> dict[str, Any]:
    one = desk.model(where)
    return {"where": where, "name": one.name, "digest": one.digest, "config": one.config}


def _picture(desk: FigureSources, where: str) -> dict[str, Any]:
    one = desk.picture(where)
    return {"where": where, "from": one.origin, "digest": one.digest, "size": list(one.picture.size)}


def _run(desk: FigureSources, where: str, kind: str) -> dict[str, Any]:
    if kind == "fig6":
        curve = desk.curve(where)
        return {"where": where, "name": curve.name, **curve.told}
    one = desk.run(where)
    return {"where": where, "name": one.id, "recipe": one.recipe().to_json()}


# --- inside the file ---


def metadata(kind: str, recipe: str, title: str) -> dict[str, Any]:
    """What `savefig` writes into a file of that kind; no dates, so that the same figure gives the same bytes."""
    if kind == "png":
        return {"Software": None, "Title": title, PNG_KEY: recipe}
    if kind == "svg":
        return {"Date": None, "Creator": "MVFA", "Title": title, "Description": recipe}
    return {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": "MVFA", "Title": title,
            "Keywords": recipe}  # fmt: skip


def read(source: Path | str | bytes) -> FigureProvenance:
    """The recipe of a JSON file, or of a figure as PNG, SVG or PDF.

    Raises:
        RecipeError: there is no recipe in it, or none that can be followed.
    """
    name, content = _content(source)
    try:
        if content.startswith(b"\x89PNG"):
            text = _from_png(content)
        elif content.startswith(b"%PDF"):
            text = _from_pdf(content)
        elif content.lstrip()[:1] == b"{":
            text = content.decode()
        else:
            text = _from_svg(content)
        return _parsed(parse_json(text, LONGEST_RECIPE))
    except ProvenanceError as error:
        raise ProvenanceError(f"{name}: {error}") from error
    except RecursionError as error:
        raise ProvenanceError(f"{name}: holds no recipe of a figure") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProvenanceError(f"{name}: holds no recipe of a figure that can be followed ({_short(error)})") from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _content(source: Path | str | bytes) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        name, content = "This file", source
    else:
        path = Path(source)
        name = path.name
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ProvenanceError(f"{name}: cannot be opened ({error.strerror})") from error
    if len(content) > MOST_BYTES:
        raise ProvenanceError(f"{name}: larger than {MOST_BYTES // 2**20} MiB, no figure of this project")
    return name, content


def _from_png(content: bytes) -> str:
    """The text under our key, wherever it stands in the file; no pixel is decoded."""
    found, place = None, len(_PNG)
    for _ in range(MOST_CHUNKS):
        if found is not None or place >= len(content):
            return _there(found)
        if len(content) < place + 12:
            break
        length, kind = struct.unpack_from(">I4s", content, place)
        body = content[place + 8 : place + 8 + length] if kind in _TEXTS else b""
        place += 12 + length
        if place > len(content):
            break
        if body.startswith(PNG_KEY.encode() + b"\0"):
            found = _text_of(kind, body[len(PNG_KEY) + 1 :])
    raise ProvenanceError("is damaged")


_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def _text_of(kind: bytes, body: bytes) -> str:
    """What stands behind the key of a text chunk: plain, packed, or in any language and perhaps packed."""
    if kind == b"tEXt":
        return body.decode("latin-1")
    if kind == b"iTXt":  # whether it is packed, and how, the language, and the key in that language
        packed, *_, body = body[:1] == b"\1", *body[2:].split(b"\0", 2)
    else:
        packed, body = True, body[1:]
    if packed:
        try:
            body = zlib.decompressobj().decompress(body, LONGEST_RECIPE + 1)
        except zlib.error as error:
            raise ProvenanceError("is damaged") from error
    return body.decode()


def _from_svg(content: bytes) -> str:
    # by its text, not by a parser: what a stranger's XML asks a parser to do is never done. And by two searches, not by
    # a pattern: one that steps back takes a time that grows with the cube of the blanks
    start = content.find(b"<dc:description>")
    end = content.find(b"</dc:description>", start) if start >= 0 else -1
    if end < 0:
        raise ProvenanceError("holds no recipe of a figure")
    return unescape(_there(content[start + len(b"<dc:description>") : end].strip().decode()))


def _from_pdf(content: bytes) -> str:
    start = content.find(b"/Keywords (")
    if start < 0:
        raise ProvenanceError("holds no recipe of a figure")
    return _literal(content, start + len(b"/Keywords ("))


def _literal(content: bytes, start: int) -> str:
    """A PDF string in parentheses, from behind the first one: pairs nest, a backslash takes the next sign literally."""
    signs = 0
    special = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
    found, depth, place = [], 1, start
    for sign in _PDF_SIGN.finditer(content, start):
        signs += 1
        if signs > MOST_SIGNS:
            raise ProvenanceError(
                f"its text has more than {MOST_SIGNS:,} brackets and backslashes; no figure of this project"
            )
        found.append(content[place : sign.start()])
        place, told = sign.end(), sign[0]
        if told.startswith(b"\\"):
            said = told[1:]
            found.append(bytes([int(said, 8) & 255]) if len(said) == 3 else special.get(said, said))
            continue
        depth += 1 if told == b"(" else -1
        if depth == 0:
            return b"".join(found).decode("latin-1")
        found.append(told)
    raise ProvenanceError("is cut off")


def _there(text: str | None) -> str:
    if not text:
        raise ProvenanceError("holds no recipe of a figure")
    return text


def _parsed(told: Any) -> FigureProvenance:
    if not isinstance(told, dict) or told.get("what") != SIGN:
        raise ProvenanceError("holds no recipe of a figure")
    expect(told.get("format") == FORMAT, "format", str(FORMAT), told.get("format"))
    lists = {name: _entries(told[name]) for name in ("models", "pictures", "runs", "arrays")}
    wheres = {name: tuple(str(one["where"]) for one in lists[name]) for name in ("models", "pictures", "runs")}
    options, rule = Options.from_json(told["options"]), str(told.get("rule", ""))
    request = FigureSpec(str(told["kind"]), options=options, rule=rule, **wheres)
    known = {str(name): str(value) for name, value in told["versions"].items()}
    return FigureProvenance(request, data=str(told["data"]), versions=known, **lists)


def _entries(value: Any) -> tuple[dict[str, Any], ...]:
    good = isinstance(value, list) and len(value) <= 4000 and all(isinstance(one, dict) for one in value)
    expect(good, "recipe", "lists of objects", type(value).__name__)
    return tuple(value)
