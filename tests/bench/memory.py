"""How much memory a server holds after many explanations, each of another picture and in a session of its own.

A visitor is played by a bare websocket client that says the one thing a browser says when a page is opened. What it
sends and reads are two fields of Streamlit's protocol buffers: BackMsg.rerun_script (11) with ClientState.query_string
(1), and ForwardMsg.script_finished (6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.bench.served import Served, ServedError, served

RERUN_SCRIPT, QUERY_STRING, SCRIPT_FINISHED = 11, 1, 6
BYTES = 2
"""The wire type of texts and messages inside messages."""
PATIENCE_S = 60
MOST_BYTES = 2**26
MARKS = (100, 500, 1000)


@dataclass(frozen=True)
class Held:
    """The bytes that the server's process occupies after so many explanations, and how often it ran a backbone."""

    explanations: int
    resident_bytes: int
    passes: int


def bench_memory(count: int, told: Callable[[Held], None] = lambda _: None) -> list[Held]:
    """Open Explore that many times on drawn pictures that differ, one after the other; the memory held before, after
    100, 500 and 1,000 of them, and at the end.

    Raises:
        ServedError: no app here, or it stopped answering.
    """
    found = []
    with served() as app:
        for done in range(count + 1):
            if done:
                visit(app, {"picture": f"synthetic-val-{done}"})
            if done in {0, count, *MARKS}:
                vitals = app.vitals()
                found.append(Held(done, round(vitals["memory_mb"] * 1e6), vitals["calls"].get("encode", 0)))
                told(found[-1])
    return found


def visit(app: Served, words: dict[str, str]) -> int:
    """Open the first page with that address in a new session and wait until it is complete; the bytes that came."""
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    address = app.url.replace("http", "ws", 1) + "/_stcore/stream"
    came = 0
    try:
        with connect(address, max_size=MOST_BYTES, compression=None) as socket:
            socket.send(field(RERUN_SCRIPT, field(QUERY_STRING, urlencode(words).encode())))
            while True:
                message = socket.recv(timeout=PATIENCE_S)
                came += len(message)
                if isinstance(message, bytes) and SCRIPT_FINISHED in numbers(message):
                    return came
    except (OSError, TimeoutError, WebSocketException) as error:
        raise ServedError(f"the app stopped answering ({type(error).__name__})") from error


def field(number: int, content: bytes) -> bytes:
    """One field of a protocol buffer that holds a text or a message."""
    return _whole(number << 3 | BYTES) + _whole(len(content)) + content


def numbers(message: bytes) -> Iterator[int]:
    """The numbers of the fields of a protocol buffer, in their order."""
    place = 0
    while place < len(message):
        key, place = _read(message, place)
        yield key >> 3
        kind = key & 7
        if kind == BYTES:
            length, place = _read(message, place)
            place += length
        elif kind == 0:
            _, place = _read(message, place)
        else:
            place += 8 if kind == 1 else 4


def _whole(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def _read(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
