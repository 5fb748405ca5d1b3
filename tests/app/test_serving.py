"""Settings of a shared server, the passcode's form, and a server that changes nothing."""

from __future__ import annotations

import re
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
from streamlit import config
from streamlit.testing.v1 import AppTest

from app import (
    dataset_job,
    estimate,
    gate,
    jobs,
    launching,
    runs_keeping,
    server,
    serving,
    telling,
    upload,
    wording_serving,
)
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run, list_runs
from tests.app.samples import a_run

CODE = "sesame-9"


def test_the_default_is_open_and_complete() -> None:
    assert serving.serving({}) == serving.Serving()
    assert "--server.address=127.0.0.1" in serving.command({})


@pytest.mark.parametrize(
    "told",
    [{"MVFA_READ_ONLY": "maybe"}, {"MVFA_PASSCODE": "short"}, {"MVFA_THREADS": "0"}, {"MVFA_THREADS": "two"},
     {"MVFA_PASSCODE_FILE": "/nowhere/at/all"}],
)  # fmt: skip
def test_a_slip_does_not_open_the_server(told: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(told))):
        serving.serving(told)


def test_others_are_let_in_only_on_purpose(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lets others in"):
        serving.command({"HOST": "0.0.0.0"})
    file = tmp_path / "code"
    file.write_text(CODE + "\n")
    words = serving.command({"HOST": "0.0.0.0", "MVFA_PASSCODE_FILE": str(file), "MVFA_HOSTS": "class.example"})
    assert "--server.allowedHosts=class.example" in words
    assert not any(CODE in word for word in words) and CODE not in repr(serving.serving({"MVFA_PASSCODE": CODE}))
    assert serving.command({"HOST": "0.0.0.0", "MVFA_OPEN": "1"})


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("MVFA_PASSCODE", CODE)
    page = Route("/{path:path}", lambda _request: PlainTextResponse("secret page"))
    return TestClient(Starlette(routes=[page], middleware=[Middleware(gate.Gate)]), follow_redirects=False)


def test_the_form_leads_back_to_where_one_wanted_to_go(client: TestClient) -> None:
    asked = client.get("/maps?k=3", headers={"accept": "text/html"})
    assert asked.status_code == 401 and 'value="/maps?k=3"' in asked.text and "secret" not in asked.text
    wrong = client.post("/enter", data={"code": "open", "to": "/maps"})
    assert wrong.status_code == 401 and wording_serving.PASSCODE_WRONG in wrong.text and not wrong.cookies
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
    assert serving.base_path(told) == path
    words = serving.command({"MVFA_BASE_PATH": told})
    assert [word for word in words if "baseUrlPath" in word] == ([f"--server.baseUrlPath={path[1:]}"] if path else [])


@pytest.mark.parametrize("told", ["a//b", "../x", "a/./b", "a b", "a?b", "ä", "a\\b", "http://x/y"])
def test_what_cannot_stand_in_an_address_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="MVFA_BASE_PATH: expected a path such as tools/mvfa"):
        serving.command({"MVFA_BASE_PATH": told})


@pytest.fixture(params=["tools/mvfa", "/tools/mvfa/"])
def below(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("MVFA_PASSCODE", CODE)
    page = Route("/{path:path}", lambda _request: PlainTextResponse("secret page"))
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", request.param)
    app = Starlette(routes=[*server.routes(serving.base_path()), page], middleware=[Middleware(gate.Gate)])
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

    app = Starlette(routes=[Route("/{path:path}", answer)], middleware=[Middleware(server.OwnScript)])
    return TestClient(app).get(path, headers=asked)


def test_our_script_comes_first() -> None:
    shown = page_with("/maps", b"<html><head><script src=theirs></script></head>", **{"if-none-match": '"a"'})
    assert shown.content == b"<html><head>" + server.OWN_SCRIPT + b"<script src=theirs></script></head>"
    assert int(shown.headers["content-length"]) == len(shown.content) and "etag" not in shown.headers
    streamlits = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
    shown = page_with("/", streamlits)
    assert shown.content.index(server.OWN_SCRIPT) < shown.content.index(b"static/js/index.")


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
    answer = client.get("/", headers={"cookie": f"{gate.COOKIE}={token}".encode("latin-1")})
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["mfa.example/healthz?", "mfa.example/enter?", "a/_stcore/health#", "@mfa.example"])
def test_a_host_that_holds_a_path_opens_nothing(client: TestClient, host: str) -> None:
    """What decides is the path that was asked for, not an address put together from the Host header."""
    assert client.get("/maps", headers={"host": host}).status_code == 401
    assert client.post("/maps", data={"code": CODE}, headers={"host": host}).status_code == 401


def test_guessing_is_slowed_down(client: TestClient) -> None:
    codes = [client.post("/enter", data={"code": f"guess {n}"}).status_code for n in range(gate.MOST_EACH + 1)]
    assert codes == [401] * gate.MOST_EACH + [429]
    assert client.post("/enter", data={"code": CODE}).status_code == 429, "a lucky guess among many is refused as well"


def test_tries_are_forgotten_and_a_class_behind_one_address_is_not_held_up() -> None:
    now = [0.0]
    tries = gate.Tries(lambda: now[0])
    for _ in range(3 * gate.MOST_ALL):
        assert tries.may("school")
        tries.right("school")
    assert all(tries.may("school") for _ in range(gate.MOST_EACH)) and not tries.may("school")
    assert tries.may("home")
    now[0] = gate.WINDOW_S + 1
    assert tries.may("school")


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
    [lambda: jobs.start_training(quick()), lambda: jobs.start_held(quick()), lambda: jobs.queue(Run("x")),
     lambda: jobs.go_on(Run("x")), lambda: estimate.Desk().ask(quick())],
)  # fmt: skip
def test_work_is_refused_where_it_is_started(read_only: Path, work: Callable[[], object]) -> None:
    with pytest.raises(serving.ReadOnlyError, match="read-only"):
        work()
    assert not list_runs(read_only)


def test_the_line_of_runs_does_not_move(read_only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "start_next", lambda: pytest.fail("started"))
    jobs.move_line_on()


def test_buttons_that_were_not_hidden_do_nothing(read_only: Path) -> None:
    telling.pressed(lambda: pytest.fail("pressed"))()
    runs_keeping.trying(lambda: pytest.fail("removed"))()
    launching.start(quick())
    dataset_job.begin(None)  # type: ignore[arg-type]
    assert upload.must_be_open is serving.must_be_open
    assert not list_runs(read_only)


@pytest.mark.parametrize("name", ["train", "runs", "dataset"])
def test_the_pages_say_so(app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """And where things lie stays the owner's business."""
    monkeypatch.setenv("MVFA_READ_ONLY", "1")
    a_run(tmp_path, "one", "finished", claimed=False)
    app.query_params["run"] = "nobody"
    shown = app.run().switch_page(f"../pages/{name}.py").run()
    assert not shown.exception
    assert wording_serving.READ_ONLY_PAGE in [one.value for one in shown.info]
    assert str(tmp_path) not in " ".join(str(one.value) for kind in (shown.info, shown.text) for one in kind)
    for key in ("start", "first", "survey_start", "twin"):
        assert all(one.disabled for one in shown.button if one.key == key)
