"""A visitor brings a picture from the camera or the clipboard, or a photograph with boxes; each ends in numbers that
are computed again here, from the same pixels."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, expect

from mvfa_core import explain, load_model
from mvfa_core.checkpoints import bundled
from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.explain import Explanation
from mvfa_core.images import open_picture
from tests.e2e.conftest import Server, settle

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
STAR = 23
FRAMES = 3


def scene(side: int) -> Image.Image:
    return Image.fromarray(draw_scene(STAR, label=CLASSES.index("star"), side=side).picture)


def film(picture: Image.Image) -> bytes:
    """A picture as a film of a few equal frames in YUV4MPEG2, for a camera that is none."""
    luma, *chroma = picture.convert("YCbCr").split()
    half = (picture.width // 2, picture.height // 2)
    planes = [luma, *(plane.resize(half, Image.Resampling.BOX) for plane in chroma)]
    frame = b"FRAME\n" + b"".join(plane.tobytes() for plane in planes)
    return f"YUV4MPEG2 W{picture.width} H{picture.height} F10:1 Ip A1:1 C420jpeg\n".encode() + FRAMES * frame


def numbers(page: Page, folder: Path) -> dict[str, Any]:
    """The maps of Explore with their recipe, as the visitor saves them."""
    with page.expect_download() as saved:
        page.get_by_role("button", name="Numbers (JSON)").first.click()
    saved.value.save_as(folder / "maps.json")
    return json.loads((folder / "maps.json").read_text(encoding="utf-8"))


def explained(picture: Image.Image) -> Explanation:
    return explain(load_model(bundled()["compact_mfa"]), picture)


def agrees(told: dict[str, Any], found: Explanation, within: float = 1e-3) -> None:
    """The maps of the file are those of this explanation."""
    maps = {panel["title"]: np.array(panel["values"]) for panel in told["panels"]}
    for title, map_HW in (("CAM", found.cam_HW), ("AdaCAM", found.adacam_HW)):
        assert map_HW is not None
        np.testing.assert_allclose(maps[title].ravel(), map_HW.ravel(), rtol=within, atol=within)


@pytest.fixture
def camera(browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path) -> Iterator[Browser]:
    """A browser whose camera sees a drawn star, 4 : 3 with grey at the sides, and that asks nobody whether it may."""
    seen = Image.new("RGB", (640, 480), (128, 128, 128))
    seen.paste(scene(480), (80, 0))
    (tmp_path / "camera.y4m").write_bytes(film(seen))
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={tmp_path / 'camera.y4m'}")
    options = {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *flags]}
    opened = browser_type.launch(**options)
    yield opened
    opened.close()


def test_a_shot_of_the_camera_is_explained(camera: Browser, server: Server, tmp_path: Path) -> None:
    page = camera.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url)
    settle(page)
    page.get_by_role("button", name="Use your own picture").click()
    page.get_by_text("Camera", exact=True).click()
    shot = page.get_by_test_id("stCameraInput")
    shot.locator("video").evaluate(
        """video => video.readyState >= 2 ||
            new Promise((done) => video.addEventListener("loadeddata", () => done(true), { once: true }))"""
    )
    shot.get_by_role("button", name="Take Photo").click()
    taken = shot.locator("img")
    expect(taken).to_be_visible()
    own = page.locator(".st-key-gallery_strip button").first
    expect(own).to_have_attribute("aria-pressed", "true")
    expect(own).to_have_attribute("aria-label", "Yours")
    settle(page)

    # The very pixels that the browser took, explained again here.
    source = taken.evaluate(
        """async (image) => {
            const blob = await (await fetch(image.src)).blob();
            const reader = new FileReader();
            await new Promise((done) => { reader.onload = done; reader.readAsDataURL(blob); });
            return reader.result;
        }"""
    )
    picture = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB")
    page.keyboard.press("Escape")
    told = numbers(page, tmp_path)
    assert told["recipe"]["picture"] == "own" and picture.width > picture.height
    found = explained(picture)
    agrees(told, found)
    name = found.classes[found.predicted]
    expect(page.locator(".says").filter(has_text=f"Prediction: {name}")).to_be_visible()
    assert not errors, errors


def test_a_pasted_picture_is_explained(visit: Visit, page: Page, server: Server, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    visit("/")
    picture, buffer = scene(300), io.BytesIO()
    picture.save(buffer, "PNG")
    page.evaluate(
        """async (content) => {
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            const blob = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }""",
        base64.b64encode(buffer.getvalue()).decode(),
    )
    expect(page.get_by_text("or paste one anywhere (Ctrl+V)")).to_be_visible()  # from then on somebody listens
    page.keyboard.press("Control+V")
    own = page.locator(".st-key-gallery_strip button").first
    expect(own).to_have_attribute("aria-label", "Yours")
    expect(own).to_have_attribute("aria-pressed", "true")
    settle(page)
    told = numbers(page, tmp_path)
    assert told["recipe"]["picture"] == "own"
    agrees(told, explained(picture))


def test_any_file_is_taken_or_named(visit: Visit, tmp_path: Path) -> None:
    """What a browser saved as .jfif, what a phone saved, numbers of 12 bits, and what is no picture that is read."""
    picture = scene(300)
    picture.save(tmp_path / "saved by a browser.jfif", "JPEG", quality=95)
    picture.rotate(90).save(tmp_path / "small.avif", quality=90)
    pillow_heif.from_pillow(picture.rotate(180)).save(tmp_path / "phone.heic", quality=90)
    tifffile.imwrite(tmp_path / "camera.tif", np.asarray(picture.convert("L")).astype(np.uint16) * 16)
    (tmp_path / "layers.psd").write_bytes(b"8BPS\0\1" + bytes(60))
    page = visit("/")
    page.get_by_role("button", name="Use your own picture").click()
    field = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    own = page.locator(".st-key-gallery_strip button").first
    field.set_input_files(tmp_path / "layers.psd")
    said = page.get_by_test_id("stAlert")
    expect(said).to_contain_text("is a Photoshop document. Export it as PNG or JPEG.")
    for name in ("saved by a browser.jfif", "small.avif", "phone.heic", "camera.tif"):
        before = own.locator("img").get_attribute("src") or ""
        field.set_input_files(tmp_path / name)
        expect(own.locator("img")).not_to_have_attribute("src", before)
        settle(page)
        expect(said).to_have_count(0)
        expect(own).to_have_attribute("aria-label", "Yours")
        expect(own).to_have_attribute("aria-pressed", "true")
        told = page.get_by_test_id("stCaptionContainer").filter(has_text="How this picture was read")
        expect(told).to_have_count(1 if name == "camera.tif" else 0)
    expect(told).to_contain_text("values stretched from 0 to 4095.")
    page.keyboard.press("Escape")
    agrees(numbers(page, tmp_path), explained(open_picture(tmp_path / "camera.tif")))


@pytest.mark.parametrize("name", ["phone.heic", "small.avif"])
def test_a_picture_of_a_phone_is_explained(visit: Visit, name: str, tmp_path: Path) -> None:
    """HEIC, which pillow-heif reads, and AVIF: the maps are those of the very file."""
    picture = scene(300)
    if name.endswith(".heic"):
        pillow_heif.from_pillow(picture).save(tmp_path / name, quality=90)
    else:
        picture.save(tmp_path / name, quality=90)
    page = visit("/")
    page.get_by_role("button", name="Use your own picture").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator(".st-key-gallery_strip button").first).to_have_attribute("aria-label", "Yours")
    page.keyboard.press("Escape")
    settle(page)
    told, found = numbers(page, tmp_path), explained(open_picture(tmp_path / name))
    assert told["recipe"]["picture"] == "own"
    agrees(told, found)
    said = page.locator(".says").filter(has_text=f"Prediction: {found.classes[found.predicted]}")
    expect(said).to_be_visible()


def test_a_photograph_with_boxes_is_measured(
    visit: Visit, shared_data: Path, unpacked: Callable[..., Path], tmp_path: Path
) -> None:
    """The energy in the box, from CAM and the line of the file with exact shares of cells."""
    boxes = shared_data / "imagenette-boxes.csv"
    if not boxes.is_file():
        pytest.skip("needs boxes of real pictures: imagenette-boxes.csv is not there")
    with boxes.open(encoding="utf-8", newline="") as file:
        lines = {line["file"]: line for line in csv.DictReader(file)}
    folder = unpacked("imagenette-val", each=12)
    photograph = next(path for path in sorted(folder.rglob("*.JPEG")) if path.name in lines)

    page = visit("/maps")
    page.get_by_role("button", name="Use your own picture").click()
    page.locator("input[type=file]").first.set_input_files(photograph)
    own = page.locator(".st-key-gallery_strip button").first
    expect(own).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Say where the object is").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(boxes)
    expect(page.get_by_text("The box is from imagenette-boxes.csv.")).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)

    with page.expect_download() as saved:
        page.get_by_role("button", name="Figures (CSV)").click()
    saved.value.save_as(tmp_path / "figures.csv")
    rows = csv.DictReader((tmp_path / "figures.csv").read_text(encoding="utf-8").splitlines()[1:])
    figures = {row["figure"]: row for row in rows}

    found = explained(Image.open(photograph).convert("RGB"))
    assert found.cam_HW is not None
    rows_, columns = found.grid
    line = lines[photograph.name]
    x0, y0, x1, y1 = (float(line[f"{name}_224"]) for name in ("x0", "y0", "x1", "y1"))

    def inside(low: float, high: float, count: int) -> np.ndarray:
        edges = np.linspace(0, 224, count + 1)
        return np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None) * count / 224

    cover_HW = np.outer(inside(y0, y1, rows_), inside(x0, x1, columns))
    for title, map_HW in (("CAM", found.cam_HW), ("AdaCAM", found.adacam_HW)):
        positive_HW = np.clip(map_HW, 0, None)
        by_hand = (positive_HW * cover_HW).sum() / positive_HW.sum()
        assert float(figures["energy"][title]) == pytest.approx(by_hand, abs=0.01), title
        y, x = np.unravel_index(map_HW.argmax(), map_HW.shape)
        centre = ((x + 0.5) * 224 / columns, (y + 0.5) * 224 / rows_)
        hit = x0 <= centre[0] < x1 and y0 <= centre[1] < y1
        assert float(figures["pointing"][title]) == hit, title
