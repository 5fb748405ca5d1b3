"""Decode once: memory-mapped arrays on disk, filled in chunks, that survive being killed half-way.

An entry is a folder with one `.npy` a field. It grows as `<key>.part` beside a ledger of the chunks that are done, and
gets its final name only when all are, so a reader never meets an unfinished one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from filelock import FileLock

from mvfa_core.data.sets import Progress, silent
from mvfa_core.folders import cache_root

CHUNK = 64
WORKERS = min(8, os.cpu_count() or 1)

Fields = dict[str, tuple[tuple[int, ...], type]]
"""Name -> (shape of one item, dtype)."""
Make = Callable[[int, int], Mapping[str, np.ndarray]]
"""(start, stop) -> the fields of the items from start to stop."""


def digest(parts: Iterable[object]) -> str:
    """A short name for whatever the parts are; any change in them gives another."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:20]


def cached_arrays(
    key: str, count: int, fields: Fields, make: Make, *, what: str, progress: Progress = silent
) -> dict[str, np.ndarray]:
    """The arrays of an entry, read-only and memory-mapped: from disk, or made now.

    Args:
        key: names the content; another content needs another key.
        count: N items.
        fields: what an item consists of.
        make: called from several threads, with at most `CHUNK` items at a time.
        what: shown to the progress listener.

    Chunks that an earlier, interrupted call finished are not made again.
    """
    final = cache_root() / key
    if not final.is_dir():
        cache_root().mkdir(parents=True, exist_ok=True)
        # twins start together: the second one waits for the first, whose lock ends with its process
        with FileLock(cache_root() / f"{key}.lock"):
            if not final.is_dir():
                part = cache_root() / f"{key}.part"
                part.mkdir(exist_ok=True)
                _fill(part, count, fields, make, lambda done: progress(what, done, count))
                os.replace(part, final)
    return {name: np.load(final / f"{name}.npy", mmap_mode="r") for name in fields}


def _fill(part: Path, count: int, fields: Fields, make: Make, tell: Callable[[int], None]) -> None:
    ledger = part / "ledger"
    done = {int(line) for line in ledger.read_text().split()} if ledger.exists() else set()
    arrays = {name: _grown(part / f"{name}.npy", (count, *shape), dtype) for name, (shape, dtype) in fields.items()}
    finished = sum(min(CHUNK, count - start) for start in done)

    def work(start: int) -> int:
        for name, values in make(start, min(start + CHUNK, count)).items():
            arrays[name][start : start + CHUNK] = values
        return start

    missing = [start for start in range(0, count, CHUNK) if start not in done]
    with ThreadPoolExecutor(WORKERS) as pool, ledger.open("a") as note:
        try:
            for future in as_completed([pool.submit(work, start) for start in missing]):
                start = future.result()
                for array in arrays.values():
                    array.flush()  # the values must be on disk before the ledger says so
                note.write(f"{start}\n")
                note.flush()
                finished += min(CHUNK, count - start)
                tell(finished)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # Ctrl-C must not wait for thousands of pictures
            raise


def _grown(file: Path, shape: tuple[int, ...], dtype: type) -> np.memmap:
    """A new array file, or the one an interrupted call left; it is complete in size from its first moment."""
    if not file.exists():
        fresh = file.with_suffix(".new")
        np.lib.format.open_memmap(fresh, mode="w+", dtype=dtype, shape=shape).flush()
        os.replace(fresh, file)
    return np.lib.format.open_memmap(file, mode="r+")
