"""Memory handed back: what visitors held is of no use to the server once they are gone.

glibc keeps what was freed, in as many places as there were threads, and Streamlit runs every page in a thread of its
own. So there are two such places, and when visitors have left, the free part of them goes back to the system.

Garbage is collected here every few seconds, and not after every run of a page, as Streamlit does it unless told
otherwise: that took four fifths of the interpreter's time while ten visitors asked for one run after the other.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

from mvfa_core.processes import glibc, hand_back_memory

M_ARENA_MAX, ARENAS = -8, 2
M_MMAP_THRESHOLD, LARGE = -3, 4 * 2**20
"""Blocks that go back to the system as soon as they are freed: glibc raises the size to that of the largest one freed,
up to 32 MB, and a file of 20 MB then leaves a hole."""
LOOK_S = 5.0


def begin(count: Callable[[], int]) -> None:
    """Before the threads of visitors: few places for freed memory, and a thread that looks whether visitors left.

    Args:
        count: how many visitors there are.
    """
    if library := glibc():
        library.mallopt(M_ARENA_MAX, ARENAS)
        library.mallopt(M_MMAP_THRESHOLD, LARGE)
    threading.Thread(target=_watch, args=(count, threading.Event()), name="tidy", daemon=True).start()


def _watch(count: Callable[[], int], never: threading.Event) -> None:
    before = count()
    while not never.wait(LOOK_S):
        now = count()
        if now < before or not now:
            gc.collect()
            hand_back_memory()
        else:
            gc.collect()
        before = now
