"""What visitors hand over and the server holds in memory: so many bytes a session and in all, and no more.

Streamlit keeps every file that is uploaded until its session ends, also one that no page ever asked for.
"""

from __future__ import annotations

import os
from contextlib import suppress

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

from app import wording_serving as words
from app.serving import number

HELD = "MVFA_HELD_MB"
UPLOADS, SESSIONS = 4, 40
"""Of the largest size each: what one session may hold, and all together."""
_PATH = "/_stcore/upload_file/"


class Held:
    """Refuses an upload once its session, or all of them, hold as much as they may."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT" and _PATH in scope["path"]:
            session = scope["path"].partition(_PATH)[2].partition("/")[0]
            own, every = held(session)
            if own >= most() or every >= SESSIONS * most() // UPLOADS:
                await _passed_over(receive)
                await PlainTextResponse(words.HELD_FULL, status_code=413)(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def _passed_over(receive: Receive) -> None:
    """Let a body of the size of uploads go by without keeping it: who still sends hears no answer."""
    seen = 0
    while seen <= most():
        message = await receive()
        seen += len(message.get("body", b"")) + 1
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def most() -> int:
    """The bytes that one session may hold: MVFA_HELD_MB, or a few uploads of the largest size."""
    return 10**6 * (number(os.environ, HELD) or UPLOADS * int(st.get_option("server.maxUploadSize")))


def held(session: str) -> tuple[int, int]:
    """The bytes of the files of one session, and of all."""
    if not runtime.exists():
        return 0, 0
    own = every = 0
    with suppress(RuntimeError):  # another visitor's file came or went while they were counted
        for name, files in list(getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {}).items()):
            size = sum(len(file.data) for file in list(files.values()))
            every += size
            own += size if name == session else 0
    return own, every
