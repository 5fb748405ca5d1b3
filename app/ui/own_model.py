"""The way in for a model of one's own: a file or a name, what has to be told besides, and the way out again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from app.base import component_values, errors, session
from app.base.i18n import _
from app.base.settings import shared
from app.base.wording import wording
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
    with st.popover(_("Use your own model"), width="stretch"):
        st.file_uploader(
            _("A file of weights"),
            own_models.ENDINGS,
            key=session.OWN_MODEL_FILE,
            on_change=_begin,
            args=(FILE,),
            help=_(
                "A .safetensors, .pth or .pt file of any image classifier of torchvision or timm, one saved by this "
                "project, or a .zip of a Hugging Face folder (config.json and model.safetensors). Nothing is trained: "
                "the page explains the classifier as it is."
            ),
        )
        _offer_names()
        if todo := session.get(session.OWN_MODEL_TODO):
            _try(todo)
        question = session.get(session.OWN_MODEL_QUESTION)
        if question:
            _ask(question)
        if session.get(session.OWN_MODEL_FILE) and not (question and question.architecture):
            st.button(
                _("Choose another architecture"),
                key=session.OWN_MODEL_OTHER,
                on_click=_ask_architecture,
                type="tertiary",
            )
        st.caption(
            _(
                "What the file says of its classes and settings is read from it; the rest is asked for here. Only you "
                "can see it; it is removed 15 minutes after you leave."
            )
            if shared()
            else _("What the file says of its classes and settings is read from it; the rest is asked for here.")
        )
        for name, model in visitor_files.models().items():
            st.button(
                _("Remove {name}").format(name=wording.plain(visible(model.title))),
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
            _("or a name"),
            key=session.OWN_MODEL_NAME,
            placeholder=_("timm:resnet50.a1_in1k"),
            help=_("timm:NAME, torchvision:NAME or hf-hub:OWNER/NAME. Its weights are downloaded once."),
            max_chars=200,
            on_change=_begin,
            args=(NAME,),
        )
    elif offered:
        st.selectbox(
            _("or one of this server"),
            offered,
            index=None,
            key=session.OWN_MODEL_NAME,
            placeholder=_("Choose a model"),
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
    session.put(
        session.OWN_MODEL_QUESTION,
        replace(
            before,
            sentence=_("Several architectures can have the same tensors. Name the one that these weights are of."),
            architecture=True,
        ),
    )


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
        return replace(before, sentence=_("it takes more memory than there is"))
    except (ValueError, OSError) as error:
        return replace(before, sentence=errors.message(error))


def _made(question: Question, numbered: bool) -> str:
    """The name of the model that is now held."""
    architecture = session.get(session.OWN_MODEL_ARCHITECTURE) if question.architecture else None
    classes = session.get(session.OWN_MODEL_CLASSES) if question.count and not numbered else None
    answers = Answers((architecture or "").strip(), classes or "", numbered)
    if question.source == NAME:
        name = session.get(session.OWN_MODEL_NAME) or ""
        with st.spinner(
            _("Getting {name}, finding its architecture, testing it on a few pictures…").format(
                name=wording.plain(name)
            )
        ):
            return own_models.keep_named(name, answers)
    file = component_values.file(session.get(session.OWN_MODEL_FILE))
    if file is None:
        raise ValueError(_("Drop the file again: this page does not hold it any more."))
    with st.spinner(_("Reading the weights, finding the architecture, testing it on a few pictures…")):
        return own_models.keep(file.getvalue(), file.name, answers)


# --- what has to be told ---


def _ask(question: Question) -> None:
    asks = question.architecture or question.count
    (st.info if asks else st.error)(wording.plain(question.sentence))
    if question.architecture:
        st.selectbox(
            _("Architecture"),
            list(dict.fromkeys((*question.suggestions, *known_names()))),
            index=None,
            key=session.OWN_MODEL_ARCHITECTURE,
            placeholder=_("Choose or type one"),
            help=_("The network whose weights these are, as timm:NAME or torchvision:NAME."),
            accept_new_options=True,
            persist_state="session",
        )
    if question.count:
        st.text_area(
            _("Class names, one a line"),
            key=session.OWN_MODEL_CLASSES,
            help=_("In the order of the model's outputs. JSON is read too: a list, or a map from index to name."),
            max_chars=LONGEST_LIST,
            height=140,
            persist_state="session",
        )
        st.file_uploader(
            _("or a list of classes as .txt or .json"),
            ["txt", "json"],
            key=session.OWN_MODEL_CLASSES_FILE,
            on_change=_take_classes,
        )
        if message := session.take(session.MESSAGE("classes")):
            st.error(wording.plain(message))
    with st.container(horizontal=True):
        if asks:
            st.button(_("Open the model"), key=session.OWN_MODEL_OPEN, on_click=_go_on, args=(ANSWERS,), type="primary")
        if question.count:
            st.button(_("Go on with numbers"), key=session.OWN_MODEL_NUMBERED, on_click=_go_on, args=(NUMBERS,))


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
        session.put(
            session.MESSAGE("classes"),
            _("That list of classes cannot be read. It has to be text in UTF-8 of up to 1 MB."),
        )
    else:
        session.put(session.OWN_MODEL_CLASSES, text)


def _remove(name: str) -> None:
    visitor_files.remove_model(name)
    if session.get(session.MODEL) == visitor_files.OWN_PREFIX + name:
        session.drop(session.MODEL)
