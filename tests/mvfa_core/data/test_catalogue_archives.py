"""Archives and folders that people have: taken whole, or refused before they can do harm."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.data import archives
from mvfa_core.data.acquire import acquire
from mvfa_core.data.archives import gather, unpack
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import load_data
from tests.mvfa_core.data.test_layouts import action40, caltech101, imagenette, indoor67, root
from tests.pictures import COLOURS, noisy

__all__ = ["root"]  # the data root and cache of one test


def png() -> bytes:
    data = io.BytesIO()
    noisy(COLOURS["leaf"], 1).save(data, "PNG")
    return data.getvalue()


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder))
    return archive


def tarred(folder: Path, archive: Path, mode: str = "w") -> Path:
    with tarfile.open(archive, mode) as file:
        for path in sorted(folder.iterdir()):
            file.add(path, path.name)
    return archive


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tgz", ".tar.bz2", ".tar.xz"])
def test_every_kind_of_archive(suffix: str, tmp_path: Path, root: Path) -> None:
    made = imagenette(tmp_path / "made")
    archive = tmp_path / f"imagenette2-320{suffix}"
    modes = {".tar": "w", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
    zipped(made, archive) if suffix == ".zip" else tarred(made, archive, modes[suffix])
    told: list[tuple[int, int]] = []
    report = acquire("imagenette", [archive], progress=lambda what, done, total: told.append((done, total)))
    assert (report.layout, report.classes, report.train, report.val) == ("train and held-out folders", 2, 6, 4)
    assert told[-1] == (archive.stat().st_size,) * 2
    assert load_data("imagenette", 16).classes == ("tench", "French horn")
    assert [one.file for one in report.passed_over] == ["imagenette2-320/noisy_imagenette.csv"]


def test_parts_make_one_dataset(tmp_path: Path, root: Path) -> None:
    """Two zips of Action40, and an archive with two lists of Indoor67."""
    made = action40(tmp_path / "made")
    parts = []
    for name in ("JPEGImages", "ImageSplits"):
        (tmp_path / f"as_{name}").mkdir()
        (made / name).rename(tmp_path / f"as_{name}" / name)
        parts.append(zipped(tmp_path / f"as_{name}", tmp_path / f"Stanford40_{name}.zip"))
    assert acquire("action40", parts).train == 2
    made = indoor67(tmp_path / "indoor")
    (tmp_path / "only").mkdir()
    (made / "indoorCVPR_09").rename(tmp_path / "only" / "indoorCVPR_09")
    tar = tarred(tmp_path / "only", tmp_path / "indoorCVPR_09.tar")
    assert acquire("indoor67", [tar, made / "TrainImages.txt", made / "TestImages.txt"]).test == 2


def test_an_archive_in_an_archive(tmp_path: Path, root: Path) -> None:
    """Caltech's zip holds a tar.gz with the pictures and a tar with annotations."""
    made = caltech101(tmp_path / "made") / "caltech-101"
    tarred(made, made / "101_ObjectCategories.tar.gz", "w:gz")
    outer = tmp_path / "caltech-101.zip"
    with zipfile.ZipFile(outer, "w") as file:
        file.write(made / "101_ObjectCategories.tar.gz", "caltech-101/101_ObjectCategories.tar.gz")
        file.writestr("__MACOSX/caltech-101/._101_ObjectCategories.tar.gz", b"resource fork")
    report = acquire("caltech101", [outer])
    assert (report.classes, report.train, report.val) == (2, 8, 2)
    assert sorted(p.name for p in (root / "caltech101" / "caltech-101").iterdir()) == ["101_ObjectCategories"]


def test_a_folder_is_linked_and_left_as_it_was(tmp_path: Path, root: Path) -> None:
    made = imagenette(tmp_path / "made")
    file = made / "imagenette2-320" / "val" / "n01440764" / "val_0.JPEG"
    before = file.read_bytes()
    acquire("imagenette", [made])
    taken = root / "imagenette" / file.relative_to(made)
    assert taken.read_bytes() == before and taken.samefile(file)
    spoilt = tmp_path / "spoilt.zip"
    with zipfile.ZipFile(spoilt, "w") as archive:
        archive.writestr(file.relative_to(made).as_posix(), b"other")
    acquire("imagenette", [made, spoilt], replace=True)
    assert file.read_bytes() == before


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path, root: Path) -> None:
    acquire("imagenette", [imagenette(tmp_path / "made")])
    with pytest.raises(DataError, match="is there already; --replace puts the new one in its place"):
        acquire("imagenette", [tmp_path / "made"])
    with pytest.raises(DataError, match="no pictures inside"):
        acquire("imagenette", [indoor_lists_only(tmp_path)], replace=True)
    assert len(load_data("imagenette", 16).train) == 6
    assert sorted(p.name for p in root.iterdir() if p.is_dir()) == ["imagenette"]


def indoor_lists_only(tmp_path: Path) -> Path:
    (tmp_path / "nothing").mkdir()
    return tmp_path / "nothing"


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Callable[[Path], None]:
    def make(archive: Path) -> None:
        with tarfile.open(archive, "w") as file:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, data = kind, link, png()
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            file.addfile(info, io.BytesIO(data))

    return make


def entry(name: str, mode: int = 0o100644, data: bytes | None = None) -> Callable[[Path], None]:
    def make(archive: Path) -> None:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            file.writestr(info, png() if data is None else data)

    return make


def encrypted(archive: Path) -> None:
    entry("a/1.png")(archive)
    data = bytearray(archive.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    archive.write_bytes(bytes(data))


def cut(make: Callable[[Path], None], keep: float) -> Callable[[Path], None]:
    def shortened(archive: Path) -> None:
        make(archive)
        archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * keep)])

    return shortened


def gzipped(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as file:
        info = tarfile.TarInfo("a/1.png")
        info.size = 100_000
        file.addfile(info, io.BytesIO(os.urandom(100_000)))


def many(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(60):
            file.writestr(f"a/{number}.png", b"")


HARM: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "tar climbs": ("x.tar", member("../../evil.png"), "leads out of the folder"),
    "tar is absolute": ("x.tar", member("/tmp/evil.png"), "leads out of the folder"),
    "tar links": ("x.tar", member("a/1.png", tarfile.SYMTYPE, "/etc/passwd"), "is a link or a device"),
    "tar links hard": ("x.tar", member("a/1.png", tarfile.LNKTYPE, "../../x"), "is a link or a device"),
    "tar has a device": ("x.tar", member("a/1.png", tarfile.CHRTYPE), "is a link or a device"),
    "zip climbs": ("x.zip", entry("../evil.png"), "leads out of the folder"),
    "zip climbs by backslash": ("x.zip", entry("a\\..\\..\\evil.png"), "leads out of the folder"),
    "zip names a drive": ("x.zip", entry("C:/evil.png"), "leads out of the folder"),
    "zip links": ("x.zip", entry("a/1.png", 0o120777, b"/etc/passwd"), "is a link"),
    "zip is a bomb": ("x.zip", entry("a/1.png", data=bytes(3_000_000)), "unpack to more than 1,000,000; refused"),
    "zip has a password": ("x.zip", encrypted, "encrypted; unpack it with its password"),
    "zip has too many entries": ("x.zip", many, "more than 50 entries"),
    "zip is cut": ("x.zip", cut(entry("a/1.png"), 0.6), "damaged or cut off"),
    "tar.gz is cut": ("x.tar.gz", cut(gzipped, 0.6), "damaged or cut off"),
    "tar is none": ("x.tar", lambda archive: archive.write_text("no" * 1000), "damaged or cut off"),
    "gz is none": ("x.tgz", lambda archive: archive.write_text("no" * 1000), "damaged or cut off"),
}


@pytest.mark.parametrize("case", HARM)
def test_harm_is_refused_in_words(case: str, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "SMALL", 1_000_000)
    monkeypatch.setitem(archives.unpack.__kwdefaults__, "limits", replace(archives.USUAL, entries=50))
    name, make, words = HARM[case]
    make(tmp_path / name)
    before = set(tmp_path.rglob("*"))
    (tmp_path / "target").mkdir()
    with pytest.raises(DataError, match=words) as caught:
        unpack(tmp_path / name, tmp_path / "target")
    assert str(caught.value).startswith(f"{name}: ")
    outside = {p for p in tmp_path.rglob("*") if (tmp_path / "target") not in (p, *p.parents)}
    assert outside == before
    with pytest.raises(DataError, match=words):
        acquire("imagenette", [tmp_path / name])
    assert [p for p in root.iterdir() if p.is_dir()] == []


def test_archives_three_deep_are_left_to_the_user(tmp_path: Path) -> None:
    data = png()
    for depth in range(3):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as file:
            file.writestr("1.png" if not depth else f"{depth}.zip", data)
        data = inner.getvalue()
    (tmp_path / "x.zip").write_bytes(data)
    (tmp_path / "target").mkdir()
    with pytest.raises(DataError, match="archives within archives within archives"):
        unpack(tmp_path / "x.zip", tmp_path / "target")


def test_what_is_no_source_is_named(tmp_path: Path) -> None:
    (tmp_path / "event_dataset.rar").write_bytes(b"Rar!")
    with pytest.raises(DataError, match=r"event_dataset\.rar: expected a folder, a \.txt list or an archive "):
        gather([tmp_path / "event_dataset.rar"], tmp_path)
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        gather([Path("nowhere")], tmp_path)
