"""The cache on disk: made once, resumed after any interruption, and never seen unfinished."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mvfa_core.data.cache import CHUNK, cached_arrays, digest

COUNT = 5 * CHUNK - 20
STARTS = list(range(0, COUNT, CHUNK))
FIELDS = {"images": ((2, 3), np.uint8), "labels": ((), np.int64)}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for one test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MVFA_CACHE", str(folder))
    return folder


def content(start: int, stop: int) -> dict[str, np.ndarray]:
    """What item i holds: images full of i mod 251, label i squared."""
    index = np.arange(start, stop)
    return {"images": np.broadcast_to((index % 251)[:, None, None], (len(index), 2, 3)), "labels": index**2}


class Maker:
    """Makes the content and notes for which chunks it was asked; a chunk may have something to do before."""

    def __init__(self, **before: Callable[[], None]) -> None:
        self.starts: list[int] = []
        self.before = {int(name.removeprefix("at_")): act for name, act in before.items()}

    def __call__(self, start: int, stop: int) -> dict[str, np.ndarray]:
        assert 0 < stop - start <= CHUNK
        self.starts.append(start)
        if act := self.before.get(start):
            act()
        return content(start, stop)


def ask(make: Callable, key: str = "key", **options: object) -> dict[str, np.ndarray]:
    return cached_arrays(key, COUNT, FIELDS, make, what="painting", **options)


def right(arrays: dict[str, np.ndarray]) -> None:
    assert {name: (a.shape, a.dtype) for name, a in arrays.items()} == {
        "images": ((COUNT, 2, 3), np.uint8),
        "labels": ((COUNT,), np.int64),
    }
    for name, wanted in content(0, COUNT).items():
        np.testing.assert_array_equal(arrays[name], wanted)


def noted(folder: Path, key: str = "key") -> set[int]:
    """The chunks that the ledger of an unfinished entry calls done."""
    ledger = folder / f"{key}.part" / "ledger"
    return {int(line) for line in ledger.read_text().split()} if ledger.exists() else set()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def never(start: int, stop: int) -> dict[str, np.ndarray]:
    raise AssertionError("this should have come from the disk")


def test_made_once_then_read() -> None:
    make = Maker()
    right(ask(make))
    assert sorted(make.starts) == STARTS
    again = ask(never)
    right(again)
    assert isinstance(again["images"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again["images"][0] = 1


def test_another_key_is_another_entry() -> None:
    right(ask(Maker()))
    make = Maker()
    ask(make, key="other")
    assert sorted(make.starts) == STARTS


def test_digest_sees_every_part_and_their_borders() -> None:
    lists = [["a", "b"], ["a", "c"], ["ab"], ["b", "a"], ["a", "b", ""], ["a", 1], ["a", 2]]
    names = [digest(parts) for parts in lists]
    assert len(set(names)) == len(names)
    assert digest(["a", "b"]) == names[0]
    assert all(name.isalnum() for name in names)


def test_progress_rises_to_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    ask(Maker(), progress=lambda *values: told.append(values))
    assert {(what, total) for what, _, total in told} == {("painting", COUNT)}
    done = [done for _, done, _ in told]
    assert done == sorted(set(done))
    assert done[-1] == COUNT
    assert len(done) == len(STARTS)


def test_an_error_half_way_keeps_what_is_done(cache: Path) -> None:
    def fail() -> None:
        wait_for(lambda: len(noted(cache)) == 2)
        raise OSError("the disk is tired")

    with pytest.raises(OSError, match="tired"):
        ask(Maker(at_128=fail, at_192=fail, at_256=fail))
    done = noted(cache)
    assert done == {0, 64}
    assert not (cache / "key").exists()
    make = Maker()
    told: list[int] = []
    right(ask(make, progress=lambda what, done, total: told.append(done)))
    assert sorted(make.starts) == [128, 192, 256]
    assert min(told) > 2 * CHUNK - 1
    assert not (cache / "key.part").exists()


def test_interruption_does_not_wait_for_the_rest() -> None:
    """Ctrl-C while thousands of pictures wait: the ones not begun are never made."""
    made: list[int] = []

    def make(start: int, stop: int) -> dict[str, np.ndarray]:
        made.append(start)
        time.sleep(0.02)
        return content(start, stop)

    def interrupt(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_arrays("long", 100 * CHUNK, FIELDS, make, what="painting", progress=interrupt)
    assert len(made) < 90


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from tests.mvfa_core.data.test_cache import ask, content
def make(start, stop):
    if start >= 128:
        time.sleep(600)
    return content(start, stop)
ask(make)
"""


def test_a_killed_process_leaves_a_resumable_entry(cache: Path, repo_root: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED.format(root=str(repo_root))], env=dict(os.environ))
    try:
        wait_for(lambda: len(noted(cache)) == 2 or process.poll() is not None, 120)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    assert not (cache / "key").exists()
    assert noted(cache) == {0, 64}
    make = Maker()
    right(ask(make))
    assert sorted(make.starts) == [128, 192, 256]


def test_two_at_once_share_the_work() -> None:
    """Twins start together: one fills, the other waits, and both get whole arrays."""
    make = Maker(at_64=lambda: time.sleep(0.2))
    results: list[dict[str, np.ndarray]] = []
    threads = [threading.Thread(target=lambda: results.append(ask(make))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 3
    for arrays in results:
        right(arrays)
    assert sorted(make.starts) == STARTS


def test_one_short_chunk(cache: Path) -> None:
    arrays = cached_arrays("few", 3, FIELDS, content, what="painting")
    assert arrays["labels"].tolist() == [0, 1, 4]
    assert sorted(path.name for path in (cache / "few").glob("*.npy")) == ["images.npy", "labels.npy"]
