"""The parts of the Results page: choosing a table, the table as the paper prints it, its cells and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import streamlit as st

from app.base import session
from app.base.i18n import _
from app.base.wording import wording
from app.features.results import words
from app.services import training_runs
from app.ui.tables import frame
from mvfa_core.experiments.formats import FORMATS, grid
from mvfa_core.experiments.plan import EXPERIMENTS, Experiment
from mvfa_core.experiments.report import Figure, figures, paper_title
from mvfa_core.experiments.results import Results, TableRequest, read, results_file, with_published
from mvfa_core.experiments.standing import TO_DO

SUFFIXES = {"markdown": "md", "csv": "csv", "latex": "tex"}

EMPTY_COMMAND = (
    "python -m mvfa_core reproduce table3 --rows GAP K=50 --datasets synthetic --backbone compact "
    "--batch 16 --steps-scale 0.01 --data-n 2000"
)
"""A table of two cells, small enough for a few minutes."""


def load() -> Results:
    """Everything measured on this machine, and what came with the project. May raise `ValueError` with a sentence for
    the visitor."""
    return with_published(read(results_file()))


def empty() -> None:
    """What stands where the tables will be."""
    with st.container(border=True):
        empty_title = _("Nothing reproduced yet")
        st.markdown(f"**{empty_title}**")
        st.write(
            _(
                "A table is filled from a terminal, cell by cell; this one trains two small models on drawn pictures "
                "in a few minutes. Listing what a whole table would cost is free with the option dry-run."
            )
        )
        st.code(
            EMPTY_COMMAND,
            language=None,
            wrap_lines=True,
        )


def choose(results: Results) -> TableRequest:
    """The table to show, of those that somebody asked for: experiment first, then its settings, newest first."""
    names = list(dict.fromkeys(request.experiment for request in results.requests))
    session.follow_address(session.EXPERIMENT, names)
    name = st.selectbox(_("Table or figure"), names, key=session.EXPERIMENT, format_func=_title)
    labels = {request.settings.label(): request for request in results.requests if request.experiment == name}
    if len(labels) == 1:
        return next(iter(labels.values()))
    session.follow_address(session.SETTINGS, labels)
    shown = {label: words.settings(request.settings) for label, request in labels.items()}
    return labels[st.selectbox(_("Settings"), list(labels), key=session.SETTINGS, format_func=shown.__getitem__)]


def _title(name: str) -> str:
    return _(EXPERIMENTS[name].title)


def table_of(request: TableRequest, results: Results) -> list[Figure]:
    """The figures of a request: all rows, on the datasets that have anything to show."""
    experiment = EXPERIMENTS[request.experiment]
    found = figures(experiment, request.settings, results, data=list(dict.fromkeys((*experiment.data, *request.data))))
    told = {figure.data for figure in found if figure.state != TO_DO}
    return [figure for figure in found if figure.data in told]


def _cell_columns() -> dict[str, str]:
    return {
        "row": _("Row"),
        "data": _("Dataset"),
        "ours": _("Ours, %"),
        "spread": _("± over seeds"),
        "paper": _("Paper, %"),
        "difference": _("Difference"),
        "over_gap": _("Over our GAP"),
        "paper_over_gap": _("Over the paper's GAP"),
        "seeds": _("Seeds"),
        "steps": _("Steps"),
        "backbone": _("Backbone"),
        "state": _("State"),
    }


def _downloads() -> dict[str, str]:
    return {"markdown": _("Markdown"), "csv": _("CSV"), "latex": _("LaTeX")}


def show_table(experiment: Experiment, found: Sequence[Figure]) -> None:
    """Rows x datasets, with the notes that a reader must have."""
    header, lines, notes = grid(found)
    columns = [_cell_columns()["row"], *header[1:]]
    frame({title: [line[i] for line in lines] for i, title in enumerate(columns)}, hide_index=True, height="content")
    st.caption("  \n".join(wording.plain(_(note)) for note in (experiment.note, *notes)))
    with st.container(horizontal=True):
        for name, title in _downloads().items():
            file = f"{experiment.name}.{SUFFIXES[name]}"
            st.download_button(title, FORMATS[name](experiment, found), file, key=f"as_{name}", on_click="ignore")


def show_cells(found: Sequence[Figure]) -> None:
    """Each figure with everything that qualifies it."""
    rows = [
        (
            one.row, paper_title(one.data), one.ours, one.spread, one.paper, one.difference, one.over_gap,
            one.paper_over_gap, one.seeds, words.steps(one.recipe.steps, one.paper_recipe.steps),
            words.backbone(one.recipe.backbone, one.paper_recipe.backbone), words.state(one.state),
        )
        for one in found
        if one.state != TO_DO
    ]  # fmt: skip
    titles = _cell_columns()
    plain = dict.fromkeys((titles[name] for name in ("ours", "spread", "paper")), "%.2f")
    signed = dict.fromkeys((titles[name] for name in ("difference", "over_gap", "paper_over_gap")), "%+.2f")
    config = {title: st.column_config.NumberColumn(format=form) for title, form in {**plain, **signed}.items()}
    frame(_columns(titles, rows), hide_index=True, column_config=config, placeholder="")


def show_scales(found: Sequence[Figure]) -> None:
    """Rows by bands of object scale, where those are known."""
    scaled = {(one.row, one.data): bands for one in found if (bands := one.bands())}
    if not scaled:
        return
    st.header(_("By the size of the object"), anchor=False)
    titles = {(band.low, band.high): words.band(band.low, band.high, band.n) for band in next(iter(scaled.values()))}
    columns: dict[str, list] = {_cell_columns()["row"]: [row for row, _unused in scaled]}
    for edges, title in titles.items():
        columns[title] = [next((b.ours for b in bands if (b.low, b.high) == edges), None) for bands in scaled.values()]
    spreads = [band.spread for bands in scaled.values() for band in bands if band.spread is not None]
    config = {title: st.column_config.NumberColumn(format="%.1f") for title in titles.values()}
    frame(columns, hide_index=True, height="content", column_config=config, placeholder="")
    st.caption(words.scales_note(max(spreads, default=None)))


def show_runs(found: Sequence[Figure]) -> None:
    """Each run once, with a link to where its curves are."""
    there = {run.id for run in training_runs.runs()}
    rows = {
        (run.run, one.row): (
            f"train?{session.RUN}={quote(run.run)}" if run.run in there else None, one.row, paper_title(one.data),
            run.seed, words.state(run.state), words.steps(run.step, run.steps), run.accuracy, run.message,
        )
        for one in found
        for run in one.runs
    }  # fmt: skip
    link = st.column_config.LinkColumn(display_text=rf"{session.RUN}=(.+)")
    accuracy = st.column_config.NumberColumn(format="%.2f")
    titles = {
        "link": _("Run"),
        "row": _("Row"),
        "data": _("Dataset"),
        "seed": _("Seed"),
        "state": _("State"),
        "steps": _("Steps"),
        "accuracy": _("Accuracy, %"),
        "message": _("What it said"),
    }
    config = {titles["link"]: link, titles["accuracy"]: accuracy}
    frame(_columns(titles, list(rows.values())), hide_index=True, column_config=config, placeholder="")
    st.caption(
        _(
            "A run opens on the Train page. One whose folder is not here, because it was cleared away or trained "
            "elsewhere, keeps its figure without a link."
        )
    )


def _columns(titles: dict[str, str], rows: Sequence[tuple]) -> dict[str, list]:
    """The columns that say anything: on a phone an empty one hides those beside it."""
    columns = {title: [row[i] for row in rows] for i, title in enumerate(titles.values())}
    return {title: column for title, column in columns.items() if any(value not in (None, "") for value in column)}
