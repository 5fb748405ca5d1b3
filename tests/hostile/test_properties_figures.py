"""What holds of figures for papers: requests, recipes, texts and places, from whatever a stranger's file says."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from app.figures_form import style, styled
from app.figures_result import here
from mvfa_core import handout
from mvfa_core.data.gallery import ids, picture, scene
from mvfa_core.explain import explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.figures import making
from mvfa_core.figures.caption import caption, latex_text, snippet
from mvfa_core.figures.common import file_name, grid_words, percent, title_of, with_limits
from mvfa_core.figures.desk import Files, ModelSource, PictureSource, name_of, opened, sha256_of, weights_of
from mvfa_core.figures.differences import differences, same_data
from mvfa_core.figures.drawing import figure_of, save, texts
from mvfa_core.figures.fig6 import lines
from mvfa_core.figures.fig7 import colour, top_boxes
from mvfa_core.figures.filmstrip import chosen
from mvfa_core.figures.fonts import families, installed, missing, resolve
from mvfa_core.figures.layout import fitted, number, plan, round_numbers, text_width
from mvfa_core.figures.making import kind_of, make
from mvfa_core.figures.parts import panel_png, zipped
from mvfa_core.figures.recipe import Recipe, RecipeError, metadata, note, read, versions
from mvfa_core.figures.request import KINDS, Options, Request
from mvfa_core.figures.sheet import Box, Chart, Sheet, Tile, data_digest, described
from mvfa_core.figures.words import class_name, languages, table
from tests.hostile.drawn import (
    JSON,
    SEEDS,
    TEXT,
    WORDS,
    encoding,
    expect_sentence,
    few,
    fewer,
    map_of,
    rarely,
    refused,
    small_model,
)  # fmt: skip

OPTIONS = st.dictionaries(st.sampled_from(list(Options.__dataclass_fields__)), JSON, max_size=3)
SANS = ["DejaVu Sans"]


# --- requests and recipes ---


@few
@given(OPTIONS)
@example({"width": 10**400})
@example({"width": True})
@example({"k": 10**400})
@example({"seed": -1})
@example({"sizes": [1, 10**400]})
def test_options(values: dict[str, Any]) -> None:
    """Options that can be drawn, and that come back from JSON; or a sentence."""
    try:
        found = Options.from_json(values)
    except ValueError as error:
        expect_sentence(str(error))
        return
    told = json.loads(json.dumps(Request("fig5", ("m",), ("p",), options=found).to_json(), allow_nan=False))
    assert Options.from_json(told["options"]) == found and 1 <= found.inches <= 40
    assert found.k is None or isinstance(found.k, int)
    assert isinstance(style(found), str)


@few
@given(WORDS | OPTIONS.map(json.dumps))
@example('{"titles":["a"],"top":[3],"width":3.5}')
def test_styles_of_an_address(text: str) -> None:
    """An address's style is a valid one that comes back as it was read, or is refused."""
    try:
        found = styled(text)
    except ValueError:
        return
    assert style(found) == "" or styled(style(found)) == found


TOLD = Request("fig5", ("m",), ("p",))
PLAIN = Recipe(
    TOLD, ({"where": "m", "name": "m", "digest": "a", "config": {"k": 1}},), ({"where": "p", "digest": "b", "size": [1, 2]},),
    (), ({"name": "x", "digest": "c", "least": 0, "most": 1},), "d", {"python": "3"},
)  # fmt: skip
PART = st.dictionaries(
    st.sampled_from(["where", "name", "digest", "config", "size", "least"]), JSON | WORDS, max_size=4
)


@few
@given(
    st.dictionaries(
        st.sampled_from([*json.loads(PLAIN.to_text()), "more"]), JSON | st.lists(PART, max_size=2), max_size=3
    )
)
@example({"options": {"width": 10**400}})
@example({"arrays": [{"name": []}]})
@example({"versions": {"\x1b": "\n"}})
@example({"kind": "\x1b[31m\u202e"})
@example({"format": "\n\x1b"})
def test_recipes_of_figures(values: dict[str, Any]) -> None:
    """A recipe that was changed by hand is followed or refused in a sentence; what is followed comes back, and can be
    held against what is made here."""
    told = {**json.loads(PLAIN.to_text()), **values}
    try:
        found = read(json.dumps(told).encode())
    except RecipeError as error:
        expect_sentence(str(error))
        return
    again = read(found.to_text().encode())
    assert again.request == found.request and again.data == found.data
    assert same_data(found, again)
    for sentence in differences(found, PLAIN):
        expect_sentence(sentence)
    try:
        request, _ = here(found)
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert request.kind == found.request.kind


@few
@given(st.binary(max_size=80), st.sampled_from([b"", b"\x89PNG\r\n", b"%PDF/Keywords (", b"{", b"<dc:description>"]))
def test_recipes_in_any_bytes(content: bytes, head: bytes) -> None:
    try:
        read(head + content)
    except RecipeError as error:
        expect_sentence(str(error))


@few
@given(st.sampled_from([*KINDS, "fig9"]), *[st.lists(WORDS, max_size=2)] * 3)
def test_requests_of_figures(kind: str, models: list[str], pictures: list[str], runs: list[str]) -> None:
    of_runs = kind in ("fig6", "filmstrip")
    fits = bool(runs) if of_runs else bool(models and pictures and (kind == "compare" or len(models) == 1))
    with refused(kind in KINDS and fits):
        request = Request(kind, tuple(models), tuple(pictures), tuple(runs))
        assert request.with_options(dpi=99).options.dpi == 99
        assert json.loads(json.dumps(request.to_json()))["kind"] == kind


RECIPES = st.builds(
    lambda model, picture, options, version: replace(
        PLAIN, models=({"where": "m", "name": "m", "digest": model, "config": {"k": 1}},),
        pictures=({"where": "p", "digest": picture, "size": [1, 2]},), request=TOLD.with_options(**options),
        versions={"python": version}),
    st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from([{}, {"dpi": 99}, {"k": 3}]), st.sampled_from("34"),
)  # fmt: skip


@few
@given(RECIPES, RECIPES)
def test_differences(before: Recipe, now: Recipe) -> None:
    """A sentence for everything that changed, none where nothing did."""
    told = differences(before, now)
    parts = [before.models != now.models, before.pictures != now.pictures, before.versions != now.versions]
    options = [getattr(one.request.options, name) for one in (before, now) for name in ("dpi", "k")]
    parts += [options[0] != options[2], options[1] != options[3]]
    assert len(told) == sum(parts)
    for sentence in told:
        expect_sentence(sentence)


# --- texts ---


@few
@given(WORDS)
def test_latex_prints_text_as_it_is(text: str) -> None:
    """No sign that means something to LaTeX stands without its escape."""
    shown = latex_text(text)
    left = re.sub(
        r"\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]|\$(\\times|-|\\Sigma|L_R|K)\$", "", shown
    )
    assert not re.search(r"[\\&%$#_{}~^]", left), shown


@few
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_of_axes(value: float) -> None:
    shown = number(value)
    back = float(shown.replace("−", "-"))
    assert math.isclose(back, value, rel_tol=6e-3, abs_tol=0.5 if abs(value) >= 100 else 0) and shown not in (
        "-0",
        "−0",
    )


@few
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_round_numbers(low: float, extent: float) -> None:
    """A handful, inside, rising."""
    found = round_numbers(low, low + extent)
    slack = 1e-5 * (extent or 1) + 1e-9 * abs(low)
    assert 1 <= len(found) <= 12 and found == sorted(found)
    assert all(low - slack <= value <= low + extent + slack for value in found)


@fewer
@given(st.text(max_size=30), st.floats(4, 20), st.floats(0.05, 3))
def test_fitted_texts(text: str, points: float, room: float) -> None:
    """At most three quarters smaller, and cut rather than too wide."""
    shown, size = fitted(text, points, room, SANS)
    assert 0.75 * points - 1e-9 <= size <= points and text_width(text, points, SANS) >= 0
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert text_width(shown, size, SANS) <= 1.02 * room or len(shown) <= 2


@few
@given(WORDS | st.sampled_from(["circle", "n01440764"]), st.sampled_from([*languages(), "xx"]))
def test_words_of_languages(name: str, language: str) -> None:
    """Every text of every language takes what the English one takes."""
    with refused(language in languages()):
        english, told = table("en"), table(language)
        assert told.keys() >= english.keys() and class_name(name, language) == class_name(
            class_name(name, language), language
        )
        for key, text in english.items():
            assert set(re.findall(r"\{(\w+)", told[key])) == set(re.findall(r"\{(\w+)", text)), key


@few
@given(
    st.sampled_from(["sans", "serif", "times", "DejaVu Sans", "No Such Font"]),
    st.lists(st.text(max_size=4), max_size=3),
)
def test_fonts(font: str, said: list[str]) -> None:
    with refused(font != "No Such Font"):
        found, lacking = families(font, said)
        assert found[0] == resolve(font) in installed() and set(lacking) <= set("".join(said))
        assert set(missing(found[0], said)) >= set(lacking)


@few
@given(TEXT, WORDS, st.integers(0, 3), st.lists(WORDS, max_size=2), st.floats(0, 1))
def test_small_texts_of_figures(text: str, name: str, place: int, titles: list[str], share: float) -> None:
    kept = file_name(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", kept) and not kept.startswith(".") and len(kept) < 200, kept
    assert title_of(Options(titles=tuple(titles)), place, name) == (
        titles[place] if place < len(titles) else name.replace("_", " ")
    )
    assert abs(float(percent(share).strip("% \u2009").replace("<", "").replace(">", "")) - 100 * share) <= 1


@few
@given(st.sampled_from(["png", "svg", "pdf"]), TEXT, TEXT)
def test_metadata(kind: str, recipe: str, title: str) -> None:
    told = metadata(kind, recipe, title)
    assert recipe in told.values() and not any("Date" in name and value for name, value in told.items())
    assert versions() == versions()
    with refused(False):
        kind_of(Path(f"x.{kind}x"))


# --- what is drawn ---


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
    drawn = lines(found, table("en"))
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
    request = Request(which, models, ("scene-15",), options=Options(dpi=60, width=3, top=(1,)))
    made = make(request, Files())
    file, beside = making.write(made, tmp_path / f"f.{kind}")
    assert (
        read(file).request == request
        and read(beside).data == made.recipe.data == note(request, Files(), made.sheet).data
    )
    names = zipfile.ZipFile(io.BytesIO(zipped(made))).namelist()
    assert f"panels/{next(iter(made.sheet.all())).name}.png" in names
    assert panel_png(next(iter(made.sheet.all())), made).startswith(b"\x89PNG")


@few
@given(WORDS | st.sampled_from(["scene-15", "compact_mfa", "photo-", "scene-", "scene-x", "synthetic-val-3"]))
def test_what_files_are_opened(tmp_path: Path, where: str) -> None:
    """A name from a recipe: a model, a picture, or a sentence."""
    for find in (Files().picture, Files().model, Files().run, opened):
        try:
            found = find(where)
        except ValueError as error:
            assert len(str(error)) > 5
            continue
        assert isinstance(found, PictureSource | ModelSource) or hasattr(found, "path")
    if where in ids():
        assert picture(where)[0].size[0] > 0 and (scene(where) is None) == where.startswith("photo")
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
    chart = Chart("c", lines([("gap", [(0, 0.5), (1, 0.75)])], table("en")), "x", "y")
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
        parts = [handout.heading(text), handout.paragraph(text, kind), handout.link(text), handout.table(text, [text], rows),
                 handout.facts([(a, b) for a, b in rows])]  # fmt: skip
        page = handout.page(title, [handout.row(parts)])
        plain = handout.page("t", [handout.row([
            handout.heading("t"), handout.paragraph("t", kind), handout.link("t"), handout.table("t", ["t"], [["t"] * len(r) for r in rows]),
            handout.facts([("t", "t") for _ in rows])])])  # fmt: skip
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
