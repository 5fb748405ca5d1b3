"""A zip of the visitor's own pictures, and what is in it before anything starts."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import gallery, jobs, state, telling, wording
from app import wording_set_up as words
from app.serving import must_be_open
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import find_data, place_of
from mvfa_core.data.uploads import Upload, keep, remove, uploads
from mvfa_core.images import PictureError, open_picture
from mvfa_core.training.archive import removed
from mvfa_core.training.runs import RunError

SHOWN = 10
"""Classes with a sample picture; the others are counted."""
SIDE_PX = 96
NAMED = 50


@dataclass(frozen=True)
class Class:
    """One class: its name, how many pictures it has, and one of them as a data URL, None if that cannot be read."""

    name: str
    train_n: int
    val_n: int
    sample: str | None = None


@dataclass(frozen=True)
class Seen:
    """What is in a folder of pictures."""

    classes: tuple[Class, ...]
    train_n: int
    val_n: int


def take() -> str | None:
    """The field for a zip; the folder of its pictures once they are unpacked."""
    limit = st.get_option("server.maxUploadSize")
    file = st.file_uploader(words.ZIP, ["zip"], key=state.ZIP_FILE, help=words.ZIP_HELP.format(megabytes=limit))
    if file is None:
        return None
    seen: tuple[str, str] | None = state.get(state.ZIP_SEEN)
    if seen is None or seen[0] != file.file_id:
        folder, problem = _kept(file)
        if folder:
            state.drop(state.ZIP_SEEN)
            return folder
        seen = (file.file_id, problem)
        state.put(state.ZIP_SEEN, seen)
    st.error(wording.plain(seen[1]))
    return None


def _kept(file: UploadedFile) -> tuple[str | None, str]:
    """The folder, or why there is none."""
    bar = st.progress(0, words.ZIP_UNPACKING)

    told = 0

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        if 100 * done // max(total, 1) > told:  # a message for every hundredth, not for every file
            told = 100 * done // total
            bar.progress(told, words.ZIP_UNPACKING)

    with tempfile.TemporaryDirectory(prefix="mvfa-zip-") as place:
        archive = Path(place) / "pictures.zip"  # its own name is kept away from every path
        try:
            must_be_open()
            archive.write_bytes(file.getbuffer())
            upload = keep(archive, file.name, progress=tell)
        except (DataError, OSError) as error:
            return None, telling.told(error)
        finally:
            bar.empty()
    return str(upload.folder), ""


def look(source: str, seed: int) -> Seen:
    """The classes of a data set or folder, their counts and a sample of each.

    Raises:
        DataError: it is not there, or not laid out as it should be.
    """
    folder, _ = place_of(source)
    return _look(source, seed, folder.stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=32, ttl=600)
def _look(source: str, seed: int, stamp_ns: int) -> Seen:
    found = find_data(source, seed, validate_on="test")
    classes = []
    for label, name in enumerate(found.classes):
        train, val = (sum(1 for one in side.labels if one == label) for side in (found.train, found.val))
        first = found.train.files[found.train.labels.index(label)] if train and label < SHOWN else None
        sample = _sample(found.home / first) if first else None
        classes.append(Class(name, train, val, sample))
    return Seen(tuple(classes), len(found.train.files), len(found.val.files))


def _sample(file: Path) -> str | None:
    try:
        return gallery.thumbnail(open_picture(file), SIDE_PX)
    except (PictureError, OSError):
        return None


def preview(seen: Seen, source: str) -> None:
    """Counts and a sample of every class; what a zip had besides; and how to be rid of it again."""
    st.caption(words.counted(len(seen.classes), seen.train_n, seen.val_n))
    with st.container(horizontal=True, gap="small"):
        for one in seen.classes[:SHOWN]:
            with st.container(width=SIDE_PX, gap="xxsmall"):
                if one.sample:
                    st.image(one.sample, width=SIDE_PX, alt=one.name)
                st.text(one.name)
                st.caption(words.each(one.train_n, one.val_n))
    more = len(seen.classes) - SHOWN
    if more > 0:
        st.caption(words.MORE_CLASSES.format(count=more))
    upload = next((one for one in uploads() if str(one.folder) == source), None)
    if upload:
        _about(upload)


def _about(upload: Upload) -> None:
    with st.container(horizontal=True):
        if upload.left_out:
            with st.popover(words.ZIP_LEFT_OUT.format(count=len(upload.left_out)), type="tertiary"):
                st.caption(words.ZIP_LEFT_OUT_NOTE)
                st.text("\n".join(upload.left_out[:NAMED]))
        st.button(
            words.ZIP_REMOVE, key="form_remove", icon=":material/delete:", type="tertiary",
            on_click=_remove, args=(upload,),
        )  # fmt: skip
    if message := state.take(state.MESSAGE("zip")):
        st.error(wording.plain(message))


def _remove(upload: Upload) -> None:
    needed = [run.recipe().data for run in jobs.runs()]
    for run in removed():  # they can be brought back
        with suppress(RunError):
            needed.append(run.recipe().data)
    try:
        must_be_open()
        remove(upload, needed)
    except (DataError, OSError) as error:
        state.put(state.MESSAGE("zip"), telling.told(error))
