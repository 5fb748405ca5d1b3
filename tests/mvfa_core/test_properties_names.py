"""What holds of names that strangers chose, whatever they are: shown harmlessly, apart, and in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import message
from app.base.wording import wording
from mvfa_core.data.layouts import readable
from mvfa_core.names import LONGEST, visible, visible_names
from mvfa_core.training.run_names import expect_name
from mvfa_core.training.runs import RunError
from tests.corpus.drawn import TEXT, few

ADDRESSES = ("http://evil.invalid/x", "HTTPS://evil.invalid", "www.evil.invalid", "Www.a.b", "me@evil.invalid")
LINKED = re.compile(r"https?://|www\.|[-.\w+]+@[-\w]+", re.IGNORECASE)
"""What becomes a link by itself, as the specification of GitHub's Markdown has it."""


@few
@given(TEXT, st.integers(2, 200))
def test_visible_text(text: str, longest: int) -> None:
    shown = visible(text, longest)
    assert len(shown) <= longest and visible(shown, longest) == shown
    assert shown.replace("\u200c", "").replace("\u200d", "").isprintable() and shown.encode().decode() == shown
    assert not text.isascii() or not text.isprintable() or len(text) > longest or shown == text


WRITTEN = (
    "می\u200cخواهم",
    "خانه\u200cها",
    "مِ\u200cها",
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "\u0d28\u0d4d\u200d",
    "\u09b0\u200d\u09cd\u09af",
    "\u0915\u094d\u200d\u0937",
    "\u0915\u094d\u200c\u0937",
    "👨\u200d👩\u200d👧",
    "🏳\ufe0f\u200d🌈",
    "❤\ufe0f\u200d🔥",
    "🧑🏽\u200d🚀",
    "👁\ufe0f\u200d🗨\ufe0f",
    "🙂\u200d↔\ufe0f",
    "1\ufe0f\u20e3",
    "☺\ufe0e",
    "葛\U000e0100",
)
"""Persian, Sinhala, Malayalam, Bengali, Hindi, emoji, and a character of a Japanese name."""
DECEIVING = (
    "pass\u200cword",
    "pass\u200dword",
    "\u200dab",
    "a\u200d",
    "خانه\u200c",
    "خانه\u200c\u200cها",
    "خ\u200ca",
    "日\u200d本",
    "👨\u200d",
    "👨\u200da",
    "a\ufe0fb",
    "1\ufe0f",
    "\ufe0f",
    "a\u200bb",
    "\ufeffa",
    "a\u202eb",
    "a\u2066b",
    "🏴\U000e0067\U000e007f",
    "a\u2060b",
)
SIGNS = "aخه\u064b\u0915\u094d👨❤🏽1\u20e3\u200c\u200d\ufe0f\ufe0e\u200b\u202e \u0301葛\U000e0100"


@pytest.mark.parametrize("name", WRITTEN)
def test_what_belongs_to_how_a_name_is_written_stays(name: str) -> None:
    for text in (name, f"{name} {name}", f"a {name}."):
        assert visible(text) == text
    assert visible_names([name, name.replace("\u200c", "").replace("\u200d", "")])[0] == name


@pytest.mark.parametrize("name", DECEIVING)
def test_what_can_deceive_is_shown_by_its_number(name: str) -> None:
    assert "\\u" in visible(name, None).lower() and len(visible(name)) > len(name)


def test_names_that_look_alike_without_their_joiners_are_numbered() -> None:
    assert visible_names(["خانهها", "خانه\u200cها"]) == ("خانهها", "خانه\u200cها (2)")


@few
@given(st.text(SIGNS, max_size=30), st.integers(2, 30))
def test_joiners(text: str, longest: int) -> None:
    """Shown twice is shown once, cut anywhere; no joiner stands at an end, beside another one, or after a Latin
    letter."""
    shown = visible(text, longest)
    assert visible(shown, longest) == shown and len(shown) <= longest
    whole = visible(text, None)
    assert visible(whole, None) == whole
    assert not re.search("[a-z1 ][\u200c\u200d]|[\u200c\u200d]{2}|^[\u200c\u200d]|[\u200b\u202e]", whole)


@few
@given(st.lists(TEXT, max_size=6, unique=True))
def test_visible_names_stay_apart(names: list[str]) -> None:
    shown = visible_names(names)
    assert len(set(shown)) == len(names) and all(len(name) <= LONGEST for name in shown)
    assert visible_names(shown) == shown == readable(shown) or any(name.startswith("n") for name in shown)


@few
@given(TEXT)
def test_markdown_shows_names_as_they_are(text: str) -> None:
    """Every sign that Markdown could take for markup has a backslash before it."""
    shown = wording.plain(text)
    assert re.fullmatch(r"(?:\\(?:_|[^\w\s])|[^\\`*_{}\[\]()<>#!|~$:^=@&/+.-])*", shown), shown


@few
@given(st.text(st.sampled_from("ahtpsw:/.@-_ <*\\"), max_size=40), st.sampled_from(ADDRESSES), st.text(max_size=9))
def test_markdown_makes_no_link_of_a_name(before: str, address: str, after: str) -> None:
    """Backslashes do not keep GitHub's Markdown from that: it looks for addresses in what is left without them."""
    read = re.sub(r"\\(.)", r"\1", wording.plain(before + address + after))
    assert not LINKED.search(read), read
    assert read.replace("\u2060", "") == visible(" ".join((before + address + after).split()), wording.LONGEST)


@few
@given(st.text("abc/\\: .~", max_size=60))
def test_errors_tell_no_place(text: str) -> None:
    assert not re.search(r"(?<![\w.~/\\])/[abc]+/[abc]", message(f"it {text} was"))
    assert message(FileNotFoundError(2, "No such file", f"/home/me/{text}x")).count("/home") == 0


@few
@given(TEXT)
def test_run_names(name: str) -> None:
    try:
        assert expect_name(name) == name
    except RunError as error:
        assert str(error).startswith("name: ")
        return
    assert Path("root", name).parent == Path("root") and name.isprintable() and len(name.encode()) <= 200
