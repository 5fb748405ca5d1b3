"""What holds of data sets, however their folders, lists and archives are named and whatever is in them."""

from __future__ import annotations

import io
import json
import tarfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from mvfa_core.data.acquire import acquire
from mvfa_core.data.annotations import BoxAnnotation, match
from mvfa_core.data.archives import Limits, gather, is_archive, unpack_telling
from mvfa_core.data.check import Report, contradictions, duplicates, examine, inspect, some
from mvfa_core.data.classes import counted
from mvfa_core.data.division import divide
from mvfa_core.data.folder import (
    REMARKS,
    Listing,
    expect_folder,
    is_folder,
    load_listed,
    no_pictures,
    reasons,
    subset,
)
from mvfa_core.data.layouts import Layout
from mvfa_core.data.members import expect_few, tar_members, zip_members
from mvfa_core.data.sets import DataError, PictureSet
from mvfa_core.data.sources import find_data, load_data, load_found, place_of, told_of
from mvfa_core.data.uploads import keep, remove, uploads, uploads_root
from mvfa_core.folders import cache_root, data_root
from tests.corpus.bad_archives import zipped
from tests.corpus.drawn import SEEDS, TEXT, WORDS, expect_sentence, few, fewer, rarely, refused

SEGMENT = st.text(st.sampled_from("ab.-_ \u202e\x1b\n~|<é"), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)
SIDES = st.sampled_from(["", "train/", "val/", "test/", "x/"])


def png(colour: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), (colour, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


@few
@given(st.dictionaries(st.sampled_from(list(REMARKS.values())), st.lists(TEXT, min_size=1, max_size=9), max_size=3))
def test_remarks_are_counted(remarks: dict[str, list[str]]) -> None:
    """One sentence each, with the number of files; names hide nothing."""
    told = told_of(remarks)
    assert len(told) == len(remarks)
    for sentence, (what, files) in zip(told, remarks.items(), strict=True):
        assert sentence.startswith(f"{what}: {len(files)} picture") and not set(sentence) & set("\n\r\0\x1b\u202e")


def tree(folder: Path, classes: dict[str, int], side: str = "") -> None:
    """Class folders with so many pictures; the last of each cannot be read where there are more than two."""
    for name, count in classes.items():
        for i in range(count):
            file = folder / side / name / f"{i}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(i) if i < 2 else b"none")


# --- folders ---


@fewer
@given(st.dictionaries(SEGMENT, st.integers(0, 4), max_size=4), SEEDS, SIDES)
def test_folders(tmp_path_factory: pytest.TempPathFactory, classes: dict[str, int], seed: int, side: str) -> None:
    """Every picture is on one side, every class on both, and the split follows from the seed; or a sentence."""
    folder = tmp_path_factory.mktemp("folder")
    tree(folder, classes, side)
    told = inspect(folder, seed=seed)
    assert (
        isinstance(told, Report)
        and told.state in ("ready", "incomplete")
        and bool(told.problems) == (told.state != "ready")
    )
    for one in told.problems:
        assert len(one) > 5
    try:
        found = find_data(str(folder), seed)
    except DataError as error:
        assert len(str(error)) > 10
        return
    names = found.folders
    every = [file for listing in found.sides().values() for file in listing.files]
    assert len(set(every)) == len(every) and all((found.home / file).is_file() for file in every)
    assert isinstance(found, Layout) and {*found.train.labels} == set(range(len(names))) and found.val.files
    assert find_data(str(folder), seed) == found
    # every picture is on a side, or named
    named = {one.file for one in found.passed_over}
    home = "" if found.home == folder else f"{found.home.relative_to(folder).as_posix()}/"
    lying = {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    assert {home + file for file in every} | named >= lying and not {home + file for file in every} & named
    rest, taken = divide(found.train, len(names), seed, 0.1)
    assert sorted((*rest.files, *taken.files)) == sorted(found.train.files) and len(no_pictures(8)) == 0
    assert {*rest.labels} == {*found.train.labels}  # a class of one picture is not divided
    picked = subset(found.train, np.arange(len(found.train.files))[::-1])
    assert picked.files == found.train.files[::-1] and picked.labels == found.train.labels[::-1]
    with suppress(DataError):
        data = load_data(str(folder), 8, seed=seed)
        assert data.train.images.shape == (len(data.train), 8, 8, 3)
        assert len(data.train) + len(data.val) + len(data.test) + len(data.unreadable) == len(every)
        assert data.train.names == load_listed(found.home, names, found.sides(), 8).train.names
        assert load_found(found, 8).passed_over == data.passed_over
        checked = examine(folder, seed=seed)
        assert len(checked.unreadable or ()) == len(data.unreadable)
        bad = [one.file.removeprefix(home) for one in data.unreadable]
        assert [one.reason for one in reasons(found.home, bad)] == [one.reason for one in data.unreadable]
        assert all(one != other for one, other in contradictions(data))


@few
@given(WORDS | TEXT | st.sampled_from(["ucmercd", "a" * 5000, "a/" * 3000]))
@example("a" * 5000)
@example("\x1b[31m")
def test_names_of_data(name: str) -> None:
    """A folder that is there, or a sentence, whatever a recipe calls its data."""
    with refused(is_folder(name), DataError):
        expect_folder(name)
    try:
        place, entry = place_of(name)
    except DataError as error:
        assert len(str(error)) > 10
        expect_sentence(str(error), 12_000)
        return
    assert place.is_dir() and entry is None
    assert data_root().name and cache_root().name


@few
@given(st.lists(st.tuples(st.text("ab/.", min_size=1, max_size=6), st.integers(1, 9)), min_size=1, max_size=3),
       st.lists(st.text("ab/.", min_size=1, max_size=6), max_size=4, unique=True))  # fmt: skip
def test_matching_boxes(marked: list[tuple[str, int]], names: list[str]) -> None:
    """Every match is meant by the end of its path, and none of two; or a sentence."""
    boxes = [BoxAnnotation(file, np.array([[0, 0, n, n]])) for file, n in marked]
    try:
        found = match(boxes, names)
    except DataError as error:
        expect_sentence(str(error))
        return
    assert found
    for place, one in found.items():
        path, stem = Path(names[place]), Path(one.file).name
        assert path.as_posix().endswith(one.file) or path.name == stem or path.stem in (one.file, stem)


@few
@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_duplicates(train: list[int], val: list[int]) -> None:
    """Those and only those whose pixels are on both sides."""

    def side(colours: list[int], prefix: str) -> PictureSet:
        images = np.array([np.full((2, 2, 3), c, np.uint8) for c in colours], np.uint8).reshape(-1, 2, 2, 3)
        return PictureSet(images, np.zeros(len(colours), np.int64), tuple(f"{prefix}{i}" for i in range(len(colours))))

    found = duplicates(side(train, "t"), side(val, "v"))
    assert [pair[1] for pair in found] == [f"v{i}" for i, c in enumerate(val) if c in train]
    assert all(train[int(a[1:])] == val[int(b[1:])] for a, b in found)


@few
@given(
    st.lists(WORDS, max_size=9),
    st.lists(st.text("ab_", min_size=1, max_size=4), max_size=4, unique=True),
    st.none() | st.integers(1, 9),
)
def test_lists_in_words(names: list[str], classes: list[str], each: int | None) -> None:
    told = some(names)
    assert ("more" in told) >= (len(names) > 5) and all(name in told for name in names[:2])
    assert counted(" ".join(classes), each) == dict.fromkeys(classes, each)
    assert counted(" ".join(f"{name} {i}" for i, name in enumerate(classes))) == {
        name: i for i, name in enumerate(classes)
    }
    listing = Listing(tuple(classes), tuple(range(len(classes))))
    assert subset(listing, np.arange(len(classes))) == listing


# --- archives ---


NAMES = st.text(st.sampled_from("ab./\\:\x00\x1b\u202e~ "), min_size=1, max_size=12)


@fewer
@given(
    st.dictionaries(NAMES.map(lambda name: "c" + name + ".png"), st.sampled_from([PNG, b"x"]), min_size=1, max_size=5),
    st.integers(1, 6),
    st.booleans(),
)
def test_archives(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], most: int, packed: bool) -> None:
    """Pictures come out below the target and are counted, or a sentence says why not."""
    here = tmp_path_factory.mktemp("archive")
    archive, target = here / ("a.zip" if packed else "a.tar"), here / "target"
    target.mkdir()
    if packed:
        archive.write_bytes(zipped(files.items()))
    else:
        with tarfile.open(archive, "w") as file:
            for name, content in files.items():
                told = tarfile.TarInfo(name)
                told.size = len(content)
                file.addfile(told, io.BytesIO(content))
    assert is_archive(archive)
    with suppress(DataError):
        members = list(zip_members(archive, most) if packed else tar_members(archive))
        assert len(members) <= len(files)
    with refused(len(files) <= most):
        expect_few(archive, len(files), most)
    try:
        tally = unpack_telling(archive, target, limits=Limits(entries=most))
        assert tally.files == sum(1 for path in target.rglob("*") if path.is_file()) and len(files) <= most
    except DataError as error:
        expect_sentence(str(error))
    assert all(path.resolve().is_relative_to(target) for path in target.rglob("*"))
    (here / "gathered").mkdir()
    with suppress(DataError):
        assert gather([archive], here / "gathered") == sum(
            1 for path in (here / "gathered").rglob("*") if path.is_file()
        )


@fewer
@given(st.dictionaries(SEGMENT, st.integers(1, 3), max_size=3), WORDS)
def test_uploads(tmp_path_factory: pytest.TempPathFactory, classes: dict[str, int], name: str) -> None:
    """A zip of class folders is a data set under a harmless name, the same one the second time; or a sentence."""
    here = tmp_path_factory.mktemp("upload")
    files = {f"{folder}/{i}.png": png(i) for folder, count in classes.items() for i in range(count)}
    (here / "a.zip").write_bytes(zipped(files.items()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_DATA", str(here / "data"))
        try:
            upload = keep(here / "a.zip", name)
        except DataError as error:
            expect_sentence(str(error))
            assert uploads() == []
            return
        assert upload.folder.parent == uploads_root().absolute() and upload.name.isascii() and upload.name.isprintable()
        assert keep(here / "a.zip", "other") == upload and uploads() == [upload]
        assert json.dumps([one.file for one in upload.passed_over])
        with pytest.raises(DataError):
            remove(upload, [str(upload.folder)])
        remove(upload, [])
        assert uploads() == []


@rarely
@given(st.sampled_from(["ucmerced", "aid"]), st.dictionaries(SEGMENT, st.integers(1, 3), min_size=1, max_size=3))
def test_acquiring_from_a_folder(tmp_path_factory: pytest.TempPathFactory, name: str, classes: dict[str, int]) -> None:
    """A folder that is not that data set is said to be incomplete, or refused."""
    here = tmp_path_factory.mktemp("acquire")
    tree(here / "given", classes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_DATA", str(here / "data"))
        try:
            report = acquire(name, [here / "given"])
        except DataError as error:
            assert len(str(error)) > 10
            return
        assert report.state == "incomplete" and report.problems
