"""Setting a run up: the form says the same as the command line, presets and runs fill it in, and what cannot be carried
out is said before it starts."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.features.training import estimate_panel, recipe_form, training_form
from app.features.training import set_up_words as words
from app.services import training_runs
from mvfa_core.data import passed_list
from mvfa_core.data.uploads import uploads
from mvfa_core.model import build_model
from mvfa_core.training.estimate import Estimate, Size
from mvfa_core.training.measured import Measured
from mvfa_core.training.recipes import RECIPES, Recipe, paper, quick
from mvfa_core.training.runs import Run
from tests.app.samples import a_run
from tests.pictures import old_zip

OpenPage = Callable[[], AppTest]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Recipe]:
    """The recipes that were handed over; nothing is trained."""
    recipes: list[Recipe] = []

    def start(recipe: Recipe, *, wait: bool) -> Run:
        recipes.append(recipe)
        return a_run(tmp_path, f"run-{len(recipes)}", "stopped")

    monkeypatch.setattr(training_runs, "start_training", start)
    return recipes


def picture(value: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), value, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def folder_of(root: Path, counts: dict[str, int]) -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            (root / name / f"{i}.png").write_bytes(picture(i))
    return root


def command(page: AppTest) -> list[str]:
    assert not page.exception
    return shlex.split(page.code[0].value)


def said(page: AppTest) -> str:
    told = (element.value for kind in (page.markdown, page.caption, page.error) for element in kind)
    return " ".join(told).replace("\\", "")  # untrusted words are shown with their Markdown escaped


# --- presets, runs, undo ---


def test_the_form_says_the_same_as_the_command(train_page: OpenPage) -> None:
    page = train_page()
    page.selectbox(key="set_up_backbone").set_value("mobilenet24").run()
    page.number_input(key="set_up_steps").set_value(123).run()
    page.slider(key="set_up_k").set_value(20).run()
    told = command(page)
    assert told[:4] == ["python", "-m", "mvfa_core", "train"]
    for name, value in {"--backbone": "mobilenet24", "--steps": "123", "--k": "20", "--recipe": "quick"}.items():
        assert told[told.index(name) + 1] == value


@pytest.mark.parametrize("preset", list(RECIPES))
def test_a_preset_fills_every_field_in(train_page: OpenPage, started: list[Recipe], preset: str) -> None:
    page = train_page()
    page.number_input(key="set_up_batch").set_value(7).run()
    if preset == "quick":
        page.segmented_control(key="set_up_preset").set_value("paper").run()
    page.segmented_control(key="set_up_preset").set_value(preset).run()
    page.button(key="start").click().run()
    # the pictures that are chosen stay chosen
    assert not page.exception and started == [replace(RECIPES[preset](), data="synthetic")]


def test_a_run_fills_the_form_in(train_page: OpenPage, started: list[Recipe], tmp_path: Path, app: AppTest) -> None:
    """Every field of an unusual recipe comes back as it was."""
    weights = tmp_path / "weights.pth"
    weights.touch()
    other = Recipe(
        data=str(folder_of(tmp_path / "pictures", {"a": 5, "b": 5})), backbone="mobilenet24", k=7, sizes=(1, 5, 11),
        head="mlp", hidden=(31, 17), local="mean", steps=77, batch=4, seed=5, optimizer="adamw", schedule="one-cycle",
        lr=0.0123, weight_decay=0.02, augment="none", mix="cutmix", anchors="random", global_loss="off",
        weights=str(weights), val_every=11, stop_at=0.75, patience=3, film=2, device="cpu", precision="fp32",
    )  # fmt: skip
    page = train_page()
    for name, value in _filled(replace(other, restarts=(20,))).items():
        page.session_state[name] = value
    page.run()
    page.button(key="start").click().run()
    assert not page.exception and started == [other]
    assert "Filled in from a run" in said(page)


def _filled(recipe: Recipe) -> dict:
    """What `fill` puts into a session."""
    kept: dict = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.base.session.put", kept.__setitem__)
        patch.setattr("app.base.session.drop", lambda key: None)
        recipe_form.fill(recipe)
    return kept


def test_back_to_the_preset_and_undone(train_page: OpenPage) -> None:
    page = train_page()
    page.number_input(key="set_up_batch").set_value(7).run()
    page.segmented_control(key="set_up_pooling").set_value("gap").run()
    page.button(key="form_reset").click().run()
    assert page.number_input(key="set_up_batch").value == 32
    assert page.segmented_control(key="set_up_pooling").value == "mfa"
    page.button(key="form_undo").click().run()
    assert not page.exception
    assert page.number_input(key="set_up_batch").value == 7
    assert page.segmented_control(key="set_up_pooling").value == "gap"


# --- what cannot be carried out ---


def test_a_coarse_grid_has_fewer_anchors(train_page: OpenPage) -> None:
    page = train_page()
    page.selectbox(key="set_up_backbone").set_value("resnet50").run()
    assert not page.exception and page.slider(key="set_up_k").max == 49 and page.slider(key="set_up_k").value == 49
    assert f"K was {50}; this backbone gives {49} cells, so there are at most {49} anchors." in said(page)


def test_every_wrong_field_is_told_and_nothing_starts(train_page: OpenPage, tmp_path: Path) -> None:
    page = train_page()
    page.segmented_control(key="set_up_head").set_value("mlp").run()
    for text in ("", "0", "12, x", "9999"):
        page.text_input(key="set_up_hidden").set_value(text).run()
        assert not page.exception and page.button(key="start").disabled and len(page.code) == 0
        assert said(page).count("Expected whole numbers") == 2  # beside the field, and where the start is
    page.text_input(key="set_up_hidden").set_value("12 9").run()
    assert command(page)[-3:] == ["--hidden", "12", "9"] and not page.button(key="start").disabled
    page.button_group(key="set_up_sizes").set_value([]).run()
    assert page.button(key="start").disabled and "At least one region size is needed." in said(page)
    page.button(key="form_reset").click().run()
    page.selectbox(key="set_up_backbone").set_value("vgg16").run()
    page.segmented_control(key="set_up_weights").set_value("file").run()
    assert page.button(key="start").disabled
    page.text_input(key="set_up_weights_file").set_value(str(tmp_path / "x.pth")).run()
    assert page.button(key="start").disabled
    (tmp_path / "x.pth").touch()
    page.run()
    assert not page.button(key="start").disabled and "--weights" in command(page)


def test_a_name_of_timm(train_page: OpenPage) -> None:
    page = train_page()
    page.selectbox(key="set_up_backbone").set_value("timm").run()
    assert page.button(key="start").disabled and "Name the timm model first." in said(page)
    page.text_input(key="set_up_timm").set_value("resnet_nope").run()
    assert page.button(key="start").disabled and "no model of that name" in said(page)
    page.text_input(key="set_up_timm").set_value("resnet10t").run()
    assert command(page)[command(page).index("--backbone") + 1] == "timm:resnet10t"


def test_gap_has_no_views(train_page: OpenPage) -> None:
    page = train_page()
    page.segmented_control(key="set_up_pooling").set_value("gap").run()
    assert (
        not page.exception
        and "GAP has no anchors and no regions: it averages the whole map once." in said(page)
        and "--k" not in command(page)
    )


# --- pictures ---


def test_a_gpu_has_choices_of_its_own(train_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offered where there is one; here only the list of devices says so."""
    assert not [toggle for toggle in train_page().toggle if toggle.key in ("set_up_compile", "set_up_deterministic")]
    monkeypatch.setattr(training_form, "devices_here", lambda: ["cuda:0", "cpu"])
    page = train_page()
    assert {"tf32", "fp16"} <= set(page.selectbox(key="set_up_precision").options)
    page.toggle(key="set_up_deterministic").set_value(True).run()
    page.selectbox(key="set_up_precision").set_value("tf32").run()
    line = command(page)
    for option, value in (("--deterministic", "on"), ("--precision", "tf32")):
        assert line[line.index(option) + 1] == value


def test_a_folder_must_hold_classes_before_it_starts(train_page: OpenPage, tmp_path: Path) -> None:
    page = train_page()
    page.selectbox(key="set_up_data").set_value("Your folder").run()
    assert page.button(key="start").disabled
    (tmp_path / "empty").mkdir()
    for path, reason in ((tmp_path / "nowhere", "no such folder"), (tmp_path / "empty", "two or more classes")):
        page.text_input(key="set_up_path").set_value(str(path)).run()
        assert page.button(key="start").disabled and reason in said(page)
    folder = folder_of(tmp_path / "![x](http://x)", {"*a*": 10, "b": 5})
    page.text_input(key="set_up_path").set_value(str(folder)).run()
    assert not page.exception and not page.button(key="start").disabled
    assert words.counted(2, {"train": 12, "val": 3}) in said(page)
    assert {"*a*", "b"} <= {text.value for text in page.text}  # as they are, not as Markdown
    assert {words.each((8, 2)), words.each((4, 1))} <= {caption.value for caption in page.caption}
    assert f"There are {12:,} pictures to train on, so every batch has {12:,}." in said(page)


def test_three_sides_and_what_is_passed_over_are_shown(train_page: OpenPage, tmp_path: Path) -> None:
    """Watching the test side trains on all of train; then no run ends by it."""
    folder = tmp_path / "sides"
    folder_of(folder / "train", {"a": 10, "b": 10})
    folder_of(folder / "test", {"a": 3, "b": 3})
    page = train_page()
    page.selectbox(key="set_up_data").set_value("Your folder").run()
    page.text_input(key="set_up_path").set_value(str(folder)).run()
    assert words.counted(2, {"train": 18, "val": 2, "test": 6}) in said(page)
    page.segmented_control(key="set_up_validate_on").set_value("test").run()
    assert not page.exception and words.counted(2, {"train": 20, "test": 6}) in said(page)
    assert page.number_input(key="set_up_stop_at").disabled and page.number_input(key="set_up_patience").disabled
    assert "--validate-on test" in page.code[0].value


def test_files_that_are_only_counted_count(
    train_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of very many files with one reason the last entry stands for the others."""
    monkeypatch.setattr(passed_list, "MOST_NAMED", 2)
    folder = folder_of(tmp_path / "pets", {"a": 10, "b": 10})
    for n in range(7):
        (folder / "a" / f"{n}.txt").write_text("no picture")
    page = train_page()
    page.selectbox(key="set_up_data").set_value("Your folder").run()
    page.text_input(key="set_up_path").set_value(str(folder)).run()
    texts, captions = [one.value for one in page.text], [one.value for one in page.caption]
    assert "a/0.txt\na/1.txt" in texts and f"and {5:,} more files" in captions
    assert any("7" in one.value and "not a picture" in one.value for one in page.markdown)


def test_data_sets_are_offered_or_named(train_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "data" / "ucmerced").mkdir(parents=True)
    page = train_page()
    expected = ["synthetic", "ucmerced", "Your folder", "Your zip"]
    assert page.selectbox(key="set_up_data").options == expected
    names = list(page.dataframe[0].value["Name"])
    assert "imagenette" in names and "ucmerced" not in names and len(names) == 9


def test_a_zip_is_looked_at_kept_and_offered_again(train_page: OpenPage, started: list[Recipe], tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, count in {"cat": 5, "dog": 10}.items():
            for i in range(count):
                archive.writestr(f"pets/{name}/{i}.png", picture(i))
        archive.writestr("pets/readme.md", "hello")
    page = train_page()
    page.selectbox(key="set_up_data").set_value("Your zip").run()
    assert page.button(key="start").disabled
    page.file_uploader[0].set_value(("x.zip", b"no zip at all", "application/zip")).run()
    assert page.button(key="start").disabled and "this is no zip" in said(page)
    page.file_uploader[0].set_value(("pets.zip", file.getvalue(), "application/zip")).run()
    (upload,) = uploads()
    assert not page.exception and words.counted(2, {"train": 12, "val": 3}) in said(page)
    assert [one.file for one in upload.passed_over] == ["pets/readme.md"]
    page.button(key="start").click().run()
    assert started[0].data == str(upload.folder)
    again = train_page()  # as after a restart: only what is on disk is left
    assert "{name} (uploaded)".format(name="pets") in again.selectbox(key="set_up_data").options
    again.selectbox(key="set_up_data").set_value(upload.name).run()
    assert not again.exception and words.counted(2, {"train": 12, "val": 3}) in said(again)
    again.button(key="form_remove").click().run()
    assert uploads() == [] and not again.exception


def test_names_in_a_zip_are_read_again_in_another_encoding(
    train_page: OpenPage, started: list[Recipe], tmp_path: Path
) -> None:
    """A zip of Windows in Chinese does not say that its names are GBK: the likeliest is taken, and can be changed."""
    page = train_page()
    page.selectbox(key="set_up_data").set_value("Your zip").run()
    archive = old_zip(tmp_path / "animals.zip", ("猫", "狗"), "gbk", each=5)
    page.file_uploader[0].set_value((archive.name, archive.read_bytes(), "application/zip")).run()
    assert not page.exception and page.selectbox(key="zip_encoding").value == "gbk"
    assert {"猫", "狗"} <= {text.value for text in page.text}
    page.selectbox(key="zip_encoding").set_value("cp437").run()
    assert not page.exception and {"├¿", "╣╖"} <= {text.value for text in page.text}
    page.selectbox(key="zip_encoding").set_value("gbk").run()
    assert {"猫", "狗"} <= {text.value for text in page.text}
    page.button(key="start").click().run()
    assert not page.exception and Path(started[0].data).name.startswith("animals-")


# --- the estimate ---


def test_the_size_is_there_at_once(train_page: OpenPage) -> None:
    page = train_page()
    built = build_model("compact", "mfa", 10)
    assert f"{sum(p.numel() for p in built.parameters()):,} parameters" in said(page)


def test_an_estimate_is_measured_once_and_told(train_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that measures is one that answers at once; that it really measures, tests/training shows."""
    asked: list[Recipe] = []

    class Answer:
        returncode = 0

        def poll(self) -> int:
            return 0

        def communicate(self) -> tuple[str, str]:
            size, measured = Size(10, 5, 20, 20, 40), Measured(4, 2, 1.0, 0.1, 3 * 2**30, 0, "cpu test, 2 threads")
            return json.dumps(Estimate(size, 4_000, 1_000, measured, 8.0, 7_200.0, 3 * 2**30).to_json()), ""

    def begin(recipe: Recipe) -> Answer:
        asked.append(recipe)
        return Answer()

    monkeypatch.setattr(estimate_panel, "begin", begin)
    page = train_page()
    page.button(key="form_measure").click().run()
    assert not page.exception and len(asked) == 1
    assert "About **2.0 h**, 3.0 GB of memory" in said(page)
    assert "2 measured steps of 4 pictures" in said(page) and "scaled up" in said(page)
    page.run()
    assert len(asked) == 1


@pytest.mark.parametrize(("recipe", "seconds", "text"), [(quick(), 59.4, "59 s"), (paper(), 400_000, "4.6 days")])
def test_lengths_of_time_read_well(recipe: Recipe, seconds: float, text: str) -> None:
    assert words.duration(seconds) == text
