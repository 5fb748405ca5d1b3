"""Memory handed back: what visitors held is of no use to the server once they are gone.

glibc keeps what was freed, in as many places as there were threads, and Streamlit runs every page in a thread of its
own. So there are two such places, and when visitors have left, the free part of them goes back to the system.
"""

from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Callable
from contextlib import suppress

M_ARENA_MAX, ARENAS = -8, 2
LOOK_S = 15.0


def begin(count: Callable[[], int]) -> None:
    """Before the threads of visitors: few places for freed memory, and a thread that looks whether visitors left.

    Args:
        count: how many visitors there are.
    """
    library = _glibc()
    if library is None:
        return
    library.mallopt(M_ARENA_MAX, ARENAS)
    threading.Thread(target=_watch, args=(count, threading.Event(), library), name="tidy", daemon=True).start()


def hand_back(library: ctypes.CDLL | None = None) -> None:
    """Collect garbage and give free memory back to the system, where the C library can."""
    gc.collect()
    if library := library or _glibc():
        library.malloc_trim(0)


def _watch(count: Callable[[], int], never: threading.Event, library: ctypes.CDLL) -> None:
    before = count()
    while not never.wait(LOOK_S):
        now = count()
        if now < before or not now:
            hand_back(library)
        before = now


def _glibc() -> ctypes.CDLL | None:
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        if library.malloc_trim and library.mallopt:
            return library
    return None
