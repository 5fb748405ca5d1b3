"""What surrounds the pages: start-up, the two extra addresses, and the headers of every answer."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import plotly
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import gate
from app.serving import serving

COMPONENTS = Path(__file__).parent / "components"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

PLOTLY_ADDRESS = f"vendor/plotly.min.js?v={plotly.__version__}"

YEAR_S = 31_536_000
SECURITY = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' blob: 'wasm-unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "connect-src 'self' ws: wss:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers above to every answer over HTTP; the browser then loads nothing from outside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _script(path: Path, caching: str) -> Response:
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": caching})


async def plotly_file(_request: Request) -> Response:
    """Plotly's script, out of the installed package: the project carries no copy of it. Its address names a version."""
    return _script(PLOTLY, f"public, max-age={YEAR_S}, immutable")


async def component_file(request: Request) -> Response:
    """The script of one of our components, or one that it imports."""
    path = COMPONENTS / f"{request.path_params['name']}.js"
    if path not in COMPONENTS.glob("*.js"):
        return PlainTextResponse("unknown component", status_code=404)
    return _script(path, "no-cache")


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Import what is heavy, run the default model once, then take all of it out of the garbage collector's sight.

    Streamlit collects garbage after every script run. With torch imported that stalls every visitor for about 0.3 s;
    after `gc.freeze()` it takes a few milliseconds.
    """
    from app import loaders, vitals

    vitals.begin(serving().threads)
    loaders.warm_up()
    gc.collect()
    gc.freeze()
    yield


async def health(request: Request) -> Response:
    """Whether the server answers; and, for those who are let in, how it is."""
    told: dict[str, Any] = {"status": "ok"}
    if request.scope.get(gate.INSIDE, True):
        from app import vitals

        told |= vitals.vitals()
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


ROUTES = [
    Route(gate.HEALTH, health),
    Route("/vendor/plotly.min.js", plotly_file),
    Route("/components/{name}.js", component_file),
]
MIDDLEWARE = [Middleware(SecurityHeaders), Middleware(gate.Gate)]
