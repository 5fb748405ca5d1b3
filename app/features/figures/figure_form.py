"""The form of a figure: kind, models or runs, and how it looks; what it says is a `FigureSpec`. The last change
can be taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from app.base import session
from app.base.i18n import _, pgettext
from app.base.wording import wording
from app.features.figures import figure_pictures, figure_sources, words
from app.services import model_titles, models
from app.ui import controls
from mvfa_core.figures import KINDS, OF_RUNS, WIDTHS, FigureSpec, Options
from mvfa_core.figures.fonts import ALIASES
from mvfa_core.figures.request import PREDICTED, SHAPES, SPANS, TRUE
from mvfa_core.files import parse_json
from mvfa_core.i18n.catalogues import languages
from mvfa_core.names import titles

PAST = 30
OF_VIEWS = ("fig7", "scale")
BOUNDS = {"k": (0, 196), "columns": (0, 24), "frames": (1, 24), "dpi": (72, 1200), "size": (4.0, 24.0)}
"""What the fields take; files of others may say more."""
_EXACT = {"k": int, "columns": int, "frames": int, "dpi": int, "seed": int, "smooth": bool, "bar": bool, "labels": bool}
LONGEST = 1000
PALETTES = ("inferno", "cividis")


def kind() -> str:
    """The kind of figure, kept in the address."""
    return _select(_("Kind"), session.FIGURE_KIND, KINDS, "fig5", words.kinds().__getitem__)


def choose_models(which: str) -> tuple[str, ...]:
    """The models, kept in the address: one, or several to compare. Without any it says so and ends the page."""
    options = models.model_ids()
    if which in OF_VIEWS:
        options = [name for name in options if models.card(name)["model"]["pooling"] == "mfa"]
    if not options:
        st.info(wording.no_model())
        st.page_link("../pages/train.py", label=_("Train a model"), icon=":material/arrow_forward:")
        st.stop()
    if which != "compare":
        return (_select(_("Model"), session.OF_MODEL, options, options[0], model_titles.titles(options)),)
    if session.FIGURE_MODELS not in st.session_state and session.FIGURE_MODELS not in st.query_params:
        session.put(session.FIGURE_MODELS, options[:2])
    session.follow_list(session.FIGURE_MODELS, options)
    chosen = st.multiselect(
        _("Models"),
        options,
        key=session.FIGURE_MODELS,
        format_func=model_titles.titles(options),
        help=_("A row each, in this order."),
        persist_state="session",
    )
    return tuple(chosen)


def runs(which: str) -> tuple[str, ...]:
    """The runs, kept in the address; for learning curves the bundled models, too. Without any film it says so and ends
    the page."""
    options = figure_sources.offered(which)
    if which == "filmstrip":
        if not options:
            st.info(_("No run has a film yet. Train one: six pictures are filmed unless told otherwise."))
            st.page_link("../pages/train.py", label=_("Train a model"), icon=":material/arrow_forward:")
            st.stop()
        return (_select(_("Run"), session.RUN, options, options[0], titles(options)),)
    if session.FIGURE_RUNS not in st.session_state and session.FIGURE_RUNS not in st.query_params:
        session.put(session.FIGURE_RUNS, (figure_sources.runs_with(which) or options)[:2])
    session.follow_list(session.FIGURE_RUNS, options)
    chosen = st.multiselect(
        _("Runs and bundled models"),
        options,
        key=session.FIGURE_RUNS,
        format_func=titles(options),
        help=_("GAP and MFA on the same pictures share a panel; each data set gets one of its own."),
        persist_state="session",
    )
    return tuple(chosen)


def _select(label: str, key: str, options: Sequence[str], default: str, title: Callable[[str], str]) -> str:
    """A box whose value stands in the address."""
    session.remember(key, session.remembered(key, options.__contains__, default), "")
    return st.selectbox(label, options, key=key, format_func=title, persist_state="session")


# --- options ---


def options(which: str, chosen: tuple[str, ...]) -> Options:
    """Everything about how it is made and how it looks, kept in the address as far as it is not as at first; what a
    kind does not know is left out."""
    _begin()
    told: dict[str, Any] = {"seed": session.get(session.FIGURE("seed"))}
    with st.expander(pgettext("figure", "Paper"), expanded=True):
        told |= _paper(which)
    if which != "fig6":
        with st.expander(_("Maps and pictures")):
            told |= _look(which)
    if which not in OF_RUNS:
        with st.expander(_("Method")):
            told |= _method(which, chosen)
    chosen_options = Options.from_json(told)
    session.remember(session.FIGURE_STYLE, style(chosen_options), "")
    return chosen_options


def style(told: Options) -> str:
    """What differs from the defaults, as it stands in an address; empty for nothing."""
    first = Options()
    changed = {one.name: getattr(told, one.name) for one in fields(Options)}
    changed = {name: value for name, value in changed.items() if value != getattr(first, name)}
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":")) if changed else ""


def styled(text: str) -> Options:
    """The options of an address; `ValueError` for what cannot be meant."""
    values = parse_json(text) if len(text) <= LONGEST else None
    if not isinstance(values, dict) or any(type(values[n]) is not kind for n, kind in _EXACT.items() if n in values):
        raise ValueError("style: expected options and their values")
    return Options.from_json(values)


def _begin() -> None:
    """What a link says, once; then defaults, for what has no value yet: widgets take them from the session."""
    linked = st.query_params.get_all(session.FIGURE_STYLE)
    if linked and session.get(session.FIGURE_STYLE) is None:
        try:
            _set(styled(linked[0]))
        except ValueError:
            session.ignore(session.FIGURE_STYLE, linked)
    for name, value in _plain(Options()).items():
        if session.get(session.FIGURE(name)) is None:
            session.put(session.FIGURE(name), value)


def _plain(told: Options) -> dict[str, Any]:
    """Options as the widgets hold them."""
    values = {one.name: getattr(told, one.name) for one in fields(Options)}
    values["width"] = _width_name(told)
    values["top"] = " ".join(map(str, told.top))
    values["sizes"] = list(told.sizes or ())
    values["titles"] = list(told.titles)
    values |= {"k": told.k or 0, "columns": told.columns or 0, "size": float(told.size)}
    values["sizes"] = [r for r in values["sizes"] if r in controls.SIZES]
    return values | {name: min(max(values[name], low), high) for name, (low, high) in BOUNDS.items()}


def _set(told: Options) -> None:
    """Every widget of the options to what they say."""
    for name, value in _plain(told).items():
        session.put(session.FIGURE(name), value)


def _width_name(told: Options) -> str:
    near = min(WIDTHS, key=lambda name: abs(WIDTHS[name] - told.inches))
    return told.width if isinstance(told.width, str) and told.width in WIDTHS else near


def _paper(which: str) -> dict[str, Any]:
    key = session.FIGURE
    told: dict[str, Any] = {
        "width": _box(_("Width"), "width", list(WIDTHS), lambda name: words.width(name, WIDTHS[name])),
        "columns": None
        if which == "filmstrip"
        else st.number_input(_("Columns (0 = all)"), *BOUNDS["columns"], key=key("columns"), persist_state="session")
        or None,
    }
    if which == "filmstrip":
        told["frames"] = st.number_input(
            pgettext("figure", "Steps"), *BOUNDS["frames"], key=key("frames"), persist_state="session"
        )
    with st.container(horizontal=True):
        told["font"] = _box(_("Font"), "font", list(ALIASES), str, 110)
        told["size"] = st.number_input(
            _("Text, pt"), *BOUNDS["size"], step=0.5, key=key("size"), width=110, persist_state="session"
        )
    with st.container(horizontal=True):
        told["language"] = _box(_("Language"), "language", list(languages()), lambda n: languages()[n].name, 110)
        told["dpi"] = st.number_input(
            _("Dots per inch"), *BOUNDS["dpi"], step=10, key=key("dpi"), width=110, persist_state="session"
        )
    told["labels"] = st.toggle(_("Labels"), key=key("labels"), persist_state="session")
    told["bar"] = st.toggle(_("Colour bar and legend"), key=key("bar"), persist_state="session")
    return told


def _look(which: str) -> dict[str, Any]:
    told: dict[str, Any] = {"shape": _box(_("Pictures"), "shape", list(SHAPES), words.shapes().__getitem__)}
    if which in OF_VIEWS:
        return told
    told["span"] = _box(_("Range of values"), "span", list(SPANS), words.spans().__getitem__)
    if which != "contributions":
        told["palette"] = _box(_("Colours"), "palette", list(PALETTES), str)
    told["opacity"] = st.slider(
        _("Opacity"), 0.0, 1.0, step=0.05, key=session.FIGURE("opacity"), persist_state="session"
    )
    told["smooth"] = st.toggle(_("Smooth between cells"), key=session.FIGURE("smooth"), persist_state="session")
    return told


def _method(which: str, chosen: tuple[str, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    cards = [models.card(name) for name in chosen]
    classes = [str(name) for name in (cards[0]["classes"] if len(cards) == 1 else ())]
    told["target"] = _box(
        _("Class"), "target", [TRUE, PREDICTED, *classes], lambda name: words.targets().get(name, name)
    )
    if which == "fig7":
        text = st.text_input(_("Regions in each row"), key=session.FIGURE("top"), persist_state="session")
        numbers = [int(word) for word in text.replace(",", " ").split() if word.isdecimal() and len(word) < 5]
        told["top"] = numbers or [1, 10]
    if any(card["model"]["pooling"] == "mfa" for card in cards):
        told["k"] = (
            st.number_input(_("K (0: the model's)"), *BOUNDS["k"], key=session.FIGURE("k"), persist_state="session")
            or None
        )
        sizes = st.pills(
            _("L_R (none: the model's)"),
            controls.SIZES,
            selection_mode="multi",
            key=session.FIGURE("sizes"),
            persist_state="session",
        )
        told["sizes"] = tuple(sorted(sizes)) or None
    return told


def _box(label: str, name: str, options: list[str], title: Callable[[str], str], width: Any = "stretch") -> str:
    key = session.FIGURE(name)
    if session.get(key) not in options:
        session.put(key, options[0])
    return st.selectbox(label, options, key=key, format_func=title, width=width, persist_state="session")


def rule() -> str:
    """How the pictures were chosen; empty if by hand."""
    return session.get(session.FIGURE_RULE, "")


# --- taking back ---


def note(request: FigureSpec) -> None:
    """Keep what was there before this request, if it differs."""
    before = session.get(session.FIGURE_NOW)
    if before is not None and before != request:
        session.put(session.FIGURE_PAST, [*session.get(session.FIGURE_PAST, []), before][-PAST:])
    session.put(session.FIGURE_NOW, request)


def undo() -> None:
    """The button that takes the last change back."""
    past = session.get(session.FIGURE_PAST, [])
    st.button(
        _("Undo"),
        on_click=_undo,
        disabled=not past,
        help=_("Takes the last change back."),
        icon=":material/undo:",
        shortcut="Ctrl+Z",
    )


def _undo() -> None:
    past = session.get(session.FIGURE_PAST, [])
    if past:
        session.put(session.FIGURE_PAST, past[:-1])
        session.put(session.FIGURE_NOW, past[-1])
        apply(past[-1])


def apply(request: FigureSpec) -> None:
    """Set every widget to what a request says. Only in a callback."""
    session.put(session.FIGURE_KIND, request.kind)
    if request.kind == "compare":
        session.put(session.FIGURE_MODELS, list(request.models))
    elif request.models:
        session.put(session.OF_MODEL, request.models[0])
    if request.kind == "filmstrip":
        session.put(session.RUN, request.runs[0])
    elif request.runs:
        session.put(session.FIGURE_RUNS, list(request.runs))
    if request.pictures:
        figure_pictures.put(list(request.pictures), request.rule)
    _set(request.options)
