"""Every layout that the paper's datasets come in: found, split and labelled rightly, or refused by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.data.layouts import find
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import load_data
from tests.pictures import COLOURS, colour_of, fill, noisy, split_folder

RED, GREEN = COLOURS["brick"], COLOURS["leaf"]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root and a cache for one test."""
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def paint(folder: Path, name: str, rgb: tuple[int, int, int]) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    noisy(rgb, len(name) + sum(map(ord, name))).save(folder / name)


def write(file: Path, lines: Iterable[str], end: str = "\n") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(end.join(lines).encode())


def indoor67(home: Path) -> Path:
    """Two classes of Indoor67 as its archive and its two lists lie when they were unpacked side by side."""
    for name, rgb in (("bar", RED), ("gym", GREEN)):
        for number in range(6):
            paint(home / "indoorCVPR_09" / "Images" / name, f"b{number} one.jpg", rgb)
    write(home / "TrainImages.txt", [f"{c}/b{n} one.jpg" for c in ("bar", "gym") for n in range(3)], end="\r\n")
    write(home / "TestImages.txt", ["gym/b3 one.jpg", "bar/b4 one.jpg", ""])
    return home


def action40(home: Path) -> Path:
    """Two actions as Stanford's two zips unpack: pictures in one flat folder, lists for every class."""
    for name, rgb in (("riding_a_bike", RED), ("fishing", GREEN)):
        for number in range(1, 5):
            paint(home / "JPEGImages", f"{name}_{number:03}.jpg", rgb)
        write(home / "ImageSplits" / f"{name}_train.txt", [f"{name}_001.jpg", f"{name}_003.jpg"])
        write(home / "ImageSplits" / f"{name}_test.txt", [f"{name}_002.jpg"])
    write(home / "ImageSplits" / "train.txt", ["riding_a_bike_001.jpg"])
    write(home / "ImageSplits" / "test.txt", ["riding_a_bike_002.jpg"])
    write(home / "ImageSplits" / "actions.txt", ["action_name\tnumber", "fishing\t4"])
    return home


def corel5k(home: Path) -> Path:
    """Two photo CDs, with the lists that leave the suffix out."""
    for name, rgb in (("1000", RED), ("130000", GREEN)):
        for number in range(4):
            paint(home / "Corel5k" / name, f"{name[:-1]}{number}.jpeg", rgb)
    write(home / "Corel5k" / "corel5k_train_list.txt", [f"{c}/{c[:-1]}{n}" for c in ("1000", "130000") for n in (0, 1)])
    write(home / "Corel5k" / "corel5k_test_list.txt", ["1000/1002", "130000/130003"])
    return home


def imagenette(home: Path) -> Path:
    """Two classes as the archive unpacks."""
    for side, count in (("train", 3), ("val", 2)):
        for name, rgb in (("n01440764", RED), ("n03394916", GREEN)):
            for number in range(count):
                paint(home / "imagenette2-320" / side / name, f"{side}_{number}.JPEG", rgb)
    write(home / "imagenette2-320" / "noisy_imagenette.csv", ["path,label"])
    return home


def caltech101(home: Path) -> Path:
    """Two classes and the background that is none."""
    for name, rgb in (("ant", RED), ("yin_yang", GREEN), ("BACKGROUND_Google", COLOURS["sea"])):
        for number in range(5):
            paint(home / "caltech-101" / "101_ObjectCategories" / name, f"image_{number:04}.jpg", rgb)
    return home


LAYOUTS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...], int, int]] = {
    "indoor67": (indoor67, ("bar", "gym"), 6, 2),
    "action40": (action40, ("fishing", "riding_a_bike"), 4, 2),
    "corel5k": (corel5k, ("1000", "130000"), 4, 2),
    "imagenette": (imagenette, ("tench", "French horn"), 6, 4),
    "caltech101": (caltech101, ("ant", "yin_yang"), 8, 2),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_dataset_is_loaded_by_its_name(name: str, root: Path) -> None:
    make, classes, train, val = LAYOUTS[name]
    make(root / name)
    data = load_data(name, 16, validate_on="test")
    assert (data.name, data.classes, data.unreadable) == (name, classes, ())
    # what lies beside the class folders or on no list is told
    left = {"indoor67": 4, "action40": 2, "corel5k": 2, "imagenette": 1, "caltech101": 5}[name]
    assert len(data.passed_over) == left
    assert (len(data.train), len(data.val)) == (train, val)
    reds = {"bar", "riding_a_bike", "1000", "tench", "ant"}
    for side in (data.train, data.val):
        assert len(set(side.names)) == len(side)
        for image, label in zip(side.images, side.labels, strict=True):
            assert colour_of(image) == ("brick" if classes[label] in reds else "leaf")
    assert not set(data.train.names) & set(data.val.names)


@pytest.mark.parametrize("name", ["indoor67", "action40", "corel5k", "imagenette"])
def test_the_same_is_loaded_by_its_path(name: str, tmp_path: Path) -> None:
    make, classes, train, val = LAYOUTS[name]
    data = load_data(str(make(tmp_path / "some where")), 16, validate_on="test")
    assert (data.classes, len(data.train), len(data.val)) == (classes, train, val)


def test_lists_are_followed_to_the_letter(root: Path) -> None:
    found = find(action40(root / "action40"), CATALOGUE["action40"], validate_on="test")
    assert found.train.files == ("fishing_001.jpg", "fishing_003.jpg", "riding_a_bike_001.jpg", "riding_a_bike_003.jpg")
    assert found.val.files == ("fishing_002.jpg", "riding_a_bike_002.jpg")
    assert (found.train.labels, found.val.labels) == ((0, 0, 1, 1), (0, 1))


def test_a_name_is_taken_from_the_working_directory_where_the_root_lacks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    imagenette(tmp_path / "imagenette")
    assert load_data("imagenette", 16).classes == ("tench", "French horn")


def test_names_may_stand_after_a_tab(tmp_path: Path) -> None:
    for number in range(4):
        paint(tmp_path / "set", f"{number}.png", RED if number % 2 else GREEN)
    write(tmp_path / "set" / "train.txt", ["0.png\tleaf", "1.png\tbrick"])
    write(tmp_path / "set" / "val.txt", ["\ufeff2.png\tleaf", "3.png\tbrick"])
    data = load_data(str(tmp_path / "set"), 16)
    assert (data.classes, data.train.labels.tolist(), data.val.labels.tolist()) == (("brick", "leaf"), [1, 0], [1, 0])


@pytest.mark.parametrize("listed", [True, False])
def test_a_test_side_without_classes_is_passed_over(listed: bool, tmp_path: Path) -> None:
    """As contests hand their pictures out: flat folders, a list for train, and at most names for test."""
    for number in range(10):
        paint(tmp_path / "train", f"{number:04x}.png", RED if number % 2 else GREEN)
        paint(tmp_path / "test", f"t{number}.png", RED)
    write(tmp_path / "train.csv", ["id,breed", *(f"{number:04x},{['pug', 'lab'][number % 2]}" for number in range(10))])
    write(tmp_path / "sample_submission.csv", ["id,lab,pug", *(f"t{number},0.5,0.5" for number in range(10))])
    if listed:
        write(tmp_path / "test.csv", ["id", *(f"t{number}" for number in range(10))])
    found = find(tmp_path)
    assert (found.classes, len(found.train.files), len(found.val.files)) == (("lab", "pug"), 8, 2)
    over = Counter(one.reason for one in found.passed_over)
    assert over == {"no list names it": 10, "not a picture": 2 if listed else 1}


def test_a_known_dataset_is_divided_as_its_entry_says(root: Path) -> None:
    """All 1,579 names of Event8, empty files: nothing is decoded here."""
    for name, count in CATALOGUE["event8"].classes.items():
        (root / "event8" / "event_img" / name).mkdir(parents=True)
        for number in range(count or 0):
            (root / "event8" / "event_img" / name / f"{number}.jpg").touch()
    found = find(root / "event8", CATALOGUE["event8"])
    assert Counter(found.val.labels) == dict.fromkeys(range(8), 50)
    assert len(found.train.files) == 1_179
    assert find(root / "event8", CATALOGUE["event8"]) == found
    assert find(root / "event8", CATALOGUE["event8"], seed=1).val != found.val


def test_a_wrapped_folder_is_unwrapped(tmp_path: Path) -> None:
    fill(tmp_path / "download" / "set" / "pictures", 4)
    data = load_data(str(tmp_path / "download"), 16)
    assert data.classes == ("brick", "leaf", "sea")
    split_folder(tmp_path / "zip" / "inner", each=2, held_out=1)
    assert len(load_data(str(tmp_path / "zip"), 16).val) == 3


def drop_lists(home: Path) -> None:
    (home / "TestImages.txt").unlink()


def lose_pictures(home: Path) -> None:
    for number in (0, 1):
        (home / "indoorCVPR_09" / "Images" / "bar" / f"b{number} one.jpg").unlink()


def escape(home: Path) -> None:
    write(home / "TestImages.txt", ["gym/b3 one.jpg", "gym/../../../secret.jpg"])


def flatten(home: Path) -> None:
    write(home / "TestImages.txt", ["b3 one.jpg"])


def blank(home: Path) -> None:
    write(home / "TestImages.txt", [" ", ""])


REFUSALS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a list is missing": (
        drop_lists,
        r"indoor67: the official split is not there; expected Images/<class>/",
    ),
    "listed pictures are missing": (lose_pictures, r"2 listed pictures are not there, first bar/b0 one\.jpg"),
    "a list leads out": (escape, r"TestImages\.txt: gym/\.\./\.\./\.\./secret\.jpg leads out of the folder"),
    "a line without a class": (flatten, r"TestImages\.txt: b3 one\.jpg lies in no class folder"),
    "an empty list": (blank, r"TestImages\.txt: the list is empty"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_name_what_is_wrong(case: str, root: Path) -> None:
    spoil, words = REFUSALS[case]
    spoil(indoor67(root / "indoor67"))
    with pytest.raises(DataError, match=words):
        load_data("indoor67", 16)


def test_a_dataset_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(DataError, match=r"aid: not in .*data; `python -m mvfa_core data get aid` gets it or says how"):
        load_data("aid", 16)
    with pytest.raises(DataError, match="ucmerce: no such folder; did you mean ucmerced"):
        load_data("ucmerce", 16)


def test_the_cache_serves_both_ways_in(root: Path) -> None:
    """By name and by path the same files are the same entry."""
    imagenette(root / "imagenette")
    by_name, by_path = load_data("imagenette", 16), load_data(str(root / "imagenette"), 16)
    np.testing.assert_array_equal(by_name.train.images, by_path.train.images)
    assert by_name.train.images.filename == by_path.train.images.filename
