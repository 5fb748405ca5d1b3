"""The pictures of a figure: chosen by hand from the gallery, a data set or one's own, or by rule."""

from __future__ import annotations

import streamlit as st

from app.base import component_values, errors, session
from app.base.i18n import _
from app.base.refusals import BusyError, QuotaError
from app.base.wording import wording
from app.features.figures import figure_sources, words
from app.services import dataset_pictures, gallery, inference_queue, models, pictures
from app.services.gallery import Picture
from app.ui.components import component
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.evaluation.addresses import address_of
from mvfa_core.evaluation.pictures import Side
from mvfa_core.figures import RULES, choose
from mvfa_core.images import PictureError, read_picture
from mvfa_core.training.split import Split, split_of

_strip = component("strip")

MOST = 24
A_PAGE = 24
GALLERY, OWN = "(gallery)", "(own)"
"""In place of a data set: where else pictures are."""
DRAWN = 1000
SCENES = "scene-15,scene-44,scene-23,scene-58"
PHOTOGRAPHS = "photo-rocket,photo-chelsea,photo-coffee,photo-camera"
LIMITS = (60, 200, 1000)


def _examples(model: str | None) -> str:
    """What a figure shows until somebody chooses: pictures that the model can know."""
    return SCENES if model is None or models.learned(model) == SYNTHETIC else PHOTOGRAPHS


def choose_pictures(model: str | None) -> list[str]:
    """The strip, what finds pictures for it, and the chosen ones, which stand in the address."""
    chosen = session.several(session.FIGURE_PICTURES, figure_sources.is_picture, _examples(model), MOST)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = _source()
        text = st.text_input(
            _("Search"),
            key=session.FIGURE("search"),
            help=_("Part of a class or file name; in the drawn set, a number."),
            width=200,
        ).strip()
        slot = st.container(width=110)
        _by_rule(model)
        st.button(_("Clear"), on_click=_clear, disabled=not chosen)
    try:
        found = _found(source, text.lower())
    except (DataError, ValueError, OSError) as error:
        st.warning(_("These pictures cannot be listed: {why}").format(why=wording.plain(errors.message(error))))
        found = []
    last = max(0, (len(found) - 1) // A_PAGE)
    with slot:
        page = _page(last)
    shown = [one for name in found[page * A_PAGE : (page + 1) * A_PAGE] if (one := _specimen(name))]
    taken = [one for name in chosen if (one := _specimen(name))]
    title = _("{count} found").format(count=f"{len(found):,}") if found else _("Nothing is called that.")
    groups = [(_("On the figure, in this order"), taken), (title, [one for one in shown if one.id not in chosen])]
    _strip(
        key=session.FIGURE_STRIP,
        on_picked_change=_picked,
        data={
            "label": _("Pictures to choose from; press to add or to leave out"),
            "selected": chosen,
            "groups": [{"name": name, "items": [_item(one) for one in items]} for name, items in groups if items],
        },
    )
    if message := session.take(session.MESSAGE("figure")):
        st.warning(wording.plain(message))
    if notes := tuple({str(note): note for one in taken for note in one.notes}.values()):
        st.caption(wording.plain(wording.picture_notes(notes)))
    if rule := session.get(session.FIGURE_RULE, ""):
        st.caption(words.rule_told(rule))
    return chosen


def _source() -> str:
    options = [GALLERY, *figure_sources.data_sets(), OWN]
    shown = {GALLERY: _("gallery"), OWN: _("Your pictures")}
    session.forget_unless(session.FIGURE("source"), options)
    source = st.selectbox(
        _("From"),
        options,
        key=session.FIGURE("source"),
        format_func=lambda one: shown.get(one, one),
        width=180,
        persist_state="session",
    )
    if source == OWN:
        with st.popover(_("Your pictures")):
            st.file_uploader(
                _("Your pictures"),
                accept_multiple_files=True,
                key=session.FIGURE("files"),
                on_change=_keep,
                label_visibility="collapsed",
            )
            st.caption(_("They are kept for this session only and not included in shared links."))
            if session.get(session.FIGURE_OWN):
                st.button(_("Remove my pictures"), key=session.FIGURE("forget"), on_click=figure_sources.forget)
    return source


def _page(last: int) -> int:
    key = session.FIGURE("page")
    session.put(key, min(int(session.get(key) or 1), last + 1))
    return int(st.number_input(_("Page"), 1, last + 1, key=key)) - 1


def _found(source: str, text: str) -> list[str]:
    """The names of the pictures of a source that fit the search, in order."""
    if source == OWN:
        return list(session.get(session.FIGURE_OWN, {}))
    if source == GALLERY:
        every = [pictures.specimen(name) for name in gallery.ids()]
        return [one.id for one in every if text in f"{one.id} {one.truth or ''}".lower()]
    side = dataset_pictures.side(Split(source), "val")
    if source == SYNTHETIC or side.listing is None:
        return [address_of(Split(source), place) for place in range(DRAWN) if text in str(place)]
    return [address_of(Split(source), place) for place in _fitting(side, text)]


def _fitting(side: Side, text: str) -> list[int]:
    """Places whose class or file has the text in its name; without one, class by class in turn."""
    assert side.listing is not None
    labels = side.listing.labels
    names = side.listing.files
    if text:
        return [p for p, label in enumerate(labels) if text in side.classes[label].lower() or text in names[p].lower()]
    seen: dict[int, int] = {}
    rank = []
    for place, label in enumerate(labels):
        seen[int(label)] = seen.get(int(label), 0) + 1
        rank.append((seen[int(label)], int(label), place))
    return [place for _, _, place in sorted(rank)]


def _specimen(name: str) -> Picture | None:
    try:
        return figure_sources.desk().specimen(name)
    except PictureError:
        return None


def _item(picture: Picture) -> dict:
    name = picture.truth or picture.id.rpartition("-")[2][:8]
    return {"id": picture.id, "name": name, "alt": f"{name}, {picture.id}", "src": pictures.thumbnail(picture)}


# --- what changes the choice ---


def put(names: list[str], rule: str = "") -> None:
    """Other pictures, and how they were chosen."""
    session.put(session.FIGURE_PICTURES, ",".join(names[:MOST]))
    session.put(session.FIGURE_RULE, rule)


def _clear() -> None:
    put([])


def _picked() -> None:
    picked = component_values.text(session.FIGURE_STRIP, "picked")
    if picked is None or not figure_sources.is_picture(picked):
        return
    chosen = [name for name in session.get(session.FIGURE_PICTURES, "").split(",") if name]
    if picked in chosen:
        put([name for name in chosen if name != picked])
    elif len(chosen) < MOST:
        put([*chosen, picked])
    else:
        session.put(
            session.MESSAGE("figure"),
            _("A figure holds at most {most} pictures here; the command line takes more.").format(most=MOST),
        )


def _keep() -> None:
    chosen = [name for name in session.get(session.FIGURE_PICTURES, "").split(",") if name]
    for file in component_values.files(session.get(session.FIGURE("files"))):
        try:
            name = figure_sources.keep(inference_queue.prepare(read_picture, file.getvalue()))
        except (PictureError, QuotaError, BusyError) as error:
            session.put(session.MESSAGE("figure"), errors.message(error))
            continue
        chosen += [name] if name not in chosen else []
    put(chosen)


def _rules() -> dict[str, str]:
    return {
        "rescued": _("rescued by the views"),
        "harmed": _("harmed by the views"),
        "wrong": _("answered wrongly"),
        "right": _("correct"),
        "sure": _("confident and wrong"),
        "split": _("views disagree"),
        "one-per-class": _("one of each class"),
        "random": _("at random"),
    }


def _by_rule(model: str | None) -> None:
    with st.popover(_("Auto-pick")):
        rule = st.selectbox(
            _("Rule"),
            RULES,
            format_func=_rules().__getitem__,
            key=session.FIGURE("rule"),
            help=_(
                "Rescued: the whole-image classifier is wrong and the ensemble right; harmed: the other way round. "
                "The seed shuffles, so the first few are a fair sample."
            ),
        )
        data = st.selectbox(_("Data set"), figure_sources.data_sets(), key=session.FIGURE("rule_data"))
        sides = _sides(data, model)
        key = session.FIGURE("rule_side")
        session.forget_unless(key, sides)
        side = st.selectbox(_("Split"), sides, format_func=wording.sides().__getitem__, key=key)
        limit = st.selectbox(_("Look at"), LIMITS, 1, key=session.FIGURE("rule_limit"))
        count = int(st.number_input(_("Take"), 1, MOST, 6, key=session.FIGURE("rule_count")))
        seed = int(st.number_input(_("Seed"), 0, 99_999, 0, key=session.FIGURE("rule_seed")))
        if st.button(_("Choose"), type="primary", key=session.FIGURE("rule_go")):
            _carry_out(rule, data, count, model=model, side=side, limit=limit, seed=seed)


def _sides(data: str, model: str | None) -> list[str]:
    """The sides of a data set, the one that says most first."""
    recipe = {} if model is None else models.card(model).get("recipe", {})
    try:
        found = dataset_pictures.listed(split_of(recipe, data))
    except (DataError, OSError):
        return ["val"]
    return sorted(found.sides, key=lambda side: side != found.unseen())


def _carry_out(rule: str, data: str, count: int, *, model: str | None, side: str, limit: int, seed: int) -> None:
    bar = st.progress(0.0, _("Looking at pictures"))

    def tell(_unused: str, done: int, total: int) -> None:
        bar.progress(done / max(total, 1), _("Looking at pictures"))

    try:
        file = str(models.model_file(model)) if model else None
        names, told = choose(rule, data, count, model=file, side=side, limit=limit, seed=seed, progress=tell)
    except (CheckpointError, DataError, ValueError, OSError) as error:
        bar.empty()
        st.warning(_("The rule finds nothing: {why}").format(why=wording.plain(errors.message(error))))
        return
    put(list(names), told)
    session.put(session.FIGURE("seed"), seed)
    st.rerun()
