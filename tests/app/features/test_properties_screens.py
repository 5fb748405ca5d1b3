"""What holds of what a page hands to the browser about one picture, whatever the model made of it: JSON without NaN,
numbers that agree with the explanation, and nothing outside of the picture."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.base import formats
from app.base.wording import wording
from app.features.compare.compare import views as shared_views
from app.features.maps import localisation, maps
from app.features.region import region
from app.features.training import curve_charts
from app.features.training.step_inspector import equations, told
from app.features.views import anchors, receptive_field, views
from app.services.explanations import ModelInfo
from app.services.gallery import from_picture, is_known
from app.services.ground_truth import GroundTruth, from_boxes
from app.ui import answer, bar_table, colours, panels, verdict
from mvfa_core.analysis import receptive_field as library
from mvfa_core.analysis.atlas import class_atlas
from mvfa_core.analysis.cells import cell_story
from mvfa_core.analysis.rectangle_answers import ask
from mvfa_core.data.annotations import BoxAnnotation
from mvfa_core.explain import explain_encoding
from mvfa_core.explanation import Explanation
from mvfa_core.metrics.picture import measure_picture
from mvfa_core.metrics.truth import Truth
from mvfa_core.training.downsample import Point
from tests.corpus.drawn import (
    CLASSES,
    HEADS,
    ODD,
    POOLINGS,
    SEEDS,
    SIZE_PX,
    SMALL,
    WORDS,
    Grid,
    encoding,
    few,
    refused,
    small_model,
)


def named(found: Explanation, names: list[str]) -> Explanation:
    """With classes that a stranger has named."""
    return replace(found, classes=tuple(f"{name}{i}" for i, name in enumerate((names * CLASSES)[:CLASSES])))


def expect_json(value: Any) -> None:
    json.dumps(value, allow_nan=False)


def expect_panels(boards: list[dict]) -> None:
    """Every panel has an id, an alternative text, and boxes that lie in the picture."""
    assert len({one["id"] for one in boards}) == len(boards)
    for one in boards:
        assert one["alt"] and one["title"]
        for box in one.get("boxes") or ():
            x0, y0, x1, y1 = box["px"]
            assert 0 <= x0 < x1 <= SIZE_PX[0] + 0.01 and 0 <= y0 < y1 <= SIZE_PX[1] + 0.01


@few
@given(SMALL, SEEDS, POOLINGS, HEADS, st.lists(WORDS, min_size=1, max_size=4), st.tuples(*[st.integers(-1, 5)] * 2))
def test_panels(grid: Grid, seed: int, pooling: str, head: str, names: list[str], cell: tuple[int, int]) -> None:
    found = named(explain_encoding(small_model(pooling, head), encoding(seed, grid)), names)
    shown = panels.maps(found)
    assert [one["id"] for one in shown] and all(one.get("message") or len(one["values"]) for one in shown)
    expect_panels(shown)
    order = [row["name"] for row in verdict.verdict(found, found.classes[0])["rows"]]
    assert set(order) <= set(found.classes) and order[0] == found.classes[found.predicted]
    expect_json(verdict.rows(found, [{"name": "a", "colour": "#000"}], [found.ensemble_C], None))
    sentence = panels.cell_sentence(found, cell)
    assert (sentence is None) == (not (0 <= cell[0] < grid[1] and 0 <= cell[1] < grid[0]))
    broken = panels.one_map("a", "b", "c", np.full(grid, np.nan), "d")
    assert broken["message"] and broken["values"] is None
    picture = from_picture("x", Image.new("RGB", SIZE_PX), truth=None, scale=None)
    assert panels.recipe("m", picture, found)["text"]
    assert region.best_caption(found)
    if pooling == "mfa":
        expect_panels(panels.regions(found, distinct=bool(seed % 2)))
        dots = panels.anchors(found)
        assert len(dots["cells"]) == found.k
        assert [one["colour"] for one in panels.size_key([1, 3], (1, 3))] == [
            colours.size(1, (1, 3)),
            colours.size(3, (1, 3)),
        ]


@few
@given(SMALL, SEEDS, HEADS, ODD, st.lists(WORDS, min_size=1, max_size=4))
def test_votes_on_a_page(grid: Grid, seed: int, head: str, sizes: list[int], names: list[str]) -> None:
    """Colours and letters of the classes that win, and maps whose numbers add up."""
    k, sizes = 1 + seed % (grid[0] * grid[1]), sorted(set(sizes))
    model, one = small_model("mfa", head), encoding(seed, grid)
    found = named(explain_encoding(model, one, k=k, sizes=sizes), names)
    rival = views.against(found, None)
    assert rival != found.target and views.against(found, rival) == rival
    short = formats.initials(list(found.classes))
    assert set(short) == set(found.classes) and all(1 <= len(letters) <= 3 for letters in short.values())
    winners = views.winning(found)
    assert found.predicted in winners or found.logits_MC is not None
    assert len(set(winners)) == len(winners) and set(winners) <= set(range(CLASSES))
    expect_panels(views.board(found, distinct=False))
    other = named(explain_encoding(model, one, target=rival, k=k, sizes=sizes), names)
    drawn = views.maps(found, other)
    expect_json(drawn)
    assert bool(views.map_sentence(found, rival)) == (head != "mlp")


@few
@given(SMALL, SEEDS, ODD, st.integers(0, 19))
def test_cells_on_a_page(grid: Grid, seed: int, sizes: list[int], place: int) -> None:
    """A cell's board, and what its regions saw: never less than the region, never beyond the picture."""
    sizes = sorted(set(sizes))
    model, one = small_model(), encoding(seed, grid)
    found = explain_encoding(model, one, sizes=sizes)
    story = cell_story(model, one, (place % grid[1], place % grid[0]), sizes=sizes)
    boards = anchors.board(found, story)
    expect_panels(boards)
    expect_json(boards)
    assert anchors.sentence(found, story)
    all_seen = receptive_field.seen(story, replace_sight(grid), found)
    for size, told_ in all_seen.items():
        x0, y0, x1, y1 = told_.px
        assert (
            size in sizes
            and 0 <= x0 < x1 <= SIZE_PX[0] + 1e-6
            and 0 <= y0 < y1 <= SIZE_PX[1] + 1e-6
            and 0 < told_.share <= 1.0001
        )
    expect_json(receptive_field.with_outlines(boards, all_seen))


def replace_sight(grid: Grid) -> Any:
    """What the cells of such a grid would see through the small model."""
    whole = library.receptive_field(small_model())
    return replace(whole, columns_W2=whole.columns_W2[: grid[1]], rows_H2=whole.rows_H2[: grid[0]])


@few
@given(SMALL, SEEDS, POOLINGS, HEADS, st.integers(1, 20))
def test_atlas_on_a_page(grid: Grid, seed: int, pooling: str, head: str, k: int) -> None:
    model, one = small_model(pooling, head), encoding(seed, grid)
    atlas, found = class_atlas(model, one, (0.1, 1.0, 10.0)), explain_encoding(model, one)
    assert maps.likeliest(atlas) == int(atlas.f_C.argmax())
    for boards in (
        maps.dial(atlas, gap=pooling == "gap"),
        maps.atlas_panels(atlas),
        maps.other_panels(found, {"Grad-CAM++": found.adacam_HW}),
    ):
        expect_json(boards)
        assert all(one["alt"] for one in boards)
    assert maps.claim(atlas, found, min(k, grid[0] * grid[1])) and maps.atlas_note(atlas, gap=pooling == "gap")


@few
@given(
    SMALL,
    SEEDS,
    POOLINGS,
    st.lists(st.integers(-5, 120), min_size=4, max_size=4),
    st.sampled_from([None, (96, 40), (192, 80)]),
)
def test_objects_on_a_page(grid: Grid, seed: int, pooling: str, box: list[int], size: tuple[int, int] | None) -> None:
    """Boxes of a visitor's file: an object inside the picture, or a sentence; and the maps measured against it."""
    picture = from_picture("x", Image.new("RGB", SIZE_PX), truth=None, scale=None)
    wide, high = size or SIZE_PX
    x0, y0, x1, y1 = box
    fits = x0 < min(x1, wide) and y0 < min(y1, high)
    with refused(fits):
        known = from_boxes(picture, [BoxAnnotation("other.png", np.array([box], float), size)], "boxes.csv")
        assert isinstance(known, GroundTruth) and (known.truth.boxes_N4[:, 2:] <= known.truth.size_px).all()
        found = explain_encoding(small_model(pooling), encoding(seed, grid))
        board = localisation.board(found, known, measure_picture(found, known.truth, best_box_4=np.array([0, 0, 0, 0])))
        expect_json(board)
    assert Truth(np.array([[0, 0, 1, 1]]), (2, 2)).in_cells((2, 2)).tolist() == [[0, 0, 1, 1]]


@few
@given(
    st.integers(0, 30),
    WORDS,
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.integers(0, 99), st.floats(0, 1e9) | st.sampled_from([math.nan, math.inf])), max_size=5),
)
def test_colours_and_charts(place: int, name: str, amount: float, points: list[tuple[int, float]]) -> None:
    for colour in (
        colours.of_family("mfa", place),
        colours.of_family("gap", place),
        colours.winner(place),
        colours.css((1, 2, 255)),
    ):
        assert re.fullmatch("#[0-9a-f]{6}", colour)
    assert set(colours.palettes()) and bar_table.row(name, amount, "1", "#000000")["name"] == name
    curve = [Point(i, step, 0.0, value) for i, (step, value) in enumerate(points)]
    expect_json(curve_charts.line("key", "loss", name, "#000000", curve))
    assert all(one["values"] for one in curve_charts.of_one_run({"loss": curve, "accuracy": []}, "mfa"))
    assert curve_charts.reference("accuracy", name, "#000000", 0.5)["value"] == 0.5 and len(curve_charts.titles()) == 2
    events = [{"event": "step", "step": step, "loss": value} for step, value in points]
    assert len(curve_charts.table(events).splitlines()) == (1 + len(events))


@few
@given(
    st.lists(WORDS, min_size=1, max_size=40), st.none() | WORDS, st.sampled_from(["photo-chelsea", "own", "scene-15"])
)
def test_what_a_model_can_say(classes: list[str], truth: str | None, where: str) -> None:
    """Nothing where it knows the class; else how many classes there are, and the first of them as plain text."""
    picture = from_picture(where, Image.new("RGB", (8, 8)), truth)
    note = answer.scope("compact_mfa", picture, classes)
    assert (note == "") == is_known(picture, classes)
    assert is_known(picture, [*classes, "TABBY"]) == (where == "photo-chelsea" or truth in classes)
    if note:
        assert wording.plain(classes[0]) in note and (f" {len(classes)} classes" in note) == (len(classes) > 1)
        assert ("photo" in note) == (where == "photo-chelsea") or "photo" in "".join(classes)


LOSSES = st.none() | st.fixed_dictionaries(
    {name: st.none() | st.floats(0, 1e6) for name in ("total", "global", "local")}
)
ANSWER = st.none() | st.tuples(WORDS, st.floats(0, 1))


@few
@given(
    LOSSES,
    LOSSES,
    st.sampled_from(["mfa", "gap"]),
    st.sampled_from(["sum", "mean"]),
    st.sampled_from(["on", "off"]),
    st.lists(st.tuples(WORDS, ANSWER, ANSWER), max_size=3),
    st.lists(st.tuples(WORDS, st.none() | st.floats(0, 1)), max_size=3),
)
def test_lessons(
    before: Any, after: Any, pooling: str, local: str, global_loss: str, pictures: list[Any], moved: list[Any]
) -> None:
    """What the last step did, told for every state of it that a training may write."""
    lesson = {
        "step": 3,
        "steps": 9,
        "batch": 4,
        "views": 8,
        "pooling": pooling,
        "local": local,
        "global_loss": global_loss,
        "losses": {"before": before, "after": after},
        "right": {"before": 1, "after": None},
        "lr": 0.1,
        "gradient": None,
        "pictures": [{"src": "", "label": name, "before": first, "after": then} for name, first, then in pictures],
        "moved": [{"name": name, "share": share} for name, share in moved] or None,
    }
    said = equations(lesson, before or {}, after or {})
    assert said and all(isinstance(text, str) and "{" not in re.sub(r"[_^]?\{|\\\{", "", text) for text in said)
    expect_json(told(lesson))


@few
@given(SMALL, SEEDS, POOLINGS)
def test_asked_rectangles_on_a_page(grid: Grid, seed: int, pooling: str) -> None:
    asked = ask(small_model(pooling), encoding(seed, grid), (0, 0, grid[1] - 1, grid[0] - 1))
    assert asked.cells == grid[0] * grid[1] and math.isclose(asked.confidence_C.sum(), 1, rel_tol=1e-4)
    facts = ModelInfo(**{name: None for name in ModelInfo.__dataclass_fields__} | {"pooling": "gap"})
    assert shared_views((facts, facts)) == (None, None)
