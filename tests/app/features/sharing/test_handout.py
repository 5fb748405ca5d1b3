"""The hand-out is one file that asks for nothing, escapes what strangers named, and holds the numbers on the screen."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from app.features.sharing import handout
from app.server import asgi
from app.services import explanations, models, pictures
from mvfa_core import handout as core
from mvfa_core.explain import Explanation

ADDRESS = "http://127.0.0.1:8501/?k=50&picture=scene-23"


@pytest.fixture(scope="module")
def found() -> Explanation:
    return explanations.explanation("compact_mfa", pictures.specimen("scene-23"), None, 50, (3, 5, 7, 9))


class Reader(HTMLParser):
    """Everything in a page that could make a browser ask for something, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.asks: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asks += [(tag, value or "") for name, value in attrs if name in ("src", "href", "srcset", "data")]
        assert not any(name.startswith("on") for name, _ in attrs)
        assert tag != "img" or "alt" in dict(attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_it_needs_nothing_else_and_holds_the_numbers(found: Explanation) -> None:
    picture = pictures.specimen("scene-23")
    text = handout.make("compact_mfa", models.card("compact_mfa"), picture, found, ADDRESS)
    page = read(text)
    assert "script" not in page.tags and "link" not in page.tags
    assert all(value.startswith("data:image/webp;base64,") for tag, value in page.asks if tag != "a")
    assert [value for tag, value in page.asks if tag == "a"] == [ADDRESS]
    assert "url(" not in text and "@import" not in text and "@page { size: A4" in text
    assert page.words.count("Top-10 regions") == 1 and "98.20\u00a0%" in page.words and picture.digest in page.words
    made = re.search(r"the cells' ([+-][\d.]+) and the bias ([+-][\d.]+) make ([+-][\d.]+)", page.words)
    assert made and float(made[1]) + float(made[2]) == pytest.approx(float(made[3]), abs=1.5)
    for one in found.top(10):
        assert "({}, {})".format(*one.anchor) in page.words


def test_names_of_strangers_are_text(found: Explanation) -> None:
    evil = "<img src=http://evil.example/x onerror=alert(1)>"
    named = replace(found, classes=(evil, *found.classes[1:]), target=0, predicted=0)
    picture = pictures.specimen("scene-23")
    text = handout.make(evil, {"data": evil, "command": evil}, picture, named, "javascript:alert(1)")
    assert "<img src=http" not in text
    assert not [value for tag, value in read(text).asks if "evil" in value or "javascript" in value]


def test_a_range_with_both_signs_is_centred_on_zero(found: Explanation) -> None:
    low, high = core.limits([found.cam_HW, found.adacam_HW, None])
    assert low == -high and high >= abs(found.cam_HW).max()  # type: ignore[arg-type]


def test_who_may_show_the_app_in_a_frame() -> None:
    told = "https://school.example, http://*.uni.example:8080 javascript:x 'none'; https://a.example/path"
    assert asgi.frame_ancestors(told) == "'self' https://school.example http://*.uni.example:8080"
    assert asgi.frame_ancestors("") == "'self'"
