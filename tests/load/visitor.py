"""One visitor without a browser: Streamlit's protobuf over a websocket, timed from the message to the finished script.

What a browser would draw afterwards is not part of the times. Widgets are found by their keys in what the server sends,
so a visitor can only press what is on the page.
"""

from __future__ import annotations

import asyncio
import io
import ipaddress
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import numpy as np
import websockets
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

LONGEST_S = 60.0
"""An answer that takes longer is an error."""
FULL, EARLY, PART = ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_EARLY_FOR_RERUN, \
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY  # fmt: skip
MOST_BYTES = 64 * 2**20
GALLERY_KEY, UPLOAD_KEY = "gallery_strip", "own_picture_file"


def loopback(url: str) -> str:
    """The address, if it means this machine and nothing else.

    Raises:
        ValueError: it means another machine, or could.
    """
    parts = urlsplit(url)
    try:
        here = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name, which may lead anywhere
        here = False
    if parts.scheme != "http" or not here:
        raise ValueError(f"url: expected http://127.0.0.1:PORT, this machine and no other, got {url!r}")
    return f"http://{parts.netloc}"


@dataclass
class Tally:
    """What all visitors met: milliseconds by kind of action, errors in words, bytes received."""

    times_ms: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    busy: int = 0
    received: int = 0

    def add(self, kind: str, ms: float) -> None:
        self.times_ms.setdefault(kind, []).append(ms)


def photograph(draw: random.Random, size_px: tuple[int, int] = (1280, 960)) -> bytes:
    """A JPEG that nobody has seen before, about as heavy as one from a telephone's gallery."""
    make = np.random.default_rng(draw.getrandbits(64))
    coarse = Image.fromarray(make.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize(size_px, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


class Visitor:
    """A session: open it with `enter`, then `control`, `pick`, `upload` and `turn_to`; `leave` closes it."""

    def __init__(self, url: str, tally: Tally, cookies: dict[str, str] | None = None) -> None:
        self.url, self.tally, self.cookies = loopback(url), tally, dict(cookies or {})
        self.widgets: dict[str, tuple[str, str]] = {}  # key -> id, fragment
        self.options: dict[str, list[str]] = {}
        self.states: dict[str, WidgetState] = {}
        self.pages: dict[str, str] = {}
        self.page, self.query, self.session = "", "", ""
        self.known: dict[str, ForwardMsg] = {}
        self.ends: asyncio.Queue[tuple[int, tuple[str, ...]]] = asyncio.Queue()
        self.links: asyncio.Queue = asyncio.Queue()
        self.ticks: dict[str, asyncio.Task] = {}
        self.ticking: set[str] = set()
        self.acting = False

    # --- the line to the server ---

    async def enter(self, path: str = "") -> float:
        """Open the page; milliseconds until its script has run."""
        loopback(self.url)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.socket = await websockets.connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit"], additional_headers={"Cookie": cookies} if cookies else None,
            max_size=MOST_BYTES, proxy=None, open_timeout=LONGEST_S, ping_interval=None,
        )  # fmt: skip
        # the server closes a connection that was idle for five seconds, as long as this client would keep it
        limits = httpx.Limits(keepalive_expiry=2)
        self.http = httpx.AsyncClient(
            base_url=self.url, cookies=self.cookies, trust_env=False, timeout=LONGEST_S, limits=limits
        )
        self.reader = asyncio.create_task(self._read())
        return await self._act("open", ClientState(page_name=path))

    async def leave(self) -> None:
        """Close the session as a closed tab does."""
        for task in (*self.ticks.values(), self.reader):
            task.cancel()
        with suppress(Exception):
            await self.socket.close()
        await self.http.aclose()

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                self.tally.received += len(data)
                message = ForwardMsg.FromString(data)
                if message.WhichOneof("type") == "ref_hash":
                    message = self.known.get(message.ref_hash, message)
                elif message.metadata.cacheable:
                    self.known[message.hash] = message
                self._take(message)
        except websockets.ConnectionClosedError as error:
            self.tally.errors.append(f"connection lost: {error}")
            self.ends.put_nowait((-1, ()))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._look(message)
        elif kind == "script_finished":
            self._ended(message)
        elif kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            if not message.metadata.run.fragment_ids:
                self._stop_ticks()
        elif kind == "navigation":
            self.pages = {one.url_pathname: one.page_script_hash for one in message.navigation.app_pages}
            self.page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            one = message.auto_rerun
            self._stop_ticks(one.fragment_id)
            self.ticks[one.fragment_id] = asyncio.create_task(self._tick(one.fragment_id, one.interval))
        elif kind == "file_urls_response":
            self.links.put_nowait(message.file_urls_response)
        elif kind in ("page_not_found", "backend_operation_response"):
            self.tally.errors.append(f"{kind}: {message}"[:300])

    def _look(self, message: ForwardMsg) -> None:
        delta = message.delta
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element = getattr(delta.new_element, kind)
        if kind == "exception":
            self.tally.errors.append(f"exception: {element.type} {element.message}"[:300])
        elif kind == "alert" and element.format == 1:
            self.tally.errors.append(f"error on the page: {element.body}"[:300])
        elif kind == "alert" and "busy" in element.body.lower():
            self.tally.busy += 1
        name = getattr(element, "id", "")
        if name.startswith("$$ID-"):
            key = name.split("-", 2)[2]
            self.widgets[key] = (name, delta.fragment_id)
            if hasattr(element, "options"):
                self.options[key] = [getattr(one, "content", one) for one in element.options]

    def _ended(self, message: ForwardMsg) -> None:
        fragments = tuple(message.metadata.run.fragment_ids)
        for one in fragments or tuple(self.ticking):
            self.ticking.discard(one)
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.tally.errors.append("a script could not be compiled")
        self.ends.put_nowait((message.script_finished, fragments))

    # --- ticks, as a browser asks for them ---

    def _stop_ticks(self, which: str | None = None) -> None:
        for name in [which] if which is not None else list(self.ticks):
            if task := self.ticks.pop(name, None):
                task.cancel()
            self.ticking.discard(name)

    async def _tick(self, fragment: str, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            if fragment in self.ticking or self.acting:
                continue
            self.ticking.add(fragment)
            asked = ClientState(page_script_hash=self.page, fragment_id=fragment, is_auto_rerun=True)
            with suppress(websockets.ConnectionClosed):
                await self._send(asked)

    # --- asking and waiting ---

    async def _send(self, asked: ClientState, triggers: list[WidgetState] | None = None) -> None:
        asked.query_string = self.query
        asked.widget_states.widgets.extend([*self.states.values(), *(triggers or [])])
        asked.cached_message_hashes.extend(self.known)
        await self.socket.send(BackMsg(rerun_script=asked).SerializeToString())

    async def _act(self, kind: str, asked: ClientState, triggers: list[WidgetState] | None = None) -> float:
        """Ask for a run of the script or of one fragment, and wait for its end."""
        while not self.ends.empty():
            self.ends.get_nowait()
        self.acting, before = True, time.perf_counter()
        try:
            await self._send(asked, triggers)
            await asyncio.wait_for(self._end(asked.fragment_id), LONGEST_S)
        except TimeoutError:
            self.tally.errors.append(f"{kind}: no answer within {LONGEST_S:.0f} s")
        except websockets.ConnectionClosed as error:
            self.tally.errors.append(f"{kind}: {error}")
        finally:
            self.acting = False
        took = 1000 * (time.perf_counter() - before)
        self.tally.add(kind, took)
        return took

    async def _end(self, fragment: str) -> None:
        while True:
            status, fragments = await self.ends.get()
            if status in (-1, FULL) or (fragment and status == PART and fragment in fragments):
                return

    # --- what a visitor does ---

    async def turn_to(self, page: str, query: str = "") -> float:
        """Another page by its name in the navigation, "" for the first, by a link that says `query`."""
        self.query, self.widgets, self.options = query, {}, {}
        return await self._act("page", ClientState(page_script_hash=self.pages[page], page_name=page))

    async def control(self, key: str, **value: object) -> float:
        """Set a widget, by its key, and wait for what the page makes of it: `control("k", double_array_value=...)`."""
        name, fragment = self.widgets[key]
        self.states[name] = _state(name, value)
        return await self._act("control", ClientState(page_script_hash=self.page, fragment_id=fragment))

    async def pick(self, picture: object) -> float:
        """Press a picture on the strip."""
        return await self.send(GALLERY_KEY, "picked", picture, "picture")

    async def send(self, key: str, event: str, value: object, kind: str = "control") -> float:
        """What the script of a component sends, whatever it is."""
        name, fragment = self.widgets[key]
        told = json.dumps([{"event": event, "value": value}])
        trigger = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{name}__events", json_trigger_value=told)
        return await self._act(kind, ClientState(page_script_hash=self.page, fragment_id=fragment), [trigger])

    async def press(self, key: str) -> float:
        """A button."""
        name, fragment = self.widgets[key]
        pressed = [WidgetState(id=name, trigger_value=True)]
        return await self._act("control", ClientState(page_script_hash=self.page, fragment_id=fragment), pressed)

    async def upload(
        self, content: bytes, file_name: str = "photograph.jpg", key: str = UPLOAD_KEY, kind: str = "own picture"
    ) -> float:
        """A file of one's own, a picture if not said otherwise, from its choice until what it is for is done."""
        name, fragment = self.widgets[key]
        before = time.perf_counter()
        answer, urls = await self.hand_over(content, file_name)
        if answer.status_code >= 300:
            self.tally.errors.append(f"upload: {answer.status_code} {answer.text[:200]}")
            return 0.0
        told = WidgetState(id=name)
        one = told.file_uploader_state_value.uploaded_file_info.add()
        one.name, one.size, one.file_id = file_name, len(content), urls.file_id
        one.file_urls.CopyFrom(urls)
        self.states[name] = told
        await self._act(kind, ClientState(page_script_hash=self.page, fragment_id=fragment))
        took = 1000 * (time.perf_counter() - before)
        self.tally.times_ms[kind][-1] = took
        return took

    async def hand_over(self, content: bytes, file_name: str) -> tuple[httpx.Response, Any]:
        """Send a file to the server, where it waits for a field; the answer and its addresses."""
        ask = BackMsg()
        ask.file_urls_request.file_names.append(file_name)
        ask.file_urls_request.request_id, ask.file_urls_request.session_id = "1", self.session
        await self.socket.send(ask.SerializeToString())
        (urls,) = (await asyncio.wait_for(self.links.get(), LONGEST_S)).file_urls
        if "_streamlit_xsrf" not in self.http.cookies:
            await self.http.get("/_stcore/health")
        token = self.http.cookies.get("_streamlit_xsrf") or ""
        answer = await self.http.put(
            urls.upload_url, files={"file": (file_name, content)}, headers={"X-Xsrftoken": token}
        )
        return answer, urls


def _state(name: str, value: dict[str, object]) -> WidgetState:
    ((kind, what),) = value.items()
    state = WidgetState(id=name)
    if kind.endswith("array_value"):
        getattr(state, kind).data.extend(what)
    else:
        setattr(state, kind, what)
    return state
