"""explain: pictures and numbers for one picture or a folder, whatever kind of file it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from mvfa_core import explain, load_model
from mvfa_core.checkpoints import bundled
from mvfa_core.images import to_tensor
from mvfa_core.pictures.paths import NO_PICTURE
from mvfa_core.pictures.system_files import HIDDEN, SYSTEM
from tests.pictures import COLOURS, noisy

WIDE = (90, 60)
MAPS = ("cam", "grad-cam", "adacam")
VIEWS = ("anchors", "top-1", "top-10")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "pictures" / "a sea.png"
    file.parent.mkdir()
    noisy(COLOURS["sea"], 77, WIDE).save(file)
    return file


def expected_files(stem: str, model: Path) -> list[str]:
    kinds = MAPS + VIEWS if model.name.endswith("mfa") else MAPS
    return [f"{stem}-{kind}.png" for kind in kinds]


def test_one_picture(call: Callable, either: Path, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    done = call("explain", either, picture, "--out", out, "--json")
    assert (done.status, done.err) == (0, "")
    answer = json.loads(done.out)
    assert answer["failed"] == []
    (facts,) = answer["pictures"]
    assert facts["file"] == "a sea.png"
    assert facts["files"] == expected_files("a sea", either)
    assert sorted(path.name for path in out.iterdir()) == sorted([*facts["files"], "a sea.json"])
    original = np.asarray(Image.open(picture))
    for name in facts["files"]:
        drawn = np.asarray(Image.open(out / name))
        assert (drawn.shape, drawn.dtype) == ((60, 90, 3), np.uint8)
        assert not np.array_equal(drawn, original)
    on_disk = json.loads((out / "a sea.json").read_text(encoding="utf-8"))
    assert on_disk == facts


def test_the_numbers_are_the_model_s(call: Callable, either: Path, picture: Path, tmp_path: Path) -> None:
    facts = json.loads(call("explain", either, picture, "--out", tmp_path, "--json").out)["pictures"][0]
    loaded = load_model(either)
    with torch.no_grad():
        logits = loaded(to_tensor(Image.open(picture), loaded.side)).ensemble_BC[0]
    np.testing.assert_allclose(facts["logits_C"], logits.numpy(), rtol=1e-4, atol=1e-4)
    assert facts["predicted"] == int(logits.argmax())
    assert facts["predicted_class"] == loaded.classes[facts["predicted"]]
    assert (facts["size_px"], facts["grid"], facts["classes"]) == ([90, 60], [14, 14], ["brick", "leaf", "sea"])
    assert sum(facts["ensemble_C"]) == pytest.approx(1, abs=1e-5)
    wanted = explain(loaded, Image.open(picture))
    np.testing.assert_allclose(facts["adacam_HW"], wanted.adacam_HW, rtol=1e-5, atol=1e-5)
    if either.name.endswith("gap"):
        assert (facts["views"], facts["top_regions"]) == (0, [])
        return
    assert facts["views"] == 8
    assert len(facts["top_regions"]) == 8
    step_x, step_y = 90 / 14, 60 / 14
    for region in facts["top_regions"]:
        x0, y0, x1, y1 = region["box"]
        assert region["box_px"] == pytest.approx([x0 * step_x, y0 * step_y, (x1 + 1) * step_x, (y1 + 1) * step_y])


def test_target_k_and_sizes(call: Callable, model: Path, picture: Path, tmp_path: Path) -> None:
    def facts(*words: object) -> dict:
        done = call("explain", model, picture, "--out", tmp_path, "--json", *words)
        assert done.status == 0, done.err
        return json.loads(done.out)["pictures"][0]

    by_name, by_index = facts("--target", "leaf"), facts("--target", 1)
    assert by_name == by_index
    assert (by_name["target"], by_name["target_class"]) == (1, "leaf")
    changed = facts("--k", 3, "--sizes", 1, 3, 7)
    assert (changed["k"], changed["sizes"], changed["views"]) == (3, [1, 3, 7], 9)
    assert len(changed["anchors_K2"]) == 3
    assert changed["adacam_HW"] == facts()["adacam_HW"]


def sixteen_bit(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


def turned(picture: Image.Image) -> Image.Image:
    turned_picture = picture.copy()
    turned_picture.getexif()[274] = 6
    return turned_picture


KINDS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "photo.jpg": lambda picture: picture,
    "modern.webp": lambda picture: picture,
    "grey.png": lambda picture: picture.convert("L"),
    "clear.png": lambda picture: picture.convert("RGBA"),
    "print.jpg": lambda picture: picture.convert("CMYK"),
    "deep.png": sixteen_bit,
    "turned.jpg": turned,
    "palette.gif": lambda picture: picture.convert("P"),
}


def test_a_folder_of_every_kind(call: Callable, model: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "kinds", tmp_path / "out"
    folder.mkdir()
    for name, change in KINDS.items():
        made = change(noisy(COLOURS["leaf"], 5, WIDE))
        made.save(folder / name, **({"exif": made.getexif()} if name == "turned.jpg" else {}))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff not all of it")
    (folder / "notes.txt").write_text("no picture")
    done = call("explain", model, folder, "--out", out, "--json")
    assert done.status == 0
    assert done.err.count("\n") == 1 and done.err.startswith("skipped broken.jpg: ")
    answer = json.loads(done.out)
    assert [facts["file"] for facts in answer["pictures"]] == sorted(KINDS)
    (failed,) = answer["failed"]
    assert failed["file"] == "broken.jpg"
    assert "damaged" in failed["error"] or "not" in failed["error"]
    sizes = {facts["file"]: facts["size_px"] for facts in answer["pictures"]}
    assert sizes.pop("turned.jpg") == [60, 90]
    assert set(map(tuple, sizes.values())) == {WIDE}
    by_name = {facts["file"]: facts for facts in answer["pictures"]}
    assert by_name["clear.png"]["logits_C"] != by_name["grey.png"]["logits_C"]
    assert len(list(out.glob("*.png"))) == len(KINDS) * 6
    plain = call("explain", model, folder, "--out", out)
    assert plain.status == 0
    assert len(plain.out.strip().splitlines()) == len(KINDS)
    assert plain.err == f"passed over: 1 {NO_PICTURE}\n{done.err}"  # with --json it stands in the answer


def test_pictures_of_one_name_do_not_overwrite_each_other(call: Callable, model: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "twins", tmp_path / "out"
    folder.mkdir()
    noisy(COLOURS["sea"], 1).save(folder / "one.png")
    noisy(COLOURS["brick"], 2).save(folder / "one.jpg")
    answer = json.loads(call("explain", model, folder, "--out", out, "--json").out)
    files = [name for facts in answer["pictures"] for name in facts["files"]]
    assert len(files) == len(set(files)) == 12
    texts = [json.loads(file.read_text(encoding="utf-8"))["logits_C"] for file in sorted(out.glob("*.json"))]
    assert len(texts) == 2
    assert texts[0] != texts[1]


def test_large_pictures_are_drawn_small_and_measured_large(call: Callable, model: Path, tmp_path: Path) -> None:
    noisy(COLOURS["sea"], 3, (2100, 700)).save(tmp_path / "large.jpg")
    (facts,) = json.loads(call("explain", model, tmp_path / "large.jpg", "--out", tmp_path, "--json").out)["pictures"]
    assert facts["size_px"] == [2100, 700]
    drawn = Image.open(tmp_path / "large-adacam.png")
    assert max(drawn.size) <= 1024
    assert drawn.width / drawn.height == pytest.approx(3, rel=0.01)


def test_nothing_readable_is_a_failure(call: Callable, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dust"
    folder.mkdir()
    for name in ("a.jpg", "b.png"):
        (folder / name).write_bytes(b"dust")
    done = call("explain", model, folder, "--out", tmp_path / "out")
    assert done.status == 1
    assert "none of 2 pictures could be read" in done.err


def test_one_answer_a_picture(call: Callable, tmp_path: Path) -> None:
    """Whatever their names share: the part before the ending, capitals, accents, or what an answer is called."""
    folder, out = tmp_path / "pictures", tmp_path / "out"
    (folder / "below").mkdir(parents=True)
    names = ["x.jpg", "x.png", "x.jpg.png", "x-grad.png", "A.png", "a.PNG", "caf\u00e9.png", "cafe\u0301.png",
             "below/x.png", "no ending", "saved.jfif"]  # fmt: skip
    for number, name in enumerate(names):
        kind = "JPEG" if name.endswith(("jpg", "jfif")) else "PNG"
        noisy(COLOURS["sea"], number, (40, 30)).save(folder / name, kind)
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes((folder / "x.png").read_bytes())
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._x.png").write_bytes(b"\0\5\x16\7")
    done = call("explain", bundled()["compact_mfa"], folder, "--out", out, "--json")
    assert done.status == 0, done.err
    answer = json.loads(done.out)
    assert sorted(facts["file"] for facts in answer["pictures"]) == sorted(names)
    files = [name for facts in answer["pictures"] for name in facts["files"]]
    assert len({name.casefold() for name in files}) == len(files) == 6 * len(names)
    assert all((out / name).is_file() for name in files)
    assert len([path for path in out.rglob("*.json")]) == len(names)
    assert answer["passed_over"] == {SYSTEM: 1, HIDDEN: 1, NO_PICTURE: 1}
    told = call("explain", bundled()["compact_mfa"], folder, folder / "x.png", "--out", out)
    assert f"passed over: 1 {HIDDEN}, 1 {NO_PICTURE}, 1 {SYSTEM}" in told.err
    assert len(told.out.splitlines()) == len(names)  # a picture that is named twice is one


def test_pictures_are_not_written_over(call: Callable, tmp_path: Path) -> None:
    for name in ("x.png", "x-cam.png"):
        noisy(COLOURS["sea"], 1, (40, 30)).save(tmp_path / name)
    before = (tmp_path / "x-cam.png").read_bytes()
    answer = json.loads(call("explain", bundled()["compact_gap"], tmp_path, "--out", tmp_path, "--json").out)
    assert len(answer["pictures"]) == 2 and (tmp_path / "x-cam.png").read_bytes() == before


def test_boxes_are_in_the_pixels_of_the_file_and_what_was_done_is_said(call: Callable, tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    noisy(COLOURS["sea"], 3, (300, 200)).resize((3000, 2000)).save(file, compress_level=1)
    answer = json.loads(call("explain", bundled()["compact_mfa"], file, "--out", tmp_path / "out", "--json").out)
    (facts,) = answer["pictures"]
    assert facts["size_px"] == [3000, 2000] and facts["notes"] == ["reduced from 3,000 x 2,000 px"]
    boxes = np.array(facts["boxes_px_KR4"]) if "boxes_px_KR4" in facts else None
    assert boxes is None or (boxes[..., 2].max() > 2300 and boxes[..., 3].max() <= 2000)
    told = call("explain", bundled()["compact_mfa"], file, "--out", tmp_path / "out")
    assert "% (reduced from 3,000 x 2,000 px)" in told.out


def test_bands_are_chosen(call: Callable, tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "many.tif", np.full((20, 30, 13), 900, np.uint16), photometric="minisblack", planarconfig="contig"
    )
    refused = call("explain", bundled()["compact_gap"], tmp_path / "many.tif", "--out", tmp_path / "out")
    assert refused.status == 2 and "13 bands of 16-bit integers" in refused.err and "--bands 4 3 2" in refused.err
    done = call(
        "explain", bundled()["compact_gap"], tmp_path / "many.tif", "--bands", 4, 3, 2, "--out", tmp_path / "out"
    )
    assert done.status == 0 and "bands 4, 3, 2 of 13 shown as red, green and blue" in done.out
