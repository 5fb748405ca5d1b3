"""The check: what is missing, unexpected, unreadable and doubled, by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from mvfa_core.data import catalogue
from mvfa_core.data.catalogue import CATALOGUE, Entry
from mvfa_core.data.check import examine, inspect
from mvfa_core.data.folder import REMARKS
from mvfa_core.pictures import DARK, FIRST_FRAME, STRETCHED
from tests.mvfa_core.data.test_layouts import imagenette, indoor67, root
from tests.pictures import fill, split_folder

__all__ = ["root"]  # the data root and cache of one test

COLOURED = Entry(
    title="Colours", paper="Colours", classes={"brick": 5, "leaf": 5, "sea": 5}, class_count=3, pictures=15, train=9,
    val=6, split_note="-", layout="<class>/*.png", page="-", terms="-", citation="-",
    split=catalogue.Split(train_each=3),
)  # fmt: skip


def test_all_is_well(tmp_path: Path) -> None:
    report = examine(fill(tmp_path / "set", 5), COLOURED)
    assert (report.state, report.problems, report.unreadable, report.duplicates) == ("ready", (), (), ())
    assert (report.layout, report.classes, report.train, report.val) == ("class folders", 3, 9, 6)


def test_nothing_is_decoded_when_only_looking(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 5)
    (folder / "sea" / "00.png").write_bytes(b"")
    report = inspect(folder, COLOURED)
    assert (report.state, report.unreadable, report.duplicates) == ("ready", None, None)


def test_missing_and_unexpected_classes_and_sizes(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 5)
    (folder / "leaf" / "00.png").unlink()
    (folder / "sea").rename(folder / "ocean")
    assert inspect(folder, COLOURED).problems == (
        "1 of 3 classes are missing: sea",
        "1 folders are no class of Colours: ocean",
        "1 classes differ in size: leaf has 4 pictures instead of 5",
        "expected 15 pictures, got 14",
    )


def test_official_counts(root: Path) -> None:
    report = inspect(imagenette(root / "imagenette"), CATALOGUE["imagenette"])
    assert "8 of 10 classes are missing: n02102040, n02979186, n03000684, n03028079, n03417042 and 3 more" in (
        report.problems
    )
    assert report.problems[-1] == "expected 9,469 to train on and 3,925 held out, got 6 and 4"


def test_listed_files_that_are_gone(root: Path) -> None:
    home = indoor67(root / "indoor67")
    (home / "indoorCVPR_09" / "Images" / "gym" / "b0 one.jpg").unlink()
    assert inspect(home, CATALOGUE["indoor67"]).problems[0] == "1 listed pictures are not there: gym/b0 one.jpg"


def test_no_layout_at_all(tmp_path: Path) -> None:
    report = examine(tmp_path / "gone", COLOURED)
    assert report.state == "incomplete" and "no such folder" in report.problems[0]
    (tmp_path / "empty").mkdir()
    assert "expected 3 class folders (<class>/*.png), got 0" in examine(tmp_path / "empty", COLOURED).problems[0]


def test_unreadable_files_come_with_their_reason(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=4, held_out=2)
    (folder / "train" / "leaf" / "01.png").write_bytes(b"")
    cut = folder / "val" / "sea" / "04.png"
    cut.write_bytes(cut.read_bytes()[:-60])
    report = examine(folder)
    assert report.state == "incomplete"
    (empty, why), (broken, because) = report.unreadable or ()
    assert (empty, broken) == ("train/leaf/01.png", "val/sea/04.png")
    assert why == '"01.png" is empty (0 bytes). Save or download it again.' and "damaged or cut off" in because


def test_nothing_readable_is_a_problem(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=2, held_out=1)
    for file in (folder / "val").rglob("*.png"):
        file.write_bytes(b"dust")
    assert examine(folder).problems == ("set: none of the 3 pictures in val can be read",)


def test_pictures_on_both_sides(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=4, held_out=2)
    shutil.copy(folder / "train" / "leaf" / "02.png", folder / "val" / "sea" / "copy.png")
    report = examine(folder)
    assert report.duplicates == (("train/leaf/02.png", "val/sea/copy.png"),)
    assert report.state == "ready"


def test_one_picture_in_two_classes_of_a_side_is_a_problem(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=4, held_out=2)
    assert examine(folder).contradictory == ()
    shutil.copy(folder / "train" / "leaf" / "02.png", folder / "train" / "leaf" / "same.png")
    shutil.copy(folder / "train" / "leaf" / "02.png", folder / "train" / "sea" / "other.png")
    report = examine(folder)
    assert report.contradictory == (("train/leaf/02.png", "train/sea/other.png"),)
    told = "1 picture lies in two classes of one side: train/leaf/02.png = train/sea/other.png"
    assert report.problems == (told,) and report.state == "incomplete"
    assert inspect(folder).contradictory is None


def test_a_side_of_two_names_is_compared_once(tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=4, held_out=2, other="test")
    shutil.copy(folder / "train" / "leaf" / "02.png", folder / "test" / "leaf" / "copy.png")
    report = examine(folder, validate_on="test")
    assert report.val == report.test > 0
    assert report.duplicates == (("train/leaf/02.png", "test/leaf/copy.png"),)


def test_pictures_that_are_not_shown_as_they_are_get_counted(tmp_path: Path) -> None:
    """Stretched, nearly black, of several frames; and again from the cache."""
    folder = split_folder(tmp_path / "set", each=4, held_out=2)
    grey = np.linspace(0, 1, 900).reshape(30, 30)
    tifffile.imwrite(folder / "train" / "leaf" / "twelve.tif", (grey * 4095).astype(np.uint16))
    tifffile.imwrite(folder / "val" / "sea" / "float.tif", (grey * 1.02).astype(np.float32))
    Image.new("RGB", (20, 20), (3, 9, 5)).save(folder / "train" / "sea" / "night.png")
    frames = [Image.new("L", (20, 20), n) for n in (120, 200)]
    frames[0].save(folder / "train" / "sea" / "film.gif", save_all=True, append_images=frames[1:])
    stretched, dark, first = REMARKS[STRETCHED], REMARKS[DARK], REMARKS[FIRST_FRAME]
    for report in (examine(folder), examine(folder)):
        assert report.remarks[stretched] == ("train/leaf/twelve.tif", "val/sea/float.tif")
        assert report.remarks[dark] == ("train/sea/night.png",)
        assert report.remarks[first] == ("train/sea/film.gif",)
        assert f"{stretched}: 2 pictures (train/leaf/twelve.tif, val/sea/float.tif)" in report.notes
        assert f"{dark}: 1 picture (train/sea/night.png)" in report.notes and report.state == "ready"
    assert inspect(folder).remarks == {} == examine(split_folder(tmp_path / "plain", each=4, held_out=2)).remarks


@pytest.mark.parametrize("name", ["ucmerced", "imagenette"])
def test_the_real_archives(name: str, unpacked: object, root: Path) -> None:
    """A few pictures of every class: the names are right, the counts are not, nothing is unreadable or doubled."""
    archive = {"ucmerced": "ucmerced", "imagenette": "imagenette-train-0"}[name]
    folder = unpacked(archive, each=3)  # type: ignore[operator]
    if name == "imagenette":
        folder = Path(shutil.copytree(folder, root / "both"))
        shutil.copytree(unpacked("imagenette-val", each=2), folder, dirs_exist_ok=True)  # type: ignore[operator]
    report = examine(folder, CATALOGUE[name])
    assert report.classes == CATALOGUE[name].class_count
    assert report.unreadable == ()
    # two of the aerial pictures lie twice in train/ and one copy of each is set apart
    assert not [pair for pair in report.duplicates or () if any(not file.startswith("train/") for file in pair)]
    assert len(report.problems) == 2 and "classes differ in size" in report.problems[0]
    expected = {"ucmerced": (42, 21, 63), "imagenette": (30, 20, 0)}[name]
    assert (report.train, report.val, report.test) == expected
