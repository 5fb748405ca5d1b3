"""Who a visitor is, and until when: what one brought is nobody else's.

On a server of one's own there is one person, `HERE`. On a shared one a visitor is a browser: it gets a cookie with its
first page, which no script can read and which ends with the browser. Who keeps no cookies is one session. Only a digest
of either is ever kept or written down.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import SessionManager

from app.base import session
from app.base.settings import shared

HERE = "here"
COOKIE = "mvfa_visitor"
GONE_S = 15 * 60.0
"""A visitor of whom nothing was seen for so long has left. A line that drops is no sign of it."""
AWAY_S, LOOK_S = 20.0, 5.0
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


def me() -> str:
    """Whoever runs this page: `HERE`, or a digest that says nothing of the cookie or session it was made of."""
    if not shared():
        return HERE
    if kept := session.get(session.VISITOR):
        return str(kept)
    context = get_script_run_ctx(suppress_warning=True)
    own = context.session_id if context else ""
    cookie = st.context.cookies.get(COOKIE) if context else None
    known = isinstance(cookie, str) and _COOKIE.fullmatch(cookie)
    found = _digest(str(cookie) if known else f"session {own}")
    if context:
        session.put(session.VISITOR, found)
    return found


def see() -> None:
    """At every run of a page: this visitor is here."""
    VISITS.see(me(), session_id())


def session_id() -> str:
    """The session of this page; "" where there is none."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def _digest(told: str) -> str:
    return hashlib.sha256(f"visitor {told}".encode()).hexdigest()[:32]


class Visits:
    """When each visitor was last seen, and which sessions are whose."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self._lock = clock, threading.Lock()
        self._last: dict[str, float] = {}
        self._whose: dict[str, str] = {}

    def see(self, visitor: str, session: str) -> None:
        """A sign of life of a visitor in a session."""
        with self._lock:
            self._last[visitor] = self.clock()
            self._whose[session] = visitor

    def whose(self, session: str) -> str:
        """The visitor of a session; one of its own while no page has run in it."""
        return self._whose.get(session, f"session {session}")

    def of(self, visitor: str) -> list[str]:
        """The sessions of a visitor."""
        with self._lock:
            return [session for session, one in self._whose.items() if one == visitor]

    def before(self, session: str, connected: set[str]) -> int:
        """How many of the sessions that are connected came before this one and are of the same visitor."""
        with self._lock:
            visitor = self._whose.get(session)
            mine = [one for one, whose in self._whose.items() if whose == visitor and one in connected | {session}]
            return mine.index(session) if session in mine else 0

    def away(self, connected: set[str]) -> list[str]:
        """Who was seen in the last `AWAY_S` and has no line now; they may come back until they are `gone`. Each is told
        for as long, because a page may still run when the line has dropped.

        Args:
            connected: as in `gone`.
        """
        with self._lock:
            here = {one for session, one in self._whose.items() if session in connected}
            since = self.clock() - AWAY_S
            return [visitor for visitor, at in self._last.items() if at >= since and visitor not in here]

    def gone(self, connected: set[str]) -> list[str]:
        """Who has left, as of now, and is forgotten with it.

        Args:
            connected: the sessions whose line stands at this moment, which is a sign of life as well.
        """
        with self._lock:
            now = self.clock()
            for session in connected & set(self._whose):
                self._last[self._whose[session]] = now
            left = [visitor for visitor, at in self._last.items() if now - at > GONE_S]
            for visitor in left:
                del self._last[visitor]
            self._whose = {session: one for session, one in self._whose.items() if one in self._last}
            return left


VISITS = Visits()


def connected() -> set[str]:
    """The sessions whose line stands."""
    manager = _manager()
    return {one.session.id for one in manager.list_active_sessions()} if manager else set()


def sessions() -> set[str] | None:
    """Every session there is, connected or not; None where there is no server."""
    manager = _manager()
    return {one.session.id for one in manager.list_sessions()} if manager else None


def _manager() -> SessionManager | None:
    return getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None


def begin(forget: Callable[[str], None], away: Callable[[str], None] = lambda visitor: None) -> Callable[[], None]:
    """Look after who has left, in a thread of its own, on a shared server; what comes back ends it.

    Args:
        forget: what to do with a visitor that has left.
        away: what to do with one whose lines have all dropped, and who may come back.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            for visitor in VISITS.away(connected()):
                away(visitor)
            for visitor in VISITS.gone(connected()):
                forget(visitor)

    if shared():
        threading.Thread(target=watch, name="visitors", daemon=True).start()
    return over.set


class Cookies:
    """Gives a browser its cookie with the first page, on a shared server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wants_page = scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")
        if not (wants_page and shared()) or _COOKIE.fullmatch(HTTPConnection(scope).cookies.get(COOKIE, "")):
            await self.app(scope, receive, send)
            return
        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = f"{COOKIE}={secrets.token_urlsafe(32)}; HttpOnly; Path=/; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("set-cookie", kept)
            await send(message)

        await self.app(scope, receive, send_with_cookie)
