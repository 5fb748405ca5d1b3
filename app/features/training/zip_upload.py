"""A zip of the visitor's own pictures, and what is in it before anything starts."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.base import component_values, errors, permissions, session
from app.base.i18n import _
from app.base.permissions import NotYoursError
from app.base.refusals import QuotaError
from app.base.settings import must_be_open, shared
from app.base.wording import wording
from app.features.training import set_up_words as words
from app.services import gallery, visitor_files
from mvfa_core.data.encodings import ENCODINGS
from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.data.sources import place_of
from mvfa_core.data.uploads import Upload
from mvfa_core.images import PictureError, open_picture
from mvfa_core.names import visible
from mvfa_core.training.archive import removed
from mvfa_core.training.runs import RunError, list_runs
from mvfa_core.training.split import Split, copies, listed, reasons

SHOWN = 10
"""Classes with a sample picture; the others are counted."""
SIDE_PX = 96
NAMED = 50


@dataclass(frozen=True)
class Class:
    """One class: its name, how many pictures it has on each side that there is, and one of them as a data URL, None if
    that cannot be read."""

    name: str
    counts: tuple[int, ...]
    sample: str | None = None


@dataclass(frozen=True)
class ZipContents:
    """What is in a folder of pictures: its classes, the pictures of each side, what is passed over with the reason,
    what must be known of how it was read, and pairs of files that are the same picture in two classes of one side."""

    classes: tuple[Class, ...]
    counts: Mapping[str, int]
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()

    @property
    def train_n(self) -> int:
        """The pictures that are trained on."""
        return self.counts["train"]


@dataclass(frozen=True)
class Taken:
    """A zip that was handed over and unpacked. `encoding` is what its names were read in, None if the zip said it."""

    folder: str
    encoding: str | None = None


def take() -> Taken | None:
    """The field for a zip, and for the encoding of its names where that had to be guessed."""
    limit = st.get_option("server.maxUploadSize")
    held = st.file_uploader(
        _("A zip with one folder of pictures for every class"),
        ["zip"],
        key=session.ZIP_FILE,
        help=_(
            "The class folders lie at the top, inside one wrapper folder, or below train/, val/ and test/. Without "
            "such a split a fifth of every class is held out. At most {megabytes} MB."
        ).format(megabytes=limit),
    )
    file = component_values.file(held)
    if file is None:
        return None
    asked: str | None = session.get(session.ZIP_ENCODING)
    seen: tuple[str, str | None, Taken | None, str] | None = session.get(session.ZIP_SEEN)
    if seen is None or seen[0] != file.file_id:
        session.drop(session.ZIP_ENCODING)
        seen = (file.file_id, None, *_kept(file, None))
    elif asked and asked != seen[1]:
        seen = (file.file_id, asked, *_kept(file, asked))
    session.put(session.ZIP_SEEN, seen)
    taken = seen[2]
    if seen[3]:
        st.error(wording.plain(seen[3]))
    if asked or (taken and taken.encoding):
        place = list(ENCODINGS).index(asked or (taken and taken.encoding) or "utf-8")
        st.selectbox(
            _("Names in the zip are read as"),
            list(ENCODINGS),
            place,
            key=session.ZIP_ENCODING,
            format_func=ENCODINGS.__getitem__,
            help=_(
                "The zip does not say how its names were written. If the class names below look wrong, choose another."
            ),
            width=320,
        )
    if taken and not taken.encoding and not asked:
        session.drop(session.ZIP_SEEN)
    return taken


def _kept(file: UploadedFile, encoding: str | None) -> tuple[Taken | None, str]:
    """The folder, or why there is none."""
    bar = st.progress(0, _("Unpacking and looking at every file"))

    told = 0

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        if 100 * done // max(total, 1) > told:  # a message for every hundredth, not for every file
            told = 100 * done // total
            bar.progress(told, _("Unpacking and looking at every file"))

    with tempfile.TemporaryDirectory(prefix="mvfa-zip-") as place:
        archive = Path(place) / "pictures.zip"  # its own name is kept away from every path
        try:
            must_be_open()
            archive.write_bytes(file.getbuffer())
            upload = visitor_files.keep_zip(archive, file.name, tell, encoding)
        except (DataError, QuotaError, OSError) as error:
            return None, errors.message(error)
        finally:
            bar.empty()
    return Taken(str(upload.folder), encoding or upload.encoding), ""


def look(split: Split) -> ZipContents:
    """The classes of a data set or folder as it is divided, their counts and a sample of each.

    Raises:
        DataError: it is not there, or not laid out as it should be.
    """
    permissions.expect_seen(split.data)
    folder, _ = place_of(split.data)
    return _look(split, folder.stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=32, ttl=600)
def _look(split: Split, stamp_ns: int) -> ZipContents:
    known = listed(split)
    assert known.layout is not None and known.listings is not None, "drawn pictures are not looked at"
    by_class = [Counter(known.listings[side].labels) for side in known.sides]
    train = known.listings["train"]
    first = {label: file for file, label in reversed(list(zip(train.files, train.labels, strict=True)))}
    classes = []
    for label, name in enumerate(known.classes):
        sample = _sample(known.layout.home / first[label]) if label < SHOWN and label in first else None
        classes.append(Class(name, tuple(counted[label] for counted in by_class), sample))
    found = known.layout
    return ZipContents(tuple(classes), dict(known.counts), found.passed_over, known.said, copies(known))


def _sample(file: Path) -> str | None:
    try:
        return gallery.thumbnail(open_picture(file), SIDE_PX)
    except (PictureError, OSError):
        return None


def preview(seen: ZipContents, source: str) -> None:
    """Counts and a sample of every class; what is passed over and why; and how to be rid of a zip's pictures again."""
    st.caption(words.counted(len(seen.classes), seen.counts))
    with st.container(horizontal=True, gap="small"):
        for one in seen.classes[:SHOWN]:
            with st.container(width=SIDE_PX, gap="xxsmall"):
                if one.sample:
                    st.image(one.sample, width=SIDE_PX, alt=one.name)
                st.text(one.name)
                st.caption(words.each(one.counts))
    more = len(seen.classes) - SHOWN
    if more > 0:
        st.caption(_("and {count} more classes").format(count=more))
    for note in seen.notes[:NAMED]:
        st.caption(wording.plain(note))
    upload = next((one for one in visitor_files.zips() if str(one.folder) == source), None)
    with st.container(horizontal=True):
        _copies(seen.copies)
        _passed_over(seen.passed_over)
        if upload and permissions.is_own(upload.folder):
            if shared():
                _key(upload)
            st.button(
                _("Remove these pictures from this computer"),
                key="form_remove",
                icon=":material/delete:",
                type="tertiary",
                on_click=_remove,
                args=(upload,),
            )
        elif upload:
            st.caption(_("Another visitor shared these pictures with you; only that visitor can remove them."))
    if message := session.take(session.MESSAGE("zip")):
        st.error(wording.plain(message))


def _copies(pairs: Sequence[tuple[str, str]]) -> None:
    """How many pictures lie in two classes of one side, behind it which."""
    if pairs:
        with st.popover(words.copies(len(pairs)), type="tertiary", icon=":material/warning:"):
            st.caption(_("The same file stands in two classes of one side, so one of the two labels is wrong."))
            st.text("\n".join(f"{visible(one)} = {visible(other)}" for one, other in pairs[:NAMED]))


def _passed_over(files: Sequence[PassedOver]) -> None:
    """How many files are passed over, behind it the reasons and the first of the files."""
    if not files:
        return
    with st.popover(words.passed_over(sum(one.count for one in files)), type="tertiary"):
        for reason, count in reasons(files).items():
            st.markdown(words.reason(count, reason))
        named = [one for one in files if one.count == 1][:NAMED]
        st.text("\n".join(visible(one.file) for one in named))
        if more := sum(one.count for one in files) - len(named):
            st.caption(_("and {count:,} more files").format(count=more))


def _key(upload: Upload) -> None:
    """A link for those who shall see these pictures too: made when it is asked for, and kept nowhere."""
    with st.popover(_("Share these pictures"), type="tertiary"):
        st.caption(_("Only you can see these pictures. Whoever opens this link can see them and train on them too."))
        st.button(_("Make a link"), key="form_key", on_click=_make_key, args=(upload,))
        if link := session.get(session.ZIP_LINK):
            st.code(link, language=None, wrap_lines=True)


def _make_key(upload: Upload) -> None:
    address = str(st.context.url or "").partition("?")[0]
    session.put(session.ZIP_LINK, f"{address}?{session.KEY}={visitor_files.key_for(upload)}")


def _remove(upload: Upload) -> None:
    needed = []
    for run in (*list_runs(), *removed()):  # those of others too; and removed ones can be brought back
        with suppress(RunError):
            needed.append(run.recipe().data)
    try:
        must_be_open()
        visitor_files.remove_zip(upload, needed)
    except (DataError, NotYoursError, OSError) as error:
        session.put(session.MESSAGE("zip"), errors.message(error))
