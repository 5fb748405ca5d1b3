"""The language of the screen. English stands in the wording modules; every other language is a folder of JSON here.

A wording module says `language.speaks(__name__)` and is from then on read through `Words`: its constants, asked for by
their names in capitals, come in the language of the session that asks, and in English wherever that language has
nothing, or nothing that fits. Threads without a session, and the time of the imports, are English.

The language of a session is what its address says, else what was chosen in it, else what its browser prefers, else
English. See docs/languages.md.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from types import ModuleType
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.base import session
from mvfa_core.files import read_json

ENGLISH = "en"
FOLDER = Path(__file__).parent / "languages"
MORE = "MVFA_LANGUAGES"
"""A variable of the environment: another folder of languages, which adds to ours."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Language:
    """A folder of translations: its code in the address, its own name for itself, the browsers' names for it."""

    code: str
    name: str
    locales: tuple[str, ...]
    folder: Path | None


class _Run(threading.local):
    """What a thread knows of the script run that it serves; Streamlit gives every session threads of its own."""

    context: object = None
    code: str = ENGLISH


_run = _Run()
_told: ContextVar[str] = ContextVar("language", default="")


# --- which languages there are ---


@cache
def languages() -> dict[str, Language]:
    """All of them by their code, English first."""
    found = {ENGLISH: Language(ENGLISH, "English", (ENGLISH,), None)}
    folders = [FOLDER, *([Path(more)] if (more := os.environ.get(MORE)) else [])]
    for place in (one for folder in folders if folder.is_dir() for one in sorted(folder.iterdir())):
        code, about = place.name, _read(place / "language.json") if place.is_dir() else None
        if about is None or not (code.isascii() and code.isalpha() and code.islower()) or code in found:
            continue
        name, locales = about.get("name"), about.get("locales", [])
        if isinstance(name, str) and isinstance(locales, list):
            found[code] = Language(code, name, (code, *(str(one) for one in locales)), place)
    return found


def accepted(headers: Mapping[str, str]) -> list[str]:
    """The languages that a browser prefers, in its order, from the headers of a request."""
    wishes = headers.get("accept-language", "")[:200]
    return [wish.partition(";")[0].strip() for wish in wishes.split(",")]


def preferred(wishes: Sequence[str]) -> str:
    """The first language of these, as browsers name them, that there is here: zh for "zh-CN"; else English."""
    for wish in wishes:
        for exact in (True, False):
            for code, one in languages().items():
                known = [locale.lower() for locale in one.locales]
                if (wish if exact else wish.split("-")[0]).lower() in known:
                    return code
    return ENGLISH


# --- the language of who asks ---


def current() -> str:
    """The code of the language that is spoken with whoever asks."""
    if told := _told.get():
        return told
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return ENGLISH
    if _run.context is not context:
        _run.context, _run.code = context, _of_session()
    return _run.code


@contextmanager
def spoken(code: str) -> Iterator[None]:
    """Inside, this language is spoken, whoever asks: for what is said where there is no session."""
    token = _told.set(code if code in languages() else ENGLISH)
    try:
        yield
    finally:
        _told.reset(token)


def begin() -> None:
    """At the start of every run: find the language of this session, and let the address say it if it was chosen."""
    told = st.query_params.get_all(session.LANG)
    if session.get(session.LANGUAGE) is None and len(told) == 1:
        choose(told[0])
    if chosen := session.get(session.LANGUAGE):
        session.tell(session.LANG, [chosen])
    _run.context, _run.code = get_script_run_ctx(suppress_warning=True), _of_session()


def choose(code: str) -> None:
    """Speak this language with this session from its next run on, if there is such a language."""
    if code in languages():
        session.put(session.LANGUAGE, code)


def heed() -> None:
    """After `session.heed`: an address that asks for a language which is not here is told so."""
    told = st.query_params.get_all(session.LANG)
    if told and told != [session.get(session.LANGUAGE)]:
        session.ignore(session.LANG, told)
        session.tell(session.LANG, [])


def _of_session() -> str:
    chosen = session.get(session.LANGUAGE)
    if chosen in languages():
        return str(chosen)
    locale = st.context.locale
    return preferred([locale] if locale else [])


# --- the words ---


class Words(ModuleType):
    """A wording module, read in the language of who asks."""

    def __getattribute__(self, name: str) -> Any:
        if name.isupper() and not name.startswith("_") and (code := current()) != ENGLISH:
            texts = _texts(code, super().__getattribute__("__name__"))
            if name in texts:
                return texts[name]
        return super().__getattribute__(name)


def speaks(module: str) -> None:
    """At the top of a wording module: from now on it is read in the language of who asks."""
    sys.modules[module].__class__ = Words


def library(english: str) -> str:
    """A title or note of `mvfa_core`, which speaks English alone, as `library.json` of a language has it."""
    said = {} if (code := current()) == ENGLISH else _library(code)
    return said.get(english, english)


@cache
def _library(code: str) -> dict[str, str]:
    folder = languages()[code].folder
    said = (_read(folder / "library.json") if folder else None) or {}
    return {english: other for english, other in said.items() if isinstance(other, str)}


@cache
def _texts(code: str, module: str) -> dict[str, Any]:
    """What a language says in place of the constants of a module, each made to fit what it stands for."""
    folder = languages()[code].folder
    file = folder / f"{module.rpartition('.')[2]}.json" if folder else None
    said = (_read(file) if file else None) or {}
    english = vars(sys.modules[module])
    return {name: fitted(english[name], said[name], f"{code}: {module}.{name}") for name in said if name in english}


def fitted(english: Any, other: Any, where: str) -> Any:
    """A translation with the structure of the English; what does not fit stays English, and the log says so."""
    if isinstance(english, str):
        if isinstance(other, str) and fields(other) == fields(english) and bool(other.strip()) == bool(english.strip()):
            return other
    elif isinstance(english, Mapping):
        if isinstance(other, Mapping):
            said = {str(key): value for key, value in other.items()}
            return {
                key: fitted(value, said[str(key)], f"{where}.{key}") if str(key) in said else value
                for key, value in english.items()
            }
    elif isinstance(english, Sequence):
        if isinstance(other, Sequence) and not isinstance(other, str) and len(other) == len(english):
            made = [fitted(one, two, f"{where}.{at}") for at, (one, two) in enumerate(zip(english, other, strict=True))]
            return tuple(made) if isinstance(english, tuple) else made
    else:
        return english  # numbers, switches and None are the same in all languages
    log.warning("%s does not fit the English and is shown in English", where)
    return english


def fields(text: str) -> set[tuple[str, str, str]] | None:
    """The names in braces, those without one by their number, and how each is to be formatted; none for a text that
    cannot be filled in."""
    try:
        told = [one[1:] for one in Formatter().parse(text) if one[1] is not None]
    except ValueError:
        return None
    return {(name or f"#{place}", spec or "", how or "") for place, (name, spec, how) in enumerate(told)}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        content = read_json(file)
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read, so its texts are shown in English: %s", file, error)
        return None
    if isinstance(content, dict):
        return content
    log.warning("%s holds no object, so its texts are shown in English", file)
    return None
