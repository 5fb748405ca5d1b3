"""What the Evaluate page looks at: the choice of pictures, the evaluation of a choice, and its findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.base import errors, link_locks, permissions, session
from app.base.i18n import _
from app.base.settings import read_only, shared
from app.base.wording import wording, wording_serving
from app.features.evaluate import class_match, words
from app.services import allowed_paths, dataset_pictures, model_titles, models, visitor_files
from mvfa_core.data.cache import digest
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.evaluation import Evaluation, EvaluationSpec, Findings, list_evaluations, spec_for
from mvfa_core.evaluation.request import digest_of
from mvfa_core.folders import data_root
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
    options = models.model_ids()
    if not options:
        st.info(wording.no_model())
        st.page_link("../pages/train.py", label=_("Train a model of your own"), icon=":material/arrow_forward:")
        st.stop()
    with st.sidebar:
        st.subheader(_("Model"))
        title = model_titles.titles(options)
        return _select(
            _("Model"), session.OF_MODEL, options, str(session.get(session.MODEL)), title, wording.model_help()
        )


def choose(model: str) -> Choice | None:
    """The pictures, kept in the address; None, with the reason on the screen, while none are chosen or none fit."""
    known = [evaluation.request() for evaluation in _evaluations()]
    offered, refused = class_match.offered(model, _sources(model, known))
    first = _first(model)
    limits = {str(limit): limit for limit in sorted({*LIMITS, *(one.limit for one in known if one.limit)})}
    most: dict[str, int | None] = {**limits, ALL: None}

    def title(name: str) -> str:
        return _("Your folder") if name == OWN else Path(offered[name].split.data).name

    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        name = _select(
            _("Pictures"),
            session.DATA,
            [*offered, OWN],
            first[0],
            title,
            _(
                "synthetic is drawn here. Data sets of the catalogue appear once they are in the data folder; folders "
                "that were looked at before stay on the list."
            ),
        )
    found = _own_folder(model) if name == OWN else offered[name]
    if not offered:
        class_match.nothing(model)
    class_match.not_offered(refused)
    if found is None:
        return None
    if said := class_match.unshared(model, found):
        st.caption(said)
    sides = _sides(found, known)
    default = first[1] if first[1] in sides and first[0] == name else found.unseen()
    with row:
        side = _select(_("Split"), session.SIDE, sides, default, wording.sides().__getitem__)
        limit = _select(
            _("Limit"),
            session.LIMIT,
            list(most),
            first[2],
            _most,
            _("Fewer pictures are spread evenly over the whole side, so every class keeps its share."),
        )
        _earlier(known, offered)
    return Choice(found.split.data, side, most[limit])


def _sides(listed: Listed, known: list[EvaluationSpec]) -> list[str]:
    """The sides that there are, all of them together, and those that earlier evaluations name."""
    every = [EVERY] if len(listed.sides) > 1 else []
    return list(dict.fromkeys([*listed.sides, *every, *(one.side for one in known if one.data == listed.split.data)]))


def _select(
    label: str, key: str, options: Any, default: str, title: Callable[[str], str], note: str | None = None
) -> str:
    """A box whose value always stands in the address, so that a link means these pictures for ever."""
    first = default if default in options else next(iter(options))
    chosen = session.remembered(key, options.__contains__, first)
    session.remember(key, chosen, "")
    held = {session.OF_MODEL: session.MODEL}.get(key, session.DATA)
    if link_locks.hidden(held):
        return chosen
    look = link_locks.look(held, note)
    return st.selectbox(label, options, key=key, format_func=title, width=170, persist_state="session", **look)


def _most(name: str) -> str:
    return _("all") if name == ALL else name


def _own_folder(model: str) -> Listed | None:
    """The visitor's own folder, once it is there and fits the model."""
    if read_only():
        st.caption(wording_serving.read_only())
        return None
    path = st.text_input(
        _("Folder"),
        key=session.DATA_PATH,
        help=_("A folder with one sub-folder per class, or with train/ and val/ that hold them. It is only read."),
        persist_state="session",
    ).strip()
    folder = allowed_paths.folder(path)
    if folder is None:
        missing = (
            _("No folder of that name can be opened here: this server opens folders of its data folder alone.")
            if shared()
            else _("There is no such folder on the computer that runs this app.")
        )
        st.caption(missing if path else _("Name the folder first."))
        return None
    try:
        return class_match.fitting(model, str(folder))
    except (ValueError, OSError) as error:
        st.warning(_("These pictures do not fit the model: {why}").format(why=wording.plain(errors.message(error))))
        return None


def _sources(model: str, known: list[EvaluationSpec]) -> dict[str, str]:
    """Every data set and folder that is there, by its name in the address."""
    there = [name for name in CATALOGUE if (data_root() / name).is_dir()]
    folders = [str(upload.folder.resolve()) for upload in visitor_files.zips()]
    folders += [request.data for request in known]
    if not model.startswith(visitor_files.OWN_PREFIX):  # a file that a visitor brought opens no folder
        folders.append(_trained_on(model))
    named = [SYNTHETIC, *there]
    own = [
        one
        for one in dict.fromkeys(folders)
        if one not in named and allowed_paths.folder(one) and permissions.may_see(one)
    ]
    return {**{name: name for name in named}, **{_name(folder): folder for folder in own}}


def _evaluations() -> list[Evaluation]:
    """Those that this visitor may see, newest first."""
    return [one for one in list_evaluations() if permissions.may_see_made(one, one.request().data, one.request().model)]


def _name(data: str) -> str:
    return data if data == SYNTHETIC or data in CATALOGUE else f"{dataset_pictures.FOLDER}{digest([data])[:12]}"


def _trained_on(model: str) -> str:
    """The `data` of the recipe in a model's card, "" if it is none."""
    told = models.card(model).get("recipe", {}).get("data", "")
    return told if isinstance(told, str) else ""


def _first(model: str) -> tuple[str, str, str]:
    """Where the page begins: at this model's newest findings, or else at the pictures it was trained for, on the side
    that says most (an empty text)."""
    content = _content(model)
    for evaluation in _evaluations():
        request = evaluation.request()
        if request.content == content and evaluation.is_complete():
            return _name(request.data), request.side, str(request.limit or ALL)
    return _name(_trained_on(model) or SYNTHETIC), "", FIRST_LIMIT


def _earlier(known: list[EvaluationSpec], sources: Mapping[str, Listed]) -> None:
    """What was looked at before, to be shown again."""
    by_file = {str(models.model_file(model).resolve()): model for model in models.model_ids()}
    with st.popover(_("Previous evaluations"), disabled=not known):
        for request in known:
            model, name = by_file.get(request.model), _name(request.data)
            label = _("{model} on {data}, {side}, {count}").format(
                model=wording.plain(request.name),
                data=wording.plain(request.data_name),
                side=wording.sides()[request.side].lower(),
                count=words.looked_at(request.limit),
            )
            values = (model or "", name, request.side, str(request.limit or ALL))
            st.button(
                label,
                key=session.EARLIER(request.digest),
                disabled=model is None or name not in sources,
                on_click=_show_earlier,
                args=values,
                width="stretch",
            )


def _show_earlier(model: str, data: str, side: str, limit: str) -> None:
    for key, value in ((session.OF_MODEL, model), (session.DATA, data), (session.SIDE, side), (session.LIMIT, limit)):
        session.put(key, value)


# --- the evaluation of a choice ---


def request(model: str, choice: Choice) -> EvaluationSpec:
    """What is asked for when that model looks at those pictures. May raise `ValueError` with a sentence."""
    permissions.expect_seen(choice.data)
    file, name = models.model_file(model), model.removeprefix(models.RUN_PREFIX)
    return spec_for(file, choice.data, side=choice.side, limit=choice.limit, name=name, content=_content(model))


def _content(model: str) -> str:
    file = models.model_file(model)
    return _digest(str(file), file.stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=64)
def _digest(file: str, stamp_ns: int) -> str:
    return digest_of(Path(file))


def findings(evaluation: Evaluation) -> Findings:
    """Everything that was found. May raise `ValueError` with a sentence."""
    return _findings(str(evaluation.path), evaluation.findings_file.stat().st_mtime_ns)


@st.cache_resource(show_spinner=False, max_entries=8)
def _findings(path: str, stamp_ns: int) -> Findings:
    return Evaluation(path).findings()


def trouble(spec: EvaluationSpec, findings: Findings) -> str:
    """Why the pictures cannot be shown any more, in a sentence; empty if they can."""
    try:
        side = dataset_pictures.side(spec.split, spec.side)
        places = zip(findings.names, findings.place_N.tolist(), strict=True)
        same = side.listing is None or all(p < side.count and side.name(p) == name for name, p in places)
    except (DataError, OSError) as error:
        return _("The pictures cannot be opened any more: {why} The numbers stand.").format(
            why=wording.plain(f"{errors.message(error)}.".replace("..", "."))
        )
    return (
        ""
        if same
        else _(
            "The folder holds other pictures than when it was looked at, so none is shown. The numbers stand for what "
            "was there."
        )
    )
