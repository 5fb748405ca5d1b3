"""What holds of what a browser sends: addresses, headers, cookies, settings of the server, and what is kept between."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app import state
from app.components import component
from app.gallery import data_url, from_picture, thumbnail
from app.gate import ENTER, MOST_EACH, Gate, Tries
from app.line import BusyError, Line
from app.lines import line, mark
from app.server import (
    ROUTES,
    SecurityHeaders,
    component_file,
    frame_ancestors,
    gallery_file,
    health,
    plotly_file,
    policy,
)
from app.serving import ReadOnlyError, Serving, changing, command, must_be_open, pressed, read_only, serving
from app.shelf import Shelf, clear, kept, seal, standing, weigh
from app.telling import told
from app.truths import read
from tests.hostile.drawn import SEEDS, TEXT, WORDS, expect_sentence, few, fewer, rarely, refused, rng

# --- addresses ---


def page() -> None:
    """Every way in which a page reads its address, as the pages do, for several visitors in turn."""
    import streamlit as st

    from app import state, teacher

    def visit(address: dict[str, list[str]]) -> dict:
        st.session_state.clear()
        st.query_params.from_dict(address)
        state.heed("a")
        found = {
            "cell": state.cell((3, 4)),
            "region": state.region((3, 4)),
            "several": state.several(state.RACE, lambda name: name.isalpha(), "", 3),
            "k": state.follow(state.K, range(1, 13), 4, state.number),
            "distinct": state.follow(state.DISTINCT, (True, False), False, state.switch),
            "sizes": state.follow_several(state.SIZES, (1, 3, 5), [3], state.number),
            "model": state.remembered(state.OF_MODEL, lambda name: name in ("a", "b"), "a"),
            "page": state.numbers(state.PAGE, 1, None),
            "locked": [name for name in teacher.names() if teacher.locked(name)],
            "hidden": [name for name in teacher.names() if teacher.hidden(name) and teacher.held(name)],
            "looks": [teacher.look(name) for name in teacher.names()],
        }
        state.follow_address(state.RUN, ("x", "y"))
        state.follow_list(state.FIGURE_RUNS, ("x", "y"))
        state.forget_unless(state.RUN, ("x",))
        found |= {"run": state.get(state.RUN), "runs": state.get(state.FIGURE_RUNS), "ignored": state.ignored()}
        found["left"] = {key: st.query_params.get_all(key) for key in st.query_params}
        state.remember(state.STEP, "z", "y")
        state.tell(state.CLASS, ["c"])
        state.put("own", 1)
        found["own"] = state.take("own") == 1 and state.take("own") is None
        state.drop("own")
        state.ignore("own", ["1"])
        found["noted"] = state.ignored()[-1] == ("own", "1") and st.query_params["class"] == "c"
        return found

    addresses = st.session_state["addresses"]
    visits = [visit(address) for address in addresses]
    again = [visit(one["left"]) for one in visits]
    st.session_state["visits"], st.session_state["again"] = visits, again


KEYS = [state.CELL, state.REGION, state.RACE, state.K, state.DISTINCT, state.SIZES, state.OF_MODEL, state.PAGE, state.LOCK,
        state.HIDE, state.RUN, state.FIGURE_RUNS, "opacity", "ends", "find", "strange", "__proto__"]  # fmt: skip
VALUES = WORDS | st.sampled_from(
    ["1", "1-2", "3-3", "0-0-3-2", "3-0-1-2", "9999-0", "true", "a", "a,b", "k,sizes", "x", "007", "٣", "1e3"]
)
ADDRESS = st.dictionaries(st.sampled_from(KEYS), st.lists(VALUES, min_size=1, max_size=2), max_size=5)


@rarely
@given(st.lists(ADDRESS, min_size=1, max_size=40))
@example(
    [
        {"cell": ["٣-١"], "k": ["٣"], "region": ["1-1-0-0"]},
        {"cell": ["3-2"], "region": ["0-0-3-2"], "lock": ["k,sizes", "x"]},
    ]
)
def test_addresses(addresses: list[dict[str, list[str]]]) -> None:
    """What an address says is understood, or left out and noted; and the address that is left says the same again."""
    tester = AppTest.from_function(page, default_timeout=60)
    tester.session_state["addresses"] = addresses
    tester.run()
    assert not tester.exception, tester.exception
    for found, again in zip(tester.session_state["visits"], tester.session_state["again"], strict=True):
        cell, region = found["cell"], found["region"]
        assert cell is None or (0 <= cell[0] < 4 and 0 <= cell[1] < 3)
        assert region is None or (0 <= region[0] <= region[2] < 4 and 0 <= region[1] <= region[3] < 3)
        assert found["k"] in range(1, 13) and found["distinct"] in (True, False) and set(found["sizes"]) <= {1, 3, 5}
        assert found["model"] in ("a", "b") and len(found["several"]) <= 3 and all(map(str.isalpha, found["several"]))
        assert found["run"] in (None, "x") and set(found["runs"]) <= {"x", "y"} and found["own"] and found["noted"]
        assert set(found["left"]) <= state.ADDRESS and again["ignored"] == []
        assert {**again, "ignored": found["ignored"]} == found


@few
@given(st.sampled_from(sorted(state.BROWSER)), WORDS | st.text(st.sampled_from("0123456789.~;offtimea-"), max_size=12))
def test_values_of_the_browser(key: str, value: str) -> None:
    """Short, in one line, and of its form."""
    if state.is_browsers(key, value):
        assert 0 < len(value) <= 200 and "\n" not in value and "\x1b" not in value
    number, switched = state.number(value), state.switch(value)
    assert number is None or ((str(number) == value.lstrip("0") or number == 0) and 0 <= number < 10**9)
    assert switched is None or value in ("true", "false")


# --- the server ---


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
    st.sampled_from(["MVFA_READ_ONLY", "MVFA_PASSCODE", "MVFA_THREADS", "HOST", "PORT", "MVFA_UPLOAD_MB", "MVFA_HOSTS", "MVFA_OPEN",
                     "MVFA_PASSCODE_FILE"]),
    WORDS | st.sampled_from(["1", "yes", "0.0.0.0", "::1", "999999", "0", "9" * 5000, "secret-code"]), max_size=4,
)  # fmt: skip


@few
@given(ENVIRONMENT)
@example({"PORT": "999999"})
@example({"MVFA_THREADS": "9" * 5000})
@example({"MVFA_PASSCODE": "a\ud800bcdef"})
def test_settings_of_the_server(environment: dict[str, str]) -> None:
    """A server as it was asked for, or a sentence; never one that is open because of a slip."""
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
@given(st.binary(max_size=60) | st.sampled_from([b"code=secret-code", b"code=secret-code&to=//evil.invalid", b"code=%ff&to=/x"]),
       WORDS, st.sampled_from(["", "1.2", "9999999999.", "x.y.z"]), TEXT)  # fmt: skip
@example(b"code=secret-code&to=/%0d%0aSet-Cookie:x", "", "", "")
def test_the_gate(body: bytes, path: str, cookie: str, wishes: str) -> None:
    """Without the passcode nobody is inside, whatever is sent; with it, the way on leads nowhere else."""
    with pytest.MonkeyPatch.context() as patch:
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
                assert re.match(r"/(?!/)", answer.headers["location"]) and "x" not in answer.cookies
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


@rarely
@given(
    st.sampled_from(["board", "../app/main", "x", "%2e%2e", "curves"]),
    st.sampled_from(["scene-15", "scene-x", "..", "photo-"]),
)
def test_files_of_the_server(script: str, name: str) -> None:
    """Files of ours, and nothing else from this machine."""
    assert {route.endpoint for route in ROUTES} == {health, plotly_file, component_file, gallery_file}
    with TestClient(Starlette(routes=ROUTES)) as client:
        got = client.get(f"/components/{script}.js")
        assert (got.status_code == 200) == (script in ("board", "curves"))
        assert (client.get(f"/gallery/{name}.webp").status_code == 200) == (name == "scene-15")
        assert client.get("/healthz").json()["status"] == "ok"


# --- what is kept ---


VALUE = st.recursive(
    st.integers() | st.text(max_size=5) | st.binary(max_size=9) | st.integers(1, 50).map(lambda n: np.zeros(n, np.uint8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=8,
)  # fmt: skip


@few
@given(st.lists(st.tuples(st.integers(0, 5), VALUE), max_size=20), st.integers(0, 300))
def test_shelves(asked: list[tuple[int, Any]], most: int) -> None:
    """Never more than it may hold; what it says it holds is what it holds, and what is handed out cannot be written."""
    shelf = Shelf("test", most)
    for key, value in asked:
        found = shelf.get(key, lambda value=value: value)
        assert weigh(found) >= 0 and shelf.bytes <= most
        seal(found)
        for array in [found] if isinstance(found, np.ndarray) else []:
            assert not array.flags.writeable
    assert shelf.hits + shelf.misses == len(asked) and len(shelf) <= 6
    shelf.clear()
    assert shelf.bytes == 0 == len(shelf)


@few
@given(st.lists(st.integers(0, 3), max_size=8))
def test_what_is_kept_is_made_once(asked: list[int]) -> None:
    made: list[int] = []

    def double(value: int, _unseen: object = None) -> int:
        made.append(value)
        return 2 * value

    remembered = kept("properties", 1)(double)
    clear()
    assert [remembered(value, object()) for value in asked] == [2 * value for value in asked]
    assert sorted(made) == sorted(set(asked)) and standing()["properties"]["entries"] == len(set(asked))


@few
@given(st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_the_line(values: list[int]) -> None:
    """One after the other, each with its own answer or its own error."""
    waiting = Line(most=4, each=2)
    for value in values:
        assert waiting.ask("a", lambda value=value: value * 2) == value * 2
        with pytest.raises(ZeroDivisionError):
            waiting.ask("a", lambda: 1 // 0)
    assert not isinstance(waiting.standing(), BusyError)


# --- files from a browser ---


@few
@given(
    st.binary(max_size=60)
    | WORDS.map(lambda text: ("file,x0,y0,x1,y1\n" + text + ",1,2,3,4").encode(errors="replace")),
    WORDS,
)
def test_boxes_that_are_handed_in(content: bytes, name: str) -> None:
    try:
        found = read(name, content)
    except ValueError as error:
        assert name.strip()[:3] not in str(error) or len(name.strip()) < 3 or name in ("boxes", "box")
        assert len(told(error)) > 10
        return
    assert found and all((one.boxes_N4[:, :2] < one.boxes_N4[:, 2:]).all() for one in found)


@few
@given(st.integers(1, 60), st.integers(1, 60), SEEDS)
def test_small_pictures(width: int, height: int, seed: int) -> None:
    """Never larger than asked for, in their own proportions, and the same specimen for the same pixels."""
    picture = Image.fromarray(rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))
    assert data_url(picture, 16).startswith("data:image/") and thumbnail(picture, 8).startswith("data:image/")
    one, again = (from_picture("x", picture, truth=None, scale=None) for _ in range(2))
    assert one.digest == again.digest and one.picture.size == (width, height)


@few
@given(st.lists(st.floats(-1e30, 1e30), max_size=5), st.integers(0, 9), WORDS)
def test_lines_of_charts(values: list[float], place: int, name: str) -> None:
    drawn = line(name, values, "#000000")
    assert drawn["name"] == name and drawn["values"] == pytest.approx(values, rel=1e-5)
    assert mark(place, name)["place"] == place and callable(component) and Path(__file__).exists()
    assert asyncio.iscoroutinefunction(health)
