"""What holds of names that strangers chose, whatever they are: shown harmlessly, apart, and in one line."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app import wording
from app.telling import told
from mvfa_core.data.layouts import readable
from mvfa_core.names import LONGEST, visible, visible_names
from mvfa_core.training.names import expect_name
from mvfa_core.training.runs import RunError
from tests.hostile.drawn import TEXT, few

ADDRESSES = ("http://evil.invalid/x", "HTTPS://evil.invalid", "www.evil.invalid", "Www.a.b", "me@evil.invalid")
LINKED = re.compile(r"https?://|www\.|[-.\w+]+@[-\w]+", re.IGNORECASE)
"""What becomes a link by itself, as the specification of GitHub's Markdown has it."""


@few
@given(TEXT, st.integers(2, 200))
def test_visible_text(text: str, longest: int) -> None:
    shown = visible(text, longest)
    assert len(shown) <= longest and visible(shown, longest) == shown
    assert shown.isprintable() and shown.encode().decode() == shown
    assert not text.isascii() or not text.isprintable() or len(text) > longest or shown == text


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
    assert not re.search(r"(?<![\w.~/\\])/[abc]+/[abc]", told(f"it {text} was"))
    assert told(FileNotFoundError(2, "No such file", f"/home/me/{text}x")).count("/home") == 0


@few
@given(TEXT)
def test_run_names(name: str) -> None:
    try:
        assert expect_name(name) == name
    except RunError as error:
        assert str(error).startswith("name: ")
        return
    assert Path("root", name).parent == Path("root") and name.isprintable() and len(name.encode()) <= 200
