"""A server of its own under a short load, behind a passcode and read-only; times are nobody's concern here."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from app.server.auth import COOKIE
from tests.coroutines import finished
from tests.load import __main__ as command
from tests.load.classroom import wave
from tests.load.host import Host
from tests.load.visitor import loopback

CODE = "sesame-9"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    settings = {"MVFA_PASSCODE": CODE, "MVFA_READ_ONLY": "1", "MVFA_THREADS": "1"}
    with Host(tmp_path_factory.mktemp("shared"), settings=settings) as host:
        yield host


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def get(host: Host, path: str, data: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
    """Status, body, and the cookie that came with it."""
    body = urllib.parse.urlencode(data).encode() if data else None
    asked = urllib.request.Request(host.url + path, body, headers)
    try:
        answer = urllib.request.build_opener(Stay).open(asked, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read().decode("utf-8", "replace"), answer.headers.get("Set-Cookie", "")


def let_in(host: Host) -> dict[str, str]:
    status, _, cookie = get(host, "/enter", {"code": CODE, "to": "/"})
    assert status == 303
    return {COOKIE: cookie.split(";")[0].partition("=")[2]}


@pytest.mark.parametrize(
    "path",
    ["/", "/train", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/a/b",
     "/components/board.js", "/vendor/plotly.min.js", "/media/0.png", "/static/js/index.js", "/favicon.png", "/enter"],
)  # fmt: skip
def test_nothing_reaches_a_visitor_without_the_passcode(shared: Host, path: str) -> None:
    status, body, cookie = get(shared, path)
    assert status == 401 and len(body) < 200 and not cookie


def test_no_websocket_without_the_passcode(shared: Host) -> None:
    async def knock() -> None:
        address = shared.url.replace("http", "ws") + "/_stcore/stream"
        async with websockets.connect(address, subprotocols=["streamlit"], proxy=None):
            pytest.fail("it was let in")

    with pytest.raises(websockets.InvalidStatus):
        finished(knock())


def test_health_tells_strangers_no_more_than_that(shared: Host) -> None:
    status, body, _ = get(shared, "/healthz")
    assert status == 200 and json.loads(body) == {"status": "ok"}
    cookie = "; ".join(f"{name}={value}" for name, value in let_in(shared).items())
    told = json.loads(get(shared, "/healthz", Cookie=cookie)[1])
    assert told["read_only"] and told["memory_mb"] > 0 and told["line"]["waiting"] == 0
    assert told["cache_mb"] <= sum(one["most_megabytes"] for one in told["caches"].values())


def test_eight_visitors_meet_no_error(shared: Host) -> None:
    found = finished(wave(shared.url, 8, 10, seed=7, cookies=let_in(shared)))
    assert found.errors == []
    assert len(found.times_ms["open"]) == 8
    assert CODE not in (shared.folder / "server.log").read_text()


@pytest.mark.parametrize("url", ["http://example.com", "http://10.0.0.1:80", "https://127.0.0.1", "http://localhost:1"])
def test_another_machine_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="this machine and no other"):
        loopback(url)
    with pytest.raises(SystemExit):
        command.arguments(["--url", url])


@pytest.mark.parametrize(("sessions", "seconds"), [(0, 5), (101, 5), (2, 0), (2, 4000)])
def test_it_is_bounded(sessions: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        finished(wave("http://127.0.0.1:1", sessions, seconds, 0))


@pytest.mark.soak
def test_a_class_beside_a_training_run(tmp_path: Path) -> None:
    asked = command.arguments(["--sessions", "30", "--seconds", "60", "--waves", "quiet", *3 * ["training"]])
    told = command.measured(asked, tmp_path)
    print(command.report.table({**told, "machine": "", "sessions": 30, "seconds": 60, "seed": 0}))
    assert not any(one["errors"] for one in told["waves"])
    assert told["growth_mb_per_session"] < 1
