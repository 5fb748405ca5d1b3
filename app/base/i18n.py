"""The language of the screen: gettext for whoever asks, numbers and lists by Babel.

A sentence stands where it is used, `_("Pictures")`, and is looked up at the moment it is shown, in the language of the
session that asks. Threads without a session, and the time of the imports, are English.

The language of a session is what its address says, else what was chosen in it, else what its browser prefers, else
English. The catalogues are those of `mvfa_core.i18n`. See docs/languages.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

import streamlit as st
from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format
from babel.lists import format_list
from babel.numbers import format_decimal, get_decimal_symbol
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.base import session
from mvfa_core.data import class_names
from mvfa_core.i18n.catalogues import ENGLISH, languages, translations


class _Run(threading.local):
    """What a thread knows of the script run that it serves; Streamlit gives every session threads of its own."""

    context: object = None
    code: str = ENGLISH


_run = _Run()
_told: ContextVar[str] = ContextVar("language", default="")


# --- what is said ---


def _(message: str) -> str:
    """The message in the language of who asks."""
    return translations(current()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The form of a message that goes with a count; languages have as many forms as they have."""
    return translations(current()).ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """A message that has other translations elsewhere."""
    return translations(current()).pgettext(context, message)


def class_name(name: str) -> str:
    """What a class is called on the screen; its name stays the value that is kept and compared."""
    return pgettext("class", name) if name in class_names.TRANSLATED else name


def number(value: float, digits: int = 0) -> str:
    """A number with the separators of the language."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, pattern, locale=languages()[current()].locale)


def decimal(text: str) -> str:
    """A number that was rounded elsewhere, with the decimal sign of the language."""
    return text.replace(".", get_decimal_symbol(languages()[current()].locale))


def moment(when: datetime) -> str:
    """A date and a time of day as the language writes them."""
    locale = _locale()
    date, time = format_date(when, "medium", locale=locale), format_time(when, "short", locale=locale)
    return str(get_datetime_format("medium", locale=locale)).replace("{1}", date).replace("{0}", time)


def listed(items: Sequence[str]) -> str:
    """Things in a sentence: a, b and c."""
    return format_list(items, locale=_locale())


def _locale() -> Locale:
    """American English has a comma before the last of a list, and the month first."""
    return Locale("en", "GB") if current() == ENGLISH else languages()[current()].locale


# --- the language of who asks ---


def accepted(headers: Mapping[str, str]) -> list[str]:
    """The languages that a browser prefers, in its order, from the headers of a request."""
    wishes = headers.get("accept-language", "")[:200]
    return [wish.partition(";")[0].strip() for wish in wishes.split(",")]


def preferred(wishes: Sequence[str]) -> str:
    """The first language of these, as browsers name them, that there is here: zh for "zh-CN"; else English."""
    known = {code.replace("_", "-").lower(): code for code in languages()}
    for wish in wishes:
        for name in (wish.lower(), wish.lower().split("-")[0]):
            if name in known:
                return known[name]
    return ENGLISH


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
