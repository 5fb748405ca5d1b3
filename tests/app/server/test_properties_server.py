"""What holds of the server around the pages: its settings, headers, passcode and files."""

from __future__ import annotations

import asyncio
import os
import re
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.base import settings
from app.base.errors import pressed
from app.base.i18n import accepted
from app.base.settings import (
    ReadOnlyError,
    Serving,
    Start,
    base_path,
    changing,
    must_be_open,
    read_only,
    serving,
    start,
    take,
)
from app.server.asgi import (
    OLD_PAGES,
    OWN_SCRIPT,
    ROUTES,
    OwnScript,
    SecurityHeaders,
    component_file,
    frame_ancestors,
    gallery_file,
    health_file,
    method_file,
    plotly_file,
    policy,
    routes,
)
from app.server.auth import ENTER, Gate
from app.server.command import command, proxies
from app.server.origins import Origins, refusal, same_host
from app.server.passcode_tries import FREE, MOST_EACH, MOST_WAITING, PER_S, Tries, Turns, address_of, network_of
from mvfa_core.processes import environment, is_shared
from tests.coroutines import finished
from tests.corpus.drawn import TEXT, WORDS, expect_sentence, few, fewer, rarely, refused


@few
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["https://a.b", "http://*.a.b:80", "x; script-src *", "'none'", "https://a.b/x"])).map(
        " ".join
    )
)
def test_who_may_frame_the_app(hosts: str) -> None:
    """Origins, and nothing that could end the rule and begin another."""
    found = frame_ancestors(hosts)
    assert found.startswith("'self'") and re.fullmatch(r"[A-Za-z0-9:/.*' -]+", found) and ";" not in found


@few
@given(st.binary(max_size=40) | st.sampled_from([b"a.b:80", b"[::1]:8501", b"a b", b"a;b", b"a\n"]))
@example(b"a.b\n")
def test_policies(host: bytes) -> None:
    """One line, and a host that is none is not repeated in it."""
    found = policy(host)
    assert "\n" not in found and found.count(";") == policy(b"").count(";") and "default-src 'self'" in found


ENVIRONMENT = st.dictionaries(
    st.sampled_from(
        [
            "MVFA_READ_ONLY",
            "MVFA_PASSCODE",
            "MVFA_THREADS",
            "HOST",
            "PORT",
            "MVFA_UPLOAD_MB",
            "MVFA_HOSTS",
            "MVFA_OPEN",
            "MVFA_PASSCODE_FILE",
            "MVFA_BASE_PATH",
        ]
    ),
    WORDS | st.sampled_from(["1", "yes", "0.0.0.0", "::1", "999999", "0", "9" * 5000, "letters"]),
    max_size=4,
)


@few
@given(ENVIRONMENT, st.booleans())
@example({"PORT": "999999"}, False)
@example({"MVFA_THREADS": "9" * 5000}, False)
@example({"MVFA_PASSCODE": "a\ud800bcdef"}, False)
def test_settings_of_the_server(environment: dict[str, str], closed: bool) -> None:
    """A server as it was asked for, or a sentence; never one that is open because of a slip."""
    environment = environment | ({"MVFA_PASSCODE": "secret-code"} if closed else {})
    try:
        asked, words = serving(environment), command(environment)
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert isinstance(asked, Serving) and (not asked.passcode or len(asked.passcode) >= 6)
    port = next(word for word in words if word.startswith("--server.port="))
    assert 1 <= int(port.partition("=")[2]) <= 65535 and not any("secret-code" in word for word in words)
    here = environment.get("HOST", "").strip() in ("", "127.0.0.1", "::1", "localhost")
    assert here or asked.passcode or environment.get("MVFA_OPEN", "").strip().lower() in ("1", "true", "yes", "on")


@few
@given(st.booleans(), st.integers())
def test_a_read_only_server_changes_nothing(closed: bool, value: int) -> None:
    done: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_READ_ONLY", str(int(closed)))
        assert read_only() == closed
        pressed(done.append)(value)
        with refused(not closed, ReadOnlyError):
            changing(done.append)(value)
        with refused(not closed, ReadOnlyError):
            must_be_open()
    assert done == ([] if closed else [value, value])


def inside(_: Any) -> PlainTextResponse:
    return PlainTextResponse("inside")


@fewer
@given(
    st.binary(max_size=60)
    | st.sampled_from([b"code=secret-code", b"code=secret-code&to=//evil.invalid", b"code=%ff&to=/x"]),
    WORDS,
    st.sampled_from(["", "1.2", "9999999999.", "x.y.z"]),
    TEXT,
)
@example(b"code=secret-code&to=/%0d%0aSet-Cookie:x", "", "", "")
def test_the_gate(body: bytes, path: str, cookie: str, wishes: str) -> None:
    """Without the passcode nobody is inside, whatever is sent; with it, the way on leads nowhere else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "_taken", [])
        patch.setenv("MVFA_PASSCODE", "secret-code")
        site = Gate(SecurityHeaders(Starlette(routes=[Route("/{rest:path}", inside)])))
        with TestClient(site, follow_redirects=False) as client:
            headers = {
                "accept-language": wishes.encode(errors="replace")[:300]
                .replace(b"\n", b"")
                .replace(b"\r", b"")
                .replace(b"\0", b"")
            }
            shown = client.get(
                "/" + urlencode({"q": path}),
                headers={**headers, "cookie": f"mvfa_pass={cookie}", "accept": "text/html"},
            )
            assert shown.status_code == 401 and "inside" not in shown.text.replace("mvfa_inside", "")
            answer = client.post(ENTER, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
            let_in = b"code=secret-code" in body
            assert answer.status_code in ((303,) if let_in else (401, 429)), (body, answer.status_code)
            if let_in:
                assert re.match(r"\./(?!/)", answer.headers["location"]) and "x" not in answer.cookies
                assert client.get("/").text == "inside"


@few
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.booleans()), max_size=60))
def test_tries(visits: list[tuple[str, int, bool]]) -> None:
    """No address tries more often in a minute than it may; who was right is not held up."""
    now = 0.0
    tries = Tries(lambda: now)
    wrong: dict[str, list[float]] = {}
    for address, later, right in visits:
        now += later / 10
        mine = [at for at in wrong.get(address, []) if now - at <= 60]
        may = tries.may(address)
        assert not may or len(mine) < MOST_EACH
        if may and right:
            tries.right(address)
        elif may:
            wrong[address] = [*mine, now]


@few
@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=2 * MOST_WAITING), st.integers(0, 200))
def test_turns(many: list[str], spent: int) -> None:
    """However many tries wait, a network that sends one has its turn after at most one of every other network; and no
    more than the pace are looked at once the free ones are used up."""
    now, order = [0.0], []

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await asyncio.sleep(0)

    async def all_of_them() -> None:
        turns = Turns(lambda: now[0], sleep)
        for _ in range(spent):
            await turns.turn("earlier")
        began = now[0]

        async def one(network: str) -> None:
            if await turns.turn(network):
                order.append((network, now[0]))

        waiting = [asyncio.create_task(one(network)) for network in (*many, "newcomer")]
        await asyncio.gather(*waiting)
        free = max(0, FREE - spent)
        assert len(order) <= free + PER_S * (now[0] - began) + 1e-6
        late = [network for network, at in order if at > began]
        if "newcomer" in late:
            assert late.index("newcomer") <= len(set(many)) and len(set(late[: late.index("newcomer")])) == late.index(
                "newcomer"
            )
        assert len(many) >= MOST_WAITING or "newcomer" in [network for network, _ in order]

    finished(all_of_them())


@few
@given(st.ip_addresses() | TEXT)
def test_addresses_that_are_counted(host: Any) -> None:
    """Short, the same again, and never more than one network of the address."""
    counted = address_of(str(host))
    assert (len(counted) <= 64 and address_of(counted.partition("/")[0]) == counted) or not hasattr(host, "version")
    assert network_of(counted) == network_of(network_of(counted)) and len(network_of(counted)) <= 64


@few
@given(
    st.sampled_from(["localhost:8501", "127.0.0.1", "evil.example", "", "127.0.0.1:x", "[::1]"]) | WORDS,
    st.none() | st.sampled_from(["http://localhost:8501", "https://127.0.0.1", "null", ""]) | TEXT,
)
def test_origins(host: str, origin: str | None) -> None:
    """Only names of this server, and only its own pages."""
    told = [(b"host", host.encode())] + ([] if origin is None else [(b"origin", origin.encode("utf-8", "replace"))])
    headers = Headers(raw=[(name, value) for name, value in told])
    known = host.partition(":")[0] in ("localhost", "127.0.0.1") and not host.endswith("x")
    if not refusal(headers):
        assert known and (origin is None or same_host(origin, host))
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers.raw}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    finished(Origins(PlainTextResponse("inside"))(scope, send, send))
    assert sent[0]["status"] == (403 if refusal(headers) else 200)
    assert accepted(headers) == [""]
    assert refusal(Headers(raw=[*told, (b"host", b"localhost")])) == "STRANGE_HOST"


@few
@given(st.sampled_from([*settings.YES, *settings.NO]), st.booleans(), st.sampled_from(["", " "]))
def test_a_shared_server_is_one_for_all(told: str, upper: bool, blank: str) -> None:
    """What the pages take for a shared server, its processes take for one too."""
    value = blank + (told.upper() if upper else told) + blank
    assert is_shared({settings.SHARED: value}) == settings.switch({settings.SHARED: value}, settings.SHARED)


@few
@given(ENVIRONMENT)
def test_a_child_gets_no_secret(told: dict[str, str]) -> None:
    """And what the server took is out of its own environment, and known to it still."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "_taken", [])
        for name, value in told.items():
            patch.setenv(name, value.replace("\0", ""))
        try:
            asked = take()
        except ValueError as error:
            expect_sentence(str(error))
        else:
            assert not {"MVFA_PASSCODE", "MVFA_PASSCODE_FILE"} & set(os.environ) and take() == asked == serving()
        assert not {"MVFA_PASSCODE", "MVFA_PASSCODE_FILE"} & set(environment())


@few
@given(st.lists(st.ip_addresses().map(str) | WORDS, max_size=3))
@example(["*"])
def test_proxies(named: list[str]) -> None:
    """Addresses, or a sentence: what cannot be understood is never everybody."""
    try:
        found = proxies({"MVFA_PROXIES": ",".join(named)})
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert "*" not in found and all(ip_network(one) for one in found.split(",") if one)


@few
@given(st.dictionaries(st.sampled_from(["model", "picture"]), TEXT.filter(str.strip), max_size=2), TEXT)
def test_what_is_shown_first(named: dict[str, str], told: str) -> None:
    """What an address can name is read from it again; anything else is refused in words."""
    assert start(urlencode(named)) == Start(**named)
    try:
        start(told)
    except ValueError as error:
        expect_sentence(str(error))


@rarely
@given(st.lists(st.sampled_from([b"<head>", b"x", b"", b"</head>"])), st.sampled_from(["text/html", "text/plain"]))
def test_our_script_on_a_page(parts: list[bytes], kind: str) -> None:
    """Once and first on a page; anything else, and whatever comes in pieces, arrives as it was sent."""

    def sent(_request: Any) -> StreamingResponse:
        return StreamingResponse(iter(parts), media_type=kind)

    with TestClient(Starlette(routes=[Route("/", sent)], middleware=[Middleware(OwnScript)])) as client:
        whole = b"".join(parts)
        expected = whole.replace(b"<head>", b"<head>" + OWN_SCRIPT, 1) if kind == "text/html" else whole
        assert client.get("/").content == expected


@few
@given(st.text(max_size=30) | st.lists(st.sampled_from(["tools", "a.b", "..", ".", "", "x?y", "%2e"])).map("/".join))
@example("a\n")
@example("/tools//mvfa/")
def test_where_the_app_lives(told: str) -> None:
    """A path that an address can hold, and that is read as it was written; or a sentence."""
    try:
        path = base_path(told)
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path) and base_path(path) == path == base_path(f"{path}/")
    assert not {".", ".."} & set(path.split("/"))
    own = [path + route.path for route in routes("")]
    assert [route.path for route in routes(path)][: len(own)] == own


@rarely
@given(
    st.sampled_from(["board", "../app/main", "x", "%2e%2e", "curves"]),
    st.sampled_from(["scene-15", "scene-x", "..", "photo-"]),
)
def test_files_of_the_server(script: str, name: str) -> None:
    """Files of ours, and nothing else from this machine."""
    ours = {health_file, plotly_file, component_file, method_file, gallery_file}
    assert {route.endpoint for route in ROUTES if route.path.removeprefix("/") not in OLD_PAGES} == ours
    with TestClient(Starlette(routes=ROUTES)) as client:
        got = client.get(f"/components/{script}.js")
        assert (got.status_code == 200) == (script in ("board", "curves"))
        assert client.get(f"/web/{script}.js").status_code == 404 and client.get("/web/mfa.js").status_code == 200
        assert (client.get(f"/gallery/{name}.webp").status_code == 200) == (name == "scene-15")
        assert client.get("/healthz").json()["status"] == "ok"
        for old, new in OLD_PAGES.items():
            forwarded = client.get(f"/{old}?picture={name}", follow_redirects=False)
            assert forwarded.status_code == 308 and forwarded.headers["location"] == f"/{new}?picture={name}"
