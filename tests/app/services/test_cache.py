"""Shelves: bounded by bytes, computed once for all, read-only."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from app.services.cache import Cache, weigh


@dataclass(frozen=True)
class Held:
    values: np.ndarray
    name: str


def test_the_longest_unused_goes_when_the_bytes_are_too_many() -> None:
    shelf = Cache("x", 250)
    for key in "ab":
        shelf.get(key, lambda: np.zeros(100, np.uint8))
    shelf.get("a", lambda: pytest.fail("it is there"))
    shelf.get("c", lambda: np.zeros(100, np.uint8))
    assert shelf.bytes == 200 and len(shelf) == 2
    shelf.get("a", lambda: pytest.fail("it was used last"))
    made = []
    shelf.get("b", lambda: made.append(1) or np.zeros(1, np.uint8))
    assert made == [1]


def test_what_is_heavier_than_the_shelf_is_handed_out_and_not_kept() -> None:
    shelf = Cache("x", 10)
    assert len(shelf.get("a", lambda: bytes(11))) == 11
    assert shelf.bytes == len(shelf) == 0


def test_arrays_are_shared_and_read_only() -> None:
    shelf = Cache("x", 1000)
    first = shelf.get("a", lambda: Held(np.zeros(3), "n"))
    assert shelf.get("a", lambda: None) is first
    with pytest.raises(ValueError, match="read-only"):
        first.values[0] = 1


def test_an_error_is_not_kept() -> None:
    shelf = Cache("x", 10)
    with pytest.raises(ZeroDivisionError):
        shelf.get("a", lambda: 1 // 0)
    assert shelf.get("a", lambda: "b") == "b"


def test_several_at_once_compute_once() -> None:
    shelf, made, go, begun = Cache("x", 10), [], threading.Event(), threading.Event()

    def make() -> str:
        made.append(1)
        begun.set()
        assert go.wait(30)
        return "x"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(shelf.get, "a", make)
        assert begun.wait(30)
        others = [pool.submit(shelf.get, "a", make) for _ in range(3)]
        go.set()
        assert [one.result(30) for one in (first, *others)] == ["x"] * 4
    assert made == [1]


def test_weights_are_those_of_the_content() -> None:
    assert weigh(np.zeros((3, 4), np.float32)) == 48
    assert weigh(Image.new("RGB", (5, 7))) == 105
    assert weigh(Held(np.zeros(2), "ab")) == 18
    assert weigh({"k": [b"123", "45"]}) == 6


def test_what_was_made_with_the_files_of_a_folder_is_forgotten() -> None:
    shelf = Cache("x", 1000)
    for key in (("f", "/t/ada/m", 1), ("f", ("/t/ada/m", 1), "digest"), ("f", "/t/adam/m", 1), "/other"):
        shelf.get(key, lambda: np.zeros(10, np.uint8))
    shelf.forget("/t/ada/")
    assert len(shelf) == 2 and shelf.bytes == 20
    shelf.get(("f", "/t/adam/m", 1), lambda: pytest.fail("it is there"))
