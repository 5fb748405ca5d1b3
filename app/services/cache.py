"""What was computed once and may be asked for again: caches that are bounded by bytes and shared by all sessions.

Streamlit's own caches count entries, and an entry may be a thumbnail or the features of a large picture. Values are
shared as they are and their arrays are made read-only, so that no page can change what another one shows.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from PIL import Image

from app.base import page_rate

P = ParamSpec("P")
T = TypeVar("T")

MEGABYTE = 2**20
LOOK_S = 0.1
"""How often somebody who waits for another session's work looks whether it is still wanted."""


def weigh(value: Any) -> int:
    """About how many bytes of memory a value takes: arrays, tensors, pictures, networks, texts, and what holds them."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Image.Image):
        return value.width * value.height * len(value.getbands())
    if hasattr(value, "parameters") and hasattr(value, "buffers"):  # a network
        return sum(int(one.nbytes) for one in (*value.parameters(), *value.buffers()))
    if isinstance(nbytes := getattr(value, "nbytes", None), int):
        return nbytes
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return sum(weigh(getattr(value, one.name)) for one in dataclasses.fields(value))
    if isinstance(value, dict):
        return sum(weigh(key) + weigh(one) for key, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return sum(weigh(one) for one in value)
    return sys.getsizeof(value)


def seal(value: Any) -> None:
    """Make the NumPy arrays of a value read-only, those of its fields and members too."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            seal(getattr(value, one.name))
    elif isinstance(value, dict):
        for one in value.values():
            seal(one)
    elif isinstance(value, list | tuple):
        for one in value:
            seal(one)


class Cache:
    """Values by key, the longest unused ones gone when they weigh more than `most` bytes together.

    One that is heavier than the whole cache is handed out and not kept. What is asked for by several sessions at once
    is computed once; the others wait, unless they have moved on.
    """

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most = name, most
        self.bytes = self.hits = self.misses = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._being_made: dict[Hashable, tuple[threading.Lock, int]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], T], still_wanted: Callable[[], None] | None = None) -> T:
        """The value of that key, made now if it is not there. An error of `make` is raised and nothing is kept."""
        found, value = self._look(key)
        if found:
            return cast(T, value)
        with self._lock:
            making, waiting = self._being_made.get(key, (threading.Lock(), 0))
            self._being_made[key] = (making, waiting + 1)
        try:
            while not making.acquire(timeout=LOOK_S):
                if still_wanted:
                    still_wanted()
            try:
                found, value = self._look(key)
                if found:
                    return cast(T, value)
                made = make()
                self._keep(key, made)
                return made
            finally:
                making.release()
        finally:
            with self._lock:
                making, waiting = self._being_made[key]
                if waiting == 1:
                    del self._being_made[key]
                else:
                    self._being_made[key] = (making, waiting - 1)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.bytes = 0

    def forget(self, folder: str) -> None:
        """Forget what was made with the files of a folder: values whose key names one of them."""
        with self._lock:
            for key in [key for key in self._kept if _names(key, folder)]:
                self.bytes -= self._kept.pop(key)[1]

    def _look(self, key: Hashable) -> tuple[bool, Any]:
        with self._lock:
            if key not in self._kept:
                return False, None
            self._kept.move_to_end(key)
            self.hits += 1
            return True, self._kept[key][0]

    def _keep(self, key: Hashable, value: Any) -> None:
        seal(value)
        weight = weigh(value)
        with self._lock:
            self.misses += 1
            if weight > self.most:
                return
            self._kept[key] = (value, weight)
            self.bytes += weight
            while self.bytes > self.most:
                _, (_, gone) = self._kept.popitem(last=False)
                self.bytes -= gone


def _names(key: Hashable, folder: str) -> bool:
    if isinstance(key, tuple):
        return any(_names(part, folder) for part in key)
    return isinstance(key, str) and key.startswith(folder)


_CACHES: dict[str, Cache] = {}


def cached(name: str, megabytes: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function returns in the cache of that name, by its arguments except those that begin with a line."""

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        own = _CACHES.setdefault(name, Cache(name, megabytes * MEGABYTE))
        named = inspect.signature(function)
        counted = [place for place, one in enumerate(named.parameters) if not one.startswith("_")]

        @functools.wraps(function)
        def found(*args: P.args, **options: P.kwargs) -> T:

            bound = named.bind(*args, **options)
            key = (function.__qualname__, *(bound.args[place] for place in counted))
            return own.get(key, lambda: function(*args, **options), page_rate.still_wanted)

        return found

    return wrap


def standing() -> dict[str, dict[str, float]]:
    """Every cache: entries, megabytes, the most there can be, and how often something was there or was not."""
    return {
        name: {
            "entries": len(cache),
            "megabytes": round(cache.bytes / MEGABYTE, 2),
            "most_megabytes": cache.most // MEGABYTE,
            "hits": cache.hits,
            "misses": cache.misses,
        }
        for name, cache in sorted(_CACHES.items())
    }


def forget(folder: Path) -> None:
    """Forget in every cache what was made with the files of a folder."""
    for cache in _CACHES.values():
        cache.forget(f"{folder}{os.sep}")


def clear() -> None:
    """Forget everything in every cache."""
    for cache in _CACHES.values():
        cache.clear()
