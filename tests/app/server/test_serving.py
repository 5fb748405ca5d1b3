"""Settings of a shared server, the passcode's form, and a server that changes nothing."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config
from streamlit.testing.v1 import AppTest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.base import errors, settings
from app.features.evaluate import evaluation_status
from app.features.training import estimate_panel, launching, run_archive, zip_upload
from app.server import asgi, auth, command, origins, passcode_tries
from app.services import training_runs
from mvfa_core import processes
from mvfa_core.processes import environment
from mvfa_core.training import estimate as measuring
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run, list_runs
from tests.app.samples import a_run

CODE = "sesame-9"


def test_the_default_is_open_and_complete() -> None:
    assert settings.serving({}) == settings.Serving()
    assert "--server.address=127.0.0.1" in command.command({})


@pytest.mark.parametrize(
    "told",
    [{"MVFA_READ_ONLY": "maybe"}, {"MVFA_PASSCODE": "short"}, {"MVFA_THREADS": "0"}, {"MVFA_THREADS": "two"},
     {"MVFA_PASSCODE_FILE": "/nowhere/at/all"}],
)  # fmt: skip
def test_a_slip_does_not_open_the_server(told: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(told))):
        settings.serving(told)


def test_others_are_let_in_only_on_purpose(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lets others in"):
        command.command({"HOST": "0.0.0.0"})
    file = tmp_path / "code"
    file.write_text(CODE + "\n")
    words = command.command({"HOST": "0.0.0.0", "MVFA_PASSCODE_FILE": str(file), "MVFA_HOSTS": "class.example"})
    assert "--server.allowedHosts=class.example" in words
    assert not any(CODE in word for word in words) and CODE not in repr(settings.serving({"MVFA_PASSCODE": CODE}))
    assert command.command({"HOST": "0.0.0.0", "MVFA_OPEN": "1"})


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """A page behind the passcode."""
    monkeypatch.setattr(settings, "_taken", [])
    monkeypatch.setenv("MVFA_PASSCODE", CODE)
    page = Route("/{path:path}", lambda _request: PlainTextResponse("secret page"), methods=["GET", "POST", "PUT"])
    return Starlette(routes=[page], middleware=[Middleware(auth.Gate)])


@pytest.fixture
def client(closed: Starlette) -> TestClient:
    return TestClient(closed, follow_redirects=False)


def at(site: Starlette, address: str) -> TestClient:
    """A visitor from that address, as uvicorn tells of it behind a proxy at 127.0.0.1."""
    proxied = ProxyHeadersMiddleware(site, command.proxies({}))  # type: ignore[arg-type]
    return TestClient(proxied, follow_redirects=False, client=(address, 50_000))  # type: ignore[arg-type]


def guess(visitor: TestClient, code: str = "a guess", **headers: str) -> int:
    return visitor.post("/enter", data={"code": code}, headers=headers).status_code


def test_the_form_leads_back_to_where_one_wanted_to_go(client: TestClient) -> None:
    asked = client.get("/maps?k=3", headers={"accept": "text/html"})
    assert asked.status_code == 401 and 'value="/maps?k=3"' in asked.text and "secret" not in asked.text
    wrong = client.post("/enter", data={"code": "open", "to": "/maps"})
    assert wrong.status_code == 401 and "That is not the passcode." in wrong.text and not wrong.cookies
    right = client.post("/enter", data={"code": CODE, "to": "/maps?k=3"})
    assert right.status_code == 303 and right.headers["location"] == "./maps?k=3"
    assert "HttpOnly" in right.headers["set-cookie"] and CODE not in right.headers["set-cookie"]
    assert client.get("/maps").text == "secret page"


# --- below a path ---


@pytest.mark.parametrize(
    ("told", "path"),
    [("", ""), ("/", ""), (" // ", ""), ("mvfa", "/mvfa"), ("/tools/mvfa/", "/tools/mvfa"), ("a/b/c", "/a/b/c")],
)
def test_a_path_with_and_without_slashes(told: str, path: str) -> None:
    assert settings.base_path(told) == path
    words = command.command({"MVFA_BASE_PATH": told})
    assert [word for word in words if "baseUrlPath" in word] == ([f"--server.baseUrlPath={path[1:]}"] if path else [])


@pytest.mark.parametrize("told", ["a//b", "../x", "a/./b", "a b", "a?b", "ä", "a\\b", "http://x/y"])
def test_what_cannot_stand_in_an_address_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="MVFA_BASE_PATH: expected a path such as tools/mvfa"):
        command.command({"MVFA_BASE_PATH": told})


@pytest.fixture(params=["tools/mvfa", "/tools/mvfa/"])
def below(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(settings, "_taken", [])
    monkeypatch.setenv("MVFA_PASSCODE", CODE)
    page = Route("/{path:path}", lambda _request: PlainTextResponse("secret page"))
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", request.param)
    app = Starlette(routes=[*asgi.routes(settings.base_path()), page], middleware=[Middleware(auth.Gate)])
    yield TestClient(app, follow_redirects=False)
    config.set_option("server.baseUrlPath", before)


@pytest.mark.parametrize("asked", ["", "/", "/maps?k=3", "/maps/", "/a/b"])
def test_the_form_is_sent_to_where_the_app_lives(below: TestClient, asked: str) -> None:
    """Also where a proxy has taken the path off: the form's way and the way on are seen from the page."""
    base = "http://testserver/tools/mvfa"
    shown = below.get(f"/tools/mvfa{asked}", headers={"accept": "text/html"})
    assert shown.status_code == 401
    action, to = (re.search(f'{name}="([^"]*)"', shown.text)[1] for name in ("action", 'name="to" value'))  # type: ignore[index]
    assert urljoin(base + asked, action) == f"{base}/enter"
    answer = below.post("/tools/mvfa/enter", data={"code": CODE, "to": to})
    assert urljoin(f"{base}/enter", answer.headers["location"]) == base + (asked or "/")
    assert "path=" not in answer.headers["set-cookie"].lower(), "the browser takes the folder of /enter"


def test_own_addresses_lie_below_it(below: TestClient) -> None:
    for path in ("/healthz", "/tools/mvfa/healthz"):
        assert below.get(path).json() == {"status": "ok"}
    assert below.get("/").headers["location"] == "/tools/mvfa/"
    for path in ("/tools/mvfa/components/board.js", "/tools/mvfa/gallery/scene-23.webp", "/components/board.js"):
        assert below.get(path).status_code == 401
    below.headers["cookie"] = below.post("/tools/mvfa/enter", data={"code": CODE}).headers["set-cookie"].split(";")[0]
    for path in ("components/board.js", "gallery/scene-23.webp", "vendor/plotly.min.js"):
        assert below.get(f"/tools/mvfa/{path}").status_code == 200
        assert below.get(f"/{path}").text == "secret page", "not one of ours at the root"


# --- our script on Streamlit's page ---


def page_with(path: str, content: bytes, kind: str = "text/html", **asked: str) -> Any:
    async def answer(request: Request) -> Response:
        assert "accept-encoding" not in request.headers or "." in path
        return Response(content, media_type=kind, headers={"etag": '"a"'})

    app = Starlette(routes=[Route("/{path:path}", answer)], middleware=[Middleware(asgi.OwnScript)])
    return TestClient(app).get(path, headers=asked)


def test_our_script_comes_first() -> None:
    shown = page_with("/maps", b"<html><head><script src=theirs></script></head>", **{"if-none-match": '"a"'})
    assert shown.content == b"<html><head>" + asgi.OWN_SCRIPT + b"<script src=theirs></script></head>"
    assert int(shown.headers["content-length"]) == len(shown.content) and "etag" not in shown.headers
    streamlits = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
    shown = page_with("/", streamlits)
    assert shown.content.index(asgi.OWN_SCRIPT) < shown.content.index(b"static/js/index.")


@pytest.mark.parametrize(
    ("path", "kind"), [("/media/ab.html", "text/html"), ("/ab.html", "text/html"), ("/maps", "text/plain")]
)
def test_what_is_no_page_stays_as_it_is(path: str, kind: str) -> None:
    shown = page_with(path, b"<head></head>", kind)
    assert shown.content == b"<head></head>" and shown.headers["etag"] == '"a"'


# --- the passcode's way on, and guesses ---


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "enter"])
def test_the_way_on_stays_on_this_server(client: TestClient, to: str) -> None:
    assert client.post("/enter", data={"code": CODE, "to": to}).headers["location"] == "./"


def test_a_name_in_the_address_is_text(client: TestClient) -> None:
    found = client.get('/"><script>x', headers={"accept": "text/html"}).text
    assert "<script>x" not in found


@pytest.mark.parametrize("token", ["", "x", "99999999999.", "99999999999.00", "-1.a", "9" * 99 + ".a", "1.é"])
def test_a_made_up_cookie_opens_nothing(client: TestClient, token: str) -> None:
    answer = client.get("/", headers={"cookie": f"{auth.COOKIE}={token}".encode("latin-1")})
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["mfa.example/healthz?", "mfa.example/enter?", "a/_stcore/health#", "@mfa.example"])
def test_a_host_that_holds_a_path_opens_nothing(client: TestClient, host: str) -> None:
    """What decides is the path that was asked for, not an address put together from the Host header."""
    assert client.get("/maps", headers={"host": host}).status_code == 401
    assert client.post("/maps", data={"code": CODE}, headers={"host": host}).status_code == 401


def test_guessing_is_slowed_down(client: TestClient) -> None:
    codes = [guess(client) for _ in range(passcode_tries.MOST_EACH + 1)]
    assert codes == [401] * passcode_tries.MOST_EACH + [429]
    answer = client.post("/enter", data={"code": CODE})
    assert answer.status_code == 429, "a lucky guess among many is refused as well"
    assert 0 < int(answer.headers["retry-after"]) <= passcode_tries.WINDOW_S


def test_nobody_is_locked_out_by_the_guesses_of_others(closed: Starlette) -> None:
    """Sixty wrong ones shut the door for everybody once."""
    assert [guess(at(closed, "192.0.2.7")) for _ in range(70)][-1] == 429
    with at(closed, "198.51.100.7") as other:
        assert guess(other) == 401 and guess(other, CODE) == 303


def test_a_visitor_behind_the_proxy_cannot_make_up_an_address(closed: Starlette) -> None:
    """The proxy's own word stands last; and who comes without a proxy is believed nothing."""
    proxy, stranger = at(closed, "127.0.0.1"), at(closed, "192.0.2.9")
    told = [{"x-forwarded-for": f"198.51.100.{n}, 192.0.2.7", "x-real-ip": f"198.51.100.{n}"} for n in range(12)]
    assert [guess(proxy, **one) for one in told][-1] == 429
    assert guess(proxy, **{"x-forwarded-for": "198.51.100.1, 192.0.2.8"}) == 401
    assert [guess(stranger, **one) for one in told][-1] == 429


def test_tls_is_believed_of_the_proxy_alone(closed: Starlette) -> None:
    for address, secure in (("127.0.0.1", True), ("192.0.2.9", False)):
        answer = at(closed, address).post("/enter", data={"code": CODE}, headers={"x-forwarded-proto": "https"})
        assert ("Secure" in answer.headers["set-cookie"]) is secure


@pytest.mark.parametrize("told", ["*", "proxy.example", "127.0.0.1/40", "127.0.0.1,*"])
def test_proxies_are_addresses(told: str) -> None:
    with pytest.raises(ValueError, match="MVFA_PROXIES"):
        command.proxies({"MVFA_PROXIES": told})


def test_which_proxies_are_believed() -> None:
    assert command.proxies({}) == "127.0.0.1,::1" and command.proxies({"MVFA_PROXIES": "none"}) == ""
    assert command.proxies({"MVFA_PROXIES": "10.0.0.0/8, fd00::1"}) == "10.0.0.0/8,fd00::1"


def test_one_customer_of_a_provider_is_one_address() -> None:
    same = {passcode_tries.address_of(f"2001:db8:1:2::{n:x}") for n in range(20)} | {
        passcode_tries.address_of("2001:db8:1:2::1%eth0")
    }
    assert same == {"2001:db8:1:2::/64"} and passcode_tries.address_of("2001:db8:1:3::1") not in same
    assert passcode_tries.address_of("::ffff:192.0.2.7") == passcode_tries.address_of("192.0.2.7") == "192.0.2.7"
    assert (
        passcode_tries.network_of("192.0.2.7") == "192.0.2.0/24"
        and passcode_tries.network_of("2001:db8:1:2::/64") == "2001:db8:1::/48"
    )
    assert passcode_tries.network_of(passcode_tries.address_of("testclient")) == "testclient"


def test_tries_are_forgotten_and_a_class_behind_one_address_is_not_held_up() -> None:
    now = [0.0]
    held = passcode_tries.Tries(lambda: now[0])
    for _ in range(3 * passcode_tries.FREE):
        assert held.may("school")
        held.right("school")
    assert not len(held)
    assert all(held.may("school") for _ in range(passcode_tries.MOST_EACH)) and not held.may("school")
    assert held.may("home")
    now[0] = passcode_tries.WINDOW_S + 1
    assert held.may("school")


def test_the_table_of_tries_does_not_grow() -> None:
    now = [0.0]
    held = passcode_tries.Tries(lambda: now[0])
    for place in range(3 * passcode_tries.MOST_KNOWN):
        held.may(f"{place}")
        assert len(held) <= passcode_tries.MOST_KNOWN
    now[0] = passcode_tries.WINDOW_S + 1
    held.may("one")
    assert len(held) == 1


def test_the_passcode_leaves_the_environment(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a second server of the same process is not open for that."""
    monkeypatch.setenv("STREAMLIT_SERVER_COOKIE_SECRET", "another secret")
    assert guess(client, CODE) == 303
    assert CODE not in " ".join(os.environ.values()) and "another secret" not in " ".join(environment().values())
    assert settings.serving().passcode == CODE and guess(TestClient(auth.Gate(Starlette()))) == 401


def test_processes_of_ours_inherit_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **options: started.append(options["env"]) or os)
    monkeypatch.setattr(os, "pid", os.getpid(), raising=False)
    monkeypatch.setattr(processes, "stand_back", lambda _: None)
    monkeypatch.setattr(measuring, "stand_back", lambda _: None)
    for name in ("MVFA_PASSCODE", "MVFA_PASSCODE_FILE", "STREAMLIT_SERVER_COOKIE_SECRET"):
        monkeypatch.setenv(name, CODE)
    processes.start_apart(["runs"], tmp_path / "log")
    measuring.begin(quick())
    assert len(started) == 2 and not any(CODE in value for one in started for value in one.values())


# --- names and other sites ---


@pytest.fixture
def named() -> TestClient:
    site = Starlette(
        routes=[Route("/{path:path}", lambda _request: PlainTextResponse("inside"), methods=["GET", "PUT", "POST"])],
        middleware=[Middleware(origins.Origins)],
    )
    return TestClient(site, base_url="http://127.0.0.1:8501")


PATHS = ["/", "/healthz", "/gallery/scene-15.webp", "/media/x.bin", "/_stcore/upload_file/session/file"]


@pytest.mark.parametrize("path", PATHS)
def test_only_names_of_this_server_and_its_own_pages_are_answered(named: TestClient, path: str) -> None:
    for host in ("rebound.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", ""):
        answer = named.put(path, headers={"host": host})
        assert (
            answer.status_code == 403
            and "This server does not go by that name. Whoever runs it can add the name to MVFA_HOSTS." in answer.text
        )
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1:8501.evil.example"):
        for method in ("GET", "POST", "PUT"):
            answer = named.request(method, path, headers={"origin": origin})
            assert (
                answer.status_code == 403
                and "This was asked from a page of another site, and only pages of this server may ask." in answer.text
            )
    assert named.put(path, headers={"origin": "http://127.0.0.1:8501"}).text == "inside"
    assert named.get(path).text == "inside"


def test_a_websocket_of_another_site_is_closed_before_streamlit_hears_of_it(named: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        named.websocket_connect("/_stcore/stream", headers={"origin": "https://evil.example"}),
    ):
        pass
    assert closed.value.code == 1008


@pytest.mark.parametrize("body", [b"code=" + b"x" * 9000, b"&".join([b"a=1"] * 50), b"\xff\xfe", b""])
def test_a_strange_form_is_a_wrong_one(client: TestClient, body: bytes) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/enter", content=body, headers=form).status_code == 401


# --- a server that changes nothing ---


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("MVFA_READ_ONLY", "1")
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "work",
    [lambda: training_runs.start_training(quick()), lambda: training_runs.start_held(quick()),
     lambda: training_runs.queue(Run("x")),
     lambda: training_runs.go_on(Run("x")), lambda: estimate_panel.EstimateService().ask(quick())],
)  # fmt: skip
def test_work_is_refused_where_it_is_started(read_only: Path, work: Callable[[], object]) -> None:
    with pytest.raises(settings.ReadOnlyError, match="read-only"):
        work()
    assert not list_runs(read_only)


def test_the_line_of_runs_does_not_move(read_only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_runs, "start_next", lambda: pytest.fail("started"))
    training_runs.move_line_on()


def test_buttons_that_were_not_hidden_do_nothing(read_only: Path) -> None:
    errors.pressed(lambda: pytest.fail("pressed"))()
    run_archive.trying(lambda: pytest.fail("removed"))()
    launching.start(quick())
    evaluation_status.begin(None)  # type: ignore[arg-type]
    assert zip_upload.must_be_open is settings.must_be_open
    assert not list_runs(read_only)


@pytest.mark.parametrize("name", ["train", "runs", "evaluate"])
def test_the_pages_say_so(app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """And where things lie stays the owner's business."""
    monkeypatch.setenv("MVFA_READ_ONLY", "1")
    a_run(tmp_path, "one", "finished", claimed=False)
    app.query_params["run"] = "nobody"
    shown = app.run().switch_page(f"../pages/{name}.py").run()
    assert not shown.exception
    assert (
        "This server is read-only: nothing is trained, changed or removed here, and no folder is opened. What "
        "is there can be looked at."
    ) in [one.value for one in shown.info]
    assert str(tmp_path) not in " ".join(str(one.value) for kind in (shown.info, shown.text) for one in kind)
    for key in ("start", "first", "evaluation_start", "twin"):
        assert all(one.disabled for one in shown.button if one.key == key)
