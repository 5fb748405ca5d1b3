"""The language of the screen: who is spoken to in which, what a language may lack, and that no text was forgotten."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from google.protobuf.json_format import MessageToDict
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app.base import i18n, session, settings
from app.base.wording import wording
from app.server import auth
from mvfa_core.data.synthetic import CLASSES
from mvfa_core.i18n import catalogues
from tests.app.base import translations
from tests.app.base.translations import CODE, forget
from tests.house.translations import flaws

PAGES = tuple(sorted({path.stem for path in translations.PAGES.glob("*.py")} - {"explore"}))
FILES = tuple(sorted(catalogues.FOLDER.glob("*.po")))
OF_STREAMLIT = ("jsContent", "cssContent", "arrowData", "codeText")
"""What no visitor reads, or what is for machines: scripts, styles, packed tables, commands."""
OF_LIBRARY = re.compile(r"\\\[[a-z]+\\\] not the paper.*|Class activation maps \(CAM\) of .*")
"""How a figure departs from the paper, as names of settings and their values; and the draft of a figure's caption,
which has the language of the figure."""
MADE_BY_THE_LIBRARY = ("recipe", "palettes", "pictures")


@pytest.fixture
def brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A language in a folder of the test's own: the English in brackets."""
    file = translations.bracketed(tmp_path / "languages")
    monkeypatch.setenv(catalogues.MORE, str(file.parent))
    forget()
    yield file
    forget()


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
    from app.base.i18n import _
    from app.base.wording import wording

    i18n.begin()
    st.title(_("Train"))
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(_("Train")))
    thread.start()
    thread.join()
    st.text(said[0])
    st.caption(wording.verdict("cat", 0.5, "dog", 0.25))

    def swap() -> None:
        i18n.choose("en")

    st.button("swap", on_click=swap)


def test_every_session_has_its_own(brackets: Path) -> None:
    """Two visitors, two languages at once."""
    first, second = AppTest.from_function(page), AppTest.from_function(page)
    first.query_params["lang"] = CODE
    for _ in range(2):
        first.run()
        second.run()
        assert first.title[0].value == "⟦Train⟧" and second.title[0].value == "Train"
        assert first.text[0].value == second.text[0].value == "Train"  # no session, no language
    assert translations.outside(first.caption[0].value).strip() == ""
    assert said(first) == CODE and said(second) is None
    first.button[0].click().run()
    assert first.title[0].value == "Train" and said(first) == "en"


@pytest.mark.parametrize("told", [["klingon"], ["../en"], [""], [CODE, "en"], [CODE.upper()]])
def test_an_address_may_ask_for_what_is_not_there(brackets: Path, told: list[str]) -> None:
    app = AppTest.from_function(page)
    app.query_params["lang"] = told
    app.run()
    assert not app.exception and app.title[0].value == "Train"


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (["de-CH", "zh-TW", "en"], "zh"), (["zh-CN"], "zh"), (["ZH-hans-cn"], "zh"), (["en-GB", "zh"], "en"),
        (["eo-YY"], "eo"), (["tlh"], "en"), ([], "en"), (["", "-", "*"], "en"),
    ],
)  # fmt: skip
def test_a_browser_prefers(brackets: Path, wishes: list[str], code: str) -> None:
    assert i18n.preferred(wishes) == code


def test_spoken_inside_and_nowhere_else(brackets: Path) -> None:
    before = wording.no_model()
    with i18n.spoken(CODE):
        assert wording.no_model() == f"⟦{before}⟧" and wording.board()["ends"][0] == "⟦Colours begin at⟧"
        assert i18n.ngettext("{n} panel", "{n} panels", 1) == "⟦{n} panel⟧"
        assert i18n.ngettext("{n} panel", "{n} panels", 2) == "⟦{n} panels⟧"
        assert i18n.pgettext("split", "Test") == "⟦Test⟧"
        assert wording.LONGEST == 1_000 and wording.plain("a.b") == "a\\.b"
        other: list[str] = []
        thread = threading.Thread(target=lambda: other.append(wording.no_model()))
        thread.start()
        thread.join()
        assert other == [before]
    assert wording.no_model() == before


def test_numbers_and_lists_are_those_of_the_language(brackets: Path) -> None:
    assert i18n.number(1234567) == "1,234,567" and i18n.number(0.5, 2) == "0.50"
    assert i18n.listed(["a", "b", "c"]) == "a, b and c"
    with i18n.spoken(CODE):
        assert i18n.number(1234567.25, 1) == "1\u202f234\u202f567,2" and i18n.listed(["a", "b", "c"]) == "a, b kaj c"
    then = datetime(2026, 3, 9, 20, 5)
    assert i18n.moment(then) == "9 Mar 2026, 20:05" and wording.percent(0.1234) == "12.3\u00a0%"
    with i18n.spoken(CODE):
        assert wording.percent(0.1234) == "12,3\u00a0%" and wording.share(0.995) == "99,5\u00a0%"
    with i18n.spoken("zh"):
        assert i18n.listed(["a", "b", "c"]) == "a、b和c" and i18n.moment(then) == "2026年3月9日 20:05"


def test_classes_of_the_bundled_models_have_names(brackets: Path) -> None:
    assert i18n.class_name("star") == "star" and i18n.class_name("my_class") == "my_class"
    with i18n.spoken(CODE):
        assert i18n.class_name("star") == "⟦star⟧" and i18n.class_name("Train") == "Train"
    with i18n.spoken("zh"):
        assert i18n.class_name("star") == "星形" and i18n.class_name("parachute") == "降落伞"


def test_a_page_calls_the_classes_by_their_names(app: AppTest) -> None:
    """On the screen, while the address keeps the value."""
    app.query_params.update({"lang": "zh", "model": "compact_mfa", "picture": "scene-23", "class": "heart"})
    app.run().switch_page("../pages/maps.py").run()
    assert not app.exception and app.query_params["class"] in ("heart", ["heart"])
    shown = " ".join(element.value for element in app.markdown)
    with i18n.spoken("zh"):
        names = {i18n.class_name(name) for name in CLASSES}
    assert any(f"**{name}**" in shown for name in names) and not any(f"**{name}**" in shown for name in CLASSES)
    box = next(box for box in app.selectbox if box.key == "class")
    assert box.value == "heart"


def test_the_passcode_is_asked_for_in_the_browser_s_language(brackets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_taken", [])
    monkeypatch.setenv("MVFA_PASSCODE", "a long enough passcode")
    client = TestClient(auth.Gate(lambda scope, receive, send: None))  # type: ignore[arg-type]
    for wish, code, said in (("eo-XX,en;q=0.8", CODE, "⟦Enter⟧"), ("en", "en", ">Enter<"), ("", "en", ">Enter<")):
        answer = client.get("/", headers={"accept": "text/html", "accept-language": wish})
        assert answer.status_code == 401 and f'lang="{code}"' in answer.text and said in answer.text


# --- a language that lacks something ---

SENTENCE = "{name}: the model is gone, removed or renamed since this page was drawn; choose another"


def spoil(file: Path, change: Callable[[Catalog], Any]) -> None:
    catalogue = catalogues.read(file)
    change(catalogue)
    translations.write(file, catalogue)
    forget()


def says(text: str) -> Callable[[Catalog], Any]:
    return lambda catalogue: setattr(catalogue[SENTENCE], "string", text)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda catalogue: catalogue.delete(SENTENCE), "missing: "),
        (says(""), "missing: "),
        (says(" "), "other fields in braces than the English: "),
        (says("{nam}"), "other fields in braces than the English: "),
        (says("{"), "other fields in braces than the English: "),
        (says("{name:,}"), "other fields in braces than the English: "),
    ],
)
def test_a_flaw_is_found_and_shown_in_english(
    brackets: Path, caplog: pytest.LogCaptureFixture, change: Callable[[Catalog], Any], flaw: str
) -> None:
    spoil(brackets, change)
    assert flaws(catalogues.read(brackets)) == [f"{flaw}{SENTENCE!r}"]
    with caplog.at_level(logging.WARNING), i18n.spoken(CODE):
        assert wording.gone() == SENTENCE
        assert wording.no_model().startswith("⟦")  # the rest is spoken all the same
    assert ("does not fit" in caplog.text) == flaw.startswith("other")


def test_what_nobody_says_any_more_is_found(brackets: Path) -> None:
    spoil(brackets, lambda catalogue: catalogue.add("An old sentence.", "⟦An old sentence.⟧"))
    assert flaws(catalogues.read(brackets)) == ["nobody says this any more: 'An old sentence.'"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'msgid "x', b"\xff\xfe", b"msgid 3"])
def test_a_broken_file_is_english_and_the_log_says_so(
    brackets: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    brackets.write_bytes(content)
    forget()
    with caplog.at_level(logging.WARNING), i18n.spoken(CODE):
        assert wording.no_model() == "There is no model yet. Train one, or use your own."
    assert "eo.po" in caplog.text


def test_what_is_no_language_is_none(brackets: Path) -> None:
    for name in ("EO", "a.b", "en", "zz", "messages"):
        (brackets.parent / f"{name}.po").write_bytes(brackets.read_bytes())
    forget()
    assert list(i18n.languages()) == ["en", *(file.stem for file in FILES), CODE]
    assert i18n.languages()["en"].name == "English" and i18n.languages()["zh"].name == "中文"
    assert i18n.languages()[CODE].name == "Esperanto"


# --- nothing forgotten, nothing left over ---


def test_the_brackets_are_complete(brackets: Path) -> None:
    assert flaws(catalogues.read(brackets)) == []


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


def test_no_text_of_any_page_stands_outside_the_language(brackets: Path, app: AppTest) -> None:
    app.query_params["lang"] = CODE
    with i18n.spoken(CODE):  # the harness asks for the names of options again, outside of any session
        left = {"explore": english_on(app.run())}
        for name in PAGES:
            app.switch_page(f"../pages/{name}.py").run()
            assert not app.exception
            left[name] = english_on(app)
            assert said(app) == CODE
    assert {name: texts for name, texts in left.items() if texts} == {}
