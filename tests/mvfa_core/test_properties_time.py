"""What a visitor hands in is read in a time that grows with its size and no faster, whatever is in it.

Counted is the processor time of this thread alone, so that a busy machine changes little, and against an allowance of
many times what is needed: a reader that goes back over what it has seen passes it within some thousand bytes.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from safetensors.numpy import save

from app.base import query_params, session
from app.base.errors import message
from app.base.wording import wording
from mvfa_core.checkpoints import LONGEST_CARD, CheckpointError, read_card
from mvfa_core.data.annotations import read_boxes
from mvfa_core.data.sets import DataError
from mvfa_core.data.uploads import _slug
from mvfa_core.evaluation.addresses import is_address
from mvfa_core.figures.recipe import PNG_KEY, ProvenanceError, _literal, read
from mvfa_core.figures.request import Options
from mvfa_core.files import parse_json
from mvfa_core.names import visible, visible_names
from mvfa_core.training.event_log import EventLog
from mvfa_core.training.run_zip import _wanted
from tests.corpus.drawn import few

START_S, BYTE_S = 0.2, 8e-6
"""Allowed: the first whatever the size, and the second for every byte; readers take some 50 ns."""
SMALL, LARGE = 2**11, 2**17
UNITS = (
    " ", "\n", "\t ", "(", ")", "\\", "\\0", "\\(", "<", "<a>", "<dc:description>", "</dc:description>", "&lt;", "&",
    "[", "{", '{"', '"', '"a":', ",", ",,\n", "a,", "a,0,0,1,1\n", "0", "9", "e", ".", "-", "/", "a/", "/a", "A:/",
    "~/", "../", "www", "@", "://", "%20", "=", "\r", "\0", "\u0301", "\u202e", "é", "_1", "x0_1,", "#", "*", "[](",
)  # fmt: skip
"""What is repeated: all that means something to one of the readers."""
BEFORE = (
    "", "<svg><metadata><dc:description>", "%PDF-1.4 /Keywords (", "{", '{"what":', "file,x0,y0,x1,y1", " /a",
    "file,x0,y0,x1,y1\na,0,0,1,1\n", "<annotation>", '{"event":"step","step":1,"loss":', "n",
)  # fmt: skip
AFTER = ("", "x", "</dc:description>", ")", "\n", "}", '"', "/", "\na,0,0,1,1", "</annotation>")


def expect_linear(read_it: Callable[[str], object], before: str, unit: str, after: str, most: int = LARGE) -> None:
    """Reading so many units takes no longer than is allowed; larger and larger ones, so that a bad reader is caught by
    a small one."""
    size = SMALL
    while size <= most:
        text = before + unit * (size // len(unit)) + after
        begun = time.thread_time()
        with suppress(ProvenanceError, DataError, CheckpointError, ValueError):
            read_it(text)
        took = time.thread_time() - begun
        assert took < START_S + BYTE_S * len(text.encode()), f"{took:.2f} s for {len(text):,} of {unit!r}"
        size *= 8


def _png(text: str) -> bytes:
    buffer, note = io.BytesIO(), PngImagePlugin.PngInfo()
    note.add_text(PNG_KEY, text.encode("latin-1", "replace").decode("latin-1"))
    Image.new("L", (1, 1)).save(buffer, "png", pnginfo=note)
    return buffer.getvalue()


def _through(place: Path, name: str, reader: Callable[[Path], object]) -> Callable[[str], object]:
    def through(text: str) -> object:
        file = place / name
        file.write_text(text, encoding="utf-8", errors="replace", newline="")
        return reader(file)

    return through


def _card(place: Path) -> Callable[[str], object]:
    def through(text: str) -> object:
        (place / "m.safetensors").write_bytes(save({}, metadata={"card": text[:LONGEST_CARD]}))
        return read_card(place / "m.safetensors")

    return through


def readers(place: Path) -> dict[str, Callable[[str], object]]:
    """Everything that looks at texts or bytes of visitors, by a name."""
    return {
        "recipe": lambda text: read(text.encode(errors="replace")),
        "recipe of a PNG": lambda text: read(_png(text)),
        "recipe of a PDF": lambda text: _literal(text.encode(errors="replace"), 0),
        "JSON": parse_json,
        "card": _card(place),
        "boxes in a CSV": _through(place, "b.csv", read_boxes),
        "boxes in XML": _through(place, "b.xml", read_boxes),
        "journal": _through(place, "metrics.jsonl", lambda file: (EventLog(file).read(), EventLog(file).tail())),
        "name": lambda text: (visible(text, None), visible(text), wording.plain(text)),
        "names": lambda text: visible_names(text.split(",")),
        "error": lambda text: message(f"it {text}"),
        "address of a picture": is_address,
        "address": lambda text: (
            [session.is_browsers(key, text) for key in session.BROWSER] + [query_params.number(text)]
        ),
        "name of a zip": _slug,
        "member of a zip": lambda text: _wanted(Path(text.replace("\0", ""))),
    }


NAMES = tuple(readers(Path()))


@few
@given(st.sampled_from(NAMES), st.sampled_from(BEFORE), st.sampled_from(UNITS), st.sampled_from(AFTER))
@example("recipe", "<svg><dc:description>", " ", "x")
@example("recipe", "<svg>", "<dc:description>", "x")
@example("names", "", ",", "")
@example("boxes in a CSV", "file,x0,y0,x1,y1", ",", "")
@example("recipe of a PDF", "", "\\(", "")
@example("error", "/", "a/", " ")
@example("error", " ", "-/", "(")
def test_a_reader_takes_no_longer_than_its_input_is_large(
    tmp_path: Path, name: str, before: str, unit: str, after: str
) -> None:
    expect_linear(readers(tmp_path)[name], before, unit, after)


@pytest.mark.parametrize("unit", [" ", "<dc:description>", "&lt;", "<"])
def test_a_recipe_of_ten_megabytes_in_an_svg(unit: str) -> None:
    expect_linear(lambda text: read(text.encode()), "<svg><dc:description>", unit, "x", 10 * 2**20)


@pytest.mark.parametrize("unit", ["(", "\\050", "x"])
def test_a_recipe_of_ten_megabytes_in_a_pdf(unit: str) -> None:
    expect_linear(lambda text: read(text.encode()), "%PDF-1.4 /Keywords (", unit, "", 10 * 2**20)


def test_short_lines_below_a_wide_header(tmp_path: Path) -> None:
    """A line takes the time of its own cells, not of the header's."""

    def text(many: str) -> str:
        return "file,x0,y0,x1,y1" + many + "\n" + "a,0,0,1,1\n" * (len(many) // 8)

    reader = _through(tmp_path, "wide.csv", read_boxes)
    expect_linear(lambda many: reader(text(many)), "", ",", "")


def test_names_that_all_look_alike() -> None:
    """A card may name a hundred thousand classes that differ in what cannot be shown."""

    def least_s(count: int) -> float:
        names = [f"{'a' * 90}{i}" for i in range(count)]
        found = []
        for _ in range(3):  # the quickest is the one that a busy machine disturbed least
            begun = time.thread_time()
            visible_names(names)
            found.append(time.thread_time() - begun)
        return min(found)

    last_s = least_s(SMALL)
    for count in (4 * SMALL, 16 * SMALL, LARGE):
        took_s = least_s(count)
        # four times as many: 4 where the time grows with their number, 16 where it grows with its square
        assert took_s < 8 * last_s, f"{took_s:.2f} s for {count:,} names, {last_s:.2f} s for a quarter of them"
        last_s = took_s


@pytest.mark.parametrize("unit", ["9", "0.", "1e", "9."])
def test_a_number_of_a_megabyte(unit: str) -> None:
    expect_linear(parse_json, "[1", unit, "]")


def test_a_title_that_does_not_fit() -> None:
    """It is cut sign by sign, so a recipe may bring no long one."""
    for one in ({"titles": ("a" * 10**6,)}, {"target": "a" * 10**6}, {"font": "a" * 10**6}, {"titles": ("a",) * 1000}):
        with pytest.raises(ValueError, match=r"at most|up to"):
            Options(**one)  # type: ignore[arg-type]
