"""Folders of pictures: layouts, splits, labels that stay with their pictures, and what is refused."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvfa_core.data.layouts import find
from mvfa_core.data.sets import DataError, PictureSet
from mvfa_core.data.sources import load_data
from tests.pictures import COLOURS, colour_of, fill, noisy, split_folder

SIDE = 16
CLASSES = ("brick", "leaf", "sea")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for one test."""
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    return fill(tmp_path / "flat", 10)


def aligned(pictures: PictureSet, folder: Path, classes: tuple[str, ...] = CLASSES) -> None:
    """Image, label and name of every picture belong together; the image is the squashed file."""
    assert len(pictures) == len(pictures.labels) == len(pictures.names) == len(pictures.images)
    assert pictures.images.dtype == np.uint8
    assert pictures.labels.dtype == np.int64
    for image, label, name in zip(pictures.images, pictures.labels, pictures.names, strict=True):
        assert colour_of(image) == classes[label] == Path(name).parent.name
        by_hand = Image.open(folder / name).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(image, np.asarray(by_hand))


def test_train_and_val(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=4, held_out=2)
    told: list[tuple[str, int, int]] = []
    data = load_data(str(folder), SIDE, progress=lambda *values: told.append(values))
    assert (data.name, data.classes, data.passed_over) == ("set", CLASSES, ())
    assert (len(data.train), len(data.val), len(data.test)) == (12, 6, 0)
    assert {name.split("/")[0] for name in data.train.names} == {"train"}
    assert {name.split("/")[0] for name in data.val.names} == {"val"}
    aligned(data.train, folder)
    aligned(data.val, folder)
    assert [(done, total) for _, done, total in told] == [(12, 12), (6, 6)]


def test_three_sides_are_three_sides(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=2, held_out=1)
    fill(folder / "test", 5)
    for validate_on in ("val", "test"):
        data = load_data(str(folder), SIDE, validate_on=validate_on)
        assert (len(data.train), len(data.val), len(data.test)) == (6, 3, 15)


def test_a_test_side_alone_is_watched_or_kept(tmp_path: Path) -> None:
    """A tenth of train/ is set apart and test/ kept; or, in the paper's protocol, test/ is watched."""
    folder = split_folder(tmp_path / "set", each=12, held_out=2, other="test")
    data = load_data(str(folder), SIDE, seed=5)
    assert (len(data.train), len(data.val), len(data.test)) == (33, 3, 6)
    assert Counter(data.val.labels.tolist()) == {0: 1, 1: 1, 2: 1}
    assert not {*data.train.names} & {*data.val.names}
    assert {name.split("/")[0] for name in data.val.names} == {"train"}
    for pictures in (data.train, data.val, data.test):
        aligned(pictures, folder)
    assert load_data(str(folder), SIDE, seed=5).val.names == data.val.names
    assert load_data(str(folder), SIDE, seed=6).val.names != data.val.names
    watched = load_data(str(folder), SIDE, validate_on="test")
    assert (len(watched.train), len(watched.val)) == (36, 6) and watched.test is watched.val


def test_only_the_sides_asked_for_are_decoded(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=12, held_out=2, other="test")
    told: list[tuple[str, int, int]] = []
    data = load_data(str(folder), SIDE, splits=("test",), progress=lambda *values: told.append(values))
    assert told == [("decoding test", 6, 6)]
    assert (len(data.train), len(data.val), len(data.test)) == (0, 0, 6)
    with pytest.raises(ValueError, match="validate_on: expected one of val, test"):
        load_data(str(folder), SIDE, validate_on="train")  # type: ignore[arg-type]


def test_flat_folders_are_split_by_the_seed(flat: Path) -> None:
    data = load_data(str(flat), SIDE, seed=3)
    aligned(data.train, flat)
    aligned(data.val, flat)
    train, val = set(data.train.names), set(data.val.names)
    assert not train & val
    assert train | val == {path.relative_to(flat).as_posix() for path in flat.rglob("*.png")}
    assert find(flat, seed=3) == find(flat, seed=3)
    assert find(flat, seed=3).val.files == data.val.names
    assert find(flat, seed=4).val.files != data.val.names


@pytest.mark.parametrize(("count", "held_out"), [(2, 1), (4, 1), (8, 2), (10, 2), (25, 5)])
def test_a_fifth_of_every_class_is_held_out(count: int, held_out: int, tmp_path: Path) -> None:
    for name, pictures in (("few", 2), ("many", count)):
        for number in range(pictures):
            (tmp_path / "set" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "set" / name / f"{number}.png").touch()
    found = find(tmp_path / "set")
    assert Counter(found.val.labels) == {0: 1, 1: held_out}
    assert Counter(found.train.labels) == {0: 1, 1: count - held_out}


def test_content_comes_from_disk_until_a_file_changes(flat: Path) -> None:
    first = load_data(str(flat), SIDE)
    file = flat / first.train.names[0]
    stat = file.stat()
    file.write_bytes(bytes(stat.st_size))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # to the cache the file is the same, and so it is not read
    again = load_data(str(flat), SIDE)
    np.testing.assert_array_equal(again.train.images, first.train.images)
    noisy((0, 0, 0), 5).save(file)
    changed = load_data(str(flat), SIDE).train
    assert changed.images[0].mean() < 30
    np.testing.assert_array_equal(changed.images[1:], first.train.images[1:])


def test_another_side_is_decoded_anew(flat: Path) -> None:
    assert load_data(str(flat), SIDE).train.images.shape[1:] == (SIDE, SIDE, 3)
    assert load_data(str(flat), 24).train.images.shape[1:] == (24, 24, 3)


def test_unreadable_files_are_left_out_and_listed(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=4, held_out=3)
    (folder / "train" / "brick" / "00.png").write_bytes(b"")
    (folder / "train" / "leaf" / "02.png").write_text("not a picture")
    cut = folder / "val" / "sea" / "04.png"
    cut.write_bytes(cut.read_bytes()[:-60])
    (folder / "val" / "sea" / "notes.txt").write_text("left alone")
    data = load_data(str(folder), SIDE)
    assert tuple(one.file for one in data.unreadable) == ("train/brick/00.png", "train/leaf/02.png", "val/sea/04.png")
    assert {one.file for one in data.passed_over} - {one.file for one in data.unreadable} == {"val/sea/notes.txt"}
    assert (len(data.train), len(data.val)) == (10, 8)
    aligned(data.train, folder)
    aligned(data.val, folder)
    assert not {one.file for one in data.passed_over} & {*data.train.names, *data.val.names}
    again = load_data(str(folder), SIDE)
    assert again.passed_over == data.passed_over
    aligned(again.train, folder)


def test_strange_but_rightful_folders(tmp_path: Path) -> None:
    """Names with blanks, dots, quotes and other scripts; hidden folders, deeper levels, capital suffixes."""
    names = {"Große Straße, alt": (200, 60, 40), "a 'b' \"c\" $(d)": (50, 170, 60), "图像.v2": (40, 80, 210)}
    folder = fill(tmp_path / "my set", 3, colours=names)
    fill(folder / ".thumbnails", 1)
    (folder / "readme.md").write_text("no class")
    deep = folder / "图像.v2" / "2024" / "may"
    deep.mkdir(parents=True)
    noisy((40, 80, 210), 9).save(deep / "DSC.JPG")
    data = load_data(str(folder), SIDE)
    assert data.classes == tuple(sorted(names))
    every = [*data.train.names, *data.val.names]
    assert len(every) == len(set(every)) == 10
    assert "图像.v2/2024/may/DSC.JPG" in every
    for pictures in (data.train, data.val):
        for image, label, name in zip(pictures.images, pictures.labels, pictures.names, strict=True):
            assert name.startswith(data.classes[label] + "/")
            assert names[data.classes[label]] == COLOURS[colour_of(image)]


def test_the_working_directory_has_a_name(flat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(flat)
    assert load_data(".", SIDE).name == "flat"


def other_classes(folder: Path) -> None:
    shutil.rmtree(folder / "val")
    fill(folder / "val", 2, colours={"moon": (1, 2, 3), "stars": (200, 200, 200)})


def one_class(folder: Path) -> None:
    for split, name in (("train", "leaf"), ("train", "sea"), ("val", "leaf"), ("val", "sea")):
        shutil.rmtree(folder / split / name)


REFUSALS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "no folder": (shutil.rmtree, ("set: no such folder",)),
    "no training side": (
        lambda folder: shutil.rmtree(folder / "train") or fill(folder / "test", 2),
        ("no training side",),
    ),
    "no class in common": (other_classes, ("train/ and val/ have no class in common", "brick", "moon")),
    "one class": (one_class, ("set: ", "two or more classes", "got 1")),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_say_what_is_missing(case: str, tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=2, held_out=1)
    spoil, words = REFUSALS[case]
    spoil(folder)
    with pytest.raises(DataError) as caught:
        load_data(str(folder), SIDE)
    for word in words:
        assert word in str(caught.value)


def test_a_class_of_one_picture_cannot_be_split(flat: Path) -> None:
    for number in range(1, 10):
        (flat / "leaf" / f"{number:02}.png").unlink()
    with pytest.raises(DataError, match="class leaf has one picture"):
        find(flat)


def test_nothing_readable_is_refused(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=2, held_out=1)
    for file in (folder / "val").rglob("*.png"):
        file.write_bytes(b"dust")
    with pytest.raises(DataError, match="none of the 3 pictures in val can be read"):
        load_data(str(folder), SIDE)


def test_real_pictures(unpacked: Callable[..., Path]) -> None:
    folder = unpacked("ucmerced", each=8) / "ucmerced"
    data = load_data(str(folder), 112)
    assert len(data.classes) == 21
    assert (len(data.train), len(data.val), len(data.test), data.passed_over) == (147, 21, 168, ())
    assert Counter(data.train.labels.tolist()) == dict.fromkeys(range(21), 7)
    for pictures in (data.train, data.test):
        for i in (0, 77, 146):
            assert Path(pictures.names[i]).parent.name == data.classes[pictures.labels[i]]
            with Image.open(folder / pictures.names[i]) as opened:
                by_hand = opened.convert("RGB").resize((112, 112), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(pictures.images[i], np.asarray(by_hand))
