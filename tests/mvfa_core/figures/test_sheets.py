"""What is plotted is what was explained, kind by kind."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvfa_core.checkpoints import bundled
from mvfa_core.figures import KINDS, FigureSpec, FileSources, Options, make
from mvfa_core.figures.differences import differences
from mvfa_core.figures.recipe import read
from mvfa_core.figures.sheet import Chart, Tile
from mvfa_core.i18n.catalogues import languages
from mvfa_core.training.runs import RunError
from tests.mvfa_core.figures.conftest import CLASSES, a_film, a_run, saved


def test_figure_5_has_both_maps_on_one_range(desk: FileSources, model: str, pictures: list[str]) -> None:
    sheet = make(FigureSpec("fig5", (model,), tuple(pictures)), desk).sheet
    found = [desk.explanation(model, where, CLASSES.index("dog"), None, None) for where in pictures]
    assert [row[1].name for row in sheet.panels] == ["02-picture", "02-cam", "02-adacam"]
    for place, one in enumerate(found):
        np.testing.assert_array_equal(sheet.panels[1][place].map_HW, one.cam_HW)
        np.testing.assert_array_equal(sheet.panels[2][place].map_HW, one.adacam_HW)
        assert sheet.panels[0][place].above == "dog"  # the class of its folder
    maps = np.stack([values for one in found for values in (one.cam_HW, one.adacam_HW)])
    assert {tile.limits for tile in sheet.maps()} == {(float(maps.min()), float(maps.max()))}


@pytest.mark.parametrize(("span", "ranges"), [("figure", 1), ("picture", 2), ("own", 4)])
def test_ranges_are_shared_as_asked(span: str, ranges: int, desk: FileSources, model: str, pictures: list[str]) -> None:
    sheet = make(FigureSpec("fig5", (model,), tuple(pictures), options=Options(span=span)), desk).sheet
    assert len({tile.limits for tile in sheet.maps()}) == ranges
    for tile in sheet.maps():
        assert tile.limits[0] <= tile.map_HW.min() and tile.map_HW.max() <= tile.limits[1]


def test_figure_7_has_the_boxes_of_eq_5(desk: FileSources, model: str, pictures: list[str]) -> None:
    """The corners worked out by hand: r cells around the anchor, clamped, times the picture's px a cell."""
    sheet = make(FigureSpec("fig7", (model,), tuple(pictures[:1]), options=Options(top=(1, 4))), desk).sheet
    found = desk.explanation(model, pictures[0], CLASSES.index("dog"), None, None)
    confidence_M = found.confidence_MC[:, 1]
    step_x, step_y = 300 / 14, 200 / 14
    for row, count in enumerate((1, 4)):
        tile = sheet.panels[row][0]
        assert [box.rank for box in tile.boxes] == list(range(1, count + 1))
        for box, view in zip(tile.boxes, np.argsort(-confidence_M, kind="stable"), strict=False):
            (x, y), r = found.anchors_K2[view // 2], (3, 5)[view % 2]
            reach = (r - 1) // 2
            left, top = max(x - reach, 0) * step_x, max(y - reach, 0) * step_y
            right, bottom = (min(x + reach, 13) + 1) * step_x, (min(y + reach, 13) + 1) * step_y
            np.testing.assert_allclose(box.corners, (left, top, right, bottom), rtol=1e-5)


def test_contributions_add_up_to_the_logit(desk: FileSources, model: str, pictures: list[str]) -> None:
    sheet = make(FigureSpec("contributions", (model,), tuple(pictures)), desk).sheet
    for place, where in enumerate(pictures):
        found = desk.explanation(model, where, CLASSES.index("dog"), None, None)
        tile = sheet.panels[1][place]
        assert tile.map_HW.sum() + found.contribution_bias == pytest.approx(found.logits_C[1], rel=1e-4, abs=1e-4)
        assert tile.limits[0] == -tile.limits[1] and tile.palette == "diverging"


def test_scale_profiles_are_means_over_the_anchors(desk: FileSources, model: str, pictures: list[str]) -> None:
    options = Options(k=4, sizes=(5, 1, 3), target="cow")
    chart = make(FigureSpec("scale", (model,), tuple(pictures[:1]), options=options), desk).sheet.panels[1][0]
    found = desk.explanation(model, pictures[0], 2, 4, (5, 1, 3))
    by_hand = {r: [found.confidence_MC[k * 3 + place, 2] for k in range(4)] for place, r in enumerate((5, 1, 3))}
    (line,) = chart.lines
    assert line.x == (1, 3, 5)
    np.testing.assert_allclose(line.y, [np.mean(by_hand[r]) for r in (1, 3, 5)], rtol=1e-6)
    np.testing.assert_allclose(line.low, [np.percentile(by_hand[r], 25) for r in (1, 3, 5)], rtol=1e-6)


def test_compare_has_a_row_a_model(desk: FileSources, model: str, pictures: list[str], tmp_path: Path) -> None:
    twin = saved(tmp_path / "twin.safetensors", 1, "gap")
    sheet = make(FigureSpec("compare", (model, twin), tuple(pictures)), desk).sheet
    assert sheet.rows == ("picture", "tiny", "twin")
    for row, where in ((1, model), (2, twin)):
        found = desk.explanation(where, pictures[1], 1, None, None)
        np.testing.assert_array_equal(sheet.panels[row][1].map_HW, found.adacam_HW)
        assert sheet.panels[row][1].below.startswith(CLASSES[found.predicted])


def test_figure_6_from_runs(desk: FileSources, tmp_path: Path) -> None:
    runs = tuple(
        a_run(tmp_path / f"{data}-{pooling}", pooling, data, accuracies)
        for data in ("ucmerced", "imagenette")
        for pooling, accuracies in (("gap", (0.2, 0.5)), ("mfa", (0.3, 0.7)))
    )
    sheet = make(FigureSpec("fig6", runs=runs), desk).sheet
    assert [chart.above for chart in sheet.panels[0]] == ["ucmerced", "imagenette"]
    gap, mfa = sheet.panels[0][1].lines
    assert (gap.label, gap.x, mfa.label) == ("GAP", (100, 200), "MFA")
    np.testing.assert_allclose((gap.y, mfa.y), ((20, 50), (30, 70)))
    assert gap.dash != mfa.dash and gap.colour != mfa.colour


@pytest.mark.parametrize("bad", [math.nan, math.inf, None])
def test_figure_6_has_a_gap_and_says_so(desk: FileSources, tmp_path: Path, bad: float | None) -> None:
    run = a_run(tmp_path / "one", "gap", "ucmerced", (0.1, bad, 0.2, 0.3, bad))
    made = make(FigureSpec("fig6", runs=(run,)), desk)
    (line,) = made.sheet.panels[0][0].lines  # type: ignore[union-attr]
    np.testing.assert_array_equal(line.y, [10, np.nan, 20, 30, np.nan])
    assert "A gap in a line: the accuracy there is not a finite number." in made.caption()
    with pytest.raises(RunError, match="no validation in this run yet"):
        make(FigureSpec("fig6", runs=(a_run(tmp_path / "none", "gap", "ucmerced", (bad,)),)), desk)


def test_figure_6_from_models_whose_cards_hold_a_curve(
    desk: FileSources, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = tuple(f"mobilenet24_{pooling}_ucmerced" for pooling in ("gap", "mfa"))
    own = a_run(tmp_path / "own", "mfa", "imagenette", (0.3, 0.7))
    made = make(FigureSpec("fig6", runs=(*twins, own)), desk)
    gap, mfa = made.sheet.panels[0][0].lines
    for line, name in ((gap, twins[0]), (mfa, twins[1])):
        card = json.loads(bundled()[name].with_suffix(".json").read_text())
        assert list(zip(line.x, line.y, strict=True)) == [(step, 100 * accuracy) for step, accuracy in card["curve"]]
    assert [one.get("digest") for one in made.recipe.runs] == [desk.model(name).digest for name in twins] + [None]
    again = read(made.as_bytes("png"))
    assert list(differences(again, made.recipe)) == []
    other = replace(again, runs=({**again.runs[0], "digest": "0"}, *again.runs[1:]))
    assert list(differences(other, made.recipe)) == [f"model {twins[0]}: other weights"]
    with pytest.raises(ValueError, match="tiny: its card holds no learning curve"):
        make(FigureSpec("fig6", runs=(model,)), desk)
    # a run of that name is meant before a model
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path))
    a_run(tmp_path / twins[0], "gap", "ucmerced", (0.1, 0.2))
    assert desk.curve(twins[0]).points == ((100, 0.1), (200, 0.2))


def test_a_filmstrip_has_the_first_and_the_last_step(desk: FileSources, tmp_path: Path) -> None:
    run = a_film(tmp_path / "filmed")
    sheet = make(FigureSpec("filmstrip", runs=(run,), options=Options(frames=3)), desk).sheet
    assert [tile.above for tile in sheet.panels[0]] == ["step 0", "step 20", "step 40"]
    assert sheet.rows == ("ring", "ring") and sheet.panels[1][2].below == "star 65 %"
    np.testing.assert_array_equal(sheet.panels[0][2].map_HW, [[2, 1], [2, -1]])
    np.testing.assert_array_equal(sheet.panels[0][2].anchors_K2, [[0, 1], [1, 0]])


def test_every_kind_has_a_caption_that_states_the_facts(
    desk: FileSources, model: str, pictures: list[str], tmp_path: Path
) -> None:
    curve, film = a_run(tmp_path / "a", "mfa", "ucmerced", (0.1, 0.2)), a_film(tmp_path / "film")
    for kind in KINDS:
        runs = {"fig6": (curve,), "filmstrip": (film,)}.get(kind, ())
        asked = FigureSpec(kind, runs=runs) if runs else FigureSpec(kind, (model,), tuple(pictures), rule="by hand")
        for language in languages():
            made = make(replace(asked, options=Options(language=language)), desk)
            said = made.caption()
            assert "{" not in said.replace("{3, 5}", "") and "\\caption{" in made.latex()
            if not runs:
                assert "tiny" in said and "K = 5" in said and "L_R = {3, 5}" in said and "by hand" in said


def test_latex_keeps_its_signs(desk: FileSources, pictures: list[str], tmp_path: Path) -> None:
    odd = saved(tmp_path / "50%_&_#1.safetensors", 2)
    snippet = make(FigureSpec("fig5", (odd,), tuple(pictures)), desk).latex("a.pdf")
    assert (
        r"50\%\_\&\_\#1" in snippet and "$L_R$" in snippet and r"\includegraphics[width=\columnwidth]{a.pdf}" in snippet
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "fig9"}, "one of fig5"),
        ({"models": ()}, "--model"),
        ({"pictures": ()}, "--images"),
        ({"models": ("a", "b")}, "expected one, got 2"),
        ({"options": Options(target="unicorn")}, "cat, dog, cow"),
        ({"options": Options(k=500)}, "from 1 to H\\*W"),
        ({"options": Options(width=1.0, size=20.0)}, ""),
    ],
)
def test_refusals_say_what_was_expected(
    change: dict, sentence: str, desk: FileSources, model: str, pictures: list[str]
) -> None:
    asked = {"kind": "fig5", "models": (model,), "pictures": tuple(pictures)} | change
    if not sentence:
        with pytest.raises(ValueError, match="panels leave"):
            make(FigureSpec(**asked), desk).as_bytes("png")
        return
    with pytest.raises(ValueError, match=sentence):
        make(FigureSpec(**asked), desk)


@pytest.mark.parametrize(
    "values",
    [{"dpi": 0}, {"size": "8"}, {"width": "huge"}, {"width": 400}, {"palette": "jet"}, {"language": "xx"}, {"top": [0]},
     {"span": 3}, {"unknown": 1}, {"sizes": [2]}, {"frames": True}, {"titles": [1]}],
)  # fmt: skip
def test_options_that_cannot_be(values: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        Options.from_json(values)


def test_panels_are_of_the_two_kinds(desk: FileSources, model: str, pictures: list[str]) -> None:
    sheet = make(FigureSpec("scale", (model,), tuple(pictures)), desk).sheet
    assert [type(row[0]) for row in sheet.panels] == [Tile, Chart]
