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
        return sum(int(tensor.nbytes) for tensor in (*value.parameters(), *value.buffers()))
    if isinstance(nbytes := getattr(value, "nbytes", None), int):
        return nbytes
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return sum(weigh(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return sum(weigh(key) + weigh(member) for key, member in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return sum(weigh(member) for member in value)
    return sys.getsizeof(value)


def seal(value: Any) -> None:
    """Make the NumPy arrays of a value read-only, those of its fields and members too."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            seal(getattr(value, field.name))
    elif isinstance(value, dict):
        for member in value.values():
            seal(member)
    elif isinstance(value, list | tuple):
        for member in value:
            seal(member)


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
        present, value = self._look(key)
        if present:
            return cast(T, value)
        with self._lock:
            making, waiting = self._being_made.get(key, (threading.Lock(), 0))
            self._being_made[key] = (making, waiting + 1)
        try:
            while not making.acquire(timeout=LOOK_S):
                if still_wanted:
                    still_wanted()
            try:
                present, value = self._look(key)
                if present:
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


def cached(
    name: str, megabytes: int, key: Callable[..., Hashable] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The declaration of a cached computation: it stands over the one function that computes.

    Args:
        name: of the cache that keeps what the function returns. megabytes: the most that it keeps.
        key: takes the function's arguments, in their order, and returns what tells its results apart: names and
            digests, for an argument itself may be large or not hashable. All arguments without it.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        cache = _CACHES.setdefault(name, Cache(name, megabytes * MEGABYTE))
        signature = inspect.signature(function)

        @functools.wraps(function)
        def from_cache(*args: P.args, **options: P.kwargs) -> T:
            values = signature.bind(*args, **options).args
            full_key = (function.__qualname__, values if key is None else key(*values))
            return cache.get(full_key, lambda: function(*args, **options), page_rate.still_wanted)

        return from_cache

    return wrap


def resize(name: str, most: int) -> None:
    """The cache of that name keeps so many bytes from now on."""
    _CACHES[name].most = most


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
