"""What holds of what a browser sends, addresses and files, and of what is kept between two of its visits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.base import session
from app.base.errors import message
from app.base.page_rate import Rate
from app.base.refusals import BusyError
from app.server.asgi import health_file
from app.services.cache import Cache, cached, clear, forget, seal, standing, weigh
from app.services.fair_queue import FairQueue
from app.services.gallery import data_url, from_picture, thumbnail
from app.services.ground_truth import read
from app.ui.components import component
from app.ui.line_chart import line, mark
from tests.corpus.drawn import SEEDS, WORDS, few, rarely, rng

# --- addresses ---


def page() -> None:
    """Every way in which a page reads its address, as the pages do, for several visitors in turn."""
    import streamlit as st

    from app.base import link_locks, session

    def visit(address: dict[str, list[str]]) -> dict:
        st.session_state.clear()
        st.query_params.from_dict(address)
        session.heed("a")
        asked = {key: session.asked(key) for key in address}
        found = {
            "asked": all(one in ("", *address[key]) for key, one in asked.items())
            and not session.asked("place_of_address"),
            "cell": session.cell((3, 4)),
            "region": session.region((3, 4)),
            "several": session.several(session.RACE, lambda name: name.isalpha(), "", 3),
            "k": session.follow(session.K, range(1, 13), 4, session.number),
            "distinct": session.follow(session.DISTINCT, (True, False), False, session.switch),
            "sizes": session.follow_several(session.SIZES, (1, 3, 5), [3], session.number),
            "model": session.remembered(session.OF_MODEL, lambda name: name in ("a", "b"), "a"),
            "page": session.numbers(session.PAGE, 1, None),
            "locked": [name for name in link_locks.names() if link_locks.locked(name)],
            "hidden": [name for name in link_locks.names() if link_locks.hidden(name) and link_locks.held(name)],
            "looks": [link_locks.look(name) for name in link_locks.names()],
        }
        session.follow_address(session.RUN, ("x", "y"))
        session.follow_list(session.FIGURE_RUNS, ("x", "y"))
        session.forget_unless(session.RUN, ("x",))
        found |= {
            "run": session.get(session.RUN),
            "runs": session.get(session.FIGURE_RUNS),
            "ignored": session.ignored(),
        }
        found["left"] = {key: st.query_params.get_all(key) for key in st.query_params}
        session.remember(session.STEP, "z", "y")
        session.tell(session.CLASS, ["c"])
        session.put("own", 1)
        found["own"] = session.take("own") == 1 and session.take("own") is None
        session.drop("own")
        session.ignore("own", ["1"])
        found["noted"] = session.ignored()[-1] == ("own", "1") and st.query_params["class"] == "c"
        return found

    addresses = st.session_state["addresses"]
    visits = [visit(address) for address in addresses]
    again = [visit(one["left"]) for one in visits]
    st.session_state["visits"], st.session_state["again"] = visits, again


KEYS = [
    session.CELL,
    session.REGION,
    session.RACE,
    session.K,
    session.DISTINCT,
    session.SIZES,
    session.OF_MODEL,
    session.PAGE,
    session.LOCK,
    session.HIDE,
    session.RUN,
    session.FIGURE_RUNS,
    "opacity",
    "ends",
    "find",
    "strange",
    "__proto__",
]
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
        assert set(found["left"]) <= session.ADDRESS and again["ignored"] == []
        assert {**again, "ignored": found["ignored"]} == found


@few
@given(
    st.sampled_from(sorted(session.BROWSER)), WORDS | st.text(st.sampled_from("0123456789.~;offtimea-"), max_size=12)
)
def test_values_of_the_browser(key: str, value: str) -> None:
    """Short, in one line, and of its form."""
    if session.is_browsers(key, value):
        assert 0 < len(value) <= 200 and "\n" not in value and "\x1b" not in value
    number, switched = session.number(value), session.switch(value)
    assert number is None or ((str(number) == value.lstrip("0") or number == 0) and 0 <= number < 10**9)
    assert switched is None or value in ("true", "false")


# --- what is kept ---


VALUE = st.recursive(
    st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=9)
    | st.integers(1, 50).map(lambda n: np.zeros(n, np.uint8)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@few
@given(st.lists(st.tuples(st.integers(0, 5), VALUE), max_size=20), st.integers(0, 300))
def test_shelves(asked: list[tuple[int, Any]], most: int) -> None:
    """Never more than it may hold; what it says it holds is what it holds, and what is handed out cannot be written."""
    shelf = Cache("test", most)
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
@given(st.lists(st.text("ab/", max_size=6), max_size=8, unique=True), st.sampled_from(["a", "ab", "a/b"]))
def test_what_was_made_of_a_folder_is_forgotten(names: list[str], folder: str) -> None:
    """Whatever names a file below it, and nothing else."""
    clear()
    remembered = cached("properties", 1)(lambda file, version: 1)
    for name in names:
        remembered(f"/{name}", (f"/{name}", 1))
    forget(Path("/") / folder)
    below = sum(name.startswith(f"{folder}/") for name in names)
    assert standing()["properties"]["entries"] == len(names) - below


@few
@given(
    st.integers(1, 9),
    st.sampled_from([0.5, 1.0, 3.0]),
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 3)), max_size=40),
)
def test_rates_of_pages(at_once: int, per_s: float, asked: list[tuple[str, float]]) -> None:
    """In no span of time more runs than a handful and so many a second; who waits as long as told may run."""
    now = [0.0]
    rate = Rate(at_once, per_s, lambda: now[0])
    began: dict[str, list[float]] = {"a": [], "b": []}
    for who, later in asked:
        now[0] += later
        if wait_s := rate.take(who):
            assert 0 < wait_s <= 1 / per_s + 1e-6
            now[0] += wait_s
            assert rate.take(who) == 0
        began[who].append(now[0])
    for times in began.values():
        spans = ((j - i + 1, times[j] - times[i]) for i in range(len(times)) for j in range(i, len(times)))
        assert all(count <= at_once + per_s * span + 1e-3 for count, span in spans)


@few
@given(st.lists(st.integers(0, 3), max_size=8))
def test_what_is_kept_is_made_once(asked: list[int]) -> None:
    made: list[int] = []

    def double(value: int, unseen: object) -> int:
        made.append(value)
        return 2 * value

    remembered = cached("properties", 1, key=lambda value, unseen: value)(double)
    clear()
    assert [remembered(value, object()) for value in asked] == [2 * value for value in asked]
    assert sorted(made) == sorted(set(asked)) and standing()["properties"]["entries"] == len(set(asked))


@few
@given(st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_the_line(values: list[int]) -> None:
    """One after the other, each with its own answer or its own error."""
    waiting = FairQueue(most=4, each=2)
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
        assert len(message(error)) > 10
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
    assert asyncio.iscoroutinefunction(health_file)
