"""The way in for a model of one's own: a file or a name, what has to be told besides, and the way out again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from app.base import component_values, errors, session
from app.base.settings import shared
from app.base.wording import wording
from app.base.wording import wording_own_model as words
from app.services import limits, own_models, visitor_files
from app.services.own_models import Answers, ArchitectureError, ClassesError
from mvfa_core.adoption.known import known_names
from mvfa_core.names import visible

FILE, NAME, ANSWERS, NUMBERS = "file", "name", "answers", "numbers"
LONGEST_LIST = 2**20


@dataclass(frozen=True)
class Question:
    """What became of the last file or name, until it is a model.

    Attributes:
        source: `FILE` or `NAME`.
        sentence: why it is no model yet, or cannot be one.
        architecture, count: whether the network has to be named, and how many classes have no names.
    """

    source: str
    sentence: str = ""
    architecture: bool = False
    suggestions: tuple[str, ...] = ()
    count: int = 0


def offer() -> None:
    """What stands behind the button."""
    with st.popover(wording.OWN_MODEL, width="stretch"):
        st.file_uploader(
            words.FILE,
            own_models.ENDINGS,
            key=session.OWN_MODEL_FILE,
            on_change=_begin,
            args=(FILE,),
            help=words.FILE_HELP,
        )
        _offer_names()
        if todo := session.get(session.OWN_MODEL_TODO):
            _try(todo)
        question = session.get(session.OWN_MODEL_QUESTION)
        if question:
            _ask(question)
        if session.get(session.OWN_MODEL_FILE) and not (question and question.architecture):
            st.button(words.OTHER, key=session.OWN_MODEL_OTHER, on_click=_ask_architecture, type="tertiary")
        st.caption(wording.OWN_MODEL_NOTE_SHARED if shared() else wording.OWN_MODEL_NOTE)
        for name, model in visitor_files.models().items():
            st.button(
                wording.OWN_MODEL_REMOVE.format(name=wording.plain(visible(model.title))),
                key=f"{session.OWN_MODEL_FILE}_{name}",
                icon=":material/delete:",
                on_click=_remove,
                args=(name,),
                width="stretch",
            )


def arrived() -> None:
    """Before the list of models is drawn: one that has just been opened is chosen in it."""
    if name := session.take(session.OWN_MODEL_NEXT):
        session.drop(session.MODEL_GONE)
        session.put(session.MODEL, visitor_files.OWN_PREFIX + name)


def _offer_names() -> None:
    """A network by its name: any where the server is one's own, else those that its owner lists."""
    offered = limits.offered_models()
    if offered is None:
        st.text_input(
            words.NAME,
            key=session.OWN_MODEL_NAME,
            placeholder=words.NAME_EXAMPLE,
            help=words.NAME_HELP,
            max_chars=200,
            on_change=_begin,
            args=(NAME,),
        )
    elif offered:
        st.selectbox(
            words.LISTED,
            offered,
            index=None,
            key=session.OWN_MODEL_NAME,
            placeholder=words.LISTED_EMPTY,
            on_change=_begin,
            args=(NAME,),
        )


def _begin(source: str) -> None:
    """A file or a name has come, or was taken away."""
    key = {FILE: session.OWN_MODEL_FILE, NAME: session.OWN_MODEL_NAME}[source]
    session.drop(session.OWN_MODEL_QUESTION)
    session.drop(session.OWN_MODEL_TODO)
    if session.get(key):
        session.put(session.OWN_MODEL_TODO, source)


def _ask_architecture() -> None:
    """The visitor knows better which network the weights are of."""
    before = session.get(session.OWN_MODEL_QUESTION) or Question(FILE)
    session.put(session.OWN_MODEL_QUESTION, replace(before, sentence=words.OTHER_NOTE, architecture=True))


def _go_on(how: str) -> None:
    session.put(session.OWN_MODEL_TODO, how)


def _try(todo: str) -> None:
    """Make the model. A run that is broken off before the end, by another press, leaves that to the next one."""
    try:
        outcome = _outcome(todo)
    except Exception:  # a mistake of ours, which shall not come again with every run
        session.drop(session.OWN_MODEL_TODO)
        raise
    session.drop(session.OWN_MODEL_TODO)
    if isinstance(outcome, Question):
        session.put(session.OWN_MODEL_QUESTION, outcome)
        return
    session.drop(session.OWN_MODEL_QUESTION)
    session.put(session.OWN_MODEL_NEXT, outcome)
    st.rerun()


def _outcome(todo: str) -> Question | str:
    """The name of the model, or what has to be told, or what is wrong."""
    before = session.get(session.OWN_MODEL_QUESTION) or Question(todo)
    try:
        return _made(before, todo == NUMBERS)
    except ArchitectureError as error:
        suggestions = tuple(dict.fromkeys((*before.suggestions, *error.suggestions)))
        return replace(before, sentence=errors.message(error), architecture=True, suggestions=suggestions)
    except ClassesError as error:
        return replace(before, sentence=errors.message(error), count=error.count)
    except MemoryError:
        return replace(before, sentence=wording.TOO_LARGE)
    except (ValueError, OSError) as error:
        return replace(before, sentence=errors.message(error))


def _made(question: Question, numbered: bool) -> str:
    """The name of the model that is now held."""
    architecture = session.get(session.OWN_MODEL_ARCHITECTURE) if question.architecture else None
    classes = session.get(session.OWN_MODEL_CLASSES) if question.count and not numbered else None
    answers = Answers((architecture or "").strip(), classes or "", numbered)
    if question.source == NAME:
        name = session.get(session.OWN_MODEL_NAME) or ""
        with st.spinner(words.DOWNLOADING.format(name=wording.plain(name))):
            return own_models.keep_named(name, answers)
    file = component_values.file(session.get(session.OWN_MODEL_FILE))
    if file is None:
        raise ValueError(words.FILE_AGAIN)
    with st.spinner(words.WORKING):
        return own_models.keep(file.getvalue(), file.name, answers)


# --- what has to be told ---


def _ask(question: Question) -> None:
    asks = question.architecture or question.count
    (st.info if asks else st.error)(wording.plain(question.sentence))
    if question.architecture:
        st.selectbox(
            words.ARCHITECTURE,
            list(dict.fromkeys((*question.suggestions, *known_names()))),
            index=None,
            key=session.OWN_MODEL_ARCHITECTURE,
            placeholder=words.ARCHITECTURE_EMPTY,
            help=words.ARCHITECTURE_HELP,
            accept_new_options=True,
            persist_state="session",
        )
    if question.count:
        st.text_area(
            words.CLASSES,
            key=session.OWN_MODEL_CLASSES,
            help=words.CLASSES_HELP,
            max_chars=LONGEST_LIST,
            height=140,
            persist_state="session",
        )
        st.file_uploader(
            words.CLASSES_FILE, ["txt", "json"], key=session.OWN_MODEL_CLASSES_FILE, on_change=_take_classes
        )
        if message := session.take(session.MESSAGE("classes")):
            st.error(wording.plain(message))
    with st.container(horizontal=True):
        if asks:
            st.button(words.OPEN, key=session.OWN_MODEL_OPEN, on_click=_go_on, args=(ANSWERS,), type="primary")
        if question.count:
            st.button(words.OPEN_NUMBERED, key=session.OWN_MODEL_NUMBERED, on_click=_go_on, args=(NUMBERS,))


def _take_classes() -> None:
    """A list in a file goes into the field, where it can be seen and changed."""
    file = component_values.file(session.get(session.OWN_MODEL_CLASSES_FILE))
    if file is None:
        return
    content = file.getvalue()
    try:
        text = content.decode("utf-8-sig") if len(content) <= LONGEST_LIST else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        session.put(session.MESSAGE("classes"), words.CLASSES_UNREADABLE)
    else:
        session.put(session.OWN_MODEL_CLASSES, text)


def _remove(name: str) -> None:
    visitor_files.remove_model(name)
    if session.get(session.MODEL) == visitor_files.OWN_PREFIX + name:
        session.drop(session.MODEL)
