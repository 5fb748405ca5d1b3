"""`measure`: the record, the tables it writes, and its refusals."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mvfa_core.checkpoints import bundled
from mvfa_core.cli.metrics_tables import notes, tables
from mvfa_core.metrics import FIGURES, intervals
from mvfa_core.metrics.methods import METHODS
from mvfa_core.metrics.objects import picture_size
from mvfa_core.metrics.sets import Row
from tests.pictures import SIZE, noisy


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 50)


@pytest.fixture
def boxes(tmp_path: Path, colours: Path) -> Path:
    """Boxes for two of the nine held-out pictures, in px of the files."""
    width, height = SIZE
    names = sorted(p.relative_to(colours).as_posix() for p in (colours / "val").rglob("*.png"))[::4][:2]
    lines = [f"{name},{i},2,{width - 2},{height - i}" for i, name in enumerate(names)]
    file = tmp_path / "boxes.csv"
    file.write_text("file,x0,y0,x1,y1\n" + "\n".join(lines) + "\n")
    return file


def test_a_folder_with_boxes(call: Callable, either: Path, boxes: Path, tmp_path: Path) -> None:
    table = tmp_path / "made" / "table.csv"
    answer = call("metrics", either, "--boxes", boxes, "--json", "--out", table, "--device", "cpu")
    assert answer.status == 0, answer.err
    assert answer.err == ""
    found = json.loads(answer.out)
    assert (found["n"], found["data"]) == (2, "colours")
    by_place = {(row["method"], row["figure"]): row for row in found["figures"]}
    assert {method for method, _ in by_place} >= set(METHODS) | {"confidence"}
    assert {figure for _, figure in by_place} >= {"pointing", "box50", "iou", "energy", "deletion", "insertion", "aurc"}
    assert set(found["meanings"]) == {figure for _, figure in by_place}
    assert ("entropy", "aurc") in by_place or "gap" in either.name
    for row in found["figures"]:
        assert row["n"] == 2
    with table.open() as file:
        lines = list(csv.DictReader(file))
    assert [(line["method"], line["figure"], float(line["value"])) for line in lines] == [
        (row["method"], row["figure"], row["value"]) for row in found["figures"]
    ]
    again = call("metrics", either, "--boxes", boxes, "--json", "--device", "cpu", "--what", "boxes")
    rows = json.loads(again.out)["figures"]
    assert rows == [row for row in found["figures"] if (row["method"], row["figure"]) in {
        (one["method"], one["figure"]) for one in rows
    }]  # fmt: skip
    assert len(rows) == 5 * 6 + 4


def test_drawn_pictures_bring_their_boxes_and_masks(call: Callable, few_drawn: None, tmp_path: Path) -> None:
    """The bundled model finds the shapes better than the middle of the picture does."""
    table = tmp_path / "table.md"
    answer = call("metrics", bundled()["compact_mfa"], "--what", "boxes", "--n", 12, "--json", "--out", table)
    assert answer.status == 0, answer.err
    found = json.loads(answer.out)
    value = {(row["method"], row["figure"]): row["value"] for row in found["figures"]}
    assert found["n"] == 12
    assert value["contribution", "energy_mask"] > value["centre", "energy_mask"] + 0.05
    assert value["AdaCAM", "pixel_ap"] > value["centre", "pixel_ap"]
    assert value["best box", "iou"] > value["centre", "iou"]
    text = table.read_text()
    assert "| best box |" in text and "compact_mfa on 12 pictures of synthetic (val)" in text
    for figure in ("pointing", "pixel_ap"):
        assert FIGURES[figure].sentence in text


def test_uncertainty_for_people(call: Callable, model: Path, tmp_path: Path) -> None:
    answer = call("metrics", model, "--uncertainty", "--n", 6, "--out", tmp_path / "table.tex", "--device", "cpu")
    assert answer.status == 0, answer.err
    assert "on 6 pictures of colours (val)" in answer.out
    assert "disagreement" in answer.out and "deletion" not in answer.out
    assert "measuring" in answer.err  # the bar
    assert r"\begin{tabular}" in (tmp_path / "table.tex").read_text()


def test_some_maps_only(call: Callable, model: Path) -> None:
    answer = call("metrics", model, "--what", "deletion", "--methods", "AdaCAM", "--n", 2, "--json", "--device", "cpu")
    rows = json.loads(answer.out)["figures"]
    assert [(row["method"], row["figure"]) for row in rows] == [("AdaCAM", "deletion"), ("AdaCAM", "insertion")]


WRONG = {
    "missing boxes": ("{model} --boxes {tmp}/gone.csv", ("gone.csv", "no such file")),
    "broken boxes": ("{model} --boxes {broken}", ("broken.csv, line 2", "expected a number")),
    "boxes of other pictures": ("{model} --boxes {other}", ("none of 1 marked", "elsewhere.jpg")),
    "a box outside its picture": ("{model} --boxes {outside}", ("inside 26 x 20 px",)),
    "one picture for two halves": ("{model} --boxes {boxes} --n 1", ("two or more", "got 1")),
    "boxes without boxes": ("{model} --what boxes", ("boxes:", "--boxes")),
    "no pictures": ("{model} --n 0", ("n: expected", "got 0")),
    "a negative seed": ("{model} --seed=-1", ("seed: expected", "-1")),
    "an unknown map": ("{model} --methods LIME", ("LIME", "AdaCAM")),
    "an unknown figure": ("{model} --what beauty", ("beauty", "deletion")),
    "a table of unknown kind": ("{model} --out {tmp}/t.xlsx", (".md, .csv, .tex", "t.xlsx")),
    "a model that is none": ("{tmp}/none", ("no such file",)),
    "data of other classes": ("{model} --data synthetic", ("3 classes", "10")),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_requests(case: str, call: Callable, model: Path, boxes: Path, tmp_path: Path, few_drawn: None) -> None:
    files = {}
    for name, line in {
        "broken": "a.png,1,2,x,4",
        "other": "elsewhere.jpg,1,2,3,4",
        "outside": "val/sea/04.png,100,2,120,9",
    }.items():
        files[name] = tmp_path / f"{name}.csv"
        files[name].write_text(f"file,x0,y0,x1,y1\n{line}\n")
    line, words = WRONG[case]
    answer = call("metrics", *line.format(model=model, boxes=boxes, tmp=tmp_path, **files).split(), "--json")
    assert (answer.status, answer.out) == (2, "")
    assert len(answer.err.strip().splitlines()) == 1, answer.err
    for word in words:
        assert word in answer.err


def test_a_table_that_cannot_be_written(call: Callable, model: Path, boxes: Path) -> None:
    answer = call("metrics", model, "--uncertainty", "--n", 2, "--out", boxes / "t.md", "--json")
    assert answer.status == 2
    assert "--out: t.md: a part of the path is no folder" in answer.err


def test_sizes_follow_the_turn_that_a_picture_asks_for(tmp_path: Path) -> None:
    picture = noisy((10, 20, 30), 1)
    picture.save(tmp_path / "plain.jpg")
    turned = picture.getexif()
    turned[274] = 6
    picture.save(tmp_path / "turned.jpg", exif=turned)
    assert picture_size(tmp_path / "plain.jpg") == SIZE
    assert picture_size(tmp_path / "turned.jpg") == SIZE[::-1]


def test_tables_leave_empty_what_a_method_has_not() -> None:
    rows = [Row("CAM", "pointing", 0.5, 0.4, 0.6, 9), Row("best box", "iou", 0.25, 0.2, 0.3, 9),
            Row("tally", "gain", -0.00001, -0.1, 0.1, 9)]  # fmt: skip
    (maps, doubts) = tables(rows)
    assert maps[1] == [["CAM", "0.50 (0.40 to 0.60)", ""], ["best box", "", "0.25 (0.20 to 0.30)"]]
    assert doubts[1] == [["tally", "0.000 (-0.100 to 0.100)"]]
    assert len(notes(rows)) == 3 + 1 + 1
