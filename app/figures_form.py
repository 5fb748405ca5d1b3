"""The form of a figure: kind, models or runs, and how it looks; what it says is a `Request`. The last change
can be taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from app import belongings, controls, figures_desk, figures_pictures, loaders, state, wording
from app import wording_figures as words
from mvfa_core.figures import KINDS, OF_RUNS, WIDTHS, Options, Request
from mvfa_core.figures.fonts import ALIASES
from mvfa_core.figures.request import PREDICTED, SHAPES, SPANS, TRUE
from mvfa_core.figures.words import languages, table
from mvfa_core.files import parse_json
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
    return _select(words.KIND, state.FIGURE_KIND, KINDS, "fig5", words.KINDS.__getitem__)


def models(which: str) -> tuple[str, ...]:
    """The models, kept in the address: one, or several to compare. Without any it says so and ends the page."""
    options = loaders.model_ids()
    if which in OF_VIEWS:
        options = [name for name in options if loaders.card(name)["model"]["pooling"] == "mfa"]
    if not options:
        st.info(wording.NO_MODEL)
        st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")
        st.stop()
    if which != "compare":
        return (_select(wording.MODEL, state.OF_MODEL, options, options[0], belongings.titles(options)),)
    if state.FIGURE_MODELS not in st.session_state and state.FIGURE_MODELS not in st.query_params:
        state.put(state.FIGURE_MODELS, options[:2])
    state.follow_list(state.FIGURE_MODELS, options)
    chosen = st.multiselect(
        words.MODELS, options, key=state.FIGURE_MODELS, format_func=belongings.titles(options), help=words.MODELS_HELP,
        persist_state="session",
    )  # fmt: skip
    return tuple(chosen)


def runs(which: str) -> tuple[str, ...]:
    """The runs, kept in the address; for learning curves the bundled models, too. Without any film it says so and ends
    the page."""
    options = figures_desk.offered(which)
    if which == "filmstrip":
        if not options:
            st.info(words.NO_FILMS)
            st.page_link("../pages/train.py", label=words.TO_TRAIN, icon=":material/arrow_forward:")
            st.stop()
        return (_select(words.FILM, state.RUN, options, options[0], titles(options)),)
    if state.FIGURE_RUNS not in st.session_state and state.FIGURE_RUNS not in st.query_params:
        state.put(state.FIGURE_RUNS, (figures_desk.runs_with(which) or options)[:2])
    state.follow_list(state.FIGURE_RUNS, options)
    chosen = st.multiselect(
        words.RUNS, options, key=state.FIGURE_RUNS, format_func=titles(options), help=words.RUNS_HELP,
        persist_state="session",
    )  # fmt: skip
    return tuple(chosen)


def _select(label: str, key: str, options: Sequence[str], default: str, title: Callable[[str], str]) -> str:
    """A box whose value stands in the address."""
    state.remember(key, state.remembered(key, options.__contains__, default), "")
    return st.selectbox(label, options, key=key, format_func=title, persist_state="session")


# --- options ---


def options(which: str, chosen: tuple[str, ...]) -> Options:
    """Everything about how it is made and how it looks, kept in the address as far as it is not as at first; what a
    kind does not know is left out."""
    _begin()
    told: dict[str, Any] = {"seed": state.get(state.FIGURE("seed"))}
    with st.expander(words.PAPER, expanded=True):
        told |= _paper(which)
    if which != "fig6":
        with st.expander(words.LOOK):
            told |= _look(which)
    if which not in OF_RUNS:
        with st.expander(words.METHOD):
            told |= _method(which, chosen)
    chosen_options = Options.from_json(told)
    state.remember(state.FIGURE_STYLE, style(chosen_options), "")
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
    linked = st.query_params.get_all(state.FIGURE_STYLE)
    if linked and state.get(state.FIGURE_STYLE) is None:
        try:
            _set(styled(linked[0]))
        except ValueError:
            state.ignore(state.FIGURE_STYLE, linked)
    for name, value in _plain(Options()).items():
        if state.get(state.FIGURE(name)) is None:
            state.put(state.FIGURE(name), value)


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
        state.put(state.FIGURE(name), value)


def _width_name(told: Options) -> str:
    near = min(WIDTHS, key=lambda name: abs(WIDTHS[name] - told.inches))
    return told.width if isinstance(told.width, str) and told.width in WIDTHS else near


def _paper(which: str) -> dict[str, Any]:
    key = state.FIGURE
    told: dict[str, Any] = {
        "width": _box(words.WIDTH, "width", list(WIDTHS), lambda name: words.width(name, WIDTHS[name])),
        "columns": None
        if which == "filmstrip"
        else st.number_input(words.COLUMNS, *BOUNDS["columns"], key=key("columns"), persist_state="session") or None,
    }
    if which == "filmstrip":
        told["frames"] = st.number_input(words.FRAMES, *BOUNDS["frames"], key=key("frames"), persist_state="session")
    with st.container(horizontal=True):
        told["font"] = _box(words.FONT, "font", list(ALIASES), str, 110)
        told["size"] = st.number_input(
            words.SIZE, *BOUNDS["size"], step=0.5, key=key("size"), width=110, persist_state="session"
        )
    with st.container(horizontal=True):
        told["language"] = _box(words.LANGUAGE, "language", list(languages()), lambda n: table(n)["language"], 110)
        told["dpi"] = st.number_input(
            words.DPI, *BOUNDS["dpi"], step=10, key=key("dpi"), width=110, persist_state="session"
        )
    told["labels"] = st.toggle(words.LABELS, key=key("labels"), persist_state="session")
    told["bar"] = st.toggle(words.BAR, key=key("bar"), persist_state="session")
    return told


def _look(which: str) -> dict[str, Any]:
    told: dict[str, Any] = {"shape": _box(words.SHAPE, "shape", list(SHAPES), words.SHAPES.__getitem__)}
    if which in OF_VIEWS:
        return told
    told["span"] = _box(words.SPAN, "span", list(SPANS), words.SPANS.__getitem__)
    if which != "contributions":
        told["palette"] = _box(words.PALETTE, "palette", list(PALETTES), str)
    told["opacity"] = st.slider(
        words.OPACITY, 0.0, 1.0, step=0.05, key=state.FIGURE("opacity"), persist_state="session"
    )
    told["smooth"] = st.toggle(words.SMOOTH, key=state.FIGURE("smooth"), persist_state="session")
    return told


def _method(which: str, chosen: tuple[str, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    cards = [loaders.card(name) for name in chosen]
    classes = [str(name) for name in (cards[0]["classes"] if len(cards) == 1 else ())]
    told["target"] = _box(
        words.TARGET, "target", [TRUE, PREDICTED, *classes], lambda name: words.TARGETS.get(name, name)
    )
    if which == "fig7":
        text = st.text_input(words.TOP, key=state.FIGURE("top"), persist_state="session")
        numbers = [int(word) for word in text.replace(",", " ").split() if word.isdecimal() and len(word) < 5]
        told["top"] = numbers or [1, 10]
    if any(card["model"]["pooling"] == "mfa" for card in cards):
        told["k"] = st.number_input(words.K, *BOUNDS["k"], key=state.FIGURE("k"), persist_state="session") or None
        sizes = st.pills(
            words.SIZES, controls.SIZES, selection_mode="multi", key=state.FIGURE("sizes"), persist_state="session"
        )
        told["sizes"] = tuple(sorted(sizes)) or None
    return told


def _box(label: str, name: str, options: list[str], title: Callable[[str], str], width: Any = "stretch") -> str:
    key = state.FIGURE(name)
    if state.get(key) not in options:
        state.put(key, options[0])
    return st.selectbox(label, options, key=key, format_func=title, width=width, persist_state="session")


def rule() -> str:
    """How the pictures were chosen; empty if by hand."""
    return state.get(state.FIGURE_RULE, "")


# --- taking back ---


def note(request: Request) -> None:
    """Keep what was there before this request, if it differs."""
    before = state.get(state.FIGURE_NOW)
    if before is not None and before != request:
        state.put(state.FIGURE_PAST, [*state.get(state.FIGURE_PAST, []), before][-PAST:])
    state.put(state.FIGURE_NOW, request)


def undo() -> None:
    """The button that takes the last change back."""
    past = state.get(state.FIGURE_PAST, [])
    st.button(
        words.UNDO, on_click=_undo, disabled=not past, help=words.UNDO_HELP, icon=":material/undo:", shortcut="Ctrl+Z"
    )


def _undo() -> None:
    past = state.get(state.FIGURE_PAST, [])
    if past:
        state.put(state.FIGURE_PAST, past[:-1])
        state.put(state.FIGURE_NOW, past[-1])
        apply(past[-1])


def apply(request: Request) -> None:
    """Set every widget to what a request says. Only in a callback."""
    state.put(state.FIGURE_KIND, request.kind)
    if request.kind == "compare":
        state.put(state.FIGURE_MODELS, list(request.models))
    elif request.models:
        state.put(state.OF_MODEL, request.models[0])
    if request.kind == "filmstrip":
        state.put(state.RUN, request.runs[0])
    elif request.runs:
        state.put(state.FIGURE_RUNS, list(request.runs))
    if request.pictures:
        figures_pictures.put(list(request.pictures), request.rule)
    _set(request.options)
