"""Who may ask at all: under a name of this server, and from its own pages. For every address and every websocket.

Streamlit compares Host and Origin for its websocket alone, and asks the network for its own address when it meets a
strange one.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.web.server.server_util import allow_all_cross_origin_requests, is_allowed_origin
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from app.base import i18n
from app.base.i18n import _


class Origins:
    """Refuses what was asked under a strange name, and what another site's page asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not (why := refusal(Headers(scope=scope))):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            with i18n.spoken(i18n.preferred(i18n.accepted(Headers(scope=scope)))):
                text = (
                    _("This server does not go by that name. Whoever runs it can add the name to MVFA_HOSTS.")
                    if why == "STRANGE_HOST"
                    else _("This was asked from a page of another site, and only pages of this server may ask.")
                )
            await PlainTextResponse(text, 403, headers={"Cache-Control": "no-store"})(scope, receive, send)


def refusal(headers: Headers) -> str:
    """The name of the sentence that says why not, "" if there is no reason: a Host that is none of
    `server.allowedHosts`, or an Origin that is neither this host nor one of `server.corsAllowedOrigins`."""
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    if len(hosts) > 1 or not is_host_allowed(hosts[0] if hosts else None):
        return "STRANGE_HOST"
    if not origins or allow_all_cross_origin_requests():
        return ""
    own = len(origins) == 1 and (same_host(origins[0], hosts[0] if hosts else "") or is_allowed_origin(origins[0]))
    return "" if own else "STRANGE_ORIGIN"


def same_host(origin: str, host: str) -> bool:
    """Whether a page of that origin asks its own host. As Streamlit does it for its websocket: a browser names both in
    the same way, with the port unless it goes without saying."""
    scheme, _, place = origin.lower().partition("://")
    return scheme in ("http", "https") and bool(place) and place == host.lower()
