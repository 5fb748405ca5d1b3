"""What holds of what is drawn: places on paper, files with their recipes, and hand-outs."""

from __future__ import annotations

import io
import math
import re
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mvfa_core import handout
from mvfa_core.data.gallery import ids, picture, scene, shows
from mvfa_core.explain import explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.figures import making
from mvfa_core.figures.caption import caption, latex_text, snippet
from mvfa_core.figures.common import grid_words, with_limits
from mvfa_core.figures.desk import FileSources, ModelSource, PictureSource, name_of, opened, sha256_of, weights_of
from mvfa_core.figures.drawing import figure_of, save
from mvfa_core.figures.fig6 import lines
from mvfa_core.figures.fig7 import colour, top_boxes
from mvfa_core.figures.filmstrip import chosen
from mvfa_core.figures.layout import plan
from mvfa_core.figures.making import make
from mvfa_core.figures.parts import panel_png, zipped
from mvfa_core.figures.recipe import FigureProvenance, metadata, note, read
from mvfa_core.figures.request import FigureSpec, Options
from mvfa_core.figures.room import texts
from mvfa_core.figures.sheet import Box, Chart, Sheet, Tile, alone_in, data_digest, described
from tests.corpus.drawn import SEEDS, WORDS, encoding, expect_sentence, few, map_of, rarely, refused, small_model

SANS = ["DejaVu Sans"]
TOLD = FigureSpec("fig5", ("m",), ("p",))
PLAIN = FigureProvenance(TOLD, ({"where": "m"},), ({"where": "p"},), (), (), "d", {"python": "3"})


@few
@given(st.integers(1, 60), st.integers(1, 12))
def test_chosen_frames(count: int, most: int) -> None:
    found = chosen(count, most)
    assert found[-1] == (count - 1 if most > 1 or count == 1 else 0) and found == sorted(set(found))
    assert len(found) <= most and found[0] == 0


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["gap", "mfa"]),
            st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), min_size=1, max_size=3),
        ),
        max_size=4,
    )
)
def test_lines_of_runs(found: list[tuple[str, list[tuple[int, float]]]]) -> None:
    drawn = lines(found)
    assert len(drawn) == len(found) and [one.dash for one in drawn] == sorted(
        (one.dash for one in drawn), key=len, reverse=True
    )
    assert all(0 <= value <= 100 for one in drawn for value in one.y)


def explained(seed: int, grid: tuple[int, int]) -> Explanation:
    return explain_encoding(small_model(), encoding(seed, grid))


def tiles(seed: int, columns: int) -> Sheet:
    picture_ = Image.new("RGB", (20 + seed % 30, 30))
    row = tuple(
        Tile(f"t{i}", picture_, map_of(seed + i, (2, 3)), boxes=(Box((0, 0, 9, 9), "#ff0000", 1),), above="a_&")
        for i in range(columns)
    )
    rows = with_limits([list(row)], Options(), signed=bool(seed % 2))
    return Sheet("fig5", ("row",), rows, "logits", facts=(("fact marks", {}),))


@few
@given(
    SEEDS,
    st.integers(1, 5),
    st.floats(1, 10),
    st.none() | st.integers(1, 5),
    st.booleans(),
    st.sampled_from(["squash", "own"]),
)
def test_places_on_paper(seed: int, columns: int, width: float, most: int | None, labels: bool, shape: str) -> None:
    """Everything lies on the paper, nothing lies on another thing, all panels are equally wide."""
    sheet, options = tiles(seed, columns), Options(width=width, columns=most, labels=labels, shape=shape)
    try:
        found = plan(sheet, options, SANS)
    except ValueError as error:
        expect_sentence(str(error))
        return
    places = [one.rect for one in found.panels]
    assert len(places) == columns and found.width == options.inches
    for one in places:
        assert (
            one.x >= 0 and one.y >= 0 and one.x + one.w <= found.width + 1e-6 and one.y + one.h <= found.height + 1e-6
        )
        assert abs(one.w - found.cell) < 1e-9
    for i, a in enumerate(places):
        for b in places[:i]:
            assert (
                a.x >= b.x + b.w - 1e-9 or b.x >= a.x + a.w - 1e-9 or a.y >= b.y + b.h - 1e-9 or b.y >= a.y + a.h - 1e-9
            )
    told = described(sheet)
    assert data_digest(told) == data_digest(described(tiles(seed, columns))) and all(row["digest"] for row in told)
    assert caption(sheet, options) and latex_text(caption(sheet, options)) in snippet(sheet, TOLD, "f.pdf")
    assert ("row" in texts(sheet, options)) == labels


@rarely
@given(SEEDS, st.integers(1, 2), st.sampled_from(["png", "svg", "pdf"]))
def test_drawn_figures(tmp_path: Path, seed: int, columns: int, kind: str) -> None:
    """A file of that kind, the same bytes again, with its recipe inside; and every part of it in a zip."""
    sheet = tiles(seed, columns)
    first, second = io.BytesIO(), io.BytesIO()
    for target in (first, second):
        save(figure_of(sheet, Options(), kind), target, kind, 60, metadata(kind, PLAIN.to_text(), "t"))
    assert first.getvalue() == second.getvalue() and read(first.getvalue()).data == PLAIN.data
    which = ("fig5", "fig7", "contributions", "scale", "compare")[seed % 5]
    models = ("compact_mfa", "compact_gap") if which == "compare" else ("compact_mfa",)
    request = FigureSpec(which, models, ("scene-15",), options=Options(dpi=60, width=3, top=(1,)))
    made = make(request, FileSources())
    file, beside = making.write(made, tmp_path / f"f.{kind}")
    assert (
        read(file).request == request
        and read(beside).data == made.recipe.data == note(request, FileSources(), made.sheet).data
    )
    names = zipfile.ZipFile(io.BytesIO(zipped(made))).namelist()
    assert f"panels/{next(iter(made.sheet.all())).name}.png" in names
    assert panel_png(next(iter(made.sheet.all())), made).startswith(b"\x89PNG")


@few
@given(WORDS | st.sampled_from(["scene-15", "compact_mfa", "photo-", "scene-", "scene-x", "synthetic-val-3"]))
def test_what_files_are_opened(tmp_path: Path, where: str) -> None:
    """A name from a recipe: a model, a picture, or a sentence."""
    for find in (FileSources().picture, FileSources().model, FileSources().run, opened):
        try:
            found = find(where)
        except ValueError as error:
            assert len(str(error)) > 5
            continue
        assert isinstance(found, PictureSource | ModelSource) or hasattr(found, "path")
    if where in ids():
        assert picture(where)[0].size[0] > 0 and (scene(where) is None) == bool(shows(where)) == where.startswith(
            "photo"
        )
    (tmp_path / "f").write_text("x")
    assert len(sha256_of(tmp_path / "f")) == 64 and name_of(Path("runs/a/model.safetensors")) == "a"
    assert weights_of("compact_mfa").is_file()


@few
@given(SEEDS, st.integers(1, 8))
def test_regions_of_figures(seed: int, count: int) -> None:
    found = explained(seed, (3, 2))
    boxes = top_boxes(found, count)
    assert [box.rank for box in boxes] == list(range(1, len(boxes) + 1)) and len(boxes) == min(
        count, len(found.logits_MC)
    )
    assert all(re.fullmatch("#[0-9a-f]{6}", box.colour) for box in boxes) and colour(3, (1, 3)) != colour(1, (1, 3))
    assert "3" in grid_words(found) or "2" in grid_words(found)
    chart = Chart("c", lines([("gap", [(0, 0.5), (1, 0.75)])]), "x", "y")
    assert [values.shape for _, values in chart.arrays()] == [(2, 2)]


# --- hand-outs ---


TAG = re.compile(r"<(/?)(\w+)")


@few
@given(
    WORDS, WORDS, st.lists(st.lists(WORDS, min_size=2, max_size=2), max_size=2), st.sampled_from(["", "lead", "loud"])
)
def test_hand_outs(title: str, text: str, rows: list[list[str]], kind: str) -> None:
    """Texts stay texts: no tag, no address and no attribute comes from them."""
    with refused(kind != "loud"):
        parts = [
            handout.heading(text),
            handout.paragraph(text, kind),
            handout.link(text),
            handout.table(text, [text], rows),
            handout.facts([(a, b) for a, b in rows]),
        ]
        page = handout.page(title, [handout.row(parts)])
        plain = handout.page(
            "t",
            [
                handout.row(
                    [
                        handout.heading("t"),
                        handout.paragraph("t", kind),
                        handout.link("t"),
                        handout.table("t", ["t"], [["t"] * len(r) for r in rows]),
                        handout.facts([("t", "t") for _ in rows]),
                    ]
                )
            ],
        )
        assert TAG.findall(page) == TAG.findall(plain) and page.count('"') == plain.count('"')


@few
@given(SEEDS, st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(1, 40), st.integers(1, 40))
def test_pictures_of_hand_outs(seed: int, grid: tuple[int, int], width: int, height: int) -> None:
    """Pictures of the printed size, maps in their range, and no tag from a unit."""
    drawn = handout.canvas(Image.new("RGB", (width, height), "grey"))
    assert drawn.shape[1] == handout.WIDE_PX and drawn.dtype == np.uint8
    map_HW = map_of(seed, grid)
    low, high = within = handout.limits([map_HW, None])
    assert low <= map_HW.min() and map_HW.max() <= high and (low == -high or low >= 0 or high <= 0)
    small = drawn[:20, :30]
    assert handout.map_over(small, map_HW, within).shape == small.shape
    assert "<b>" not in handout.colour_bar(within, "<b>") and "<b>&lt;" in handout.figure(small, "<", "<")
    found = explained(seed, grid)
    assert handout.anchors_on(small, found).shape == handout.regions_on(small, found, 2).shape == small.shape


@few
@given(st.lists(st.floats(-1, 1) | st.sampled_from([math.nan, math.inf])))
def test_points_that_no_line_leads_to(values: list[float]) -> None:
    """Every number has a number beside it, or is one of these."""
    alone = alone_in(values)
    for place, value in enumerate(values):
        beside = [values[other] for other in (place - 1, place + 1) if 0 <= other < len(values)]
        assert (place in alone) == (math.isfinite(value) and not any(map(math.isfinite, beside)))
