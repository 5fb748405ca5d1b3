"""How much visitors may bring: each of them, and all together. What is over it is refused, and nothing else is lost.

Counted are pictures and models that are held for a visitor, the pictures of zips on the disk, and files that were sent
and that Streamlit keeps until their session ends, whether any page asked for them or not.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, runtime

from app.base import i18n, session, visitors
from app.base.i18n import _
from app.base.refusals import QuotaError
from app.base.settings import number, shared
from app.services.cache import MEGABYTE, weigh

EACH_MB, ALL_MB = 256, 2048
"""Where MVFA_VISITOR_MB and MVFA_VISITORS_MB do not say."""
LEAST = 2**16
"""What a file counts at least: there is more to it than its bytes."""
_UPLOAD = re.compile(r".*/_stcore/upload_file/([^/]+)/[^/]+")


def most_of_all() -> int:
    """Bytes of all visitors together."""
    return (number(os.environ, "MVFA_VISITORS_MB") or ALL_MB) * MEGABYTE


def most_each() -> int:
    """Bytes of one visitor; of whoever is alone on a server, as many as of all."""
    each = number(os.environ, "MVFA_VISITOR_MB") or EACH_MB
    return min(most_of_all(), each * MEGABYTE) if shared() else most_of_all()


class Ledger:
    """What is held of whom, in bytes, and what is on its way. `kept` says what lies in folders, by visitor."""

    def __init__(self, kept: Callable[[], Mapping[str, int]] = dict) -> None:
        self.kept = kept
        self._lock = threading.Lock()
        self._pictures: dict[str, int] = {}
        self._coming: Counter[str] = Counter()

    def note(self, session: str, held: int) -> None:
        """So many bytes of pictures are held in a session."""
        with self._lock:
            self._pictures[session] = held

    def held(self) -> Counter[str]:
        """Bytes by visitor; sessions that are no more do not count."""
        known = visitors.sessions()
        with self._lock:
            if known is not None:
                self._pictures = {one: held for one, held in self._pictures.items() if one in known}
            found = Counter(self._coming)
            for session, held in self._pictures.items():
                found[visitors.VISITS.whose(session)] += held
        for session, held in _sent().items():
            found[visitors.VISITS.whose(session)] += held
        found.update(self.kept())
        return found

    def expect_room(self, visitor: str, more: int, over: int = 0) -> None:
        """May so many bytes come on top?

        Args:
            over: how much more than the quota may be held for a moment.

        Raises:
            QuotaError: that would be more than one visitor, or all of them, may bring.
        """
        held = self.held()
        if held[visitor] + more > most_each() + over:
            raise QuotaError(
                _(
                    "This would be more than the {megabytes} MB that one visitor may bring here. Remove a picture or "
                    "a model of yours, then try again; what you have brought so far is kept."
                ).format(megabytes=most_each() // MEGABYTE)
            )
        if sum(held.values()) + more > most_of_all() + over:
            raise QuotaError(
                _(
                    "Visitors have brought as much as this server holds, {megabytes} MB. Try again later; what you "
                    "have brought so far is kept."
                ).format(megabytes=most_of_all() // MEGABYTE)
            )

    def coming(self, visitor: str, more: int) -> None:
        """So many bytes are on their way, or with a minus have come or will not."""
        with self._lock:
            self._coming[visitor] += more
            if not self._coming[visitor]:
                del self._coming[visitor]


LEDGER = Ledger()


def expect_room(more: int) -> None:
    """May this visitor bring so many bytes more? Raises `QuotaError` if not."""
    LEDGER.expect_room(visitors.me(), more)


def note_pictures() -> None:
    """To be called whenever this session holds other pictures of its visitor's."""
    held = [session.get(key) for key in (session.OWN_PICTURE, session.FIGURE_OWN)]
    LEDGER.note(visitors.session_id(), sum(weigh(one) for one in held if one))


def _sent() -> dict[str, int]:
    """The bytes of files that were sent and are kept, by session."""
    kept = getattr(runtime.get_instance(), "_uploaded_file_mgr", None) if runtime.exists() else None
    found = getattr(kept, "file_storage", {})
    return {session: sum(_counts(file.data) for file in list(files.values())) for session, files in list(found.items())}


def _counts(data: bytes) -> int:
    return max(LEAST, len(data))


class Uploads:
    """Refuses a file that would be over the quota, before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _UPLOAD.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if not sent:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        largest = config.get_option("server.maxUploadSize") * MEGABYTE
        told = headers.get("content-length", "")
        size = max(LEAST, min(int(told), largest) if told.isascii() and told.isdigit() and len(told) < 16 else largest)
        visitor = visitors.VISITS.whose(sent[1])
        with i18n.spoken(i18n.preferred(i18n.accepted(headers))):
            try:
                # a page says in words what is over the quota, so a file more may come for it to look at
                LEDGER.expect_room(visitor, size, over=largest)
                refused = ""
            except QuotaError as error:
                refused = error.args[0]
        if refused:
            await PlainTextResponse(refused, 413)(scope, receive, send)
            return
        LEDGER.coming(visitor, size)
        try:
            await self.app(scope, receive, send)
        finally:
            LEDGER.coming(visitor, -size)
