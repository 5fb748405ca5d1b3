"""Widgets that return a value, in the order of the method: picture, model, class, K, region sizes."""

from __future__ import annotations

import atexit
import base64
import binascii
import contextlib
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import streamlit as st

from app import gallery, loaders, state, wording, wording_dataset, wording_maps, wording_region
from app import wording_views as words
from app.components import component
from app.gallery import Specimen
from mvfa_core.checkpoints import CheckpointError, load_model
from mvfa_core.images import PictureError, open_picture
from mvfa_core.other_maps import OTHER_MAPS

_strip = component("strip")
_paste = component("paste")

MOST_PASTED = 48 * 2**20
SIZES = (1, 3, 5, 7, 9, 11, 13)


def subject() -> tuple[str, Specimen]:
    """The model and the picture to look at. Without any model it says so and ends the page."""
    with st.sidebar:
        own_picture()
        name = model()
    chosen = picture()
    if name is None:
        st.info(wording.NO_MODEL)
        st.page_link("../pages/train.py", label=wording.TO_TRAIN, icon=":material/arrow_forward:")
        st.stop()
    return name, chosen


# --- the picture ---


def picture() -> Specimen:
    """The gallery strip; the picture that is pressed, kept in the address."""
    own: Specimen | None = state.get(state.OWN_PICTURE)
    known = [*([gallery.OWN] if own else []), *gallery.ids()]
    chosen = state.remembered(state.PICTURE, lambda name: name in known or loaders.is_picture(name), gallery.DEFAULT)
    groups = [(wording.GALLERY_OWN, [own])] if own else []
    if chosen not in known:  # it stays on the strip until another one of a data set is opened
        state.put(state.DATA_PICTURE, chosen)
    if (kept := state.get(state.DATA_PICTURE)) and loaders.is_picture(kept):
        groups.append((wording_dataset.GALLERY, [loaders.specimen(kept)]))
    all_pictures = [loaders.specimen(name) for name in gallery.ids()]
    groups.append((wording.GALLERY_SCENES, [one for one in all_pictures if one.truth]))
    groups.append((wording.GALLERY_PHOTOGRAPHS, [one for one in all_pictures if not one.truth]))
    _strip(
        key=state.STRIP,
        on_picked_change=_picked,
        data={
            "label": wording.GALLERY,
            "selected": chosen,
            "groups": [{"name": name, "items": [_item(one) for one in items if one]} for name, items in groups],
        },
    )
    return own if own and chosen == gallery.OWN else loaders.specimen(chosen)


def _item(one: Specimen) -> dict:
    name = one.truth or (wording.GALLERY_OWN if one.id == gallery.OWN else one.id.partition("-")[2])
    alt = f"{name}, {100 * one.scale:.0f} %" if one.scale else name
    return {"id": one.id, "name": name, "alt": alt, "src": loaders.thumbnail(one)}


def _picked() -> None:
    picked = state.get(state.STRIP, {}).get("picked")
    if picked:
        state.remember(state.PICTURE, picked, gallery.DEFAULT)


def own_picture() -> None:
    """A picture of the visitor's own, from a file or the camera; it joins the gallery strip."""
    st.subheader(wording.PICTURE)
    with st.popover(wording.OWN_PICTURE, width="stretch"):
        way = st.segmented_control(
            wording.OWN_PICTURE,
            wording.OWN_PICTURE_WAYS,
            default=wording.OWN_PICTURE_WAYS[0],
            required=True,
            key=state.OWN_PICTURE_WAY,
            label_visibility="collapsed",
        )
        if way == wording.OWN_PICTURE_WAYS[1]:
            # Only now: the browser asks for the camera as soon as this is on the page.
            st.camera_input(
                wording.OWN_PICTURE_SHOT,
                key=state.OWN_PICTURE_SHOT,
                on_change=_keep_picture,
                args=(state.OWN_PICTURE_SHOT,),
            )
        else:
            st.file_uploader(
                wording.OWN_PICTURE_FILE,
                ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"],
                key=state.OWN_PICTURE_FILE,
                on_change=_keep_picture,
                args=(state.OWN_PICTURE_FILE,),
            )
        if message := state.take(state.MESSAGE("picture")):  # here, because the open popover covers what is below
            st.error(wording.plain(message))
        st.caption(wording.OWN_PICTURE_NOTE)
    _paste(
        key=state.PASTED,
        on_pasted_change=_keep_pasted,
        data={"words": wording.OWN_PICTURE_PASTE, "most": MOST_PASTED},
    )
    if message := state.take(state.MESSAGE("pasted")):
        st.error(wording.plain(message))


def _keep_picture(key: str) -> None:
    file = state.get(key)
    if file is None:
        return
    _take_picture(file.getvalue(), file.name)


def _keep_pasted() -> None:
    _, comma, body = str(state.get(state.PASTED, {}).get("pasted") or "").partition(",")
    if not comma:
        return
    with contextlib.suppress(binascii.Error):  # what is no base64 is no picture either, and is told so
        _take_picture(base64.b64decode(body, validate=True), wording.OWN_PICTURE_PASTED, "pasted")
        return
    state.put(state.MESSAGE("pasted"), wording.OWN_PICTURE_BROKEN)


def _take_picture(content: bytes, name: str, message: str = "picture") -> None:
    try:
        opened = open_picture(content)
    except PictureError as error:
        state.put(state.MESSAGE(message), str(error))
        return
    state.put(state.OWN_PICTURE, gallery.from_picture(gallery.OWN, opened, file=name))
    state.put(state.PICTURE, gallery.OWN)


# --- the model ---


def model() -> str | None:
    """The model's name, kept in the address; None while there is no model at all."""
    options = loaders.model_ids()
    st.subheader(wording.MODEL)
    chosen = None
    if options:
        state.forget_unless(state.MODEL, options)
        chosen = st.selectbox(
            wording.MODEL,
            options,
            key=state.MODEL,
            bind="query-params",
            help=wording.MODEL_HELP,
            label_visibility="collapsed",
        )
    with st.popover(wording.OWN_MODEL, width="stretch"):
        st.file_uploader(wording.OWN_MODEL_FILE, ["safetensors"], key=state.OWN_MODEL_FILE, on_change=_keep_model)
        if message := state.take(state.MESSAGE("model")):
            st.error(wording.plain(message))
        st.caption(wording.OWN_MODEL_NOTE)
    return chosen


@cache
def _uploads() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mvfa-uploads-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _keep_model() -> None:
    file = state.get(state.OWN_MODEL_FILE)
    if file is None:
        return
    content = file.getvalue()
    name = hashlib.blake2b(content, digest_size=4).hexdigest()
    path = _uploads() / f"uploaded-{name}.safetensors"
    if not path.exists():
        path.write_bytes(content)
    try:
        load_model(path)
    except CheckpointError as error:
        path.unlink()
        state.put(state.MESSAGE("model"), str(error))
        return
    state.put(state.OWN_MODELS, {**state.get(state.OWN_MODELS, {}), name: str(path)})
    state.put(state.MODEL, loaders.OWN_PREFIX + name)


# --- the method ---


def target(facts: loaders.Facts) -> int | None:
    """The class to explain, kept in the address; None for the predicted one."""
    options = [wording.CLASS_PREDICTED, *facts.classes]
    state.forget_unless(state.CLASS, options)
    chosen = st.selectbox(wording.CLASS, options, key=state.CLASS, bind="query-params")
    return None if chosen == wording.CLASS_PREDICTED else facts.classes.index(chosen)


def rival(facts: loaders.Facts) -> int | None:
    """The class to hold against the explained one, kept in the address; None for the best of the others."""
    options = [words.AGAINST_BEST, *facts.classes]
    state.forget_unless(state.AGAINST, options)
    chosen = st.selectbox(words.AGAINST, options, key=state.AGAINST, bind="query-params")
    return None if chosen == words.AGAINST_BEST else facts.classes.index(chosen)


def views(facts: loaders.Facts) -> tuple[int, tuple[int, ...], bool]:
    """K, L_R, and whether near doubles are left out: what only a model with views has."""
    return anchors(facts), sizes(facts), distinct()


def anchors(facts: loaders.Facts) -> int:
    """K, kept in the address: 1 to H*W."""
    state.forget_unless(state.K, range(1, facts.cells + 1))
    default = min(facts.k, facts.cells)
    return st.slider(wording.K, 1, facts.cells, default, key=state.K, bind="query-params", help=wording.K_HELP)


def sizes(facts: loaders.Facts) -> tuple[int, ...]:
    """L_R, kept in the address: odd sizes in cells, at least one."""
    options = sorted({*SIZES, *facts.sizes})
    chosen = st.pills(
        wording.SIZES,
        options,
        selection_mode="multi",
        default=list(facts.sizes),
        key=state.SIZES,
        bind="query-params",
        help=wording.SIZES_HELP,
    )
    if not chosen:
        st.caption(wording.SIZES_NONE)
    return tuple(sorted(chosen)) or facts.sizes


def distinct() -> bool:
    """Whether near doubles are left out of the ranked regions, kept in the address."""
    return st.toggle(wording.DISTINCT, key=state.DISTINCT, bind="query-params", help=wording.DISTINCT_HELP)


def other_maps() -> list[str]:
    """The methods to compare with, kept in the address."""
    return st.pills(
        wording_maps.OTHERS,
        list(OTHER_MAPS),
        selection_mode="multi",
        default=["Grad-CAM++", "LayerCAM", "HiResCAM"],
        key=state.METHODS,
        bind="query-params",
        help=wording_maps.OTHERS_HELP,
    )


def best_rectangle() -> bool:
    """Whether the best rectangle for the class is searched, kept in the address."""
    return st.toggle(wording_region.BEST, key=state.BEST, bind="query-params", help=wording_region.BEST_HELP)


def offer_views() -> None:
    """Says why there are no regions, and offers the model that has them."""
    with st.container(border=True):
        st.markdown(f"**{wording.GAP_TITLE}**")
        st.write(wording.GAP_TEXT)
        if "compact_mfa" in loaders.model_ids():
            st.button(wording.GAP_CHOOSE, on_click=state.put, args=(state.MODEL, "compact_mfa"))
