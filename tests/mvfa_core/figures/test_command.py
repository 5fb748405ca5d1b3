"""The command: every kind in every format, pictures by rule, and figures made again, with what changed in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvfa_core.__main__ import main
from mvfa_core.checkpoints import bundled, load_model
from mvfa_core.data.sets import DataError
from mvfa_core.explain import explain
from mvfa_core.figures import choose, read
from mvfa_core.figures.desk import opened, sha256_of
from tests.mvfa_core.figures.conftest import CLASSES, a_run, saved

START = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
Told = Callable[..., dict]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """told("fig5", ...) -> what the command prints as JSON."""

    def run(*words: str) -> dict:
        assert main(["figure", *words, "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_every_format_with_its_recipe_beside_it(
    kind: str, told: Told, model: str, pictures: list[str], tmp_path: Path
) -> None:
    out = tmp_path / f"figure.{kind}"
    words = ["--model", model, "--images", *pictures, "scene-23", "--dpi", "80", "--width", "2.5"]
    told("fig7", *words, "--out", str(out))
    assert out.read_bytes().startswith(START[kind])
    recipe = json.loads((tmp_path / "figure.json").read_text())
    assert recipe["models"][0]["digest"] == sha256_of(Path(model))
    assert [one["from"] for one in recipe["pictures"]] == ["file", "file", "gallery"]
    again = told("--recipe", str(out), "--out", str(tmp_path / f"again.{kind}"))
    assert again["same_data"] and not again["differences"]
    assert (tmp_path / f"again.{kind}").read_bytes() == out.read_bytes()


def test_what_changed_is_said(told: Told, pictures: list[str], tmp_path: Path) -> None:
    model, picture = tmp_path / "m.safetensors", tmp_path / "p.png"
    saved(model, 1)
    shutil.copy(pictures[0], picture)
    first = tmp_path / "a.svg"
    told("fig5", "--model", str(model), "--images", str(picture), "--out", str(first))
    saved(model, 2)
    again = told("--recipe", str(first), "--out", str(tmp_path / "b.pdf"))
    said = " ".join(again["differences"])
    assert not again["same_data"] and "model m: another checkpoint" in said and "seed was 1, is 2" in said
    assert "01-adacam.map went from" in said and "picture 1" not in said
    saved(model, 1)
    Image.open(pictures[1]).resize((90, 80)).save(picture)
    again = told("--recipe", str(first), "--out", str(tmp_path / "b.pdf"))
    assert any("other pixels, 300 x 200 px then, 90 x 80 px now" in one for one in again["differences"])
    told_versions = json.loads((tmp_path / "a.json").read_text())
    told_versions["versions"]["torch"] = "1.0"
    (tmp_path / "old.json").write_text(json.dumps(told_versions))
    shutil.copy(pictures[0], picture)
    again = told("--recipe", str(tmp_path / "old.json"), "--out", str(tmp_path / "b.pdf"))
    assert again["same_data"] and [one for one in again["differences"] if "version: torch was 1.0" in one]


def test_strict_refuses_other_data(pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = saved(tmp_path / "m.safetensors", 1)
    words = ["--model", model, "--images", pictures[0], "--out", str(tmp_path / "a.png"), "--dpi", "72"]
    assert main(["figure", "contributions", *words]) == 0
    saved(Path(model), 2)
    capsys.readouterr()
    assert main(["figure", "--recipe", str(tmp_path / "a.json"), "--strict", "--out", str(tmp_path / "b.png")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "another checkpoint" in said and not (tmp_path / "b.png").exists()


def test_learning_curves_and_all_parts(told: Told, tmp_path: Path) -> None:
    runs = [a_run(tmp_path / pooling, pooling, "ucmerced", (0.2, 0.6)) for pooling in ("gap", "mfa")]
    made = told("fig6", "--runs", *runs, "--out", str(tmp_path / "c.pdf"), "--zip", str(tmp_path / "c.zip"))
    assert "ucmerced" in made["caption"] and made["files"][-1].endswith("c.zip")
    assert told("--recipe", str(tmp_path / "c.pdf"), "--out", str(tmp_path / "d.pdf"))["same_data"]
    a_run(tmp_path / "longer", "mfa", "ucmerced", (0.2, 0.9))
    words = ["--runs", runs[0], str(tmp_path / "longer"), "--out", str(tmp_path / "d.pdf")]
    assert not told("--recipe", str(tmp_path / "c.pdf"), *words)["same_data"]


# --- pictures by rule ---


def test_rescued_and_harmed_are_what_the_model_says() -> None:
    """Against a loop over single explanations."""
    model, limit = load_model(bundled()["compact_mfa"]), 24
    truth, rescued, wrong = [], set(), set()
    for place in np.arange(limit) * 1000 // limit:
        one = opened(f"synthetic-val-{place}")
        found = explain(model, one.picture)
        label = found.classes.index(one.truth)
        truth.append(label)
        if found.predicted == label != int(found.auxiliary_C.argmax()):
            rescued.add(one.where)
        if found.predicted != label:
            wrong.add(one.where)
    right, told = choose("right", "synthetic", 100, model="compact_mfa", limit=limit)
    assert len(right) == limit - len(wrong) and not wrong & set(right) and "seed 0" in told
    for rule, wanted in (("rescued", rescued), ("wrong", wrong)):
        if wanted:
            assert set(choose(rule, "synthetic", 100, model="compact_mfa", limit=limit)[0]) == wanted
        else:
            with pytest.raises(DataError, match="no picture of this kind"):
                choose(rule, "synthetic", 100, model="compact_mfa", limit=limit)


def test_seeded_choice_and_one_of_each_class(unpacked: Callable[..., Path]) -> None:
    folder = str(unpacked("ucmerced", each=2))
    first, _ = choose("random", folder, 5, seed=3)
    assert first == choose("random", folder, 5, seed=3)[0] != choose("random", folder, 5, seed=4)[0]
    each, told = choose("one-per-class", folder, 100, seed=1)
    names = [Path(where).parent.name for where in each]
    assert names == sorted(set(names)) and len(names) > 10 and "one per class" in told


def test_a_rule_on_the_command_line(told: Told, tmp_path: Path) -> None:
    words = ["--rule", "random", "--count", "3", "--seed", "7", "--dpi", "60", "--out", str(tmp_path / "r.png")]
    told("fig5", "--model", "compact_gap", *words)
    recipe = read(tmp_path / "r.png")
    assert len(recipe.pictures) == 3 and recipe.request.options.seed == 7 and "random" in recipe.request.rule
    assert told("--recipe", str(tmp_path / "r.png"), "--out", str(tmp_path / "s.png"))["same_data"]


def test_every_picture_of_a_folder(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by content and sorted, mixed with others; no more than a figure holds, and so it is said."""
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    for number, name in enumerate(("b.jfif", "a.png", "below/c", ".d.png")):
        Image.new("RGB", (30, 20), (9 * number, 90, 200)).save(folder / name, "JPEG" if name == "b.jfif" else "PNG")
    (folder / "notes.txt").write_text("no picture")
    words = ["fig5", "--model", "compact_gap", "--dpi", "60", "--out", str(tmp_path / "a.png")]
    told(*words, "--images", "scene-23", str(folder))
    assert [Path(where).name for where in read(tmp_path / "a.png").request.pictures] == [
        "scene-23",
        "a.png",
        "b.jfif",
        "c",
    ]
    for number in range(24):
        Image.new("RGB", (30, 20), (9 * number, 90, 200)).save(folder / f"more{number}.png")
    told(*words, "--images", str(folder))  # more than fit side by side go on below
    assert len(read(tmp_path / "a.png").pictures) == 27
    for file in folder.glob("more*"):
        file.unlink()
    monkeypatch.setattr("mvfa_core.cli.figure.MOST_PANELS", 2)
    assert main(["figure", *words, "--images", str(folder)]) == 0
    err = capsys.readouterr().err
    assert "passed over: 1 hidden, 1 not a picture" in err and "the first 2 of 3 pictures" in err
    assert len(read(tmp_path / "a.png").pictures) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["fig5", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa"],
        ["fig6", "--out", "a.png"],
        ["fig6", "--runs", "nowhere", "--out", "a.png"],
        ["filmstrip", "--runs", "nowhere", "--out", "a.png"],
        ["fig7", "--model", "x", "--images", "scene-23", "--out", "a.gif"],
        ["fig7", "--model", "x", "--images", "scene-23", "--out", "a.png"],
        ["fig7", "--model", "compact_gap", "--images", "scene-23", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa", "--images", "nothing.jpg", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa", "--images", "data/ucmerced/val/999999", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa", "--images", "scene-23", "--class", "unicorn", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa", "--images", "scene-23", "--width", "wide", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa", "--images", "scene-23", "--font", "No Such", "--out", "a.png"],
        ["fig5", "--model", "compact_mfa", "--images", "scene-23", "--rule", "random", "--out", "a.png"],
        ["fig5", "--rule", "rescued", "--out", "a.png"],
        ["fig5", "--rule", "random", "--data", "/nowhere", "--model", "compact_mfa", "--out", "a.png"],
        ["--recipe", "nowhere.json", "--out", "a.png"],
        ["--out", "a.png"],
    ],
)
def test_wrong_requests_are_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["figure", *words]) in (1, 2)
    assert capsys.readouterr().err.count("\n") == 1 and not list(tmp_path.iterdir())


def test_classes_of_a_folder_are_no_classes_of_the_model(told: Told, pictures: list[str], tmp_path: Path) -> None:
    """The folder's name is a class only where the model knows it; the bundled one does not know dogs."""
    told("fig5", "--model", "compact_mfa", "--images", pictures[0], "--out", str(tmp_path / "a.svg"), "--dpi", "60")
    assert "dog" in CLASSES and ">dog<" not in (tmp_path / "a.svg").read_text()
