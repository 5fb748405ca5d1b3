"""data: what is here, getting it, checking it, and preparing it once, also after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.bench import data as bench_data
from mvfa_core.data import catalogue, sources
from mvfa_core.data.catalogue import CATALOGUE, Remote
from mvfa_core.data.sources import load_data
from tests.mvfa_core.cli.conftest import Answer
from tests.mvfa_core.data.test_catalogue_archives import zipped
from tests.mvfa_core.data.test_layouts import imagenette, indoor67
from tests.pictures import fill, split_folder

Call = Callable[..., Answer]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root and a cache for one test."""
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_list_shows_every_dataset_and_its_state(call: Call, root: Path) -> None:
    imagenette(root / "imagenette")
    for name, count in CATALOGUE["event8"].classes.items():
        (root / "event8" / name).mkdir(parents=True)
        for number in range(count or 0):
            (root / "event8" / name / f"{number}.jpg").touch()
    found = {row["name"]: row for row in json.loads(call("data", "list", "--json").out)}
    assert list(found) == [*CATALOGUE, "synthetic"]
    states = {name: row["state"] for name, row in found.items() if row["state"] != "not here"}
    assert states == {"imagenette": "incomplete", "event8": "ready", "synthetic": "ready"}
    assert (found["event8"]["train"], found["event8"]["val"]) == (1_179, 400)
    assert found["imagenette"]["problems"]
    plain = call("data", "list")
    assert plain.status == 0
    assert "Caltech 101" in plain.out and "not here" in plain.out and str(root) in plain.out
    assert call("data", "list", "--markdown").out.startswith("| name | dataset |")


def test_get_from_what_is_had(call: Call, tmp_path: Path, root: Path) -> None:
    archive = zipped(imagenette(tmp_path / "made"), tmp_path / "own.zip")
    done = call("data", "get", "imagenette", "--from", archive, "--json")
    assert done.status == 1 and "incomplete, 3 things are not as expected" in done.err
    report = json.loads(done.out)
    assert (report["state"], report["train"], report["val"]) == ("incomplete", 6, 4)
    again = call("data", "get", "imagenette", "--from", archive)
    assert again.status == 2 and "--replace" in again.err
    assert "unpacking own.zip" in call("data", "get", "imagenette", "--from", archive, "--replace").err
    assert "8 of 10 classes are missing" in call("data", "get", "imagenette").out


def test_get_without_a_download_says_what_to_do(call: Call) -> None:
    done = call("data", "get", "scene15")
    assert done.status == 1 and "cannot be downloaded" in done.err and done.err.count("\n") == 1
    for words in (CATALOGUE["scene15"].page, "Lazebnik", "data get scene15 --from", "<class>/*.jpg"):
        assert words in done.out


def test_get_offline_is_a_failure_with_a_way_out(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = replace(CATALOGUE["ucmerced"], remotes=(Remote("http://127.0.0.1:9/set.zip"),))
    monkeypatch.setitem(catalogue.CATALOGUE, "ucmerced", closed)
    done = call("data", "get", "ucmerced")
    assert done.status == 1 and done.err.count("\n") == 1
    assert "cannot be reached" in done.err and "--from" in done.err and closed.page in done.err


def test_get_downloads_and_unpacks(
    call: Call, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    zipped(imagenette(tmp_path / "made"), tmp_path / "web" / "imagenette2-320.zip")
    entry = replace(
        CATALOGUE["imagenette"], remotes=(Remote(f"{served}/imagenette2-320.zip"),), train=6, val=4, pictures=10,
        class_count=2, classes={"n01440764": 5, "n03394916": 5},
    )  # fmt: skip
    monkeypatch.setitem(catalogue.CATALOGUE, "imagenette", entry)
    done = call("data", "get", "imagenette")
    assert done.status == 0 and "imagenette: ready" in done.out
    assert "downloading imagenette2-320.zip" in done.err and "unpacking" in done.err
    assert not (root / ".downloads" / "imagenette").exists()
    assert call("data", "get", "imagenette").status == 0


def test_a_downloaded_list_that_is_wrong_is_not_taken_again(
    call: Call, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    """Files without a checksum are the suspects; the others stay for the next call."""
    home = indoor67(tmp_path / "made")
    archive = zipped(home / "indoorCVPR_09", tmp_path / "web" / "set.zip")
    for name in ("TrainImages.txt", "TestImages.txt"):
        shutil.copy(home / name, tmp_path / "web" / name)
    (tmp_path / "web" / "TestImages.txt").write_text("")
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    remotes = (Remote(f"{served}/set.zip", f"md5:{md5}"),)
    remotes += tuple(Remote(f"{served}/{name}") for name in ("TrainImages.txt", "TestImages.txt"))
    monkeypatch.setitem(catalogue.CATALOGUE, "indoor67", replace(CATALOGUE["indoor67"], remotes=remotes))
    done = call("data", "get", "indoor67")
    assert done.status == 2 and "TestImages.txt: the list is empty" in done.err
    assert [p.name for p in (root / ".downloads" / "indoor67").iterdir()] == ["set.zip"]
    shutil.copy(home / "TestImages.txt", tmp_path / "web")
    out = call("data", "get", "indoor67").out
    assert "train       4" in out and "val         2" in out and "test        2" in out


@pytest.fixture
def served(tmp_path: Path) -> object:
    """The address of a server of tmp_path/web."""
    (tmp_path / "web").mkdir()
    folder = str(tmp_path / "web")
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split(" port ")[1].split()[0]
        yield f"http://127.0.0.1:{port}"
        process.kill()


def broken(folder: Path) -> Path:
    """A folder with a broken file and a picture on both sides."""
    split_folder(folder, each=4, held_out=2)
    (folder / "train" / "leaf" / "01.png").write_bytes(b"dust")
    shutil.copy(folder / "train" / "sea" / "02.png", folder / "val" / "sea" / "copy.png")
    return folder


def test_check_names_what_is_wrong(call: Call, tmp_path: Path) -> None:
    folder = broken(tmp_path / "set")
    done = call("data", "check", folder)
    assert done.status == 1 and done.err.endswith("incomplete, 1 thing is not as expected\n")
    assert 'train/leaf/01.png: Can\'t open this file: "01.png" is no picture' in done.out
    assert "train/sea/02.png = val/sea/copy.png" in done.out
    found = json.loads(call("data", "check", folder, "--json").out)
    assert [file for file, _ in found["unreadable"]] == ["train/leaf/01.png"]
    assert found["duplicates"] == [["train/sea/02.png", "val/sea/copy.png"]]
    assert call("data", "check", folder, "--quick").status == 0
    compared = call("data", "check", folder, "--quick", "--as", "event8")
    assert compared.status == 1 and "8 of 8 classes are missing" in compared.out
    assert call("data", "check", "synthetic").status == 0


def test_prepare_leaves_out_what_cannot_be_read_or_fails(call: Call, tmp_path: Path) -> None:
    folder = broken(tmp_path / "set")
    done = call("data", "prepare", folder, "--side", 16)
    assert done.status == 0
    assert "set: 11 to train on and 7 held out, 3 classes, at 16 px" in done.out
    assert "train/leaf/01.png" in done.out and "train/sea/02.png = val/sea/copy.png" in done.out
    assert "decoding train" in done.err
    strict = call("data", "prepare", folder, "--side", 16, "--strict", "--json")
    assert strict.status == 1 and "1 files cannot be read, first train/leaf/01.png" in strict.err
    assert json.loads(strict.out)["train"] == 11
    (folder / "train" / "leaf" / "01.png").unlink()
    assert call("data", "prepare", folder, "--side", 16, "--strict").status == 0


def test_prepare_of_the_drawn_set(call: Call, few_drawn: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SYNTHETIC_TRAIN", 10)
    done = call("data", "prepare", "synthetic", "--side", 32)
    assert done.status == 0 and "10 to train on and 24 held out" in done.out


WRONG = {
    "data": "ACTION",
    "data get imagenet": "imagenet: not in the catalogue",
    "data get ucmerced --from nowhere": "nowhere: no such file or folder",
    "data check ucmerce": "did you mean ucmerced",
    "data check aid": "data get aid",
    "data prepare nowhere": "nowhere: no such folder",
    "data prepare synthetic --side 0": "side: expected at least 1 px, got 0",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_requests(words: str, call: Call) -> None:
    done = call(*words.split())
    assert done.status == 2 and WRONG[words] in done.err
    assert done.err.count("\n") == 1 and "Traceback" not in done.err


def prepare_killed(folder: Path, side: int, cache: Path, chunks: int) -> int:
    """Start `data prepare` as a process of its own, kill it after so many chunks; returns how many were done."""
    command = [sys.executable, "-m", "mvfa_core", "data", "prepare", str(folder), "--side", str(side), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    try:
        while noted(cache) < chunks:
            assert process.poll() is None and time.monotonic() < end, "it ended before it could be killed"
            time.sleep(0.001)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    return noted(cache)


def noted(cache: Path) -> int:
    return sum(len(ledger.read_text().split()) for ledger in cache.glob("*.part/ledger"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["drawn", "ucmerced", "imagenette-train-0"])
def test_a_killed_prepare_goes_on(
    name: str, call: Call, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process, killed at once, without a chance to tidy up; the rest is what the cache of a calm run holds."""
    if name == "drawn":
        folder = fill(tmp_path / "set", 160)
    else:
        folder = request.getfixturevalue("unpacked")(name, each=20)
        folder = next(p for p in (folder, *folder.rglob("*")) if (p / "train").is_dir()) / "train"
    cache = tmp_path / "cache"
    done = prepare_killed(folder, 224, cache, chunks=1)
    assert not [p for p in cache.iterdir() if p.is_dir() and p.suffix != ".part"]
    resumed = call("data", "prepare", folder, "--side", 224)
    assert resumed.status == 0, resumed.err
    assert done >= 1 and not list(cache.glob("*.part"))
    data = load_data(str(folder), 224)
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "calm"))
    calm = load_data(str(folder), 224)
    assert (data.train.images == calm.train.images).all() and (data.val.images == calm.val.images).all()


def test_bench_data_compares_the_input_path_with_a_step(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_data, "DRAWN", 8)
    done = call("bench", "data", "--backbones", "compact", "--rounds", 1, "--json")
    assert done.status == 0, done.err
    ((title, rows),) = json.loads(done.out).items()
    assert title == "input path: compact, 32 images; ratio to a training step"
    assert [row["name"] for row in rows] == ["decode on the fly", "cache", "cache + augmentation", "training step"]
    assert all(row["pictures_per_s"] > 0 for row in rows)
    assert rows[-1]["ratio"]["median"] == 1


def test_bench_data_on_a_folder(call: Call, tmp_path: Path) -> None:
    folder = split_folder(tmp_path / "set", each=3, held_out=1)
    done = call("bench", "data", "--backbones", "compact", "--rounds", 1, "--data", folder)
    assert done.status == 0 and "pictures a second: decode on the fly" in done.out
