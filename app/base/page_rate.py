"""How often the pages of one session may run on a shared server: a handful at once, and then a few in a second.

Streamlit runs a page for every message. Messages that come while a run waits here are answered together, by one run, so
whoever sends a hundred holds up nobody else, and whoever drags a slider sees where it ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.base.settings import shared

LOOK_S = 0.05
MOST_KNOWN = 4096


class Rate:
    """A token bucket for every session.

    Args:
        at_once: how many runs a session may have that has rested. per_s: how many in a second after that.
        clock: seconds.
    """

    def __init__(self, at_once: int, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.at_once, self.per_s, self.clock = at_once, per_s, clock
        self._lock = threading.Lock()
        self._full_at: dict[str, float] = {}  # when a session's bucket is full again

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, session: str) -> float:
        """0 if this session may run now, which is counted; else the seconds until it may."""
        with self._lock:
            now = self.clock()
            full_at = max(self._full_at.get(session, now), now)
            wait_s = full_at - now - (self.at_once - 1) / self.per_s
            if wait_s > 1e-9:
                return wait_s
            self._full_at[session] = full_at + 1 / self.per_s
            if len(self._full_at) > MOST_KNOWN:
                self._full_at = {one: at for one, at in self._full_at.items() if at > now}
            return 0.0


PAGES, PARTS = Rate(at_once=10, per_s=2.0), Rate(at_once=30, per_s=6.0)
"""Of whole pages, and of parts that run without the rest of their page."""


def heed(*, part: bool = False) -> None:
    """At the start of a page or a part: wait until this session may run it. Ends as `still_wanted` does."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not shared():
        return
    rate = PARTS if part else PAGES
    while wait_s := rate.take(context.session_id):
        still_wanted()
        time.sleep(min(wait_s, LOOK_S))


def still_wanted() -> None:
    """Ends this run of the page, by Streamlit's own exceptions, if its visitor has asked for another one or is gone."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        getattr(context, "yield_check", lambda: None)()
