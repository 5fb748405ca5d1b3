"""The pictures of the set-up form: drawn ones, a data set, a folder, or a zip that is handed over."""

from __future__ import annotations

import streamlit as st

from app.base import errors, session
from app.base.i18n import _, pgettext
from app.base.settings import read_only, shared
from app.base.wording import wording, wording_serving
from app.features.training import form_fields, zip_upload
from app.features.training.form_fields import Form
from app.services import allowed_paths, visitor_files
from app.ui.tables import frame
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.data.sources import SYNTHETIC_TRAIN, SYNTHETIC_VAL
from mvfa_core.folders import data_root
from mvfa_core.training.split import Split

KEY = form_fields.key("data")
FOLDER, ZIP = "(folder)", "(zip)"
"""In place of a data set: a way to the visitor's own pictures."""


def choose(form: Form) -> None:
    """What to train on, in the first row of the form."""
    here = _here()
    kept = {one.name: str(one.folder) for one in visitor_files.zips()}
    options = [SYNTHETIC, *here, *kept, FOLDER, ZIP]
    _take_over(options, kept)
    shown = {name: _("{name} (uploaded)").format(name=name.rpartition("-")[0]) for name in kept}
    shown |= {FOLDER: _("Your folder"), ZIP: _("Your zip")}
    chosen = st.selectbox(
        _("Pictures"),
        options,
        key=KEY,
        help=_("synthetic is drawn here. Data sets of the catalogue appear once they are in the data folder."),
        format_func=lambda name: shown.get(name, name),
        **form_fields.LAYOUT,
    )
    if chosen == FOLDER:
        _folder(form)
    elif chosen != ZIP:
        form.values["data"] = kept.get(chosen, chosen)


def _here() -> list[str]:
    return [name for name in CATALOGUE if (data_root() / name).is_dir()]


def _take_over(options: list[str], kept: dict[str, str]) -> None:
    """Show the pictures of a recipe that was filled in, as the option that means them."""
    source = session.take(form_fields.key("source"))
    if source is None:
        return
    name = next((name for name, folder in kept.items() if folder == source), source)
    if name not in options:
        session.put(form_fields.key("path"), source)
        name = FOLDER
    session.put(KEY, name)


def _folder(form: Form) -> None:
    if read_only():
        form.problem(wording_serving.read_only())
        return
    key = form_fields.key("path")
    path = st.text_input(
        _("Folder"),
        key=key,
        help=_("A folder with one sub-folder per class, or with train/ and val/ that hold them. It is only read."),
        **form_fields.LAYOUT,
    ).strip()
    folder = allowed_paths.folder(path)
    if not path:
        form.problem(_("Name the folder first."))
    elif folder is None:
        form.problem(
            _("No folder of that name can be opened here: this server opens folders of its data folder alone.")
            if shared()
            else _("There is no such folder on the computer that runs this app.")
        )
    else:
        form.values["data"] = str(folder)


def show_own(form: Form) -> None:
    """Below the first row: the way in for a zip, and what is in the visitor's own pictures or a data set."""
    if session.get(KEY) == ZIP:
        taken = zip_upload.take()
        if taken is None:
            form.problem(_("Choose the zip first."))
        elif taken.encoding is None:
            session.put(form_fields.key("source"), taken.folder)
            st.rerun()
        else:  # the zip stays at hand: its names may have to be read again
            form.values["data"] = taken.folder
    source = form.values.get("data")
    if source is None:
        return
    if source == SYNTHETIC:
        form.train_n = form.base.train_n or SYNTHETIC_TRAIN
        return
    try:
        seed = session.get(form_fields.key("seed"), form.base.seed)
        watched = session.get(form_fields.key("validate_on"), form.base.validate_on)
        join = session.get(form_fields.key("join_names"), form.base.join_names == "on")
        seen = zip_upload.look(Split(source, seed, watched == "val", join))
    except DataError as error:
        form.problem(errors.message(error))
        return
    form.train_n = seen.train_n
    zip_upload.preview(seen, source)


def show_more(form: Form) -> None:
    """How many pictures are drawn, and the data sets that are not here with how to get them."""
    if form.values.get("data") == SYNTHETIC:
        drawn = form_fields.whole(_("Pictures to draw for training"), form.base.train_n or SYNTHETIC_TRAIN, "train_n")
        form.train_n = drawn
        form.values["train_n"] = form.base.train_n if drawn == (form.base.train_n or SYNTHETIC_TRAIN) else drawn
        st.caption(
            _(
                "Ten shapes drawn over photographs, {train:,} to train on and {val:,} held out; boxes and masks are "
                "known."
            ).format(train=form.train_n, val=SYNTHETIC_VAL)
        )
    else:
        on = st.toggle(
            _("Join class names that are nearly the same"),
            form.base.join_names == "on",
            key=form_fields.key("join_names"),
            help=_("Names that differ only in capitals, spaces, hyphens, underscores and dots become one class."),
        )
        form.values["join_names"] = "on" if on else "off"
    rows = [(name, entry) for name, entry in CATALOGUE.items() if name not in _here()]
    if rows:
        not_here = _("Data sets of the paper that are not here")
        st.markdown(f"**{wording.plain(not_here)}**")
        st.caption(_("Get one in a terminal; it then appears under Pictures."))
        cells = [
            (name, e.title, e.class_count, e.pictures, f"python -m mvfa_core data get {name}"
             + ("" if e.remotes else " --from FILE"), e.instructions or e.page)
            for name, e in rows
        ]  # fmt: skip
        columns = {
            title: [cell[i] for cell in cells]
            for i, title in enumerate(
                (
                    _("Name"),
                    _("Data set"),
                    _("Classes"),
                    pgettext("number", "Pictures"),
                    _("In a terminal"),
                    _("Otherwise"),
                )
            )
        }
        frame(columns, hide_index=True)
