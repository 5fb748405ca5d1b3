"""Keeping runs: removed with a way back, put into a file, taken from one; and what was refused."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from app.base import component_values, errors, permissions, session
from app.base.i18n import _
from app.base.settings import must_be_open, read_only
from app.base.wording import wording
from app.services import limits, quota
from mvfa_core import budget
from mvfa_core.names import visible
from mvfa_core.training import archive
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.saving import STATE


def trying(action: Callable[..., Any]) -> Callable[..., None]:
    """The action, which keeps a refusal for the next run of the page. A read-only server refuses all."""

    def tried(*args: Any) -> None:
        try:
            must_be_open()
            permissions.expect_mine(action, *args)
            action(*args)
        except (RunError, OSError, ValueError) as error:
            session.put(session.MESSAGE("runs"), errors.message(error))

    return tried


def remove(runs: Sequence[FollowedRun]) -> None:
    """Move runs aside; `messages` then offers to undo it."""
    gone: list[tuple[str, str]] = []
    for run in runs:
        trying(lambda run: gone.append((run.id, archive.remove(run).id)))(run)
    session.put(session.REMOVED, gone)
    session.put(session.PICKED, [])


def messages() -> None:
    """What was removed and can be undone, and what was refused."""
    if gone := session.get(session.REMOVED):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(_("Removed: {runs}.").format(runs=", ".join(visible(name) for name, _unused in gone)))
            st.button(_("Undo"), key=session.RUN_ACTION("undo"), on_click=_undo, args=(gone,))
    if message := session.take(session.MESSAGE("runs")):
        st.error(wording.plain(message))


def _undo(gone: Sequence[tuple[str, str]]) -> None:
    for name, in_trash in gone:
        trying(archive.restore)(in_trash, name)
    session.drop(session.REMOVED)


def zip_button(run: FollowedRun | None, *, idle: bool) -> None:
    """The whole folder of a run as a file, made when it is asked for."""

    size = _size(run) if run and idle else None
    fits = size is not None and size[0] <= budget.allowed()

    def parcel() -> bytes:
        assert run is not None and size is not None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{run.id}.zip"
            archive.export_zip(run, file, with_state=size[1] <= budget.allowed())
            return file.read_bytes()

    name = f"{run.id}.zip" if run else "run.zip"
    st.download_button(
        _("Download (zip)"),
        parcel if fits else b"",
        name,
        "application/zip",
        key=session.RUN_ACTION("zip"),
        disabled=not fits,
        help=_("The whole folder of one run, to go on elsewhere.")
        if fits or size is None
        else _("The run is too large to be downloaded from a page; `runs export` writes it into a file."),
        on_click="ignore",
    )


def _size(run: FollowedRun) -> tuple[int, int]:
    """The bytes of a run's files without its state, and with it: the file is made in memory."""
    sizes = {}
    with suppress(OSError):
        sizes = {path.name: path.stat().st_size for path in run.path.rglob("*") if path.is_file()}
    return sum(size for name, size in sizes.items() if name != STATE), sum(sizes.values())


def bring_in() -> None:
    """A run from a zip, and the runs that were removed; on a read-only server neither."""
    if read_only():
        return
    with st.expander(_("Import a run")):
        held = st.file_uploader(
            _("A zip that was downloaded here or on another computer"),
            type="zip",
            key=session.RUN_ACTION("import_file"),
        )
        file = component_values.file(held)
        name = st.text_input(_("Name here, its own if left empty"), key=session.RUN_ACTION("import_name"))
        act = trying(_imported)
        key = session.RUN_ACTION("import")
        st.button(_("Add it to the runs"), key=key, disabled=file is None, on_click=act, args=(file, name))
    if gone := [run for run in archive.removed() if permissions.may_change(run)]:
        trash = _("Removed runs")
        with st.expander(f"{trash} ({len(gone)})"):
            st.text(_("They lie in {folder} until that folder is emptied by hand.").format(folder=gone[0].path.parent))
            for run in gone:
                with st.container(horizontal=True, vertical_alignment="center"):
                    key = session.RUN_ACTION(f"restore_{run.id}")
                    st.button(_("Bring back"), key=key, on_click=trying(_restore), args=(run,))
                    st.text(visible(run.id))


def _restore(run: Run) -> None:
    archive.restore(run.id)


def _imported(file: Any, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.zip"
        path.write_bytes(file.getbuffer())
        quota.expect_room(len(file.getbuffer()))
        limits.expect_disk(len(file.getbuffer()))
        run = archive.import_zip(path, name.strip() or None, offered=True)
        permissions.mark(run, private=True)
    session.put(session.PICKED, [run.id])
