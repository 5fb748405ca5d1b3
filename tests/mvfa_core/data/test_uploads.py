"""A zip of class folders: what is let in, where it lies, and everything that is refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvfa_core.data import archives, uploads
from mvfa_core.data.archives import unpack
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import find_data, load_data
from tests.pictures import old_zip

Pack = Callable[..., Path]


def picture(value: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((8, 12, 3), value, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "data" / "uploads"


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """pack({"a/1.png": bytes, ...}) -> the zip's file."""

    def make(entries: dict[str, bytes], name: str = "given") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as file:
            for path, data in entries.items():
                file.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
        return tmp_path / name

    return make


def classes(*names: str, each: int = 3) -> dict[str, bytes]:
    return {f"{name}/{i}.png": picture(40 * i + len(name)) for name in names for i in range(each)}


@pytest.mark.parametrize("prefix", ["", "pets/", "backup/pets/"])
def test_class_folders_are_found_wherever_they_are_wrapped(pack: Pack, root: Path, prefix: str) -> None:
    upload = uploads.keep(pack({prefix + name: data for name, data in classes("cat", "dog").items()}), "My pets!.zip")
    assert upload.folder.parent == root and upload.name.startswith("My-pets-")
    data = load_data(str(upload.folder), 16)
    assert data.classes == ("cat", "dog") and (len(data.train), len(data.val)) == (4, 2)
    assert {int(image[0, 0, 0]) for image in (*data.train.images, *data.val.images)} == {3, 43, 83}


def test_zips_whose_digests_begin_alike_are_two(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    """One digit of the digest in the name stands for the twelve, of which a pair can be found on purpose."""
    monkeypatch.setattr(uploads, "_SHOWN", 1)
    zips = [pack(classes("cat", f"dog{n}", each=2), f"z{n}") for n in range(20)]  # 16 digits: at least two are alike
    kept = [uploads.keep(one, "pets.zip").folder for one in zips]
    assert len(set(kept)) == len(zips) == len(uploads.uploads())
    assert all((folder / f"dog{n}").is_dir() for n, folder in enumerate(kept))
    assert [uploads.keep(one, "again.zip").folder for one in zips] == kept


def test_a_split_of_its_own_is_kept(pack: Pack) -> None:
    entries = {f"w/train/{name}": data for name, data in classes("cat", "dog", each=5).items()}
    entries |= {f"w/test/{name}": data for name, data in classes("cat", "dog", each=1).items()}
    found = find_data(str(uploads.keep(pack(entries), "w.zip").folder))
    assert (len(found.train.files), len(found.val.files), len(found.test.files)) == (8, 2, 2)


def test_names_that_are_nearly_alike_are_let_in_and_joined_by_who_reads_them(pack: Pack) -> None:
    """Whoever has only a page cannot rename folders in a zip that is refused."""
    entries = {f"train/{name}": data for name, data in classes("Living Room", "Tall Building", each=5).items()}
    entries |= {f"test/{name}": data for name, data in classes("livingroom", "tallbuilding", each=2).items()}
    folder = str(uploads.keep(pack(entries), "rooms.zip").folder)
    with pytest.raises(DataError, match=r"livingroom and Living Room.*--join-names"):
        find_data(folder)
    found = find_data(folder, join_names=True)
    assert found.classes == ("Living Room", "Tall Building") and len(found.test.files) == 4


def test_what_is_no_picture_is_named_and_left_out(pack: Pack) -> None:
    entries = classes("cat", "dog") | {
        "cat/notes.docx": b"x",
        "cat/false.png": b"<html>",
        "readme.md": b"hello",
        "loose.png": picture(1),
        "more.zip": b"PK\x05\x06" + bytes(18),
        "__MACOSX/cat/._0.png": b"x",
    }
    upload = uploads.keep(pack(entries), "pets.zip")
    # once more for the folder alone: after a restart the list still lies beside the pictures
    data = load_data(str(upload.folder), 16)
    left = {one.file for one in data.passed_over}
    assert left == {"__MACOSX/cat/._0.png", "cat/false.png", "cat/notes.docx", "loose.png", "more.zip", "readme.md"}
    assert {one.file for one in upload.passed_over} == left - {"loose.png"} and len(data.train) == 4


def test_the_same_zip_again_is_the_same_folder(pack: Pack, root: Path) -> None:
    archive = pack(classes("cat", "dog"))
    first = uploads.keep(archive, "pets.zip")
    stamp = first.folder.stat().st_mtime_ns
    assert uploads.keep(archive, "others.zip") == first and first.folder.stat().st_mtime_ns == stamp
    assert uploads.keep(pack(classes("cat", "cow")), "pets.zip").folder != first.folder
    assert {one.folder for one in uploads.uploads()} == {p for p in root.iterdir() if p.is_dir()}
    assert len(uploads.uploads()) == 2


def encrypted(archive: Path) -> None:
    """Set the bit that says so in every header."""
    data = bytearray(archive.read_bytes())
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    archive.write_bytes(data)


HARM = {
    "a way out": ({"../../out.png": picture(1)}, "leads out of the folder"),
    "an absolute path": ({"/etc/out.png": picture(1)}, "leads out of the folder"),
    "a drive": ({"c:/out.png": picture(1)}, "leads out of the folder"),
    "a long name": ({f"cat/{'x' * 240}.png": picture(1)}, "is no name for a file"),
    "a line break": ({"cat/a\nb.png": picture(1)}, "is no name for a file"),
    "a file that is a folder": ({"cat/0.png/1.png": picture(1)}, "is a file and a folder at once"),
    "a bomb": ({"cat/big.png": bytes(archives.SMALL + 1)}, "unpack to more than"),
    "one class": (dict.fromkeys(["dog/0.png", "dog/1.png"]), "two or more classes, got 1"),
}


@pytest.mark.parametrize("case", HARM)
def test_harm_is_refused_in_a_sentence(pack: Pack, root: Path, tmp_path: Path, case: str) -> None:
    extra, sentence = HARM[case]
    entries = {name: picture(1) for name in extra} if case == "one class" else classes("cat", "dog") | extra
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    archive = pack(entries)
    with pytest.raises(DataError, match=sentence) as refused:
        uploads.keep(archive, "pets.zip")
    assert str(refused.value).count("\n") == 0
    left = {p for p in tmp_path.rglob("*") if p.is_file()} - before - {archive}
    assert uploads.uploads() == [] and all(p.suffix == ".lock" for p in left)


def test_a_link_is_refused(pack: Pack, tmp_path: Path) -> None:
    archive = pack(classes("cat", "dog"))
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="is a link"):
        uploads.keep(archive, "pets.zip")


def test_a_password_and_damage_are_told(pack: Pack) -> None:
    archive = pack(classes("cat", "dog"))
    whole = archive.read_bytes()
    encrypted(archive)
    with pytest.raises(DataError, match="encrypted"):
        uploads.keep(archive, "pets.zip")
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged or cut off"):
        uploads.keep(archive, "pets.zip")
    archive.write_bytes(picture(1))
    with pytest.raises(DataError, match="this is no zip"):
        uploads.keep(archive, "pets.zip")
    archive.write_bytes(whole)
    assert len(uploads.keep(archive, "pets.zip").folder.name) < 60


def test_too_many_entries_are_refused(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LIMITS", replace(uploads.LIMITS, entries=5))
    with pytest.raises(DataError, match="more than 5 entries"):
        uploads.keep(pack(classes("cat", "dog")), "pets.zip")


@pytest.mark.parametrize("name", ["../../../etc/passwd", "C:\\x\\y.zip", "", "💥.zip", "a" * 300 + ".zip", "...zip"])
def test_its_name_is_never_a_path(pack: Pack, root: Path, name: str) -> None:
    folder = uploads.keep(pack(classes("cat", "dog")), name).folder
    assert folder.parent == root and len(folder.name) <= 53


def test_pictures_that_a_run_needs_stay(pack: Pack) -> None:
    upload = uploads.keep(pack(classes("cat", "dog")), "pets.zip")
    with pytest.raises(DataError, match="remove it first"):
        uploads.remove(upload, ["synthetic", str(upload.folder)])
    assert upload.folder.is_dir()
    uploads.remove(upload, ["synthetic"])
    assert not upload.folder.exists() and uploads.uploads() == []


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gbk", ("猫", "狗")),
        ("shift_jis", ("りんご", "車")),
        ("euc_kr", ("고양이", "사과")),
        ("big5", ("蘋果", "香蕉")),
        ("cp1251", ("кот", "собака")),
        ("cp866", ("кошка", "собака")),
        ("cp437", ("Äpfel", "Größe")),
        ("utf-8", ("猫", "собака")),
    ],
)
def test_names_in_other_encodings(encoding: str, names: tuple[str, str], tmp_path: Path, root: Path) -> None:
    """Read as the likeliest, which is kept and said; or as the one that is given."""
    archive = old_zip(tmp_path / "old.zip", names, encoding)
    upload = uploads.keep(archive, "old.zip")
    assert find_data(str(upload.folder)).classes == tuple(sorted(names))
    assert upload.encoding == encoding and "names were read as" in find_data(str(upload.folder)).notes[-1]
    other = uploads.keep(archive, "old.zip", encoding="cp437")
    assert other.folder != upload.folder and other.encoding == "cp437"
    assert (find_data(str(other.folder)).classes == find_data(str(upload.folder)).classes) == (encoding == "cp437")


def test_names_of_a_tar_are_judged_together(tmp_path: Path) -> None:
    """猫 in GBK alone is è in UTF-8."""
    archive, target = tmp_path / "old.tar", tmp_path / "out"
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT, encoding="gbk") as file:
        for name in ("猫/0.png", "狗/0.png"):
            info = tarfile.TarInfo(name)
            info.size = len(picture(0))
            file.addfile(info, io.BytesIO(picture(0)))
    target.mkdir()
    assert unpack(archive, target) == 2
    assert sorted(place.name for place in target.iterdir()) == ["狗", "猫"]


def test_a_zip_reads_like_its_folder(tmp_path: Path, root: Path) -> None:
    folder, archive = tmp_path / "pictures", tmp_path / "pictures.zip"
    for side, count in (("Train", 6), ("VAL", 2), ("Testing", 3)):
        for number in range(2 * count):
            place = folder / side / f"class {number % 2}" / f"{number}{'.jfif' if number % 3 else ''}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(picture(number))
    for odd in ("__MACOSX/._0.png", "VAL/class 0/Thumbs.db", "VAL/@eaDir/0.png", "README.md", ".git/config"):
        (folder / odd).parent.mkdir(parents=True, exist_ok=True)
        (folder / odd).write_bytes(b"none")
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            file.write(path, path.relative_to(folder))
    here, there = find_data(str(folder)), find_data(str(uploads.keep(archive, "pictures.zip").folder))
    assert (here.train, here.val, here.test, here.classes) == (there.train, there.val, there.test, there.classes)
    assert (len(here.train.files), len(here.val.files), len(here.test.files)) == (12, 4, 6)
    assert sorted((one.file, one.reason) for one in here.passed_over) == sorted(
        (one.file, one.reason) for one in there.passed_over
    )
