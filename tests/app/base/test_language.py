"""The language of the screen: who is spoken to in which, what a language may lack, and that no text was forgotten."""

from __future__ import annotations

import json
import logging
import re
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app.base import i18n, session, settings
from app.base.wording import wording, wording_maps, wording_views
from app.server import auth
from tests.app.base import translations

PAGES = tuple(sorted({path.stem for path in translations.PAGES.glob("*.py")} - {"explore"}))
FOLDERS = tuple(sorted(path for path in i18n.FOLDER.iterdir() if path.is_dir()))
OF_STREAMLIT = ("jsContent", "cssContent", "arrowData", "codeText")
"""What no visitor reads, or what is for machines: scripts, styles, packed tables, commands."""
OF_LIBRARY = re.compile(r"\\\[[a-z]+\\\] not the paper.*|Class activation maps \(CAM\) of .*")
"""How a figure departs from the paper, as names of settings and their values; and the draft of a figure's caption,
which has the language of the figure."""
MADE_BY_THE_LIBRARY = ("recipe", "palettes", "pictures")


@pytest.fixture
def xx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A language "xx" in a folder of the test's own: the English in brackets."""
    folder = translations.bracketed(tmp_path / "languages" / "xx")
    monkeypatch.setenv(i18n.MORE, str(folder.parent))
    forget()
    yield folder
    forget()


def forget() -> None:
    """Read the folders again when they are next asked for."""
    for one in (i18n.languages, i18n._texts, i18n._library):
        one.cache_clear()


def said(app: AppTest) -> str | None:
    """The language in the address of a page."""
    values = app.query_params.get(session.LANG)
    return values[0] if isinstance(values, list) else values


# --- which language, and for whom ---


def page() -> None:
    """A page of one text, and one that a thread without a session would say."""
    import threading

    import streamlit as st

    from app.base import i18n
    from app.base.wording import wording

    i18n.begin()
    st.title(wording.TRAIN)
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(wording.TRAIN))
    thread.start()
    thread.join()
    st.text(said[0])
    st.caption(wording.verdict("cat", 0.5, "dog", 0.25))

    def swap() -> None:
        i18n.choose("en")

    st.button("swap", on_click=swap)


def test_every_session_has_its_own(xx: Path) -> None:
    first, second = AppTest.from_function(page), AppTest.from_function(page)
    first.query_params["lang"] = "xx"
    for _ in range(2):
        first.run()
        second.run()
        assert first.title[0].value == f"⟦{wording.TRAIN}⟧" and second.title[0].value == wording.TRAIN
        assert first.text[0].value == second.text[0].value == wording.TRAIN  # no session, no language
    assert translations.outside(first.caption[0].value).strip() == ""
    assert said(first) == "xx" and said(second) is None
    first.button[0].click().run()
    assert first.title[0].value == wording.TRAIN and said(first) == "en"


@pytest.mark.parametrize("told", [["klingon"], ["../en"], [""], ["xx", "en"], ["XX"]])
def test_an_address_may_ask_for_what_is_not_there(xx: Path, told: list[str]) -> None:
    app = AppTest.from_function(page)
    app.query_params["lang"] = told
    app.run()
    assert not app.exception and app.title[0].value == wording.TRAIN


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (["de-CH", "zh-TW", "en"], "zh"), (["zh-CN"], "zh"), (["ZH-hans-cn"], "zh"), (["en-GB", "zh"], "en"),
        (["xx-YY"], "xx"), (["tlh"], "en"), ([], "en"), (["", "-", "*"], "en"),
    ],
)  # fmt: skip
def test_a_browser_prefers(xx: Path, wishes: list[str], code: str) -> None:
    assert i18n.preferred(wishes) == code


def test_spoken_inside_and_nowhere_else(xx: Path) -> None:
    before = wording_maps.CLAIM
    with i18n.spoken("xx"):
        assert f"⟦{before}⟧" == wording_maps.CLAIM and wording_views.SPLIT_COLUMNS["name"] == "⟦Entropy⟧"
        assert wording_views.CUT_ONE[0].startswith("⟦") and isinstance(wording_views.CUT_ONE, tuple)
        assert wording.LONGEST == 1_000 and wording.plain("a.b") == "a\\.b"
        other: list[str] = []
        thread = threading.Thread(target=lambda: other.append(wording_maps.CLAIM))
        thread.start()
        thread.join()
        assert other == [before]
    assert before == wording_maps.CLAIM


def test_the_passcode_is_asked_for_in_the_browser_s_language(xx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_taken", [])
    monkeypatch.setenv("MVFA_PASSCODE", "a long enough passcode")
    client = TestClient(auth.Gate(lambda scope, receive, send: None))  # type: ignore[arg-type]
    for wish, code, said in (("xx-XX,en;q=0.8", "xx", "⟦Enter⟧"), ("en", "en", ">Enter<"), ("", "en", ">Enter<")):
        answer = client.get("/", headers={"accept": "text/html", "accept-language": wish})
        assert answer.status_code == 401 and f'lang="{code}"' in answer.text and said in answer.text


# --- a language that lacks something ---


def spoil(folder: Path, module: str, change: Callable[[dict[str, Any]], Any]) -> None:
    file = folder / f"{module}.json"
    texts = json.loads(file.read_text(encoding="utf-8"))
    change(texts)
    file.write_text(json.dumps(texts), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda texts: texts.pop("TITLE"), "wording_maps.TITLE: is not there"),
        (lambda texts: texts.update(TITLE=3), "wording_maps.TITLE: is no text"),
        (lambda texts: texts.update(TITLE=" "), "wording_maps.TITLE: is no text"),
        (lambda texts: texts.update(CLAIM="{nam}"), "wording_maps.CLAIM: has other names"),
        (lambda texts: texts.update(CLAIM="{"), "wording_maps.CLAIM: has other names"),
        (lambda texts: texts.update(ENDLESS="x"), "wording_maps.ENDLESS: there is no such text"),
        (lambda texts: texts["DIAL_ENDS"].pop(), "wording_maps.DIAL_ENDS: has not 2 entries"),
        (lambda texts: texts["OTHERS_CAPTIONS"].pop("Eigen-CAM"), "OTHERS_CAPTIONS.Eigen-CAM: is not there"),
        (lambda texts: texts["OTHERS_CAPTIONS"].update(x="y"), "OTHERS_CAPTIONS.x: there is no such text"),
    ],
)
def test_a_flaw_is_found_and_shown_in_english(
    xx: Path, caplog: pytest.LogCaptureFixture, change: Callable[[dict[str, Any]], Any], flaw: str
) -> None:
    spoil(xx, "wording_maps", change)
    (found,) = translations.flaws(xx)
    assert flaw in found
    name = flaw.removeprefix("wording_maps.").partition(":")[0].partition(".")[0]
    english = getattr(wording_maps, name, None)
    with caplog.at_level(logging.WARNING), i18n.spoken("xx"):
        shown = getattr(wording_maps, name, None)
        assert wording_maps.INTRO.startswith("⟦")  # the rest is spoken all the same
    kept = [value for value in translations.leaves(shown) if not value.startswith("⟦")]
    assert kept == [value for value in translations.leaves(english) if value in kept]
    assert len(kept) == {"ENDLESS": 0, "DIAL_ENDS": 2}.get(name, 1 if "x:" not in flaw else 0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"TITLE": "x"'])
def test_a_broken_file_is_english_and_the_log_says_so(
    xx: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    title = wording_maps.TITLE
    (xx / "wording_maps.json").write_bytes(content)
    with caplog.at_level(logging.WARNING), i18n.spoken("xx"):
        assert title == wording_maps.TITLE and wording.EXPLORE == "⟦Explore⟧"
    assert "wording_maps.json" in caplog.text


def test_what_is_no_language_is_none(xx: Path) -> None:
    for name in ("EN", "a.b", "en"):
        shutil.copytree(xx, xx.parent / name)
    shutil.copytree(xx, xx.parent / "yy")
    (xx.parent / "yy" / "language.json").write_text('{"name": 3}')
    forget()
    assert list(i18n.languages()) == ["en", *(folder.name for folder in FOLDERS), "xx"]
    assert i18n.languages()["en"].name == "English"


# --- nothing forgotten, nothing left over ---


def test_every_text_is_shown_somewhere() -> None:
    """A name that stands only where it is defined is a text that nobody reads and every language translates."""
    sources = [path.read_text(encoding="utf-8") for folder in (translations.APP, translations.PAGES)
               for path in folder.rglob("*.py")]  # fmt: skip
    said = Counter(word for source in sources for word in re.findall(r"[A-Z][A-Z0-9_]*", source))
    by_action = {word.upper() for source in sources for word in re.findall(r'_button\(\s*"([a-z]+)"', source)}
    names = {name for module in translations.MODULES for name in translations.texts(module)}
    assert sorted(name for name in names if said[name] < 2 and name not in by_action) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_language_is_complete(folder: Path) -> None:
    assert translations.flaws(folder) == []


def test_the_brackets_are_complete(xx: Path) -> None:
    assert translations.flaws(xx) == []
    (xx / "wording_runs.json").unlink()
    assert translations.flaws(xx) == ["wording_runs.json: is not there"]


def english_on(app: AppTest) -> list[str]:
    """What a page has sent that reads as an English sentence and stands in no brackets."""
    found = []
    for root in app._tree.children.values():
        for proto in protos(root):
            told = MessageToDict(proto)
            if "json" in told:
                told = {"json": json.loads(told["json"])}
            found += [text for text in strings(told) if is_english(OF_LIBRARY.sub("", translations.outside(text)))]
    return found


def protos(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if getattr(child, "proto", None) is not None:
            yield child.proto
        if hasattr(child, "children"):
            yield from protos(child)


def strings(told: Any) -> Iterator[str]:
    if isinstance(told, str) and told.startswith('{"'):  # the look of a table's columns, by their titles
        columns = json.loads(told)
        yield from (text for title, look in columns.items() for text in (title, *strings(look)))
    elif isinstance(told, str) and not told.startswith("data:"):
        yield told
    elif isinstance(told, dict):
        kept = (value for key, value in told.items() if key not in (*OF_STREAMLIT, *MADE_BY_THE_LIBRARY))
        yield from (text for value in kept for text in strings(value))
    elif isinstance(told, list):
        yield from (text for value in told for text in strings(value))


def is_english(text: str) -> bool:
    """Whether three words in a row are words."""
    row = 0
    for word in text.split():
        bare = word.strip(".,;:?()")
        row = row + 1 if len(bare) > 1 and bare.isascii() and bare.isalpha() else 0
        if row == 3:
            return True
    return False


def test_no_text_of_any_page_stands_outside_the_language(xx: Path, app: AppTest) -> None:
    app.query_params["lang"] = "xx"
    with i18n.spoken("xx"):  # the harness asks for the names of options again, outside of any session
        left = {"explore": english_on(app.run())}
        for name in PAGES:
            app.switch_page(f"../pages/{name}.py").run()
            assert not app.exception
            left[name] = english_on(app)
            assert said(app) == "xx"
    assert {name: texts for name, texts in left.items() if texts} == {}
