"""Paths from users stay inside the folders that were named for them, all links followed; errors tell no places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.base.errors import message
from app.server.asgi import policy
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import find_data, load_data
from mvfa_core.files import sentence_of
from mvfa_core.pretrained import WeightsError, timm_features
from mvfa_core.training.archive import export_zip, import_zip
from mvfa_core.training.runs import Run
from mvfa_core.training.versions import FORMAT
from tests.mvfa_core.training.samples import TINY
from tests.pictures import split_folder


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("allowed", "elsewhere"):
        split_folder(tmp_path / name / "colours", each=2, held_out=1)
    monkeypatch.setenv("MVFA_FOLDERS", str(tmp_path / "allowed"))
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    return tmp_path / "allowed"


def test_folders_outside_are_refused(allowed: Path) -> None:
    assert len(load_data(str(allowed / "colours"), 16).classes) == 3
    outside = allowed.parent / "elsewhere" / "colours"
    (allowed / "link").symlink_to(outside)
    for path in (outside, allowed / "link", allowed / ".." / "elsewhere" / "colours"):
        with pytest.raises(DataError, match="lies outside of the folders that may be used here"):
            find_data(str(path))


def test_links_inside_that_lead_out_are_refused(allowed: Path) -> None:
    outside = allowed.parent / "elsewhere" / "colours" / "train" / "sea" / "00.png"
    (allowed / "colours" / "train" / "sea" / "link.png").symlink_to(outside)
    with pytest.raises(DataError, match=r"link\.png: lies outside"):
        find_data(str(allowed / "colours"))


def test_weights_outside_are_refused(allowed: Path) -> None:
    (allowed.parent / "w.pth").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"w\.pth: lies outside"):
        timm_features("resnet10t", str(allowed.parent / "w.pth"))


def test_without_the_setting_every_folder_may_be_used(allowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MVFA_FOLDERS")
    assert len(find_data(str(allowed.parent / "elsewhere" / "colours")).classes) == 3


def test_an_export_takes_no_link_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    run = Run(tmp_path / "runs" / "mine")
    run.create(TINY)
    run.end(0, "stopped")
    (tmp_path / "secret").write_text("secret")
    (run.path / "film").mkdir()
    (run.path / "film" / "0.webp").symlink_to(tmp_path / "secret")
    (run.path / "film.jsonl").symlink_to(tmp_path / "secret")
    export_zip(run, tmp_path / "mine.zip")
    again = import_zip(tmp_path / "mine.zip")
    assert sorted(path.name for path in again.path.iterdir()) == ["metrics.jsonl", "recipe.json"]
    assert json.loads((again.path / "recipe.json").read_text())["format"] == FORMAT


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            FileNotFoundError(2, "No such file", "/home/me/secret/run.json"),
            "run.json: it is not there, or not any more",
        ),
        (OSError(28, "No space left on device", "/var/secret/x.part"), "x.part: the disk is full; what was saved"),
        (ValueError("/home/me/secret/pictures: no such folder"), "pictures: no such folder"),
        (ValueError("read C:\\Users\\me\\a.png twice"), "read a.png twice"),
        (ValueError("expected 3/4 or n/a, got km/h"), "expected 3/4 or n/a, got km/h"),
        (ValueError("a\x1b[31m\u202eb"), "a\\u001b[31m\\u202eb"),
    ],
)
def test_what_pages_tell_of_errors(error: Exception, words: str) -> None:
    assert message(error).startswith(words)
    assert "secret" not in message(error)
    if isinstance(error, OSError):
        assert sentence_of(error) == message(error)


@pytest.mark.parametrize(
    ("host", "sockets"),
    [
        (b"127.0.0.1:8501", " ws://127.0.0.1:8501 wss://127.0.0.1:8501"),
        (b"[::1]:8501", " ws://[::1]:8501 wss://[::1]:8501"),
        (b"mfa.example.org", " ws://mfa.example.org wss://mfa.example.org"),
        (b"", ""),
        (b"evil; script-src *", ""),
        (b"a b", ""),
        (b"x\r\nSet-Cookie: a", ""),
        (b"*", ""),
    ],
)
def test_the_policy_repeats_hosts_alone(host: bytes, sockets: str) -> None:
    assert policy(host).endswith(f"connect-src 'self' data:{sockets}")
    assert "ws: " not in policy(host)
