"""Addresses: what cannot be meant changes nothing, raises nothing, and is said in one line of plain text."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.base import session

COUNT = 200
AT_ONCE = 8
PAGES = ("", "maps", "anchors", "views", "region", "compare", "results", "train", "runs", "nowhere")
NASTY = (
    *("", " ", "0", "-1", "-0", "1e9", "9" * 400, "NaN", "nan", "inf", "-inf", "None", "null", "true", "TRUE", "[]"),
    *("{}", "0x1F", "3.5", "+5", " 5", "5 ", "1_000", "٣", "５", "1,2", "3-4", "99-99", "5-5-2-2", "0-0-99-99"),
    *("../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "file:///etc/passwd", "C:\\", "%00", "\x00", "a\nb"),
    *("data/../../x/val/1", "data/folder-000000000000/val/1", "synthetic-val-99999999", "synthetic-test-1"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://evil.example/x.png)"),
    *("[x](javascript:alert(1))", "$\\frac{1}{0}$", ":red[x]", ":material/bolt:", "`x`", "**x**", "| a | b |\n|---|"),
    *("\x1b[31mred\x1b[0m", "\u202etxt.exe", "\u200b", "\ufeff", "e\u0301" * 50, "😀" * 60, "\ud7ff", "ﷺ" * 20, "İ"),
    *("compact_mfa\u200b", "COMPACT_MFA", "compact_mfa ", "runs/../compact_mfa", "uploaded/x", "scene-0", "scene-23 "),
    *("'; DROP TABLE runs; --", "{{7*7}}", "${jndi:ldap://x}", "__class__", "constructor", "__proto__", "a" * 5000),
)
UNKNOWN = ("foo", "__proto__", "session_state", "own_pictures", "MODEL", "K", "mod\u200bel", "<b>", "embed_me", "k[]")
KEYS = sorted(session.ADDRESS) + list(UNKNOWN)
MEANT = {
    *(("distinct", "true"), ("best", "true"), ("cell", "3-4"), ("methods", ""), ("sizes", "")),
}


def addresses() -> list[tuple[str, dict[str, str | list[str]]]]:
    """Page and query, the same ones every time: every name meets many values, some of them twice in one address."""
    draw = random.Random(6)
    every = list(itertools.product(KEYS, NASTY))
    draw.shuffle(every)
    made = []
    for place in range(COUNT):
        query: dict[str, str | list[str]] = {}
        for key, value in every[place * AT_ONCE : (place + 1) * AT_ONCE]:
            if _is_meant(key, value):
                continue
            query[key] = [value, draw.choice(NASTY)] if draw.random() < 0.15 else value
        made.append((PAGES[place % len(PAGES)], query))
    return made


def _is_meant(key: str, value: str) -> bool:
    if key in session.BROWSER:
        return session.is_browsers(key, value)
    return (key, value) in MEANT or (key == session.PAGE and value == "0")


def body(app: AppTest) -> dict[str, Any]:
    """All that the page shows, but for the line about the address and the bar whose words never change."""
    components = {
        element.proto.id.rpartition("-")[2]: json.loads(element.proto.json or element.proto.mixed.json)
        for element in app.get("bidi_component")
    }
    components.pop(session.SHARE, None)
    return {
        "components": components,
        "texts": [one.value for one in (*app.title, *app.header, *app.markdown, *app.info, *app.warning)],
        "captions": [one.value for one in app.caption if not is_note(one.value)],
        "boxes": [(one.label, one.value) for one in (*app.selectbox, *app.slider, *app.toggle, *app.multiselect)],
    }


def is_note(text: str) -> bool:
    return text.startswith("Left out of this address, as it means nothing here: {what}.".partition("{")[0])


@pytest.fixture
def opened(app: AppTest) -> Callable[[str, dict[str, Any]], AppTest]:
    """opened(page, query) -> the page in a new session, under the same caches."""

    def visit(page: str, query: dict[str, Any]) -> AppTest:
        fresh = AppTest.from_file(app._script_path, default_timeout=240)
        if page and page != "nowhere":
            fresh.switch_page(f"../pages/{page}.py")
        for key, value in query.items():
            fresh.query_params[key] = value
        return fresh.run()

    return visit


@pytest.mark.slow
def test_two_hundred_addresses_that_mean_nothing(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    plain = {page: body(opened(page, {})) for page in PAGES}
    for page, query in addresses():
        told = opened(page, query)
        where = f"/{page} {query!r}"
        assert not told.exception and not told.error, where
        assert body(told) == plain[page], where
        notes = [one.value for one in told.caption if is_note(one.value)]
        assert len(notes) <= 1, where
        for note in notes:
            assert len(note) < 1200 and not set(note) & set("\x00\x1b\u202e\u200b\n"), where
            assert "](" not in note and "<" not in note.replace("\\<", ""), where


def test_what_was_left_out_is_named(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    told = opened("", {"k": "9999", "foo": "1", "class": "nobody"})
    (note,) = [one.value for one in told.caption if is_note(one.value)]
    assert "foo = 1" in note and "k = 9999" in note and "class = nobody" in note
    assert told.session_state["k"] == 50 and "k" not in told.query_params and "foo" not in told.query_params


def test_a_run_that_is_gone_is_named_where_there_is_no_other(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    told = opened("train", {"run": "gone"})
    (note,) = [one.value for one in told.caption if is_note(one.value)]
    assert "run = gone" in note and "run" not in told.query_params


def test_the_line_is_cut_and_goes_with_the_page(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    told = opened("", {"x" * 500: "y" * 500, **{f"name{i}": "1" for i in range(20)}})
    (note,) = [one.value for one in told.caption if is_note(one.value)]
    assert len(note) < 400 and "17 more" in note
    told.switch_page("../pages/maps.py").run()
    assert not any(is_note(one.value) for one in told.caption)


def test_a_link_locks_and_hides(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    told = opened("", {"lock": "k,model", "hide": "sizes,distinct", "k": "20", "sizes": ["3", "5"]})
    assert not told.exception
    live = json.loads(next(e for e in told.get("bidi_component") if e.proto.id.endswith("-live")).proto.json)
    assert live["locks"] == {"k": "locked", "sizes": "hidden", "distinct": "hidden"} and live["settings"]["k"] == 20
    assert told.selectbox(key="model").disabled
    assert live["words"]["locked"] == "The link you opened keeps this as it is."
    board = next(e for e in told.get("bidi_component") if e.proto.id.endswith("board_regions"))
    assert json.loads(board.proto.json)["recipe"]["sizes"] == [3, 5]
    assert any("the anchors K" in one.value for one in told.caption)
    told.switch_page("../pages/views.py").run()  # the hold goes along
    assert told.slider(key="k").disabled and told.query_params["lock"] in ("model,k", ["model,k"])


def test_a_locked_picture_cannot_be_changed_from_the_strip(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    told = opened("", {"lock": "picture"})
    strip = next(e for e in told.get("bidi_component") if e.proto.id.endswith("gallery_strip"))
    assert json.loads(strip.proto.json)["locked"] == "The link you opened keeps this as it is."
    assert not [one for one in told.get("button_group") if one.key == session.OWN_PICTURE_WAY]


def test_a_question_stands_before_the_page(opened: Callable[[str, dict[str, Any]], AppTest]) -> None:
    told = opened("", {"ask": "winner,k1"})
    assert [
        one.value
        for one in told.subheader
        if one.value
        in (
            "Where does the classifier look?",
            "Which region is most confident?",
            "Does it need more than one anchor?",
        )
    ] == ["Which region is most confident?"]
    assert not any(e.proto.id.endswith("board_maps") for e in told.get("bidi_component"))
    told.radio[0].set_value(5).run()
    press(told, "This is my answer")
    assert any("you said 5 × 5" in one.value for one in told.markdown)
    press(told, "Show me")
    assert any(e.proto.id.endswith("board_maps") for e in told.get("bidi_component"))
    assert any("With K = 1 the answer stays" in one.value for one in told.markdown)


def press(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label == label).click().run()


def test_a_link_to_another_page_wins_over_the_session(app: AppTest) -> None:
    app.query_params["model"] = "compact_gap"
    app.run()
    app.switch_page("../pages/maps.py")
    app.query_params["model"] = "compact_mfa"
    app.run()
    assert app.selectbox(key="model").value == "compact_mfa"
