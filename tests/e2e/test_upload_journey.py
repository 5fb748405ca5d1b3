"""A stranger brings a zip of pictures, sees what is in it, and trains on it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mvfa_core.data.encodings import ENCODINGS
from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.training.runs import Run
from tests.e2e.conftest import choose
from tests.mvfa_core.training.samples import wait_for
from tests.pictures import old_zip

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
COUNTS = {"star": 10, "ring": 5, "heart": 5}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Drawn pictures of three classes inside a wrapper folder, and two files that are no pictures."""
    with zipfile.ZipFile(tmp_path / "My shapes.zip", "w") as file:
        for name, count in COUNTS.items():
            for seed in range(count):
                scene, buffer = draw_scene(seed, label=CLASSES.index(name), side=112), io.BytesIO()
                Image.fromarray(scene.picture).save(buffer, "PNG")
                file.writestr(f"shapes/{name}/{seed}.png", buffer.getvalue())
        file.writestr("shapes/star/false.png", "no picture")
        file.writestr("readme.md", "hello")
    return tmp_path / "My shapes.zip"


def test_a_zip_becomes_a_run(visit: Visit, server: Any, archive: Path) -> None:
    page = visit("/train")
    choose(page, page.get_by_label("Pictures", exact=True), "Your zip")
    start = page.get_by_test_id("stButton").get_by_role("button", name=re.compile("^(Start the run|Add to queue)$"))
    expect(start).to_be_disabled()
    page.locator("input[type=file]").set_input_files(archive)

    # What is in it, before anything starts.
    expect(page.get_by_text("3 classes, 20 pictures: 16 to train on, 4 to validate on.")).to_be_visible(timeout=60_000)
    for name, count in COUNTS.items():
        expect(page.get_by_text(name, exact=True)).to_be_visible()
        expect(page.get_by_text(f"{count * 4 // 5} + {count // 5}", exact=True).first).to_be_visible()
    samples = page.get_by_test_id("stImage").locator("img")
    expect(samples).to_have_count(3)
    assert all(samples.nth(i).evaluate("image => image.naturalWidth") == 96 for i in range(3))
    page.get_by_role("button", name="2 files are passed over").click()
    expect(page.get_by_text("shapes/star/false.png")).to_be_visible()
    page.keyboard.press("Escape")

    # Settings are one level deeper; what is set there reaches the run.
    page.get_by_text("All settings").click()
    page.get_by_role("tab", name="Training").click()
    batch = page.get_by_label("Batch", exact=True)
    batch.fill("4")
    batch.press("Enter")
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("3")
    steps.press("Enter")
    page.get_by_role("tab", name="Command").click()
    expect(page.get_by_test_id("stCode")).to_contain_text(re.compile(r"--steps 3 .*--batch 4"))
    expect(start).to_be_enabled()
    start.click()

    expect(page).to_have_url(re.compile("run=compact-mfa-"))
    run = Run(server.folder / "runs" / re.search(r"run=([^&]+)", page.url)[1])
    recipe = run.recipe()
    assert (recipe.steps, recipe.batch) == (3, 4) and Path(recipe.data).name.startswith("My-shapes-")
    # runs of other journeys stand on the page as finished too, so the run itself is asked first
    wait_for(lambda: run.status().state == "finished", "the end of the run")
    expect(page.get_by_text("Finished").first).to_be_visible(timeout=60_000)
    (begun,) = [event for event in run.events()[0] if event["event"] == "start"]
    assert (begun["classes"], begun["train_n"], begun["val_n"]) == (["heart", "ring", "star"], 16, 4)
    assert run.status().state == "finished" and run.model_path()


def test_names_in_another_encoding(visit: Visit, tmp_path: Path) -> None:
    """A zip that Windows made in Chinese: the likeliest encoding is shown, and another can be chosen and taken back."""
    page = visit("/train")
    choose(page, page.get_by_label("Pictures", exact=True), "Your zip")
    page.locator("input[type=file]").set_input_files(old_zip(tmp_path / "animals.zip", ("猫", "狗"), "gbk", each=6))
    shown = [page.get_by_text(name, exact=True) for name in ("猫", "狗")]
    for name in shown:
        expect(name).to_be_visible(timeout=60_000)
    box = page.get_by_label("Names in the zip are read as", exact=True)
    choose(page, box, ENCODINGS["cp437"])
    for name in shown:
        expect(name).to_have_count(0)
    choose(page, box, ENCODINGS["gbk"])
    for name in shown:
        expect(name).to_be_visible(timeout=60_000)
