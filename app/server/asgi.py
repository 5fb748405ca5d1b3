"""What surrounds the pages: start-up, a few addresses of files and figures, and the headers of every answer."""

from __future__ import annotations

import base64
import gc
import logging
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.base import visitors
from app.base.settings import base_path, serving
from app.server import auth, health, origins
from app.services import quota
from app.ui import components

OLD_PAGES = {"dataset": "evaluate"}
"""Addresses that pages had before: links to them still lead there."""
YEAR_S = 31_536_000
DAY_S = 86_400
EMBED = "MVFA_EMBED_HOSTS"
"""The setting that names who may show the app in a frame: origins, with blanks or commas between them."""
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?")


def frame_ancestors(hosts: str) -> str:
    """Who may show the app in a frame: itself, and the origins that are named. What is no origin is left out, aloud."""
    named = [host for host in re.split(r"[,\s]+", hosts) if host]
    for host in named:
        if not _ORIGIN.fullmatch(host):
            logging.getLogger(__name__).warning("%s: %r is no origin such as https://school.example", EMBED, host)
    return " ".join(["'self'", *(host for host in named if _ORIGIN.fullmatch(host))])


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' blob: 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    f"frame-ancestors {frame_ancestors(os.environ.get(EMBED, ''))}",
)
_HOST = re.compile(rb"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


def policy(host: bytes) -> str:
    """The content security policy for a page that was asked of that host: connections go back there and nowhere else.

    'self' means web sockets of the same host too, but not in every browser that is still about, so they are named. A
    host that is no host is not repeated. `data:` leads nowhere: Streamlit's camera reads its shot from such an address.
    """
    sockets = f" ws://{host.decode()} wss://{host.decode()}" if _HOST.fullmatch(host) else ""
    return "; ".join((*POLICY, f"connect-src 'self' data:{sockets}"))


class SecurityHeaders:
    """Adds the headers above to every answer over HTTP; the browser then loads nothing from outside, and tells nothing
    to the outside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                host = dict(scope["headers"]).get(b"host", b"")
                headers = {**SECURITY, "Content-Security-Policy": policy(host)}
                extra = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _script(path: Path, caching: str) -> Response:
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": caching})


async def plotly_file(_request: Request) -> Response:
    """Plotly's script, out of the installed package: the project carries no copy of it. Its address names a version."""
    return _script(components.PLOTLY, f"public, max-age={YEAR_S}, immutable")


async def component_file(request: Request) -> Response:
    """The script of one of our components, or one that it imports."""
    return _script_in(components.HERE, request)


async def method_file(request: Request) -> Response:
    """A script of the method in the browser."""
    return _script_in(components.METHOD, request)


def _script_in(folder: Path, request: Request) -> Response:
    path = folder / f"{request.path_params['name']}.js"
    if path not in folder.glob("*.js"):
        return PlainTextResponse("unknown script", status_code=404)
    return _script(path, "no-cache")


async def gallery_file(request: Request) -> Response:
    """The thumbnail of a picture of the gallery."""
    from app.services import gallery, pictures

    name = request.path_params["name"]
    if name not in gallery.ids():
        return PlainTextResponse("unknown picture", status_code=404)
    content = base64.b64decode(pictures.thumbnail(pictures.specimen(name)).partition(",")[2])
    return Response(content, media_type="image/webp", headers={"Cache-Control": f"public, max-age={DAY_S}"})


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Import what is heavy, run the default model once, then take all of it out of the garbage collector's sight.

    With torch imported, collecting garbage stalls every visitor for about 0.3 s; after `gc.freeze()` it takes a few
    milliseconds, and `tidy` does it now and then.
    """
    from app.server.warm_up import warm_up
    from app.services import visitor_files

    health.begin(serving().threads)
    warm_up()
    visitor_files.begin()
    over = visitors.begin(visitor_files.forget, visitor_files.away)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        over()
        visitor_files.end()


async def health_file(request: Request) -> Response:
    """Whether the server answers; and, for those who are let in, how it is."""
    told: dict[str, Any] = {"status": "ok"}
    if request.scope.get(auth.INSIDE, True):
        told |= health.vitals()
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


class OwnScript:
    """Puts `components/page.js` before Streamlit's own scripts, into every page that it sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self._base = app, base_path()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(self._base).strip("/") if scope["type"] == "http" else ""
        if scope.get("method") != "GET" or "/" in name or "." in name:  # no page: a file, or what is downloaded
            await self.app(scope, receive, send)
            return
        # Whole and as it is: what is packed, or a piece, cannot be added to. A copy that a browser has kept is never
        # taken for this one, which has no name of its own there.
        headers = [(name, value) for name, value in scope["headers"] if name not in _PIECES]
        start: Message = {}
        parts: list[bytes] = []

        async def send_with_script(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200 and _is_page(message):
                start = message
            elif not start:
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    page = b"".join(parts).replace(b"<head>", b"<head>" + OWN_SCRIPT, 1)
                    kept = [(name, value) for name, value in start["headers"] if name.lower() not in _OF_THE_FILE]
                    await send({**start, "headers": [*kept, (b"content-length", str(len(page)).encode())]})
                    await send({"type": "http.response.body", "body": page})

        await self.app({**scope, "headers": headers, "extensions": {}}, receive, send_with_script)


OWN_SCRIPT = b'<script src="./components/page.js"></script>'
_PIECES = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range", b"if-range")
_OF_THE_FILE = (b"content-length", b"etag", b"last-modified", b"accept-ranges")


def _is_page(message: Message) -> bool:
    return dict(message["headers"]).get(b"content-type", b"").startswith(b"text/html")


def routes(base: str) -> list[Route]:
    """The addresses of our own below a base path, as `serving.base_path` gives it.

    How the server is can also be asked at the root: who looks after it asks the server itself, past any proxy.
    """
    own = [
        Route(f"{base}{auth.HEALTH}", health_file),
        Route(f"{base}/vendor/plotly.min.js", plotly_file),
        Route(f"{base}/components/{{name}}.js", component_file),
        Route(f"{base}/web/{{name}}.js", method_file),
        Route(f"{base}/gallery/{{name}}.webp", gallery_file),
        *(Route(f"{base}/{old}", _forward(f"{base}/{new}")) for old, new in OLD_PAGES.items()),
    ]
    return [*own, Route(auth.HEALTH, health_file), Route("/", _to_base)] if base else own


def _forward(address: str) -> Callable[[Request], Awaitable[Response]]:
    """To where a page is found now, with all that its address says."""

    async def forwarded(request: Request) -> Response:
        query = request.url.query
        return RedirectResponse(f"{address}?{query}" if query else address, status_code=308)

    return forwarded


async def _to_base(_request: Request) -> Response:
    return RedirectResponse(f"{base_path()}/")


ROUTES = routes(base_path())
MIDDLEWARE = [
    Middleware(SecurityHeaders),
    Middleware(origins.Origins),
    Middleware(visitors.Cookies),
    Middleware(auth.Gate),
    Middleware(quota.Uploads),
    Middleware(OwnScript),
]
