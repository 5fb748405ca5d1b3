"""The passcode: before any page, file, picture or websocket, and before Streamlit hears of a visitor at all.

A right passcode is answered with a cookie that scripts cannot read and other sites cannot send, signed with a key that
is drawn at every start. The passcode travels in the body of one POST: it stands in no address and in no log.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import html
import math
import secrets
import time
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.base import i18n
from app.base.i18n import _
from app.base.settings import base_path, take
from app.server.passcode_tries import Tries, Turns, address_of, network_of

COOKIE, ENTER, HEALTH = "mvfa_pass", "/enter", "/healthz"
INSIDE = "mvfa_inside"
"""In the scope of what is asked: whether the visitor was let in."""
VALID_S = 12 * 3600
MOST_BYTES, FORM_S = 4096, 10.0
"""How long a form may be, and how long it may take to come."""
AGAIN_S = 3
"""When to try again where too many try at once."""

_FORM = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>{title} \u00b7 {app}</title>
<style>:root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}
body{{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#fcfcfa,#14171a);
color:light-dark(#1d2228,#e4e6e4)}}main{{width:min(20rem,88vw)}}h1{{font-size:1.25rem;margin:0 0 .25rem}}
p{{margin:0 0 1rem}}label{{display:block;margin-bottom:.25rem}}
input,button{{box-sizing:border-box;width:100%;font:inherit;padding:.55rem .7rem;border-radius:4px;
border:1px solid light-dark(#8a8f94,#6b7280);background:transparent;color:inherit}}
button{{margin-top:.75rem;background:light-dark(#28576f,#8fbdd3);color:light-dark(#fff,#14171a);border:0;font-weight:600}}
:focus-visible{{outline:2px solid light-dark(#28576f,#8fbdd3);outline-offset:2px}}
[role=alert]{{color:light-dark(#a4262c,#ff9d8a);min-height:1.5em;margin:.5rem 0 0}}</style>
<main><h1>{app}</h1><p>{text}</p><form method="post" action="{action}"><label for="code">{field}</label>
<input id="code" name="code" type="password" autocomplete="current-password" required autofocus maxlength="200">
<input type="hidden" name="to" value="{to}"><button>{enter}</button>
<p role="alert">{problem}</p></form></main></html>"""


class Gate:
    """Lets nothing through but the health address and those who know the passcode; without a passcode, everything."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        passcode = take().passcode
        self._passcode = _digest(passcode) if passcode else None
        self._base = base = base_path()
        self._open = {HEALTH, base + HEALTH, "/"} if base else {HEALTH}  # the root then only leads to the app
        self._key = secrets.token_bytes(32)
        self._tries, self._turns = Tries(), Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        visitor = HTTPConnection(scope)
        inside = self._passcode is None or self._knows(visitor.cookies.get(COOKIE, ""))
        scope[INSIDE] = inside
        if inside or (scope["type"] == "http" and scope["path"] in self._open):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            with i18n.spoken(i18n.preferred(i18n.accepted(visitor.headers))):
                answer = await self._answer(Request(scope, receive))
            await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["path"]  # not `url`: that believes the Host header
        if request.method == "POST" and path == self._base + ENTER:
            return await self._enter(request)
        here = path == self._base or path.startswith(self._base + "/")
        if here and request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", ""):
            asked = path.removeprefix(self._base) + (f"?{request.url.query}" if request.url.query else "")
            return _form(asked, status=401, action=self._way(path))
        return PlainTextResponse(
            _("A passcode is needed: open the first page in a browser."), status_code=401, headers=_NOT_KEPT
        )

    async def _enter(self, request: Request) -> Response:
        told = await _fields(request)
        to, address = _inner(told.get("to", "")), address_of(request.client.host if request.client else "")
        if not self._tries.may(address):
            wait_s = math.ceil(self._tries.wait_s(address))
            return _form(
                to,
                _("Too many wrong passcodes from your address: wait a minute and try again."),
                429,
                {"Retry-After": f"{max(1, wait_s)}"},
            )
        if not await self._turns.turn(network_of(address)):
            self._tries.right(address)  # it was not looked at
            return _form(
                to,
                _("Too many people are entering at once: wait a few seconds and try again."),
                429,
                {"Retry-After": f"{AGAIN_S}"},
            )
        if not hmac.compare_digest(_digest(told.get("code", "").strip()), self._passcode or b""):
            return _form(to, _("That is not the passcode."), 401)
        self._tries.right(address)
        self._turns.right()
        answer = RedirectResponse(f".{to}", status_code=303, headers=_NOT_KEPT)
        # what a proxy that we trust says is in the scheme already
        secure = request.scope.get("scheme") == "https"
        # Without a path the browser takes the folder of this address: the app's own, whatever a proxy puts before it.
        answer.set_cookie(COOKIE, self._token(), VALID_S, path=None, httponly=True, samesite="lax", secure=secure)
        return answer

    def _way(self, path: str) -> str:
        """Where the form goes, seen from the path that was asked for: a proxy may have taken off the front of it."""
        below = path.removeprefix(self._base)
        return "../" * (below.count("/") - 1) + ENTER[1:] if below else self._base.rpartition("/")[2] + ENTER

    def _token(self) -> str:
        until = str(int(time.time()) + VALID_S)
        return f"{until}.{self._sign(until)}"

    def _sign(self, until: str) -> str:
        return hmac.new(self._key, until.encode(), hashlib.sha256).hexdigest()

    def _knows(self, token: str) -> bool:
        until, _, signature = token.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 20 and signature.isascii()):
            return False
        return hmac.compare_digest(signature, self._sign(until)) and int(until) > time.time()


_NOT_KEPT = {"Cache-Control": "no-store"}


def _digest(passcode: str) -> bytes:
    return hashlib.sha256(passcode.encode()).digest()


def _form(
    to: str, problem: str = "", status: int = 200, headers: dict[str, str] | None = None, action: str = ENTER[1:]
) -> Response:
    words = {
        "title": _("Passcode"),
        "text": _("This server is for those who were told its passcode."),
        "app": _("MFA"),
        "field": _("Passcode"),
        "enter": _("Enter"),
        "problem": problem,
        "to": _inner(to),
        "action": action,
        "language": i18n.current(),
    }
    text = _FORM.format(**{name: html.escape(word, quote=True) for name, word in words.items()})
    return HTMLResponse(text, status, headers={**_NOT_KEPT, **(headers or {})})


def _inner(to: str) -> str:
    """The way on, if it stays on this server; else the first page."""
    fits = to.startswith("/") and not to.startswith(("//", "/\\", ENTER)) and to.isprintable() and len(to) < 2000
    return to if fits else "/"


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a short form; none of a long one, or of one that does not come."""
    body = b""
    try:
        async with asyncio.timeout(FORM_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    return {}
        told = parse_qs(body.decode("utf-8", "replace"), max_num_fields=8)
    except (TimeoutError, ValueError):
        return {}
    return {name: values[0] for name, values in told.items()}
