"""What the Dataset page looks at: the choice of pictures, the survey of a choice, and its findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app import (
    belongings,
    dataset_fit,
    dataset_pictures,
    loaders,
    places,
    rights,
    state,
    teacher,
    telling,
    wording,
    wording_serving,
)
from app import wording_dataset as words
from app.serving import read_only, shared
from mvfa_core.data.cache import digest
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC, data_root
from mvfa_core.data.sets import DataError
from mvfa_core.survey import Findings, Request, Survey, list_surveys, request_for
from mvfa_core.survey.request import digest_of
from mvfa_core.training.split import EVERY, Listed

LIMITS = (60, 200, 1000)
FIRST_LIMIT = "200"
ALL = "all"
OWN = "own"


@dataclass(frozen=True)
class Choice:
    """Which pictures: a data set's name or a folder, a side of its split, and at most how many."""

    data: str
    side: str
    limit: int | None


def choose_model() -> str:
    """The model, from the side panel. Without any it says so and ends the page."""
    options = loaders.model_ids()
    if not options:
        st.info(wording.NO_MODEL)
        st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")
        st.stop()
    with st.sidebar:
        st.subheader(wording.MODEL)
        title = belongings.titles(options)
        return _select(wording.MODEL, state.OF_MODEL, options, str(state.get(state.MODEL)), title, wording.MODEL_HELP)


def choose(model: str) -> Choice | None:
    """The pictures, kept in the address; None, with the reason on the screen, while none are chosen or none fit."""
    known = [survey.request() for survey in _surveys()]
    offered, refused = dataset_fit.offered(model, _sources(model, known))
    first = _first(model)
    limits = {str(limit): limit for limit in sorted({*LIMITS, *(one.limit for one in known if one.limit)})}
    most: dict[str, int | None] = {**limits, ALL: None}

    def title(name: str) -> str:
        return words.DATA_FOLDER if name == OWN else Path(offered[name].split.data).name

    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        name = _select(words.DATA, state.DATA, [*offered, OWN], first[0], title, words.DATA_HELP)
    found = _own_folder(model) if name == OWN else offered[name]
    if not offered:
        dataset_fit.nothing(model)
    dataset_fit.not_offered(refused)
    if found is None:
        return None
    if said := dataset_fit.unshared(model, found):
        st.caption(said)
    sides = _sides(found, known)
    default = first[1] if first[1] in sides and first[0] == name else found.unseen()
    with row:
        side = _select(words.SIDE, state.SIDE, sides, default, words.SIDES.__getitem__)
        limit = _select(words.LIMIT, state.LIMIT, list(most), first[2], _most, words.LIMIT_HELP)
        _earlier(known, offered)
    return Choice(found.split.data, side, most[limit])


def _sides(found: Listed, known: list[Request]) -> list[str]:
    """The sides that there are, all of them together, and those that earlier surveys name."""
    every = [EVERY] if len(found.sides) > 1 else []
    return list(dict.fromkeys([*found.sides, *every, *(one.side for one in known if one.data == found.split.data)]))


def _select(
    label: str, key: str, options: Any, default: str, title: Callable[[str], str], note: str | None = None
) -> str:
    """A box whose value always stands in the address, so that a link means these pictures for ever."""
    first = default if default in options else next(iter(options))
    chosen = state.remembered(key, options.__contains__, first)
    state.remember(key, chosen, "")
    held = {state.OF_MODEL: state.MODEL}.get(key, state.DATA)
    if teacher.hidden(held):
        return chosen
    look = teacher.look(held, note)
    return st.selectbox(label, options, key=key, format_func=title, width=170, persist_state="session", **look)


def _most(name: str) -> str:
    return words.ALL if name == ALL else name


def _own_folder(model: str) -> Listed | None:
    """The visitor's own folder, once it is there and fits the model."""
    if read_only():
        st.caption(wording_serving.READ_ONLY)
        return None
    path = st.text_input(
        words.DATA_PATH, key=state.DATA_PATH, help=words.DATA_PATH_HELP, persist_state="session"
    ).strip()
    folder = places.folder(path)
    if folder is None:
        missing = words.DATA_PATH_CLOSED if shared() else words.DATA_PATH_MISSING
        st.caption(missing if path else words.DATA_PATH_NEEDED)
        return None
    try:
        return dataset_fit.fitting(model, str(folder))
    except (ValueError, OSError) as error:
        st.warning(words.UNFIT.format(why=wording.plain(telling.told(error))))
        return None


def _sources(model: str, known: list[Request]) -> dict[str, str]:
    """Every data set and folder that is there, by its name in the address."""
    there = [name for name in CATALOGUE if (data_root() / name).is_dir()]
    folders = [str(upload.folder.resolve()) for upload in belongings.zips()]
    folders += [request.data for request in known]
    if not model.startswith(loaders.OWN_PREFIX):  # a file that a visitor brought opens no folder
        folders.append(_trained_on(model))
    named = [SYNTHETIC, *there]
    own = [one for one in dict.fromkeys(folders) if one not in named and places.folder(one) and rights.may_see(one)]
    return {**{name: name for name in named}, **{_name(folder): folder for folder in own}}


def _surveys() -> list[Survey]:
    """Those that this visitor may see, newest first."""
    return [one for one in list_surveys() if rights.may_see_made(one, one.request().data, one.request().model)]


def _name(data: str) -> str:
    return data if data == SYNTHETIC or data in CATALOGUE else f"{dataset_pictures.FOLDER}{digest([data])[:12]}"


def _trained_on(model: str) -> str:
    """The `data` of the recipe in a model's card, "" if it is none."""
    told = loaders.card(model).get("recipe", {}).get("data", "")
    return told if isinstance(told, str) else ""


def _first(model: str) -> tuple[str, str, str]:
    """Where the page begins: at this model's newest findings, or else at the pictures it was trained for, on the side
    that says most (an empty text)."""
    content = _content(model)
    for survey in _surveys():
        request = survey.request()
        if request.content == content and survey.is_complete():
            return _name(request.data), request.side, str(request.limit or ALL)
    return _name(_trained_on(model) or SYNTHETIC), "", FIRST_LIMIT


def _earlier(known: list[Request], sources: Mapping[str, Listed]) -> None:
    """What was looked at before, to be shown again."""
    models = {str(loaders.model_file(model).resolve()): model for model in loaders.model_ids()}
    with st.popover(words.EARLIER, disabled=not known):
        for request in known:
            model, name = models.get(request.model), _name(request.data)
            label = words.EARLIER_ONE.format(
                model=wording.plain(request.name),
                data=wording.plain(request.data_name),
                side=words.SIDES[request.side].lower(),
                count=words.looked_at(request.limit),
            )
            values = (model or "", name, request.side, str(request.limit or ALL))
            st.button(
                label,
                key=state.EARLIER(request.digest),
                disabled=model is None or name not in sources,
                on_click=_show_earlier,
                args=values,
                width="stretch",
            )


def _show_earlier(model: str, data: str, side: str, limit: str) -> None:
    for key, value in ((state.OF_MODEL, model), (state.DATA, data), (state.SIDE, side), (state.LIMIT, limit)):
        state.put(key, value)


# --- the survey of a choice ---


def request(model: str, choice: Choice) -> Request:
    """What is asked for when that model looks at those pictures. May raise `ValueError` with a sentence."""
    rights.expect_seen(choice.data)
    file, name = loaders.model_file(model), model.removeprefix(loaders.RUN_PREFIX)
    return request_for(file, choice.data, side=choice.side, limit=choice.limit, name=name, content=_content(model))


def _content(model: str) -> str:
    file = loaders.model_file(model)
    return _digest(str(file), file.stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=64)
def _digest(file: str, stamp_ns: int) -> str:
    return digest_of(Path(file))


def findings(survey: Survey) -> Findings:
    """Everything that was found. May raise `ValueError` with a sentence."""
    return _findings(str(survey.path), survey.findings_file.stat().st_mtime_ns)


@st.cache_resource(show_spinner=False, max_entries=8)
def _findings(path: str, stamp_ns: int) -> Findings:
    return Survey(path).findings()


def trouble(asked: Request, found: Findings) -> str:
    """Why the pictures cannot be shown any more, in a sentence; empty if they can."""
    try:
        side = dataset_pictures.side(asked.split, asked.side)
        places = zip(found.names, found.place_N.tolist(), strict=True)
        same = side.listing is None or all(p < side.count and side.name(p) == name for name, p in places)
    except (DataError, OSError) as error:
        return words.GONE.format(why=wording.plain(f"{telling.told(error)}.".replace("..", ".")))
    return "" if same else words.CHANGED
