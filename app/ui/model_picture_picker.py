"""What a page is about: the picture, from the strip or one's own, and the model."""

from __future__ import annotations

import base64
import binascii
import contextlib
from functools import cache

import streamlit as st

from app.base import component_values, errors, link_locks, session
from app.base.i18n import _
from app.base.refusals import BusyError, QuotaError
from app.base.wording import wording
from app.services import gallery, inference_queue, model_titles, models, pictures, quota, visitor_files
from app.services.cache import MEGABYTE, weigh
from app.services.gallery import Picture
from app.ui import model_card, own_model
from app.ui.components import component
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.images import PictureError, read_picture

_strip = component("strip")
_paste = component("paste")

MOST_PASTED = 48 * 2**20
FILE, CAMERA = "file", "camera"


def choose() -> tuple[str, Picture]:
    """The model and the picture to look at. Without any model it says so and ends the page."""
    with st.sidebar:
        link_locks.show()
        if not link_locks.held(session.PICTURE):
            own_picture()
        name = model()
    chosen = picture(name)
    if chosen.notes:
        st.caption(wording.plain(wording.picture_notes(chosen.notes)))
    if name is None:
        st.info(wording.no_model())
        st.page_link("../pages/train.py", label=_("Train a model of your own"), icon=":material/arrow_forward:")
        st.stop()
    return name, chosen


# --- the picture ---


def picture(model_id: str | None) -> Picture:
    """The gallery strip, what the model has learned from first; the picture that is pressed, kept in the address."""
    own: Picture | None = session.get(session.OWN_PICTURE)
    known = [gallery.OWN, *gallery.ids()]
    before = session.get(session.PICTURE, "")
    chosen = session.remembered(
        session.PICTURE, lambda name: name in known or pictures.is_picture(name), gallery.default()
    )
    if chosen == gallery.OWN and own is None:
        before, chosen = gallery.OWN, gallery.default()
        session.remember(session.PICTURE, chosen, gallery.default())
    _tell_lost("picture", before, chosen)
    groups = [(_("Yours"), [own])] if own else []
    if chosen not in known:  # it stays on the strip until another one of a data set is opened
        session.put(session.DATA_PICTURE, chosen)
    if (kept := session.get(session.DATA_PICTURE)) and pictures.is_picture(kept):
        groups.append((_("From a data set"), [pictures.specimen(kept)]))
    subject = own if own and chosen == gallery.OWN else pictures.specimen(chosen)
    shown = [{"name": name, "items": [_item(one) for one in items]} for name, items in groups]
    shown += _offered(models.learned(model_id) if model_id else SYNTHETIC)
    _strip(
        key=session.STRIP,
        on_picked_change=_picked,
        data={
            "label": _("Pictures"),
            "selected": chosen,
            "locked": _("The link you opened keeps this as it is.") if link_locks.locked(session.PICTURE) else "",
            "groups": [] if link_locks.hidden(session.PICTURE) else shown,
            "shown": {"id": subject.digest, "src": pictures.shown(subject)},
        },
    )
    return subject


def _tell_lost(kind: str, before: str, chosen: str) -> None:
    """A word on a picture or model that is not here any more, or never was: somebody's own, known to another server or
    another visitor, or one whose file has gone. It stands there as long as what took its place is shown."""
    key = session.LOST(kind)
    if before and before != chosen:
        session.put(key, (chosen, before))
    instead, name = session.get(key, ("", ""))
    if name and instead == chosen:
        st.info(wording.lost(kind, name, own=name == gallery.OWN))
    else:
        session.drop(key)


def _offered(learned: str) -> list[dict]:
    """The groups of pictures that are always there, beginning with those of the set that the model knows."""
    drawn, photographs = _gallery_items()
    scenes = {"name": _("Generated shapes, large to small"), "items": drawn}
    # Of a set with a name it is known that these photographs are none of its pictures; of a folder it is not.
    named = learned == SYNTHETIC or learned in CATALOGUE
    others = {"name": _("Photos this model wasn't trained on") if named else _("Photos"), "items": photographs}
    if learned == SYNTHETIC:
        return [scenes, others]
    own = [_item(pictures.specimen(name)) for name in pictures.held_out(learned)]
    known = [{"name": wording.held_out(learned), "items": own}] if own else []
    return [*known, others, scenes]


@cache
def _gallery_items() -> tuple[list[dict], list[dict]]:
    """Drawn scenes and photographs, made once. Their pictures have addresses, so that no rerun carries them."""
    items = [(one, _item(one, gallery.ADDRESS.format(one.id))) for one in map(pictures.specimen, gallery.ids())]
    return [item for one, item in items if one.truth], [item for one, item in items if not one.truth]


def _item(one: Picture, src: str | None = None) -> dict:
    name = one.truth or (_("Yours") if one.id == gallery.OWN else one.id.partition("-")[2])
    alt = f"{name}, {100 * one.scale:.0f} %" if one.scale else name
    return {"id": one.id, "name": name, "alt": alt, "src": src or pictures.thumbnail(one)}


def _picked() -> None:
    picked = component_values.text(session.STRIP, "picked")
    if picked and not link_locks.held(session.PICTURE):
        session.remember(session.PICTURE, picked, gallery.default())


def own_picture() -> None:
    """A picture of the visitor's own, from a file or the camera; it joins the gallery strip."""
    st.subheader(_("Picture"))
    ways = dict(zip((FILE, CAMERA), (_("File"), _("Camera")), strict=True))
    with st.popover(_("Use your own picture"), width="stretch"):
        way = st.segmented_control(
            _("Use your own picture"),
            list(ways),
            default=FILE,
            format_func=ways.__getitem__,
            required=True,
            key=session.OWN_PICTURE_WAY,
            label_visibility="collapsed",
        )
        if way == CAMERA:
            # Only now: the browser asks for the camera as soon as this is on the page.
            st.camera_input(
                _("A photograph from the camera"),
                key=session.OWN_PICTURE_SHOT,
                on_change=_keep_picture,
                args=(session.OWN_PICTURE_SHOT,),
            )
        else:
            st.file_uploader(
                _("A picture file"),
                key=session.OWN_PICTURE_FILE,
                on_change=_keep_picture,
                args=(session.OWN_PICTURE_FILE,),
            )
        if message := session.take(session.MESSAGE("picture")):  # here, because the open popover covers what is below
            st.error(wording.plain(message))
        st.caption(_("It is kept for this session only and not included in shared links."))
    most = min(MOST_PASTED, st.get_option("server.maxUploadSize") * MEGABYTE)
    _paste(
        key=session.PASTED,
        on_pasted_change=_keep_pasted,
        data={
            "words": {
                "hint": _("or paste one anywhere (Ctrl+V)"),
                "reading": _("reading the pasted picture"),
                "large": _("The pasted picture is larger than 48 MiB; save a smaller copy of it."),
            },
            "most": most,
        },
    )
    if message := session.take(session.MESSAGE("pasted")):
        st.error(wording.plain(message))


def _keep_picture(key: str) -> None:
    file = component_values.file(session.get(key))
    if file is None:
        return
    _take_picture(file.getvalue(), file.name)


def _keep_pasted() -> None:
    _unused, comma, body = (component_values.text(session.PASTED, "pasted", 2 * MOST_PASTED) or "").partition(",")
    if not comma:
        return
    with contextlib.suppress(binascii.Error):  # what is no base64 is no picture either, and is told so
        _take_picture(base64.b64decode(body, validate=True), _("pasted picture"), "pasted")
        return
    session.put(
        session.MESSAGE("pasted"),
        _("The pasted picture did not arrive whole. Paste it again, or save it and upload the file."),
    )


def _take_picture(content: bytes, name: str, message: str = "picture") -> None:
    before: Picture | None = session.get(session.OWN_PICTURE)
    try:
        opened = inference_queue.prepare(read_picture, content)
        quota.expect_room(
            weigh(opened.picture) - weigh(before.picture if before else b"")
        )  # it takes the place of the last one
    except (PictureError, QuotaError, BusyError) as error:
        session.put(session.MESSAGE(message), errors.message(error))
        return
    session.put(session.OWN_PICTURE, gallery.from_reading(gallery.OWN, opened, file=name))
    session.put(session.PICTURE, gallery.OWN)
    quota.note_pictures()


# --- the model ---


def model() -> str | None:
    """The model's name, kept in the address; None while there is no model at all."""
    own_model.arrived()
    options = models.model_ids()
    _asks_again(options)
    before = str(session.get(session.MODEL) or "")
    chosen = session.follow(session.MODEL, options, options[0]) if options else None
    if link_locks.hidden(session.MODEL):
        return chosen
    st.subheader(_("Model"))
    if options:
        st.selectbox(
            _("Model"),
            options,
            key=session.MODEL,
            format_func=model_titles.titles(options),
            label_visibility="collapsed",
            persist_state="session",
            **link_locks.look(session.MODEL, wording.model_help()),
        )
        model_card.show(chosen or options[0])
    if not before.startswith(visitor_files.OWN_PREFIX):  # one's own is asked for again
        _tell_lost("model", before, chosen or "")
    if link_locks.locked(session.MODEL):
        return chosen
    if session.get(session.MODEL_GONE):
        st.info(_("Your own model is not on this server any more. Upload it again to go on with it."))
    own_model.offer()
    return chosen


def _asks_again(options: list[str]) -> None:
    """A model that the address or this session names and that is not held any more is asked for."""
    asked = session.get(session.MODEL) or st.query_params.get(session.MODEL, "")
    if str(asked).startswith(visitor_files.OWN_PREFIX) and asked not in options:
        session.put(session.MODEL_GONE, True)
