"""PNG, SVG and PDF: real text, boxes where they belong, the recipe inside, and the same bytes again."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from mvfa_core.figures import FigureSpec, FileSources, Made, Options, ProvenanceError, make, read, zipped
from mvfa_core.figures.fonts import CHINESE, families
from tests.mvfa_core.figures.conftest import CLASSES, a_film

SVG = "{http://www.w3.org/2000/svg}"
TOP = 3


@pytest.fixture(scope="module")
def boxes(desk: FileSources, model: str, pictures: list[str]) -> Made:
    """Figure 7 of one picture in its own proportions, one row."""
    options = Options(top=(TOP,), width=2.0, dpi=72, shape="own")
    return make(FigureSpec("fig7", (model,), tuple(pictures[:1]), options=options), desk)


def corners(made: Made) -> list[np.ndarray]:
    """The boxes as shares of the picture's sides, from the explanation, best first."""
    where = made.request.pictures[0]
    found = FileSources().explanation(made.request.models[0], where, CLASSES.index("dog"), None, None)
    return [np.array(one.box_px) / (300, 200, 300, 200) for one in found.top(TOP)]


def path_box(path: str) -> np.ndarray:
    numbers = np.array([float(one) for one in re.findall(r"-?[\d.]+", path)]).reshape(-1, 2)
    return np.concatenate((numbers.min(0), numbers.max(0)))


def test_the_boxes_of_an_svg_lie_where_eq_5_puts_them(boxes: Made) -> None:
    root = ElementTree.fromstring(boxes.as_bytes("svg"))
    by_id = {element.get("id"): element for element in root.iter()}
    (frame,) = [box for box in map(path_box, panel_paths(root)) if box is not None][:1]
    left, top, right, bottom = frame
    assert (right - left) / (bottom - top) == pytest.approx(1.5, rel=1e-3)  # its own proportions
    for rank, wanted in enumerate(corners(boxes), start=1):
        group = by_id[f"{name_of(boxes)}.box{rank}"]
        for path in group.iter(f"{SVG}path"):
            x0, y0, x1, y1 = path_box(path.get("d"))
            shares = ((x0 - left) / (right - left), (y0 - top) / (bottom - top),
                      (x1 - left) / (right - left), (y1 - top) / (bottom - top))  # fmt: skip
            np.testing.assert_allclose(shares, wanted, atol=2e-3)


def panel_paths(root: ElementTree.Element) -> list[str]:
    """The white backgrounds of the axes, which are what the picture covers."""
    groups = [one for one in root.iter(f"{SVG}g") if (one.get("id") or "").startswith("axes_")]
    return [next(groups[0].iter(f"{SVG}path")).get("d")]


def name_of(made: Made) -> str:
    return made.sheet.panels[0][0].name


def test_the_boxes_of_a_pdf_lie_where_eq_5_puts_them(boxes: Made) -> None:
    content = boxes.as_bytes("pdf")
    drawn = b"\n".join(
        zlib.decompress(one) for one in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
        if one[:1] == b"x" and b" re W n" in zlib.decompress(one)
    )  # fmt: skip
    # the picture is clipped to its place; a box is a closed path of four corners that is stroked
    left, low, width, height = max(
        ([float(n) for n in one.split()] for one in re.findall(rb"([-\d. ]+) re W n", drawn)), key=lambda r: r[2]
    )
    paths = re.findall(rb"((?:[-\d.]+ [-\d.]+ [ml]\n){5}h\n\s*S)", drawn)
    found = []
    for path in paths:
        numbers = np.array([float(n) for n in re.findall(rb"-?[\d.]+", path)]).reshape(-1, 2)
        (x0, y0), (x1, y1) = numbers.min(0), numbers.max(0)
        found.append(((x0 - left) / width, 1 - (y1 - low) / height, (x1 - left) / width, 1 - (y0 - low) / height))
    for wanted in corners(boxes):
        assert min(np.abs(np.array(one) - wanted).max() for one in found) < 2e-3


def test_text_is_text(boxes: Made) -> None:
    svg = boxes.as_bytes("svg").decode()
    written = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    for text in ("top-3", "dog", "r = 3", "r = 5"):
        assert text in written
    pdf = boxes.as_bytes("pdf")
    assert b"/FontFile2" in pdf and b"/Subtype /Type3" not in pdf  # TrueType, type 42


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_recipe_is_read_back_out_of_the_file(kind: str, boxes: Made, tmp_path: Path) -> None:
    content = boxes.as_bytes(kind)
    found = read(content)
    assert found.to_text() == boxes.recipe.to_text() and found.request == boxes.request
    path = tmp_path / f"figure.{kind}"
    path.write_bytes(content)
    assert read(path).data == boxes.recipe.data
    if kind == "png":
        assert json.loads(Image.open(path).text["mvfa-recipe"])["what"] == "mvfa figure"


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_made_again_it_is_the_same_file(kind: str, boxes: Made) -> None:
    again = make(read(boxes.as_bytes(kind)).request, FileSources())
    assert again.recipe.data == boxes.recipe.data
    assert again.as_bytes(kind) == boxes.as_bytes(kind)


def test_a_png_has_the_dots_it_was_asked_for(boxes: Made) -> None:
    for dpi in (72, 150):
        picture = Image.open(io.BytesIO(boxes.as_bytes("png", dpi)))
        assert picture.width == 2 * dpi and picture.info["dpi"][0] == pytest.approx(dpi, abs=0.1)


def test_chinese_is_text_for_the_reader_to_show(desk: FileSources, model: str, pictures: list[str]) -> None:
    asked = FigureSpec("fig5", (model,), tuple(pictures[:1]), options=Options(language="zh", width=2.0))
    made = make(asked, desk)
    assert "图像" in made.as_bytes("svg").decode()
    if families("sans", ["图像"])[1]:
        with pytest.raises(ValueError, match="Noto Sans CJK"):
            made.as_bytes("pdf")
    else:
        assert made.as_bytes("pdf").startswith(b"%PDF")


def test_a_font_that_has_the_signs_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A font of one sign, made on the spot under the name of one that people install."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from matplotlib import font_manager

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "tu"])
    builder.setupCharacterMap({ord("图"): "tu"})
    pen = TTGlyphPen(None)
    for step, point in enumerate(((100, 0), (100, 700), (900, 700), (900, 0))):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    glyph = pen.glyph()
    builder.setupGlyf({".notdef": glyph, "tu": glyph})
    builder.setupHorizontalMetrics({".notdef": (1000, 100), "tu": (1000, 100)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": CHINESE[-1], "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "one.ttf")
    entries = list(font_manager.fontManager.ttflist)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
    font_manager.fontManager.addfont(str(tmp_path / "one.ttf"))
    if families("sans", ["图"])[0][-1] != CHINESE[-1]:
        pytest.skip("a better font for Chinese is installed")
    assert families("sans", ["a图"]) == ([families("sans", ["a"])[0][0], CHINESE[-1]], "")
    assert families("sans", ["a像"])[1] == "像"


def test_the_zip_has_every_part(boxes: Made, desk: FileSources, tmp_path: Path) -> None:
    film = make(FigureSpec("filmstrip", runs=(a_film(tmp_path / "f"),), options=Options(frames=2, dpi=72)), desk)
    for made in (boxes, film):
        content = zipped(made)
        assert content == zipped(made)
        kind = made.request.kind
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            whole = {f"{kind}.{ending}" for ending in ("png", "svg", "pdf", "json", "tex")}
            assert whole | {"caption.txt", "README.txt"} <= names
            assert read(archive.read(f"{kind}.json")).data == made.recipe.data
            for panel in made.sheet.all():
                assert Image.open(io.BytesIO(archive.read(f"panels/{panel.name}.png"))).width >= 72
                for what, values in panel.arrays():
                    stored = np.load(io.BytesIO(archive.read(f"arrays/{panel.name}.{what}.npy")), allow_pickle=False)
                    np.testing.assert_array_equal(stored, values)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"{", b"%PDF-1.4", b"%PDF /Keywords (abc", b"\x89PNG\r\n", b"<svg/>", b"\x00\xff" * 50,
     b"{" * 100_000, b'{"what": "mvfa figure"}',
     b'{"what": "mvfa figure", "format": 1, "kind": "fig5", "models": [], "pictures": [], "runs": [], "arrays": []}',
     b"<dc:description>" + b"&lt;" * 1000 + b"</dc:description>"],
)  # fmt: skip
def test_what_is_no_recipe_is_said_in_a_sentence(content: bytes) -> None:
    with pytest.raises(ProvenanceError, match="This file"):
        read(content)


@pytest.mark.parametrize(
    "change",
    [{"options": {"dpi": 10**9}}, {"options": {"os": 1}}, {"models": "all"}, {"kind": "rm"}, {"format": 99},
     {"versions": []}, {"pictures": [{"no": "where"}]}, {"options": []}],
)  # fmt: skip
def test_a_recipe_that_was_tampered_with_is_refused(change: dict, boxes: Made) -> None:
    told = json.loads(boxes.recipe.to_text()) | change
    with pytest.raises(ProvenanceError):
        read(json.dumps(told).encode())
