"""How the server is, in numbers, for whoever looks after it: `/healthz`."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil
from streamlit import runtime

from app.base.settings import read_only, shared
from app.server import memory
from app.services import cache, devices, inference_queue, limits
from mvfa_core.processes import leave_a_core, use_threads

SWITCH_S = 0.001
"""How long a thread may keep the interpreter while others wait for it, a fifth of what Python allows. A question to the
network gives it away with each of its hundred products, and waited for it as often behind every page that ran."""
_SINCE = time.monotonic()


def begin(threads: int | None) -> None:
    """At the start of a server: how many threads the network may use, and a hand that tidies up."""
    if threads is not None:
        use_threads(threads)
    elif shared():
        leave_a_core()
    sys.setswitchinterval(SWITCH_S)
    memory.begin(sessions)
    limits.begin()


def vitals() -> dict[str, Any]:
    """Sessions, calls in the line before the network ("encode" is a pass of a backbone) and who waits there, caches,
    memory, and since when."""
    caches = cache.standing()
    return {
        "version": _version(),
        "uptime_s": round(time.monotonic() - _SINCE, 1),
        "read_only": read_only(),
        "sessions": sessions(),
        "calls": dict(inference_queue.CALLS),
        "computed_on": devices.standing(),
        "line": asdict(inference_queue.queue().standing()),
        "memory_mb": round(psutil.Process(os.getpid()).memory_info().rss / 1e6, 1),
        "threads": threading.active_count(),
        "cache_mb": round(sum(one["megabytes"] for one in caches.values()), 1),
        "caches": caches,
        "collected": [one["collections"] for one in gc.get_stats()],
    }


def sessions() -> int:
    """How many visitors are connected."""
    return runtime.get_instance()._session_mgr.num_active_sessions() if runtime.exists() else 0


def _version() -> str:
    try:
        return version("mvfa")
    except PackageNotFoundError:
        return "unknown"
