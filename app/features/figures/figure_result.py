"""The figure on the page: preview, downloads, caption and LaTeX; and figures made again from their recipes."""

from __future__ import annotations

import base64
from collections.abc import Callable

import streamlit as st

from app.base import component_values, errors, session
from app.base.i18n import _
from app.base.wording import wording
from app.features.figures import figure_form, figure_sources, words
from app.services import models
from mvfa_core.figures import FigureProvenance, FigureSpec, Made, ProvenanceError, differences, read, same_data, zipped
from mvfa_core.figures.request import LEAST_DPI

PREVIEW_PX = 1200
MIME = {"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png", "zip": "application/zip",
        "json": "application/json", "tex": "text/plain", "txt": "text/plain"}  # fmt: skip


def _too_many_panels() -> str:
    return _("it has so many panels that it takes more memory than this server allows; choose fewer pictures")


def show(request: FigureSpec) -> None:
    """Everything about the figure of a request; a sentence where it cannot be made."""
    try:
        with st.spinner(_("Drawing the figure")):
            made = figure_sources.figure(request)
            height, dpi = made.height(), made.fitting_dpi("svg")
            if dpi < LEAST_DPI:
                raise ValueError(_too_many_panels())
            kind, content, dpi = _preview(made, dpi)
    except ValueError as error:
        st.error(_("It cannot be drawn: {why}").format(why=wording.plain(errors.message(error))))
        return
    url = f"data:{MIME[kind]};base64,{base64.b64encode(content).decode()}"
    with st.container(border=True):
        wide = min(1000, max(640, round(105 * request.options.inches)))
        preview = _("Preview")
        st.image(url, width=wide, alt=f"{preview}: {made.caption()}")
    panels = sum(1 for _unused in made.sheet.all())
    st.caption(words.says(request.options.inches, height, panels, request.options.size))
    if dpi < request.options.dpi:
        st.info(words.fewer_dots(request.options.dpi, dpi))
    _downloads(made, dpi, complete=kind == "png")
    _compare(made)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(_("Caption, a draft"), anchor=False)
        st.code(made.caption(), language=None, wrap_lines=True)
    with right:
        st.subheader(_("LaTeX"), anchor=False)
        st.code(made.latex(), language=None, wrap_lines=True)


def _preview(made: Made, vectors: int) -> tuple[str, bytes, int]:
    """A PNG of about `PREVIEW_PX`, and the dots per inch of files; an SVG, with the reason said, where no font here has
    the signs."""
    options = made.request.options
    wanted = max(72, min(options.dpi, 600, round(PREVIEW_PX / options.inches)))
    try:
        if (dpi := made.fitting_dpi("png")) < LEAST_DPI:
            raise ValueError(_too_many_panels())
        content = figure_sources.written(made.recipe.data, repr(made.request), "png", min(wanted, dpi), made)
        return "png", content, dpi
    except ValueError as error:
        dpi = min(wanted, vectors)
        content = figure_sources.written(made.recipe.data, repr(made.request), "svg", dpi, made)
        st.warning(_("PNG and PDF cannot be written: {why}").format(why=wording.plain(errors.message(error))))
        return "svg", content, vectors


def _downloads_words() -> dict[str, str]:
    return {
        "pdf": _("PDF"),
        "svg": _("SVG"),
        "png": _("PNG"),
        "zip": _("All parts"),
        "json": _("Recipe"),
        "tex": _("LaTeX"),
        "txt": _("Caption"),
    }


def _download_help() -> dict[str, str]:
    return {
        "pdf": _("Vectors and real text, fonts embedded."),
        "svg": _("Vectors and real text."),
        "png": _("Pixels at the chosen dots per inch."),
        "zip": _("Every panel as a PNG, the arrays as .npy, the figure in three formats, recipe, LaTeX and caption."),
        "json": _("What made the figure; PNG, SVG and PDF hold it too."),
        "tex": _("The lines that put the PDF into a paper."),
        "txt": _("A draft that states the facts."),
    }


def _downloads(made: Made, dpi: int, *, complete: bool) -> None:
    """Files are made when they are asked for."""
    makers: dict[str, Callable[[], bytes]] = {
        "pdf": lambda: made.as_bytes("pdf", dpi),
        "svg": lambda: made.as_bytes("svg", dpi),
        "png": lambda: made.as_bytes("png", dpi),
        "zip": lambda: zipped(made, dpi),
        "json": lambda: (made.recipe.to_text() + "\n").encode(),
        "tex": lambda: made.latex().encode(),
        "txt": lambda: (made.caption() + "\n").encode(),
    }
    with st.container(horizontal=True):
        for kind, maker in makers.items():
            st.download_button(
                _downloads_words()[kind],
                maker,
                file_name=f"{made.request.kind}.{kind}",
                mime=MIME[kind],
                key=session.FIGURE(f"download_{kind}"),
                help=_download_help()[kind],
                on_click="ignore",
                disabled=not complete and kind in ("pdf", "png"),
                type="primary" if kind == "pdf" else "secondary",
            )


# --- again ---


def again() -> None:
    """Take a recipe in."""
    with st.expander(_("Upload a figure to recreate it")):
        st.file_uploader(
            _("A recipe (.json), or a figure with one inside"),
            ["json", "png", "svg", "pdf"],
            key=session.FIGURE("recipe"),
            on_change=_take,
        )
        st.caption(
            _(
                "Models and pictures are matched by checksum. Nothing in the file is executed, and no path in it is "
                "opened."
            )
        )
    if message := session.take(session.MESSAGE("recipe")):
        st.error(message)


def _take() -> None:
    file = component_values.file(session.get(session.FIGURE("recipe")))
    if file is None:
        return
    try:
        before = read(file.getvalue())
    except ProvenanceError as error:
        session.put(
            session.MESSAGE("recipe"),
            _("It cannot be made again: {why}").format(why=wording.plain(errors.message(error))),
        )
        return
    request, lacking = here(before)
    if lacking:
        session.put(session.MESSAGE("recipe"), words.missing(lacking))
        return
    session.put(session.FIGURE_BEFORE, (file.name, before))
    figure_form.apply(request)


def here(before: FigureProvenance) -> tuple[FigureSpec, list[str]]:
    """The request in the names of this app, and what it names that is not here."""
    lacking: list[str] = []
    model_ids, picture_ids, run_ids = [], [], []
    for one in before.models:
        found = _model_here(one)
        model_ids += [found] if found else []
        lacking += [] if found else [_("model {name} is not here").format(name=one.get("name", one["where"]))]
    own = session.get(session.FIGURE_OWN, {})
    by_digest = {specimen.digest: name for name, specimen in own.items()}
    for one in before.pictures:
        name = by_digest.get(str(one.get("digest")), str(one["where"]))
        known = figure_sources.is_picture(name)
        picture_ids += [name] if known else []
        lacking += (
            []
            if known
            else [
                _("picture {name} is not here; upload it first").format(name=name.replace("\\", "/").rpartition("/")[2])
            ]
        )
    offered = figure_sources.offered(before.request.kind) if before.runs else []
    for one in before.runs:
        name = str(one.get("name", one["where"]))
        run_ids += [name] if name in offered else []
        lacking += [] if name in offered else [_("run {name} is not here").format(name=name)]
    if lacking:
        return before.request, lacking
    told = before.request
    asked = FigureSpec(told.kind, tuple(model_ids), tuple(picture_ids), tuple(run_ids), told.options, told.rule)
    return asked, []


def _model_here(one: dict) -> str | None:
    """By its digest; else one of the same name, so that what changed can be said."""
    offered = models.model_ids()
    same = [name for name in offered if figure_sources.digest(name) == one.get("digest")]
    if same:
        return str(one["where"]) if one["where"] in same else same[0]
    names = (str(one["where"]), str(one.get("name")), models.RUN_PREFIX + str(one.get("name")))
    return next((name for name in names if name in offered), None)


def _compare(made: Made) -> None:
    """What differs from the figure whose recipe was taken in."""
    if (kept := session.get(session.FIGURE_BEFORE)) is None:
        return
    name, before = kept
    told = differences(before, made.recipe)
    with st.container(border=True):
        if same_data(before, made.recipe):
            st.success(_("Made again from {name}: the data is the same, bit for bit.").format(name=wording.plain(name)))
        else:
            st.warning(_("Made again from {name}, but the data is not the same.").format(name=wording.plain(name)))
        if told:
            st.write(_("This is what differs:"))
            st.markdown("\n".join(f"- {wording.plain(sentence)}" for sentence in told))
        st.button(_("Stop comparing"), on_click=session.drop, args=(session.FIGURE_BEFORE,))
