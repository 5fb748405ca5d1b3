"""Dataset: what is begun, what is at work, what went wrong, and figures that open the pictures they stand for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

from app.base.wording import wording
from app.features.evaluate import evaluations
from app.services import dataset_pictures, gallery
from mvfa_core.checkpoints import bundled, read_card
from mvfa_core.data.synthetic import draw_scene
from mvfa_core.evaluation import Evaluation, EvaluationSpec, Findings, evaluation_of, spec_for
from mvfa_core.evaluation.tables import csv_table, summary
from mvfa_core.evaluation.work import evaluate
from tests.pictures import fill, split_folder

Shown = Callable[[str], dict[str, Any]]
OpenPage = Callable[..., AppTest]
LIMIT = 8
TINY = 60


@pytest.fixture
def dataset_page(app: AppTest) -> OpenPage:
    def opened(**address: str) -> AppTest:
        app.run().switch_page("../pages/evaluate.py")
        for key, value in address.items():
            app.query_params[key] = value
        return app.run()

    return opened


def looked(pooling: str = "mfa", limit: int = LIMIT) -> tuple[EvaluationSpec, Findings]:
    """The findings of a bundled model on a few drawn pictures, as the page finds them."""
    asked = spec_for(bundled()[f"compact_{pooling}"], "synthetic", limit=limit)
    found = evaluate(asked, evaluation_of(asked))
    assert found is not None
    return asked, found


def begun(limit: int = TINY) -> Evaluation:
    """An evaluation that was asked for and is not complete."""
    asked = spec_for(bundled()["compact_mfa"], "synthetic", limit=limit)
    folder = evaluation_of(asked)
    folder.create(asked)
    return folder


def texts(page: AppTest) -> str:
    return " ".join(element.value for kind in (page.markdown, page.error, page.warning, page.info) for element in kind)


def test_it_begins_with_an_offer(dataset_page: OpenPage) -> None:
    page = dataset_page()
    assert not page.exception and "Not evaluated yet" in texts(page)
    assert page.selectbox(key="data").value == "synthetic" and page.button(key="evaluation_start").label == "Evaluate"


def test_a_job_in_every_state(dataset_page: OpenPage) -> None:
    folder = begun()
    folder.claim()
    folder.note_progress("looking at pictures", 32, TINY, 7.0)
    page = dataset_page(most=str(TINY))
    assert not page.exception and page.button(key="evaluation_stop").label == "Stop"
    folder.release()
    folder.request_stop()
    page.run()
    assert "Stopped at 32 of 60 pictures" in texts(page)
    (folder.path / "stop").unlink()
    folder.release(failed="the disk is ![full](http://x)")
    page.run()
    assert "the disk is !\\[full" in page.error[0].value or "\\!\\[full" in page.error[0].value
    (folder.path / "failed.json").unlink()
    page.run()
    assert "ended without a word" in texts(page) and page.button(key="evaluation_again").label == "Go on"


def test_killed_it_says_so_and_begins_again(dataset_page: OpenPage) -> None:
    page = dataset_page(most=str(TINY))
    page.button(key="evaluation_start").click().run()
    folder = evaluation_of(spec_for(bundled()["compact_mfa"], "synthetic", limit=TINY))
    assert not page.exception and folder.is_alive() and page.button(key="evaluation_stop")
    first = killed(folder)
    page.run()
    assert "ended without a word" in texts(page)
    page.button(key="evaluation_again").click().run()
    assert not page.exception and folder.is_alive()
    assert killed(folder) != first


def killed(folder: Evaluation) -> int:
    process = psutil.Process(json.loads((folder.path / "process.json").read_text())["pid"])
    process.kill()
    process.wait(60)
    return process.pid


def test_finished_it_is_shown_at_once(dataset_page: OpenPage, shown: Shown) -> None:
    asked, found = looked()
    page = dataset_page()
    assert not page.exception and not page.error and page.selectbox(key="most").value == str(LIMIT)
    told = summary(found, asked)
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Ensemble of the views"] == wording.share(told["accuracy"])
    assert figures["Rescued by the views"] == str(told["rescued"])
    by_class = {name: (int(n), float(right)) for name, n, right, *_ in shown("classes")["rows"]}
    for name, (n, right) in by_class.items():
        mine = found.label_N == found.classes.index(name)
        assert n == mine.sum() and right == pytest.approx(100 * found.right_N[mine].mean(), abs=0.05)
    cells = shown("matrix")["cells"]
    assert sum(count for *_, count in cells) == LIMIT
    ids = [tile["id"] for tile in shown("grid")["items"]]
    assert ids == [f"synthetic-val-{i * 1000 // LIMIT}" for i in range(LIMIT)]
    crops = shown("crops")["items"]
    assert len(crops) == LIMIT and all(0 <= low < high <= 1 for one in crops for low, high in zip(
        one["box"][:2], one["box"][2:], strict=True))  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(csv_table(found))))
    assert [tile["lines"][0] for tile in shown("grid")["items"]] == [
        row["class"] if row["right"] == "1" else f"{row['class']} → {row['answer']}" for row in rows
    ]
    one = rows[3]["class"]
    page.selectbox(key="true").select(one).run()
    assert len(shown("grid")["items"]) == sum(row["class"] == one for row in rows)
    page.selectbox(key="sort").select("unsure").run()
    sure = [float(row["confidence"]) for row in rows if row["class"] == one]
    assert shown("grid")["items"][0]["alt"].startswith(one) and len(sure) == len(shown("grid")["items"])


def test_gap_has_no_views_to_help(dataset_page: OpenPage, shown: Shown) -> None:
    looked()
    asked, found = looked("gap")
    page = dataset_page()
    page.selectbox(key="of").select("compact_gap").run()
    page.selectbox(key="other").select("compact_mfa").run()
    assert not page.exception
    assert [metric.label for metric in page.metric] == ["GAP head"]
    both = int(found.right_N.sum())
    assert any(str(both) in element.value for element in page.markdown)
    assert asked.limit == LIMIT and shown("matrix")["cells"]


def test_spoilt_findings_are_said(dataset_page: OpenPage) -> None:
    asked, _ = looked()
    evaluation_of(asked).findings_file.write_bytes(b"no arrays")
    page = dataset_page()
    assert not page.exception and "cannot be read" in page.error[0].value.replace("\\", "")


def test_pictures_that_are_gone_or_others_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    asked, found = looked(limit=3)
    assert evaluations.trouble(asked, found) == ""
    colours = split_folder(tmp_path / "colours", each=2, held_out=1)
    names = tuple(f"val/{name}/02.png" for name in ("brick", "leaf", "sea"))
    of_folder, there = replace(asked, data=str(colours)), replace(found, names=names, place_N=np.arange(3))
    assert evaluations.trouble(of_folder, there) == ""
    assert "other pictures than when it was looked at" in evaluations.trouble(of_folder, found)
    gone = evaluations.trouble(replace(asked, data=str(tmp_path / "gone")), there)
    assert "no such folder" in gone and "The numbers stand" in gone


# --- the address of a picture ---


def test_a_drawn_picture_by_its_place() -> None:
    one, scene = dataset_pictures.specimen("synthetic-val-17"), draw_scene(1_000_000_017)
    assert (one.truth, one.scale) == (scene.name, scene.scale)
    assert one.digest == gallery.from_picture("other", one.picture).digest


def test_a_picture_of_a_folder_only_after_a_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    colours = split_folder(tmp_path / "colours", each=2, held_out=2)
    asked = replace(spec_for(bundled()["compact_mfa"], "synthetic"), data=str(colours))
    address = dataset_pictures.address(asked, 3)
    assert str(tmp_path) not in address and dataset_pictures.is_address(address)
    with pytest.raises(KeyError):
        dataset_pictures.specimen(address)
    folder = evaluation_of(asked)
    folder.create(asked)
    with pytest.raises(KeyError):
        dataset_pictures.specimen(address)
    folder.findings_file.write_bytes(b"")
    assert dataset_pictures.specimen(address).truth == "leaf"
    with pytest.raises(KeyError):
        dataset_pictures.specimen(address.replace("/3", "/99"))


@pytest.mark.parametrize(
    "address",
    [
        "data/../val/1",
        "data//etc/val/1",
        "data/imagenette/test/1",
        "data/none/val/1",
        "synthetic-val--1",
        "synthetic-val-x",
        "synthetic-val-1234567",
        "data/folder-000000000000/val/0",
        "data/ucmerced.x/val/1",
        "data/ucmerced/val/٣",
    ],
)
def test_no_other_address_opens_anything(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    with pytest.raises(KeyError):
        dataset_pictures.specimen(address)


def test_an_address_opens_it_on_the_other_pages(app: AppTest, shown: Shown) -> None:
    app.query_params["picture"] = "synthetic-val-17"
    app.run()
    assert not app.exception and app.query_params["picture"] == "synthetic-val-17"
    strip = shown("gallery_strip")
    assert strip["selected"] == "synthetic-val-17" and strip["groups"][0]["name"] == "From a data set"
    assert draw_scene(1_000_000_017).name == shown("live")["truth"]


# --- what fits the model ---


def test_only_pictures_that_fit_the_model_are_offered(
    dataset_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A photo model and drawn scenes: nothing to start, and what to do about it."""
    monkeypatch.setenv("MVFA_DATA", str(tmp_path))
    page = dataset_page(of="compact_mfa_ucmerced")
    assert not page.exception and page.selectbox(key="data").options == ["Your folder"]
    said = texts(page)
    assert "No pictures here fit this model" in said and "21 classes (agricultural, " in said
    assert any("data get ucmerced" in block.value for block in page.code)
    assert "evaluation\\_start" not in said and "evaluation_start" not in [button.key for button in page.button]
    assert "the model knows 21 classes" in said and "**synthetic**" in said


def test_a_set_of_some_of_its_classes_is_offered(
    dataset_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another set, and a folder that is named, are held against the model before anything starts."""
    monkeypatch.setenv("MVFA_DATA", str(tmp_path))
    hues = {"beach": (200, 180, 90), "forest": (20, 90, 30), "zebra": (5, 5, 5)}
    fill(tmp_path / "ucmerced" / "train", 3, colours=hues)
    fill(tmp_path / "ucmerced" / "test", 2, first=9, colours=hues)
    fill(tmp_path / "uploads" / "trees-0123", 3, colours={"oak": (1, 2, 3), "pine": (200, 200, 9)})
    page = dataset_page(of="compact_mfa_ucmerced")
    assert not page.exception and page.selectbox(key="data").options == ["ucmerced", "Your folder"]
    assert (page.selectbox(key="side").options, page.selectbox(key="side").value) == (
        ["Training", "Test", "All pictures"], "test",
    )  # fmt: skip
    notes = " ".join(caption.value for caption in page.caption)
    assert "zebra" in notes and "has no pictures of 19 classes" in notes
    assert "**trees\\-0123**" in texts(page) and "**synthetic**" in texts(page)
    page.selectbox(key="data").set_value("own").run()
    page.text_input(key="dataset_path").set_value(str(tmp_path / "uploads" / "trees-0123")).run()
    assert not page.exception and "do not fit the model" in texts(page)
    assert "evaluation_start" not in [button.key for button in page.button]


def test_a_plain_folder_as_a_whole(dataset_page: OpenPage, tmp_path: Path) -> None:
    names = bundled_classes()[:3]
    fill(tmp_path / "flat", 5, colours={name: (60 * i, 40, 200) for i, name in enumerate(names)})
    page = dataset_page(data="own")
    page.text_input(key="dataset_path").set_value(str(tmp_path / "flat")).run()
    assert not page.exception and page.selectbox(key="side").options == ["Training", "Validation", "All pictures"]
    page.selectbox(key="side").set_value("all").run()
    assert not page.exception and page.button(key="evaluation_start")


def bundled_classes() -> list[str]:
    return read_card(bundled()["compact_mfa"])["classes"]


def test_pictures_that_were_trained_on_are_called_so(dataset_page: OpenPage) -> None:
    asked = spec_for(bundled()["compact_mfa"], "synthetic", side="train", limit=TINY)
    evaluate(asked, evaluation_of(asked))
    page = dataset_page(side="train", most=str(TINY))
    assert not page.exception and any("trained on these pictures" in warning.value for warning in page.warning)
